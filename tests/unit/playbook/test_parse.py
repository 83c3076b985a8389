import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlord_run.errors import InvalidPlaybookError
from overlord_run.playbook.model import Assignment, Engine, MessageRedirect, Model, Output, Playbook, Rate, Role
from overlord_run.playbook.parse import read
from overlord_run.playbook.source import read_yaml
from overlord_run.playbook.texts import FileRef, Place, Text
from playbook_kit import parse

WHOLE = b"""\
overlord: 1
name: whole
description: All of it.
vars: {deep: {text: "{{ not a template }}"}}
engine:
  base_url: http://localhost:8080/v1
  provider: local
  timeout: 1.5m
  concurrency: 4.0
  preflight: probe
  retry: {attempts: 1}
models:
  normal: fugu-mini
  large: {id: fugu-max, params: {stop: ["."]}, timeout: 600s}
roles:
  critic:
    system: |
      You find faults.
    with: {focus: "{{ vars.deep }}", list: [a, {b: c}], number: 5}
    inputs: {focus: {type: string}, list: {type: array}, number: {type: integer}}
    task_file: task.md
    model: large
    description: Looks.
    profile: implementation
  judge: {from: ./judge.md}
assignments:
  - {slot: alder, role: critic, name: Alder, with: {number: 6}, task: Begin., model: ultra, profile: consultation}
  - {slot: oak, role: judge}
redirects:
  - {id: one, to: all, message_file: one.md}
  - {id: two, to: [oak, role:critic], message: Two., timeout: 90s, require: 2.0, after: [], on_failure: stop}
outputs:
  verdict: {value: replies.two, file: verdict.json}
  text: {text: "{{ replies.two.oak }}"}
"""


def place(line: int, column: int) -> Place:
    return Place("w.yml", line, column)


def test_a_whole_playbook_becomes_frozen_values() -> None:
    playbook = parse(WHOLE, "w.yml")
    inputs = playbook.roles["critic"].inputs
    assert [(each.name, each.type, each.required) for each in inputs.values()] == [
        ("focus", "string", True),
        ("list", "array", True),
        ("number", "integer", True),
    ]
    assert playbook == Playbook(
        file="w.yml",
        name="whole",
        digest="sha256:" + hashlib.sha256(WHOLE).hexdigest(),
        description="All of it.",
        vars={"deep": {"text": "{{ not a template }}"}},
        engine=Engine("http://localhost:8080/v1", place(6, 13), "local", 90.0, 4, "probe", 1),
        models={
            "normal": Model("normal", "fugu-mini", place=place(13, 3)),
            "ultra": Model("ultra", "fugu-ultra"),
            "large": Model("large", "fugu-max", {"stop": ["."]}, 600.0, place(14, 3)),
        },
        roles={
            "critic": Role(
                "critic",
                place(16, 3),
                system=Text("You find faults.\n", place(18, 7)),
                values={
                    "focus": Text("{{ vars.deep }}", place(19, 19)),
                    "list": [Text("a", place(19, 45)), {"b": Text("c", place(19, 52))}],
                    "number": 5,
                },
                inputs=inputs,
                task=FileRef("task.md", place(21, 16)),
                model="large",
                description="Looks.",
                profile="implementation",
            ),
            "judge": Role("judge", place(25, 3), file=FileRef("./judge.md", place(25, 17))),
        },
        assignments=(
            Assignment(
                "alder",
                "critic",
                place(27, 5),
                name="Alder",
                values={"number": 6},
                task=Text("Begin.", place(27, 71)),
                model="ultra",
                profile="consultation",
            ),
            Assignment("oak", "judge", place(28, 5)),
        ),
        redirects=(
            MessageRedirect(id="one", place=place(30, 5), to=("all",), message=FileRef("one.md", place(30, 38))),
            MessageRedirect(
                id="two",
                place=place(31, 5),
                to=("oak", "role:critic"),
                message=Text("Two.", place(31, 48)),
                timeout_s=90.0,
                require=2,
                after=(),
                on_failure="stop",
            ),
        ),
        outputs=(
            Output("verdict", place(33, 3), value=Text("replies.two", place(33, 20)), file="verdict.json"),
            Output("text", place(34, 3), text=Text("{{ replies.two.oak }}", place(34, 16))),
        ),
        places=playbook.places,
        written=playbook.written,
    )
    assert playbook.places["roles", "critic", "with", "number"] == place(19, 57)
    assert playbook.places["assignments", 1] == place(28, 5)


MINIMAL = b"""\
overlord: 1
name: minimal
roles: {critic: {system: You find faults., task: Begin.}}
assignments: [{slot: alder, role: critic}]
"""


def test_what_a_playbook_does_not_say_has_its_default() -> None:
    playbook = parse(MINIMAL, "m.yml")
    assert playbook.engine == Engine()
    assert playbook.models == {"normal": Model("normal", "fugu"), "ultra": Model("ultra", "fugu-ultra")}
    assert (playbook.description, playbook.inputs, playbook.vars) == ("", {}, {})
    assert (playbook.redirects, playbook.outputs) == ((), ())


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        (b"{}", Rate()),
        (b"{requests_per_minute: 60}", Rate(60)),
        (b"{tokens_per_minute: 1e5}", Rate(None, 100_000)),
        (b"{requests_per_minute: 60, tokens_per_minute: 9000}", Rate(60, 9000)),
    ],
)
def test_a_rate_limits_requests_or_tokens_or_both(written: bytes, rate: Rate) -> None:
    assert parse(MINIMAL + b"engine: {rate: " + written + b"}\n", "m.yml").engine == Engine(rate=rate)


def test_yaml_schema_and_checks_are_told_at_once_in_the_files_order() -> None:
    content = (
        MINIMAL.replace(b"name: minimal", b"name: minimal\nname: again") + b"speed: 1e999\nengine: {timeout: 1s}\n"
    )
    with pytest.raises(InvalidPlaybookError) as caught:
        parse(content, "m.yml")
    assert [str(problem) for problem in caught.value.problems] == [
        "m.yml:3:1: error: the key 'name' stands here twice, first on line 2 (keep one of them) [duplicate-key]",
        (
            "m.yml:6:1: error: unknown key 'speed' (known here: '$schema', 'overlord', 'name', "
            "'description', 'inputs', "
            "'vars', 'engine', 'models', 'packs', 'roles', 'assignments', 'redirects', 'outputs') [unknown-key]"
        ),
        "m.yml:6:8: error: 1e999 is too large: a number must fit in 64 bits (quote it if it is meant as text) [number]",
        "m.yml:7:19: error: 'timeout' is '1s'; it must be from 5s to 10m (for example 90s) [out-of-range]",
    ]


def test_a_value_that_yaml_refuses_is_not_told_again() -> None:
    content = MINIMAL + b"engine: {concurrency: .inf}\n"
    with pytest.raises(InvalidPlaybookError) as caught:
        parse(content, "m.yml")
    assert [problem.rule for problem in caught.value.problems] == ["number"]


def test_where_names_and_references_are_intact_the_rest_is_understood() -> None:
    playbook, problems = read(MINIMAL + b"budget: {usd: 5}\nengine: {timeout: 1h, concurrency: 4}\n", "m.yml")
    assert playbook is not None
    assert playbook.engine == Engine(concurrency=4)
    assert [problem.rule for problem in problems] == ["unknown-key", "bad-value"]


@pytest.mark.parametrize("addition", [b"inptus: {}\n", b"inputs: 5\n", b"redirects: [{id: a, to: b, message: c}]\n"])
def test_where_they_are_not_nothing_more_is_said(addition: bytes) -> None:
    playbook, problems = read(MINIMAL + addition, "m.yml")
    assert playbook is None
    assert len(problems) == 1


def test_of_what_is_no_yaml_nothing_is_understood() -> None:
    playbook, problems = read(b"a: [", "m.yml")
    assert playbook is None
    assert [problem.rule for problem in problems] == ["yaml-syntax"]


EXAMPLES = Path(__file__).parents[2] / "examples" / "valid"
SOUND = [read_yaml(path.read_bytes(), path.name).value for path in sorted(EXAMPLES.glob("*.yml"))]
WORDS = "all alder critic role:critic ./x.md 90s 1h x 0 ../x con {{x}} ^( ( full-trust http:x"
KEYS = "x-a x name type default system from with task task_file slot role to message require after value text file"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-1, 9) | st.sampled_from(WORDS.split()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=3),
    max_leaves=8,
)


def changed(value: Any, draw: st.DrawFn) -> Any:
    """Return a value with something in it replaced, removed or added."""
    steps = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if not steps or draw(st.integers(0, 4)) == 0:
        return draw(VALUES)
    step = draw(st.sampled_from(steps))
    copy = value.copy()
    match draw(st.integers(0, 9)):
        case 0:
            del copy[step]
        case 1 if isinstance(value, dict):
            copy[draw(st.sampled_from(KEYS.split()))] = draw(VALUES)
        case _:
            copy[step] = changed(value[step], draw)
    return copy


@st.composite
def playbooks(draw: st.DrawFn) -> Any:
    value = draw(st.sampled_from(SOUND))
    for _ in range(draw(st.integers(1, 3))):
        value = changed(value, draw)
    return value


@settings(max_examples=300)
@given(playbooks())
def test_whatever_is_changed_in_a_playbook_it_is_one_or_has_problems(value: Any) -> None:
    playbook, problems = read(json.dumps(value).encode(), "f.yml")
    assert playbook is not None or problems
    assert [problem for problem in problems if not problem.hint or problem.line != 1] == []
