"""The roles that ship with the runner: what is true of all of them, and of the page that tells them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

import docs_kit as kit
from overlord_run.app.roles.test import try_roles
from overlord_run.app.validate import validate
from overlord_run.plan.build import build
from overlord_run.plan.frame import CONSTRAINTS, PROFILES, role_text
from overlord_run.playbook.model import Input, RoleFile
from overlord_run.playbook.rolefile import parse_role
from overlord_run.playbook.schema import load
from overlord_run.roles.builtin import names, read
from playbook_kit import parse, resolve

FOLDER = kit.REPO / "playbooks" / "roles"
PAGE = kit.DOCS / "roles.md"

ROLES = {name: parse_role(read(name), f"builtin/{name}") for name in names()}
CRITICS = [name for name in ROLES if name.endswith("_critic")]
INPUTS = [(name, declared) for name, role in ROLES.items() for declared in role.inputs.values()]

MOST_WORDS = 300
"""Of a prompt without its frame: what a weak model still keeps in mind."""

SHARED = {"give at most 5 findings, the most harmful first, each in this shape"}
"""What several roles say in the same words, so that their findings can be read alike."""


def prompt(name: str, **values: Any) -> str:
    """Return what a servant with this role is told of it, without the frame."""
    playbook = {
        "overlord": 1,
        "name": "council",
        "roles": {"it": {"from": f"builtin/{name}", "with": values, "task": "Begin."}},
        "assignments": [{"slot": "alder", "role": "it"}],
    }
    plan = build(resolve(parse(json.dumps(playbook).encode(), "c.yml"), Path()), {}, model_ids={}, host={})
    return role_text(plan.servants[0].system)


def sentences(text: str) -> set[str]:
    """Return the sentences of some length in a text, but not those of its lists."""
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n") if not re.match(r"(1\.|-) ", part)]
    found = {one.strip().lower() for part in paragraphs for one in re.split(r"[.:;?](?:\s|$)", part)}
    return {one for one in found if len(one.split()) > 3}


def others(declared: Input) -> list[Any]:
    """Return values that an input takes beside its default."""
    if "enum" in declared.checks:
        return [value for value in declared.checks["enum"] if value != declared.default]
    return {"string": ["canary"], "array": [["canary"]], "integer": [declared.checks.get("maximum")]}[declared.type]


def test_the_folder_holds_roles_their_examples_and_nothing_else() -> None:
    texts = {path.name for path in FOLDER.glob("*.txt")}
    kinds = (".md", ".examples.yml")
    assert {path.name for path in FOLDER.iterdir()} - texts == {f"{name}{kind}" for name in names() for kind in kinds}
    named = {path.name for path in FOLDER.glob("*.examples.yml") for text in texts if text in path.read_text("utf-8")}
    assert len(named) == len(texts)
    assert len(ROLES) >= 8


def test_all_of_them_are_valid_with_their_examples() -> None:
    found = validate([str(FOLDER)])
    assert len(found.files) == 2 * len(ROLES)
    assert found.problems == ()


def test_the_examples_of_all_of_them_pass_as_roles_test_tries_them(record_property: Callable[[str, int], None]) -> None:
    trials = try_roles([str(FOLDER)], strict=True)
    failures = [(one.name, one.failures) for role in trials.roles for one in role.examples if one.state != "passed"]
    assert (failures, trials.problems, int(trials.exit_code)) == ([], (), 0)
    assert all(len(role.examples) >= 2 for role in trials.roles)
    record_property("examples of builtin roles", sum(len(role.examples) for role in trials.roles))


@pytest.mark.parametrize(("name", "declared"), INPUTS, ids=lambda value: getattr(value, "name", value))
def test_every_input_is_filled_in_an_example(name: str, declared: Input) -> None:
    examples = yaml.safe_load((FOLDER / f"{name}.examples.yml").read_text("utf-8"))["examples"].values()
    assert any(declared.name in example.get("with", {}) for example in examples)


@pytest.mark.parametrize("name", ROLES)
def test_another_validator_takes_their_front_matter_too(name: str) -> None:
    front_matter = next(yaml.safe_load_all(read(name)))
    assert jsonschema_rs.validator_for(load("role")).is_valid(front_matter)


@pytest.mark.parametrize(("name", "role"), ROLES.items())
def test_a_role_is_named_as_its_file_and_described_in_a_sentence(name: str, role: RoleFile) -> None:
    assert role.name == name
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert re.fullmatch(r"[A-Z][^.]+\.", role.description)


@pytest.mark.parametrize(("name", "declared"), INPUTS, ids=lambda value: getattr(value, "name", value))
def test_an_input_is_described_has_a_default_and_changes_the_prompt(name: str, declared: Input) -> None:
    assert re.fullmatch(r"[A-Z].+[^.]", declared.description)
    assert not declared.required
    for value in others(declared):
        changed = prompt(name, **{declared.name: value})
        assert changed != prompt(name)
        assert "canary" not in str(value) or "canary" in changed


@pytest.mark.parametrize("name", ROLES)
def test_a_prompt_is_short_clean_and_says_what_to_write_where_there_is_nothing(name: str) -> None:
    text = prompt(name)
    assert len(text.split()) <= MOST_WORDS
    assert text.isascii()
    assert not re.search(r"\{\{|\{%|\n\n\n|[ \t]\n", text)
    assert re.search(r'write\s"(No (finding|step|objection)|Nothing)\."', text)


@pytest.mark.parametrize("name", CRITICS)
def test_every_critic_tells_a_finding_in_the_same_shape(name: str) -> None:
    text = prompt(name)
    assert "Give at most 5 findings, the most harmful first, each in this shape:\n\n1. **" in text
    assert re.findall(r"^   - (\w+): .", text, re.MULTILINE) == ["line", "when", "harm", "fix", "unsure"]
    assert 'If there is none, write "No finding." and ' in text


def test_no_role_repeats_the_frame_or_another_role() -> None:
    told = sentences("\n\n".join([CONSTRAINTS, *PROFILES.values()]))
    for name in ROLES:
        own = sentences(prompt(name)) - SHARED
        assert own
        assert own & told == set(), name
        told |= own


def test_what_is_repeated_is_found_by_sentences_and_not_in_lists() -> None:
    assert sentences("You look at one thing. Then you look again.\n\n- You look at one thing.") == {
        "you look at one thing",
        "then you look again",
    }


def test_an_editor_offers_every_role() -> None:
    source = load("playbook")["definitions"]["role"]["properties"]["from"]
    assert source["examples"] == ["./roles/critic.md", *(f"builtin/{name}" for name in names())]


# The page


def test_the_page_lists_every_role_and_has_a_section_for_each() -> None:
    listed = re.findall(r"^\| \[`(\w+)`\]\(#\1\) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == names()
    assert [heading for heading in kit.headings(PAGE) if heading in ROLES] == listed


@pytest.mark.parametrize(("name", "role"), ROLES.items())
def test_a_section_has_the_inputs_as_the_role_declares_them(name: str, role: RoleFile) -> None:
    told = ["| " + " | ".join(row) + " |" for row in kit.rows(kit.section(PAGE, name), columns=4)]
    assert told == [table_row(declared) for declared in role.inputs.values()]


def table_row(declared: Input) -> str:
    """Return the row of an input: its name, type, default and description."""
    default = json.dumps(declared.default, ensure_ascii=False)
    return f"| `{declared.name}` | {table_type(declared)} | `{default}` | {declared.description} |"


def table_type(declared: Input) -> str:
    """Return the type of an input with what else it asks for."""
    checks = declared.checks
    if "enum" in checks:
        return f"`{declared.type}`: " + ", ".join(f"`{value}`" for value in checks["enum"])
    if "minimum" in checks:
        return f"`{declared.type}`, {checks['minimum']} to {checks['maximum']}"
    return f"`{declared.type}` of `{checks['items']['type']}`" if "items" in checks else f"`{declared.type}`"
