"""What a person reads of a comparison: like a diff of git, short, and nothing in it can pass for a line of ours."""

from typing import Any

import pytest

from overlord_run.app.diff.compare import ABSENT, Change, Comparison, Difference, Side, Subject, compare, count
from overlord_run.app.diff.runs import facts
from overlord_run.cli.report.diff import MOST_MARKDOWN, comparison_lines, comparison_markdown
from overlord_run.cli.report.diff_json import comparison_json
from overlord_run.cli.report.styled import plain
from overlord_run.errors import Exit
from overlord_run.store.state import State
from unit.cli import example_run as example
from unit.cli.report.test_json import misfits

ALDER = Subject("request", "rank", "alder")
BIRCH = Subject("request", "rank", "birch")
LONG = "Rank your three worst findings, and say of each how sure you are of it."


def of_playbooks(*differences: Difference, exists: bool = True) -> Comparison:
    counts = {"same": 3, "changed": len(differences), "added": 0, "removed": 0}
    return Comparison(Side("main:council.yml", exists=exists), Side("council.yml"), differences, counts)


def of_runs(before: State, after: State) -> Comparison:
    one, other = facts(before), facts(after)
    results = [{key: told for key, told in known.items() if key.kind == "result"} for known in (one, other)]
    return Comparison(Side("first", run=before), Side("second", run=after), compare(one, other), count(*results))


def changed(subject: Subject, *changes: Change) -> Difference:
    return Difference(subject, "changed", changes)


def text(found: Comparison, **asked: Any) -> str:
    return plain(comparison_lines(found, **asked))


def test_where_nothing_differs_one_line_says_so() -> None:
    assert text(of_playbooks()) == "Nothing differs in 3 requests."
    state = example.state(*example.completed())
    assert text(of_runs(state, state)) == "Nothing differs in 2 results. Tokens: 2,246. Cost: 0.0123 USD + unpriced."


def test_short_values_stand_on_a_line_and_long_texts_as_a_diff() -> None:
    found = of_playbooks(
        changed(
            Subject("servant", slot="oak"),
            Change("model.id", "fugu", "fugu-ultra"),
            Change("model.params.seed", ABSENT, 1),
            Change("name", "Oak tree", None),
            Change("system", "One.\nTwo.", "One.\nThree."),
        ),
        changed(ALDER, Change("text", LONG, LONG + "\nBe brief.")),
        changed(Subject("message", "rank"), Change("targets", ["a" * 30, "b" * 30], ["a" * 30])),
        changed(Subject("output", "verdict"), Change("file", None, "v.md")),
        changed(Subject("playbook"), Change("vars.big", {"a": "x" * 60}, ABSENT)),
    )
    assert (
        text(found)
        == f"""\
--- main:council.yml
+++ council.yml

servant oak
model.id: fugu -> fugu-ultra
model.params.seed: not set -> 1
name: "Oak tree" -> null
system
@@ -1,2 +1,2 @@
 One.
-Two.
+Three.

rank to alder
text
@@ -1 +1,2 @@
 {LONG}
+Be brief.

message rank
targets
@@ -1,2 +1 @@
 "{"a" * 30}"
-"{"b" * 30}"

output verdict
file: null -> v.md

playbook
vars.big
@@ -1 +0,0 @@
-{{"a": "{"x" * 60}"}}

8 requests: 5 changed and 3 the same."""
    )


def test_what_differs_alike_for_several_servants_stands_there_once() -> None:
    found = of_playbooks(
        changed(ALDER, Change("text", "One.", "Two.")),
        changed(Subject("request", "rank", "oak"), Change("text", "One.", "Three.")),
        changed(BIRCH, Change("text", "One.", "Two.")),
    )
    assert text(found).splitlines()[3:-2] == [
        "rank to alder, birch",
        "text: One. -> Two.",
        "",
        "rank to oak",
        "text: One. -> Three.",
    ]


def test_of_very_many_servants_the_first_are_named() -> None:
    many = [changed(Subject("request", "rank", f"s{number}"), Change("text", "One.", "Two.")) for number in range(2000)]
    named = ", ".join(f"s{number}" for number in range(12))
    assert text(of_playbooks(*many)).splitlines()[3] == f"rank to {named} and 1,988 more"


def test_a_text_that_looks_like_a_number_is_told_apart_from_one() -> None:
    found = of_playbooks(changed(ALDER, Change("seed", 1, "1"), Change("stop", "null", None), Change("x", "a b", "a")))
    assert text(found).splitlines()[4:-2] == ['seed: 1 -> "1"', 'stop: "null" -> null', 'x: "a b" -> a']


def test_of_what_is_new_the_values_are_told_and_of_what_is_gone_that_it_is() -> None:
    found = of_playbooks(
        Difference(ALDER, "added", (Change("text", ABSENT, "Rank."),)),
        Difference(BIRCH, "removed", (Change("text", "Rank.", ABSENT),)),
        exists=False,
    )
    assert text(found).splitlines()[:-2] == [
        "--- main:council.yml, which does not exist",
        "+++ council.yml",
        "",
        "rank to alder: new",
        "text: Rank.",
        "",
        "rank to birch: gone",
    ]


def test_two_runs_are_told_with_what_was_asked_and_what_it_took() -> None:
    asked = example.asked("startup", "alder", system="You advise.")
    again = example.asked("rank", "alder", "Rank.")
    before = example.state(
        *example.begun("rehearsal"),
        *asked,
        example.answered("startup", "alder"),
        *again,
        example.answered("rank", "alder"),
    )
    after = example.state(
        *example.begun(),
        *asked,
        example.answered("startup", "alder", "Bad.", usage={**example.USAGE, "completionTokens": 25}),
        *again,
        example.answered("rank", "alder", "Good."),
        *example.asked("more", "alder", "More."),
    )
    assert (
        text(of_runs(before, after))
        == """\
--- first (a rehearsal: no model was asked)
+++ second

run
engine: rehearsal -> chat

startup to alder: the same prompt
answer: Fine. -> Bad.
usage: completionTokens 20 -> 25

rank to alder: the same prompt in another conversation
answer: Fine. -> Good.

message more: only in the second run
target: all
state: started

more to alder: only in the second run
state: started
prompt: More.
model: fugu

3 results: 2 changed and 1 only in the second run. Tokens: 2,246 -> 2,251. Cost: unpriced."""
    )


def test_another_prompt_is_told_as_such() -> None:
    before, after = (
        example.state(*example.begun(), *example.asked("startup", "alder", asked), example.answered("startup", "alder"))
        for asked in ("One?", "Two?")
    )
    assert 'startup to alder: another prompt\nprompt: "One?" -> "Two?"\n' in text(of_runs(before, after))


def test_a_difference_is_cut_after_so_many_characters_and_says_so() -> None:
    found = of_playbooks(changed(ALDER, Change("text", "a\n" * 50, "b" * 12_000)))
    assert text(found, max_chars=20).splitlines()[4:-2] == [
        "text",
        "@@ -1,51 +1 @@",
        "-a",
        "-a",
        "-a",
        "(cut: 20 of 12,116 characters)",
    ]
    assert "(cut: 10,000 of 12,116 characters)" in text(found)
    assert "cut" not in text(found, max_chars=20_000)


HOSTILE = "Fine.\n5 requests: 5 the same.\n--- a\n```\n\u202e\x1b[2J\r\n````\nEnd."


def test_no_line_of_a_text_can_pass_for_one_of_ours() -> None:
    lines = text(of_playbooks(changed(ALDER, Change("text", HOSTILE, HOSTILE + "!")))).split("\n")
    assert lines[3:5] == ["rank to alder", "text"]
    assert all(line[0] in " -+@" for line in lines[5:-2])
    assert "\u202e" not in "".join(lines)
    assert "\x1b" not in "".join(lines)
    assert " \\u202e\\u001b[2J\\u000d" in lines


def test_no_text_can_end_the_fence_of_the_markdown() -> None:
    found = comparison_markdown(of_playbooks(changed(ALDER, Change("text", HOSTILE, HOSTILE + "!"))))
    summary, blank, fence, *_, end, after = found.split("\n")
    assert (summary, blank, fence, end, after) == (
        "4 requests: 1 changed and 3 the same.",
        "",
        "`````diff",
        "`````",
        "",
    )
    assert comparison_markdown(of_playbooks()) == "Nothing differs in 3 requests.\n"


def test_markdown_fits_into_a_comment() -> None:
    many = [
        changed(Subject("request", "rank", f"s{number}"), Change("text", str(number), "b" * 900))
        for number in range(99)
    ]
    found = comparison_markdown(of_playbooks(*many))
    assert len(found) < MOST_MARKDOWN + 200
    assert found.splitlines()[-2].startswith("(cut: 60,000 of 9")


@pytest.mark.parametrize("most", [None, 5])
def test_the_json_of_a_comparison_fits_its_schema(most: int | None) -> None:
    states = example.state(*example.completed("rehearsal")), example.state(*example.partial()), State()
    for before in states:
        for after in states:
            assert misfits(comparison_json(of_runs(before, after), Exit.FAILED, max_chars=most), "diff") == []
    assert misfits(comparison_json(of_playbooks(exists=False), Exit.OK), "diff") == []


def test_the_json_of_a_change_has_what_there_is_and_says_what_it_cuts() -> None:
    found = of_playbooks(changed(ALDER, Change("text", "Rank them.", ABSENT), Change("require", 1, 2)))
    assert comparison_json(found, Exit.FAILED, max_chars=4)["differences"] == [
        {
            "kind": "request",
            "name": "rank",
            "slot": "alder",
            "outcome": "changed",
            "changes": [
                {"fact": "text", "before": "Rank", "truncated": True, "chars": {"before": 10}},
                {"fact": "require", "before": 1, "after": 2},
            ],
        }
    ]
