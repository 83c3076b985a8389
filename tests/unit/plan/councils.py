"""Playbooks for tests of what becomes of them, from their text to a plan."""

from collections.abc import Mapping
from typing import Any

from overlord_run.plan.build import build
from overlord_run.plan.language.templates import ReplyText
from overlord_run.plan.model import Plan
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.texts import Place, Text
from playbook_kit import parse

FILE = "council.yml"
HOST = {"platform": "linux", "shell": "bash", "paths": "posix"}

COUNCIL = """\
overlord: 1
name: release-council
inputs:
  plan: {type: file}
  risk: {type: string, enum: [low, high], default: low}
vars:
  style: {tone: dry}
models:
  normal: {id: fugu, params: {max_tokens: 4096}}
roles:
  critic:
    system: You review for {{ inputs.focus }}.
    inputs:
      focus: {type: string, default: correctness}
    task: |
      List what can go wrong.
      {{ inputs.plan | as_data }}
  judge:
    model: ultra
    profile: implementation
    system: You weigh the findings.
assignments:
  - {slot: alder, role: critic}
  - {slot: birch, role: critic, name: Birch, with: {focus: "{{ vars.style.tone }} security"}}
  - {slot: oak, role: judge}
redirects:
  - id: rank
    to: role:critic
    message: Rank your three worst findings, {{ servant.name }}.
  - id: verdict
    to: oak
    message: |
      {% for slot, reply in replies.rank | items %}
      ## {{ slot }}
      {{ reply | as_data }}
      {% endfor %}
      Risk accepted: {{ inputs.risk }}.
"""


def playbook(text: str = COUNCIL) -> Playbook:
    return parse(text.encode(), FILE)


def plan(text: str = COUNCIL, /, host: Mapping[str, str] = HOST, **inputs: Any) -> Plan:
    return build(playbook(text), inputs, model_ids={}, host=host)


def text(source: str, *, line: int = 10, by_line: bool = True) -> Text:
    return Text(source, Place(FILE, line, 5), by_line)


def reply(content: str, **known: Any) -> ReplyText:
    return ReplyText(content, **known)
