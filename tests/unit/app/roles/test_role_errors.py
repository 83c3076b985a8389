"""Where an error of a role is told: what fills it at the playbook's line, what is in it at its own file and line."""

from pathlib import Path

import pytest

from overlord_run.app.validate import load
from overlord_run.errors import InvalidPlaybookError
from overlord_run.plan.build import build

PLAYBOOK = """\
overlord: 1
name: council
inputs:
  number: {type: integer, default: 7}
  words: {type: string, default: words}
roles:
  critic:
    from: ./roles/critic.md
    task: Begin.
    with: {ROLE}
assignments:
  - {slot: alder, role: critic, with: {OWN}}
  - slot: birch
    role: critic
    for_each: "['x', 'yz']"
    slot: "b{{ index }}"
    with: {MANY}
"""
ROLE = """\
---
overlord: 1
role: critic
inputs:
  most: {type: integer, maximum: 9, default: 1}
  tags: {type: array, items: {type: string}, default: [a]}
---

You review.

{{ inputs.tags[0] }}
BODY
"""
INCLUDED = "Be short.\nTag: {{ inputs.tags[inputs.most - 1] }}\n"


def told(
    folder: Path, *, role: str = "most: 1", own: str = "most: 1", many: str = "most: 1", body: str = ""
) -> list[str]:
    (folder / "roles").mkdir()
    (folder / "roles" / "critic.md").write_text(ROLE.replace("BODY", body), encoding="utf-8")
    (folder / "roles" / "tone.md").write_text(INCLUDED, encoding="utf-8")
    text = PLAYBOOK.replace("{ROLE}", f"{{{role}}}").replace("{OWN}", f"{{{own}}}").replace("{MANY}", f"{{{many}}}")
    text = text.replace("  - slot: birch\n    role: critic\n", "  - role: critic\n")
    (folder / "council.yml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidPlaybookError) as caught:
        build(load("council.yml")[0], {}, model_ids={}, host={})
    return [f"{one.file}:{one.line}:{one.column} {one.rule}: {one.message}" for one in caught.value.problems]


WITH = {
    "a plain value in the role": ({"role": "most: 10"}, "council.yml:10:12 bad-input-value: 'most' must be at most 9"),
    "a plain value in the assignment": (
        {"own": "tags: [1]"},
        "council.yml:12:40 bad-input-value: 'tags' holds item 1, which must be text, not a number",
    ),
    "an input that there is not": (
        {"own": "mots: 1"},
        "council.yml:12:40 unknown-input: the role 'critic' has no input 'mots'",
    ),
    "a template in the role": (
        {"role": 'most: "{{ inputs.words }}"', "own": "", "many": "most: 1"},
        "council.yml:10:12 role-input: 'most' must be a whole number, not text",
    ),
    "a template in the assignment": (
        {"own": 'most: "{{ inputs.number + 3 }}"'},
        "council.yml:12:40 role-input: 'most' must be at most 9",
    ),
    "a template that reads what is not there": (
        {"own": 'most: "{{ inputs.numbr }}"'},
        "council.yml:12:46 undeclared-input: no input is named 'numbr'",
    ),
    "a template that cannot be rendered": (
        {"own": 'tags: ["{{ inputs.words[9] }}"]'},
        "council.yml:12:47 template-undefined: text of 5 has no element 9",
    ),
    "a template that one element of a list does not fit": (
        {"many": 'most: "{{ 8 + (item | length) }}"'},
        "council.yml:16:12 role-input: index 1: 'most' must be at most 9",
    ),
}


@pytest.mark.parametrize(("given", "problem"), WITH.values(), ids=WITH)
def test_what_fills_a_role_is_told_at_the_playbooks_line(
    given: dict[str, str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told(tmp_path, **given) == [problem]


INSIDE = {
    "it cannot be read": ("{% if %}", "roles/critic.md:12:1 template-syntax: "),
    "a name": ("\n{{ inputs.tgas }}", "roles/critic.md:13:1 undeclared-input: no input is named 'tgas'"),
    "what is there only when it is rendered": (
        "\n{{ inputs.tags[3] }}",
        "roles/critic.md:13:1 template-undefined: a list of 1 has no element 3",
    ),
    "with the values of one servant": (
        "{{ inputs.tags[inputs.most - 1] }}",
        "roles/critic.md:12:1 template-undefined: a list of 1 has no element 4",
    ),
    "a text that it includes": (
        '{% include "tone.md" %}',
        "roles/tone.md:2:1 template-undefined: a list of 1 has no element 4",
    ),
    "a text that is not there": (
        '{% include "tune.md" %}',
        "roles/critic.md:12:1 file-missing: 'roles/tune.md' does not exist",
    ),
}


@pytest.mark.parametrize(("body", "problem"), INSIDE.values(), ids=INSIDE)
def test_what_is_wrong_inside_of_a_role_is_told_at_its_own_file_and_line(
    body: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = told(tmp_path, own="most: 5", body=body)
    assert len(found) == 1
    assert found[0].startswith(problem), found
