"""A fixed share of the fuzzing, and proof that it can fail: each seeded bug is found."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from fuzz import __main__ as program
from fuzz import one, oracle
from fuzz.loop import Trial, case, cases, shrink
from fuzz.mutations import LONGEST, NASTY
from fuzz.targets import TARGETS, workplace
from overlord_run.expect import find
from overlord_run.playbook import compose, scalars
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem

SHARE = {
    "playbook": 60,
    "role": 40,
    "lock": 40,
    "script": 20,
    "inputs": 16,
    "recording": 30,
    "config": 150,
    "schema": 120,
    "reply": 80,
    "completion": 400,
}
"""How many cases of each target `make test` tries, the same ones every time."""


def found(name: str, count: int) -> Trial:
    """Try the first cases of a target."""
    target = TARGETS[name]
    seeds = target.seeds()
    trial = Trial(target.attempt, slowness=3)  # the machine may be busy
    with workplace():
        for number in range(count):
            trial.take(case(number, name, seeds))
    return trial


@pytest.mark.parametrize("name", TARGETS)
def test_any_file_has_a_clean_answer(name: str, record_property: Callable[[str, int], None]) -> None:
    trial = found(name, SHARE[name])
    assert trial.findings == {}
    record_property("fuzzed files", trial.tried)


def test_what_the_files_are_made_of_is_fine_itself() -> None:
    for name in ("config", "completion", "inputs", "recording"):
        trial = Trial(TARGETS[name].attempt)
        with workplace():
            for content in TARGETS[name].seeds():
                trial.take(content)
        assert trial.findings == {}


# Bugs that are put in, each into what one target reads


def read_old_yaml(text: str) -> Any:
    """Take scalars for what YAML 1.1 did, with its dates."""
    if text.startswith("2001-99"):
        raise ValueError(text)
    return "yes" in text or None


def point_astray(self: Any, mark: Any) -> Place:
    return Place(self.file, mark.line + 1, mark.column + 1000)


def without_hint(place: Place, rule: str, message: str, _: str) -> Problem:
    return Problem(place.file, place.line, place.column, rule, message)


SEEDED: dict[str, tuple[str, int, Any, str, Any, str]] = {
    "depth is not bounded": ("config", 800, compose, "MAX_DEPTH", 10_000, "RecursionError in "),
    "scalars are those of YAML 1.1": ("config", 400, scalars, "resolve", read_old_yaml, "ValueError in read_old_yaml"),
    "a place is none of the file": ("config", 40, compose.Composer, "_place", point_astray, "NotCleanError in "),
    "problems have no hint": ("script", 60, compose, "problem", without_hint, "NotCleanError in require_places"),
    "a reply's JSON is searched too deeply": ("reply", 600, find, "MAX_DEPTH", 100_000, "RecursionError in "),
    "too much time is taken": ("completion", 5, oracle, "MOST_SECONDS", -1.0, "NotCleanError in judge"),
    "too much memory is taken": ("completion", 5, oracle, "MOST_MIB", -1, "NotCleanError in judge"),
    "a terminal is steered": (
        *("playbook", 60, oracle, "FORMATS", {"text": lambda _: "\x1b[2J"}),
        "NotCleanError in _require_seen",
    ),
}


@pytest.mark.parametrize("bug", SEEDED)
def test_a_bug_that_is_put_in_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, count, where, attribute, broken, failure = SEEDED[bug]
    monkeypatch.setattr(where, attribute, broken)
    trial = Trial(TARGETS[name].attempt, shrink_s=0)
    seeds = TARGETS[name].seeds()
    with workplace():
        for number in range(count):
            trial.take(case(number, name, seeds))
            if trial.findings:
                break
    assert [key[: len(failure)] for key in trial.findings] == [failure]


def test_what_fails_is_made_small() -> None:
    content = b"".join(b"line %d\n" % number for number in range(200)) + b"a: [b, NaN]\n"
    assert shrink(content, lambda smaller: b"NaN" in smaller, 60) == b"NaN"
    assert shrink(b"NaN", lambda _: False, 60) == b"NaN"


def test_a_case_is_the_same_each_time_and_bounded() -> None:
    seeds = TARGETS["playbook"].seeds()
    made = [case(number, "playbook", seeds) for number in range(300)]
    assert made == [case(number, "playbook", seeds) for number in range(300)]
    assert len(set(made)) > 290
    assert max(map(len, made)) <= LONGEST
    assert len(set(NASTY)) > 100
    assert list(cases("playbook", seeds, 0)) == list(seeds)


@pytest.mark.parametrize(("attempt", "code"), [(TARGETS["config"].attempt, 0), (lambda content: 1 / len(content), 1)])
def test_the_program_tells_what_it_tried_and_what_failed(
    attempt: Any, code: int, capsys: pytest.CaptureFixture[str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one, "FOUND", tmp_path)
    trial = Trial(attempt)
    trial.take(b"")
    assert one.tell("config", trial, 2.0) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("config: 1 cases in 2 s, 0 a second, at most 0.")
    assert lines[0].endswith(f" MiB more; {code} failures")
    assert len(list(tmp_path.iterdir())) == len(lines) - 1 == code


def test_an_unknown_target_is_refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["fuzz", "playbok"])
    with pytest.raises(SystemExit):
        program.main()
    assert "no such target: playbok; there are playbook, role, " in capsys.readouterr().err
