"""Who reads whose replies, as far as templates say it before the first call."""

import pytest
from msgspec.structs import replace

from overlord_run.plan.build import build
from overlord_run.plan.flow import Edge, edges
from overlord_run.plan.model import Plan
from overlord_run.plan.reads import waits_for
from overlord_run.plan.redirects import PlannedMessage, PlannedRedirect
from playbook_kit import parse
from unit.plan.councils import HOST

COUNCIL = """\
overlord: 1
name: flow
roles:
  side: {system: You argue., task: "Begin."}
  judge: {system: You judge.}
assignments:
  - {slot: yea, role: side}
  - {slot: nay, role: side}
  - {slot: oak, role: judge}
redirects:
"""


def plan(redirects: str, *, limit: tuple[str, ...] = ()) -> Plan:
    playbook = parse((COUNCIL + redirects).encode(), "flow.yml")
    return build(playbook, {}, model_ids={}, host=HOST, limit=limit)


def told(found: Plan) -> list[str]:
    """Return each edge on a line, as `reader.part <- whose message`."""
    return [
        f"{one.reader}.{one.part} <- {' '.join(one.of) or 'nobody'}: {'previous ' if one.previous else ''}{one.message}"
        for one in edges(found)
    ]


EVERYONE = "  - {id: ask, to: all, message: And now?}\n"
ASK = '  - {id: ask, to: "role:side", message: And now?}\n'


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("{{ replies.startup.nay }}", ["last.message <- nay: startup"]),
        ("{{ replies.startup['yea'].text }}", ["last.message <- yea: startup"]),
        ("{{ replies.startup.nay }}{{ replies.startup.yea }}", ["last.message <- yea nay: startup"]),
        ("{{ replies.startup[servant.slot] }}", ["last.message <- yea nay: startup"]),
        ("{{ replies.ask | length }}", ["last.message <- yea nay: ask"]),
        ("{{ replies.ask.items() | list }}", ["last.message <- yea nay: ask"]),
        ("{{ replies.ask.nay }}{{ replies.ask | length }}", ["last.message <- yea nay: ask"]),
        ("{{ replies | length }}", ["last.message <- yea nay: startup", "last.message <- yea nay: ask"]),
        ("{{ replies.items() | list }}", ["last.message <- yea nay: startup", "last.message <- yea nay: ask"]),
        ("{{ servant.name }}", []),
    ],
)
def test_a_message_reads_whom_its_template_names_and_all_who_were_asked_where_it_names_nobody(
    message: str, expected: list[str]
) -> None:
    assert told(plan(f'{ASK}  - {{id: last, to: oak, message: "{message}"}}\n')) == expected


def test_an_edge_tells_which_servants_read() -> None:
    (edge,) = edges(plan('  - {id: ask, to: all, message: "{{ replies.startup.nay }}"}\n'))
    assert edge == Edge("ask", "message", "message", ("yea", "nay", "oak"), "startup", ("nay",), previous=False)


def test_a_servant_that_is_left_out_is_read_by_nobody() -> None:
    council = '  - {id: last, to: oak, message: "{{ replies.startup.nay }}"}\n'
    assert told(plan(council, limit=("yea", "oak"))) == ["last.message <- nobody: startup"]


FLOW = """\
  - id: rounds
    when: replies.startup | length > 0
    redirects:
      - id: argue
        to: role:side
        only: servant.slot == "yea" or replies.startup.nay
        message: "{{ previous.weigh.oak }}{{ previous | length }}"
      - {id: weigh, to: oak, message: "{{ replies.argue.yea }}"}
      - {id: enough, check: replies.weigh.oak.text != "no", message: "{{ replies.argue.nay }}"}
    repeat: {until: replies.weigh.oak and previous.argue.yea is undefined, max: 3}
  - {id: sign_off, pause: "{{ replies.weigh.oak }}?"}
outputs:
  one: {value: replies.weigh.oak.text}
  all: {text: "{{ replies | length }}"}
"""


def test_conditions_questions_rounds_and_outputs_read_too() -> None:
    assert told(plan(FLOW)) == [
        "rounds.when <- yea nay: startup",
        "rounds.until <- oak: weigh",
        "rounds.until <- yea: previous argue",
        "argue.only <- nay: startup",
        "argue.message <- yea nay: previous argue",
        "argue.message <- oak: previous weigh",
        "weigh.message <- yea: argue",
        "enough.check <- oak: weigh",
        "enough.message <- nay: argue",
        "sign_off.pause <- oak: weigh",
        "one.value <- oak: weigh",
        "all.text <- yea nay: startup",
        "all.text <- yea nay: argue",
        "all.text <- oak: weigh",
    ]


def test_a_redirect_of_an_unknown_kind_is_a_bug() -> None:
    class Odd(PlannedRedirect):
        kind = "message"

    with pytest.raises(TypeError):
        list(edges(replace(plan(EVERYONE), redirects=(Odd(id="odd", after=()),))))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("{{ replies.startup.nay }}{{ replies.startup | length }}", ("replies.startup",)),
        ("{{ replies.items() | list }}", ("replies",)),
        ("{{ servants.yea.name }}", ()),
        ("{{ servants.yea.state }}{{ servants | length }}", ("servants", "servants.yea")),
        ("And?", ()),
    ],
)
def test_a_message_waits_for_what_only_the_run_knows(message: str, expected: tuple[str, ...]) -> None:
    (found,) = plan(f'  - {{id: last, to: oak, message: "{message}"}}\n').redirects
    assert isinstance(found, PlannedMessage)
    assert waits_for(found.template, {"yea", "nay", "oak"}) == expected
    assert (found.texts is None) is bool(expected)
