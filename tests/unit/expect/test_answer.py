"""The corpus of answers as models write them: one file a habit.

The first line of a file is `# SCHEMA is JSON`, the answer that the reply below it holds, or `# SCHEMA not: REASONS`,
why it holds none, several parted by ` | `. The bytes below it are the reply.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.expect.answer import Answer, Misfit, read_answer
from overlord_run.expect.find import MAX_CHARACTERS, MAX_DEPTH
from unit.expect.answers import SCHEMAS, VERDICT

ANSWERS = sorted((Path(__file__).parents[2] / "examples" / "answers").glob("*.txt"))
HEAD = re.compile(r"# (?P<schema>\w+) (?:is (?P<value>.*)|not: (?P<reasons>.*))\n")


def expected(found: re.Match[str]) -> Answer | Misfit:
    if found["value"] is not None:
        return Answer(json.loads(found["value"]))
    return Misfit(tuple(found["reasons"].split(" | ")))


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_a_reply_holds_the_answer_that_its_head_names(path: Path) -> None:
    text = path.read_bytes().decode()
    found = HEAD.match(text)
    assert found
    assert read_answer(text[found.end() :], SCHEMAS[found["schema"]]) == expected(found)


def test_there_are_answers() -> None:
    assert len(ANSWERS) >= 60


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
PROSE = st.text(st.characters(exclude_characters="{}[]`~<", exclude_categories=["Cs"]), max_size=40)
FENCES = st.sampled_from(["```json", "```", "~~~", "````json", "```JSON"])


@given(JSON, PROSE, PROSE, FENCES, st.sampled_from([None, 2]))
def test_any_value_comes_out_of_its_fence(value: Any, before: str, after: str, fence: str, indent: int | None) -> None:
    closing = fence.rstrip("jsonJSON")
    reply = f"{before}\n{fence}\n{json.dumps(value, indent=indent)}\n{closing}\n{after}"
    assert read_answer(reply, {}) == Answer(value)


OBJECTS = st.dictionaries(st.text(), JSON, min_size=1, max_size=4)


@given(OBJECTS, PROSE, PROSE)
def test_any_object_comes_out_of_prose(value: Any, before: str, after: str) -> None:
    reply = f"{before}\n{json.dumps(value, ensure_ascii=False)} {after}"
    assert read_answer(reply, {"type": "object"}) == Answer(value)


WORDS = (
    """ { } [ ] " ' \\ , : 1 a ``` ~~~ // null NaN 1e999 \\u <think> </think> {"a": {"decision":"ship","reasons":[]} """
)
PIECES = st.lists(st.sampled_from([*WORDS.split(), "```json\n", "\n", " ", "\ud800", "[0, 1)"]), max_size=40)


@given(st.one_of(st.text(), PIECES.map("".join)))
def test_no_reply_is_too_odd_to_be_judged(text: str) -> None:
    for schema in SCHEMAS.values():
        assert isinstance(read_answer(text, schema), Answer | Misfit)


SHORT = MAX_CHARACTERS // 8
HOSTILE = {
    "brackets": "[" * SHORT,
    "nested values": "[1," * SHORT,
    "open objects": '{"a":' * SHORT,
    "open texts": '["' * SHORT,
    "escaped quotes": '["' + '\\"' * SHORT,
    "pairs": "{}" * SHORT,
    "half intervals": "[0, " * SHORT,
    "stray braces": "{x " * SHORT,
    "keys without values": ("{" + "a" * 40) * (SHORT // 40),
    "blanks": "{" + " " * SHORT,
    "thoughts": "<think></think>" * (SHORT // 15),
    "open thoughts": "<think>" * (SHORT // 7),
    "fences": "```\n" * SHORT,
    "backticks": "`" * SHORT + "x",
    "broken objects": '{"a":1,} ' * (SHORT // 9),
    "a long number": "[" + "1" * SHORT + "]",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_reply_that_is_made_to_be_slow_holds_no_answer(text: str) -> None:
    assert isinstance(read_answer(text, VERDICT), Misfit)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x" * (MAX_CHARACTERS + 1), "the reply has more than 1,048,576 characters"),
        ('{"a": 1}\n' * 101, "it holds more than 100 JSON values, and one is wanted"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "it is nested more than 50 deep"),
    ],
)
def test_there_is_an_end_to_what_is_looked_at(text: str, reason: str) -> None:
    assert read_answer(text, VERDICT) == Misfit((reason,))


def test_a_value_of_the_wanted_type_is_meant_rather_than_one_behind_it() -> None:
    assert read_answer('{"decision": "no", "reasons": []} [1]', VERDICT) == Misfit(
        (
            '$.decision: must be one of "ship", "hold", not "no"',
            "it holds 2 JSON values, and one is wanted",
        )
    )
