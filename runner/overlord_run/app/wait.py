"""Wait until a run has come to something: its startup, a message, its end."""

import time
from collections.abc import Callable

from overlord_run.app.exits import exit_of
from overlord_run.app.own import Audience
from overlord_run.app.post import LOOK_EVERY_S, interrupted
from overlord_run.app.resume import unknown_outcome
from overlord_run.errors import Exit, RunNotFoundError, UnfinishedError, UsageError, worst
from overlord_run.plan.ids import STARTUP, redirect_id
from overlord_run.store.folder import RunFolder
from overlord_run.store.following import Following
from overlord_run.store.owner import is_owned
from overlord_run.store.plan_file import read_plan
from overlord_run.store.state import State

MESSAGE = "message:"
_Reached = Callable[[State], Exit | None]


def wait(folder: RunFolder, goal: str, wait_s: float | None, audience: Audience) -> tuple[State, Exit]:
    """Return the state in which a run has reached a goal, and what that means as an exit code.

    Args:
        folder: The run's.
        goal: `ready` (the startup is proved), `done`, or `message:ID`.
        wait_s: How long to wait; None for as long as it takes.
        audience: Who hears of what happens meanwhile.

    Raises:
        UsageError: There is no such goal.
        UnfinishedError: The time was up; nothing is lost.
        RunBusyError: A crash left the run, so it reaches nothing until it is resumed.
        UnknownOutcomeError: So it is, and how calls ended is not known.
        RunNotFoundError: The run ended without it.
        StoreError: The log cannot be read.
    """
    reached = _reached(goal, folder)
    deadline = None if wait_s is None else time.monotonic() + wait_s
    following = Following(folder)
    following.catch_up()
    while True:
        is_live = is_owned(folder.lock_path)  # asked first: what its owner wrote before it let go is seen below
        for line in following.look():
            audience.listen(line.event, following.state)
        state = following.state
        code = reached(state)
        if code is not None:
            return state, code
        if not is_live and state.state == "awaiting-human":
            return state, Exit.WAITING
        if not is_live:
            raise _never(folder, state, goal)
        if deadline is not None and time.monotonic() >= deadline:
            message = f"the run {folder.run_id} has not come to '{goal}' after {wait_s:g} s; it is {state.state}"
            raise UnfinishedError(message, next="nothing is lost; wait again, or overlord-run status shows how it goes")
        time.sleep(LOOK_EVERY_S)


def _reached(goal: str, folder: RunFolder) -> _Reached:
    if goal == "done":
        return exit_of
    if goal == "ready":
        return _is_ready
    if goal.startswith(MESSAGE):
        return lambda state: _is_settled(folder, state, goal.removeprefix(MESSAGE))
    message = f"'{goal}' is nothing to wait for"
    raise UsageError(message, next="Wait for ready, done or message:ID.")


def _is_ready(state: State) -> Exit | None:
    startup = state.messages.get(STARTUP)
    is_proved = startup is None or startup.state in {"completed", "partial"}
    if is_proved and state.state not in {"loading", "preflight", "starting", "failed"}:
        return Exit.OK
    return worst(Exit.FAILED, exit_of(state) or Exit.FAILED) if state.has_ended else None


def _is_settled(folder: RunFolder, state: State, message_id: str) -> Exit | None:
    message = state.message_of(message_id)
    if message is None or message.ended_at is None:
        return None
    if message.state == "completed" or message.by_design:
        return Exit.OK
    # What goes to a servant never says no; to know a check from a block takes the plan.
    is_no = message.state == "failed" and not message.target and _is_gate(folder, state, redirect_id(message.id))
    return Exit.REJECTED if is_no else Exit.FAILED


def _is_gate(folder: RunFolder, state: State, name: str) -> bool:
    """Say whether a redirect is a check or a pause: where that fails, the run is rejected."""
    if state.created is None:
        return False
    pending = list(read_plan(folder.plan_path, state.created.plan_digest)["redirects"])
    kinds = {}
    while pending:
        redirect = pending.pop()
        kinds[redirect["id"]] = redirect["kind"]
        pending += redirect.get("redirects", [])
    return kinds.get(name) in ("check", "pause")


def _never(folder: RunFolder, state: State, goal: str) -> Exception:
    if state.has_ended:
        message = f"the run {folder.run_id} ended as {state.state}, without '{goal}'"
        return RunNotFoundError(message, next="overlord-run status shows what there was", code="never")
    return unknown_outcome(state) if state.open_calls else interrupted(folder)
