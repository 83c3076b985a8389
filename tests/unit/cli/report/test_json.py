from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from overlord_run.app.history import Inspection, RunSummary
from overlord_run.app.status import Standing
from overlord_run.cli.report.json import (
    conversations_json,
    done_json,
    launch_json,
    runs_json,
    status_json,
    verification_json,
)
from overlord_run.cli.report.problems import error_json, problems_json, validation_json
from overlord_run.errors import Exit, InvalidPlaybookError
from overlord_run.playbook.schema import load
from overlord_run.problem import Problem
from overlord_run.store.folder import RunFolder
from overlord_run.store.state import State
from overlord_run.store.verify import Difference, Verification
from unit.cli import example_run as example

FOLDER = RunFolder(Path("runs") / "20260701-120000-council-ab12")
STATES = [
    example.state(*example.completed("rehearsal")),
    example.state(*example.partial()),
    example.state(*example.begun(), *example.asked("startup", "alder")),
    example.state(*example.gated()),
    example.state(*example.rejected()),
    State(),
]
PROBLEM = Problem("council.yml", 3, 5, "unknown-key", "unknown key 'rols'")
EVERY_TOKEN = {**example.USAGE, "tokens": 1123, "repliesWithoutUsage": 0}


def misfits(value: Mapping[str, Any], name: str) -> list[str]:
    """Return where a value does not fit the definition of this name."""
    schema = load("output")
    validator = Draft7Validator({"definitions": schema["definitions"], "$ref": f"#/definitions/{name}"})
    return [error.message for error in validator.iter_errors(value)]


def test_the_schema_of_the_outputs_is_a_schema() -> None:
    Draft7Validator.check_schema(load("output"))
    assert misfits({}, "error") == ["'error' is a required property"]


@pytest.mark.parametrize("state", STATES)
def test_what_is_told_of_a_run_fits_its_schema(state: State) -> None:
    assert misfits(launch_json(state), "launch") == []
    assert misfits(done_json(state, Exit.OK, next_command="overlord-run show"), "done") == []
    found = Inspection(FOLDER, state, is_owned=False, notes=("a note",))
    assert misfits(status_json(Standing(found, {}), next_command="overlord-run show"), "status") == []
    for most in None, 0, 5:
        assert misfits(conversations_json(found, list(state.servants), max_chars=most), "show") == []


def test_what_is_told_of_files_and_errors_fits_its_schema() -> None:
    runs = [RunSummary("r1", "council", "completed", "chat", "then", "now", 2), RunSummary("r2", problem="torn")]
    assert misfits(runs_json(runs), "list") == []
    differences = Verification((Difference("run.json", "$.state", "is not what the log says"),), ("a note",))
    assert misfits(verification_json("r1", differences, Exit.FAILED), "verify") == []
    assert misfits(validation_json(["council.yml"], [PROBLEM], 0, Exit.INVALID), "validate") == []
    assert misfits(error_json(InvalidPlaybookError([PROBLEM])), "error") == []


def test_the_launch_line_says_how_the_run_is_addressed_and_that_it_is_a_rehearsal() -> None:
    assert launch_json(example.state(*example.begun("rehearsal")), [PROBLEM]) == {
        "type": "launch",
        "schemaVersion": 1,
        "runId": "20260701-120000-council-ab12",
        "playbook": "council",
        "engine": "rehearsal",
        "state": "preflight",
        "planDigest": "sha256:1",
        "runDir": "/srv/.overlord/runs/20260701-120000-council-ab12",
        "warnings": problems_json([PROBLEM]),
        "notes": [],
        "overrides": [],
    }


def test_the_done_line_has_the_outputs_the_servants_and_what_comes_next() -> None:
    told = done_json(
        example.state(*example.completed()), Exit.OK, next_command="overlord-run show", written=["out/verdict.md"]
    )
    every = {key: 2 * count for key, count in EVERY_TOKEN.items() if count is not None}
    assert told.pop("usage") == every | {"costUsd": 0.0123, "unpricedCalls": 1}
    assert told == {
        "type": "done",
        "schemaVersion": 1,
        "runId": "20260701-120000-council-ab12",
        "playbook": "council",
        "engine": "chat",
        "state": "completed",
        "reason": None,
        "exit": 0,
        "questions": [],
        "outputs": {"verdict": "Ship it."},
        "outputFailures": {},
        "outputFiles": ["out/verdict.md"],
        "servants": [
            {
                "slot": slot,
                "state": "ready",
                "llmModel": model,
                "sent": 1,
                "answered": 1,
                "failed": 0,
                "skipped": 0,
                "usage": EVERY_TOKEN | {"costUsd": cost, "unpricedCalls": int(cost is None)},
            }
            for slot, model, cost in (("alder", "fugu", None), ("oak", "fugu-ultra", 0.0123))
        ],
        "budget": None,
        "next": "overlord-run show",
    }


def test_tokens_that_nobody_told_are_null() -> None:
    told = done_json(example.state(*example.begun()), Exit.FAILED, next_command="x")
    assert set(told["usage"].values()) == {None, 0}
    assert told["usage"]["tokens"] is None


def test_a_call_whose_end_is_not_known_is_open() -> None:
    found = Inspection(FOLDER, STATES[2], is_owned=False, notes=())
    assert status_json(Standing(found, {}), next_command="x")["openCalls"] == [{"message": "startup", "slot": "alder"}]


def test_a_failed_exchange_has_the_reason_and_no_reply() -> None:
    found = Inspection(FOLDER, STATES[1], is_owned=False, notes=())
    (servant,) = conversations_json(found, ["oak"])["servants"]
    assert servant["exchanges"][0] == {
        "message": "verdict",
        "system": None,
        "text": "Judge it.",
        "reply": None,
        "truncated": False,
        "chars": {"system": None, "text": 9, "reply": None},
        "state": "failed",
        "attempts": 1,
        "failureReason": "it did not answer within 90 s",
        "finishReason": None,
        "cut": False,
        "note": "",
        "llmModel": "fugu",
        "requestId": None,
        "usage": None,
        "costUsd": None,
        "startedAt": "2026-07-01T12:00:11.000Z",
        "endedAt": "2026-07-01T12:00:12.000Z",
    }


def test_a_program_is_told_what_a_person_is_asked() -> None:
    state = example.state(*example.gated())
    found = Inspection(FOLDER, state, is_owned=False, notes=())
    asked = [{"id": "sign_off", "text": "Read it.\nShall it go out?"}]
    assert done_json(state, Exit.WAITING, next_command="x")["questions"] == asked
    assert status_json(Standing(found, {}), next_command="x")["questions"] == asked
    assert done_json(example.state(*example.rejected()), Exit.REJECTED, next_command="x")["questions"] == []


def test_every_exit_code_fits_the_schema() -> None:
    for code in Exit:
        assert misfits(done_json(example.state(*example.completed()), code, next_command="x"), "done") == []
