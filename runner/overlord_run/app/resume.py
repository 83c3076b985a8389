"""Carry a run on that a crash, a person or a failed startup ended, from its own frozen plan."""

import asyncio
from collections.abc import Callable
from copy import copy
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from overlord_run.app.exits import EXITS
from overlord_run.app.history import inspect
from overlord_run.app.mailbox import Mailbox
from overlord_run.app.own import Audience, Finished, now, own, record_alone, this_process
from overlord_run.app.reopen import Recorded, recorded, reopen, require_unreleased
from overlord_run.app.spending import require_budget
from overlord_run.app.unchanged import require_unchanged
from overlord_run.errors import RunBusyError, UnknownOutcomeError, UsageError
from overlord_run.executor.council import Council
from overlord_run.executor.run import execute
from overlord_run.executor.unknown import Decision, decide, leave_out_before
from overlord_run.plan.model import Plan
from overlord_run.plan.redirects import PlannedBlock, PlannedCheck, PlannedPause
from overlord_run.playbook.money import Limits
from overlord_run.playbook.names import listed, next_name
from overlord_run.settings.caps import raised
from overlord_run.settings.model import Flags
from overlord_run.store.events import BudgetRaised
from overlord_run.store.folder import RunFolder
from overlord_run.store.recorder import Recorder
from overlord_run.store.state import State

_DONE = frozenset({"completed", "partial", "rejected"})

Ask = Callable[[list[tuple[str, str]]], Decision | None]


class Resumption(Struct, frozen=True):
    """How a person wants a run to be carried on.

    Attributes:
        decision: What becomes of calls whose outcome is not known; None where nothing is decided.
        ignores_changes: Whether it goes on where the playbook or a role says something else now.
        first: The id of the redirect to go on with; those before it that have not ended are left out.
        budget: The limits of its budget to raise, each in a word like `usd=5`.
    """

    flags: Flags
    decision: Decision | None = None
    ignores_changes: bool = False
    first: str | None = None
    budget: tuple[str, ...] = ()


def resume(folder: RunFolder, wanted: Resumption, audience: Audience, ask: Ask) -> Finished:
    """Carry a run on and return how it ended; of one that has nothing left to do, how it had ended.

    Args:
        folder: The run's.
        wanted: How it is to be carried on.
        audience: Who hears of it.
        ask: Is asked to decide about calls whose outcome is not known, where nothing was decided.

    Raises:
        RunNotFoundError: The run ended before it began, was released, or its playbook has changed.
        RunBusyError: Another process owns it.
        BudgetError: Its budget is reached, and it is not raised by this; nothing was changed.
        UnknownOutcomeError: Calls have an unknown outcome and nobody decided; nothing was changed.
        UsageError: There is no such redirect, it has been sent already, or a check or a pause would be left out for it;
            or a limit cannot be raised so.
        SettingsError: The API is not proved, or may not be asked.
        StoreError: The run folder cannot be read or written.
    """
    found = inspect(folder)
    run = recorded(folder, found.state.created)
    if found.is_owned:
        raise _busy(folder)
    require_unreleased(found.state)
    if wanted.first is not None:
        _require_redirect(run.plan, wanted.first)
    limits = raised(found.state.account.limits, wanted.budget)
    if found.state.state in _DONE:
        state = found.state
        if limits != state.account.limits:
            state = asyncio.run(record_alone(folder, "raise", BudgetRaised(limits.to_json())))
        return Finished(state, folder, EXITS[state.state])
    _check(run, found.state, wanted)
    wanted = replace(wanted, decision=wanted.decision or _decision(found.state, ask))
    _require_budget(folder, found.state, limits)
    session = reopen(run, wanted.flags)

    async def opening() -> tuple[RunFolder, Recorder]:
        owner = this_process("resume")
        return folder, await Recorder.open(folder, owner, clock=now, listen=audience.listen, known=found.state)

    return own(session, opening, partial(_carry_on, wanted), audience.on_interrupt)


async def _carry_on(wanted: Resumption, council: Council, mailbox: Mailbox) -> None:
    limits = raised(council.state.account.limits, wanted.budget)
    if limits != council.state.account.limits:
        await council.recorder.record(BudgetRaised(limits.to_json()))
    left_out: frozenset[str] = frozenset()
    if wanted.decision is not None:
        left_out = await decide(council, wanted.decision)
    elif council.state.open_calls:
        raise unknown_outcome(council.state)  # of another process, which came and went since we looked
    if wanted.first is not None:
        await leave_out_before(council, wanted.first)
    await execute(council, mailbox, left_out)


def _check(run: Recorded, state: State, wanted: Resumption) -> None:
    if wanted.first is not None:
        _require_forward(state, wanted.first)
        _require_no_gate_before(run.plan, state, wanted.first)
    if not wanted.ignores_changes:
        require_unchanged(run)


def _require_budget(folder: RunFolder, state: State, limits: Limits) -> None:
    account = copy(state.account)
    account.raise_to(limits)
    require_budget(folder, account)


def _decision(state: State, ask: Ask) -> Decision | None:
    if not state.open_calls:
        return None
    decision = ask(list(state.open_calls))
    if decision is None:
        raise unknown_outcome(state)
    return decision


def unknown_outcome(state: State) -> UnknownOutcomeError:
    """Return the error that names the calls whose outcome is not known."""
    calls = listed(f"{message_id} to {slot}" for message_id, slot in state.open_calls)
    return UnknownOutcomeError(
        f"it is not known how these calls ended, and they may have been billed: {calls}",
        next="overlord-run resume --resend-unknown sends them again; --skip-unknown counts them as failed",
    )


def _busy(folder: RunFolder) -> RunBusyError:
    return RunBusyError(
        f"another process owns the run {folder.run_id}",
        next=f"overlord-run status --run {folder.run_id} shows it; try again when it has ended",
    )


def _require_redirect(plan: Plan, first: str) -> None:
    ids = [redirect.id for redirect in plan.redirects]
    if first not in ids:
        message = f"the plan has no redirect '{first}'"
        raise UsageError(message, next=next_name(first, ids, "They are"))


def _require_forward(state: State, first: str) -> None:
    if _has_ended(state, first):
        message = f"the redirect '{first}' has ended already, and a run only goes forward"
        raise UsageError(message, next="Name one that has not been sent; overlord-run status shows which.")


def _require_no_gate_before(plan: Plan, state: State, first: str) -> None:
    """Refuse to leave out a check or a pause: what they guard would be done without their word."""
    for redirect in plan.redirects:
        if redirect.id == first:
            return
        if not _has_ended(state, redirect.id):
            for each in redirect.redirects if isinstance(redirect, PlannedBlock) else (redirect,):
                if isinstance(each, PlannedCheck | PlannedPause):
                    message = (
                        f"the {each.kind} '{each.id}' stands before '{first}' and has not passed; it is not left out"
                    )
                    raise UsageError(message, next=f"Go on with --from {redirect.id}, or with a redirect before it.")


def _has_ended(state: State, message_id: str) -> bool:
    message = state.messages.get(message_id)
    return message is not None and message.ended_at is not None
