"""What is waited for has come, comes never, or has not come in time."""

import asyncio
from pathlib import Path

import pytest

from council_kit import carry_out, run_folder
from overlord_run.app.own import Audience
from overlord_run.app.wait import wait
from overlord_run.errors import Exit, OverlordError, RunBusyError, RunNotFoundError, UnknownOutcomeError, UsageError
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from store_kit import RUN_ID, story, tell

STORY = story()
NOBODY = Audience(lambda _event, _state: None, lambda: None)


def told(folder: Path, batches: list[list[ev.Body]]) -> RunFolder:
    """Return a run that nobody owns any more, after so many batches of its story."""
    run = RunFolder.create(folder / ".overlord", RUN_ID)
    asyncio.run(tell(run, batches))
    return run


@pytest.mark.parametrize(
    ("goal", "exit_code"),
    [
        ("done", Exit.FAILED),
        ("ready", Exit.OK),
        ("message:startup", Exit.OK),
        ("message:rank", Exit.FAILED),
        ("message:last", Exit.FAILED),
    ],
)
def test_what_has_come_is_told_at_once(tmp_path: Path, goal: str, exit_code: Exit) -> None:
    state, code = wait(told(tmp_path, STORY), goal, None, NOBODY)
    assert (state.state, code) == ("partial", exit_code)


@pytest.mark.parametrize(
    ("batches", "goal", "error"),
    [
        (STORY, "message:nothing", RunNotFoundError),
        (STORY[:3], "done", RunBusyError),
        (STORY[:3], "ready", RunBusyError),
        (STORY[:4], "ready", UnknownOutcomeError),
    ],
)
def test_what_never_comes_is_told_at_once(
    tmp_path: Path, batches: list[list[ev.Body]], goal: str, error: type[OverlordError]
) -> None:
    with pytest.raises(error):
        wait(told(tmp_path, batches), goal, None, NOBODY)


def test_a_message_that_the_playbook_wants_skipped_went_well(tmp_path: Path) -> None:
    skipped = ev.RedirectSkipped("extra", "all", None, "its 'when' is false", by_design=True)
    assert wait(told(tmp_path, [*STORY[:-1], [skipped], STORY[-1]]), "message:extra", None, NOBODY)[1] is Exit.OK


def test_a_run_that_failed_at_its_startup_is_never_ready(tmp_path: Path) -> None:
    batches = [*STORY[:2], [ev.RunFinished("failed", "startup was not proved", {}, {})]]
    assert wait(told(tmp_path, batches), "ready", None, NOBODY)[1] is Exit.FAILED


COUNCIL = """\
overlord: 1
name: council
roles: {critic: {system: You criticise., task: What can go wrong?}}
assignments: [{slot: alder, role: critic}]
redirects:
"""
BROKEN = "replies.startup.get('nobody').text"


@pytest.mark.parametrize(
    ("redirect", "message_id", "exit_code"),
    [
        ("{id: gate, check: 1 == 1}", "gate", Exit.OK),
        ("{id: gate, check: 1 == 2}", "gate", Exit.REJECTED),
        (f"{{id: gate, check: {BROKEN}}}", "gate", Exit.REJECTED),
        (f"{{id: gate, check: 1 == 1, when: {BROKEN}}}", "gate", Exit.REJECTED),
        (f"{{id: gate, pause: 'Go?', when: {BROKEN}}}", "gate", Exit.REJECTED),
        ("{id: block, redirects: [{id: gate, check: 1 == 2}]}", "gate", Exit.REJECTED),
        ("{id: block, redirects: [{id: gate, check: 1 == 2}]}", "block", Exit.FAILED),
        (f"{{id: block, redirects: [{{id: gate, check: 1 == 1}}], when: {BROKEN}}}", "block", Exit.FAILED),
        (f"{{id: last, to: all, message: x, when: {BROKEN}}}", "last", Exit.FAILED),
    ],
)
def test_a_check_or_a_pause_that_did_not_pass_is_a_no(
    tmp_path: Path, redirect: str, message_id: str, exit_code: Exit
) -> None:
    carry_out(tmp_path, f"{COUNCIL}  - {redirect}\n")
    assert wait(run_folder(tmp_path), f"message:{message_id}", None, NOBODY)[1] is exit_code


@pytest.mark.parametrize("goal", ["", "Ready", "message", "rank"])
def test_what_is_nothing_to_wait_for_is_refused(tmp_path: Path, goal: str) -> None:
    with pytest.raises(UsageError, match="nothing to wait for"):
        wait(told(tmp_path, STORY), goal, None, NOBODY)
