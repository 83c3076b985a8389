"""Templates that are right and unusual: each is rendered, and the check before a run says nothing about it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from overlord_run.plan.language.kinds import BOOLEAN, NUMBER, REPLY, REPLY_WITHOUT_JSON, TEXT, Known, kind_of, list_of
from overlord_run.plan.language.templates import (
    FUNCTIONS,
    Answers,
    ReplyText,
    Wanted,
    elements,
    evaluate,
    holds,
    impossible,
    render,
)
from overlord_run.playbook.texts import Place, Text

# In each line what a template has to give, and the template.
RIGHT = (Path(__file__).parent / "right_templates.txt").read_text(encoding="utf-8").splitlines()
SLOTS = ("alder", "oak")
JSON = {"decision": "ship", "score": 3, "list": [{"x": 1}], "maybe": None, "map": {"p": 1}}
WHO = dict.fromkeys(("slot", "name", "role", "model", "profile", "state"), "alder") | {"with": {"focus": "f"}}
SHIP = {slot: ReplyText('{"decision": "ship"}', read_json=lambda: JSON) for slot in SLOTS}
INPUTS: Mapping[str, tuple[Any, Known]] = {
    "text": ("Hello there\nworld", TEXT),
    "n": (3, NUMBER),
    "flag": (True, BOOLEAN),
    "names": (["a", "b", "Oak"], list_of(None)),
    "obj": ({"k": "v", "items": [1, 2]}, None),
    "docs": ([{"path": "p/a.md", "name": "a.md", "text": "T"}], list_of(dict.fromkeys(("path", "name", "text"), TEXT))),
    "objs": ([{"id": "x", "score": 2}, {"id": "y", "score": 1}], list_of(None)),
}
VARS = {
    "people": [{"name": "Oak", "age": 7}, {"name": "Ash", "age": 3}],
    "opts": {"a": "x", "n": 3},
    "empty": {},
    "none": [],
    "flags": [1, True],
    "nul": None,
    "mixed": ["a", 1, {"k": 1}],
    "table": [[1, 2], [3, 4]],
    "nested": {"alder": {"focus": "a", "deep": {"x": 1}}, "oak": {"focus": "b", "deep": {"x": 2}}},
    "opt": [{"name": "a", "nick": "b"}, {"name": "c"}],
    "yes": True,
    "levels": {"low": 1, "high": 2.5},
}
VALUES: Mapping[str, Any] = {
    "inputs": {name: value for name, (value, _) in INPUTS.items()},
    "vars": VARS,
    "servant": WHO,
    "servants": dict.fromkeys(SLOTS, WHO),
    "replies": {
        "startup": Answers("startup", SLOTS, {slot: ReplyText(f"text of {slot}") for slot in SLOTS}),
        "verdict": Answers("verdict", SLOTS, SHIP),
    },
    "approvals": {"gate": {"by": "me", "note": "", "at": "2026-01-01T00:00:00Z"}},
    "round": 1,
    "previous": {"verdict": Answers("verdict", SLOTS, {})},
    **FUNCTIONS,
}
KNOWN_WHO: Known = {**dict.fromkeys(WHO, TEXT), "with": {"focus": TEXT}}
KNOWN: Mapping[str, Known] = {
    "inputs": {name: known for name, (_, known) in INPUTS.items()},
    "vars": kind_of(VARS),
    "servant": KNOWN_WHO,
    "servants": dict.fromkeys(SLOTS, KNOWN_WHO),
    "replies": {"startup": dict.fromkeys(SLOTS, REPLY_WITHOUT_JSON), "verdict": dict.fromkeys(SLOTS, REPLY)},
    "approvals": {"gate": dict.fromkeys(("by", "note", "at"), TEXT)},
    "round": NUMBER,
    "previous": {"verdict": dict.fromkeys(SLOTS, REPLY)},
    **dict.fromkeys(FUNCTIONS),
}
WORK: Mapping[Wanted, Callable[[Text, Mapping[str, Any]], Any]] = {
    "text": render,
    "condition": holds,
    "list": lambda text, scope: elements(text, scope, most=100),
    "value": evaluate,
}


@pytest.mark.parametrize("row", RIGHT)
def test_a_right_template_is_rendered_and_nothing_is_said_of_it(row: str) -> None:
    given, source = row.split(": ", 1)
    wanted, text = cast("Wanted", given), Text(source, Place("f", 1, 1))
    WORK[wanted](text, VALUES)  # it raises where that fails
    assert impossible(text, KNOWN, wanted) == []
