"""Send a message to servants of a run, or help one that is blocked, and say what came of it."""

import secrets
from collections.abc import Callable, Mapping

from msgspec import Struct

from overlord_run.app.keyless import require_no_key
from overlord_run.app.own import Audience
from overlord_run.app.post import Errand, ask, is_left
from overlord_run.app.reopen import Recorded, recorded, require_unreleased
from overlord_run.app.resume import unknown_outcome
from overlord_run.errors import Exit, UsageError
from overlord_run.executor.desk import slots_of
from overlord_run.playbook.names import next_name
from overlord_run.settings.model import Flags
from overlord_run.store.folder import RunFolder
from overlord_run.store.following import Following
from overlord_run.store.inbox import Recover, Send
from overlord_run.store.state import Message, State

_WORDS = "the message or its id"


class Sent(Struct, frozen=True):
    """What came of a message.

    Attributes:
        message: As the run has it; None where a servant was replaced that had nothing left to answer.
        slot: The only servant that it concerns; None where all whom it went to do.
        was_known: Whether it had been sent before, by the same id: then nothing was sent now.
        details: Message id and slot → what the provider said of a failure, redacted.
    """

    state: State
    folder: RunFolder
    message: Message | None
    exit: Exit
    slot: str | None = None
    was_known: bool = False
    details: Mapping[tuple[str, str], str] | None = None


class Manner(Struct, frozen=True):
    """How a person wants something to be sent.

    Attributes:
        request_id: The same id and text is sent once; None makes one.
        wait_s: How long to wait for the answers; None for as long as it takes.
        delegate: As an errand's.
    """

    flags: Flags
    request_id: str | None = None
    wait_s: float | None = None
    delegate: Callable[[], Callable[[], object]] | None = None


def send(folder: RunFolder, target: str, text: str, manner: Manner, audience: Audience) -> Sent:
    """Send a text, to every byte and never as a template, and return what the servants made of it.

    Raises:
        UsageError: Nobody is called so, the text is blank, or the id was used for another one.
        UnknownOutcomeError: How an earlier call to one of the servants ended is not known.
        RunBusyError: A crash left the run, and it must be resumed first.
        RunNotFoundError: The run ended before it began, or its leases were given up.
        UnfinishedError: The time was up.
        SettingsError: The API is not proved, or may not be asked; nothing was sent.
        StoreError: The run folder cannot be read or written.
    """
    require_no_key(f"{target} {manner.request_id} {text}", manner.flags, _WORDS)
    following = Following(folder)
    state = following.catch_up()
    run = recorded(folder, state.created)
    request = Send(_id_of(manner), target, text)
    _require_sendable(run, state, request)
    was_known = request.request_id in state.requests
    errand = Errand(
        request,
        lambda now: _message(now, request.request_id) is not None,
        manner.flags,
        manner.wait_s,
        manner.delegate,
    )
    finished = ask(run, following, errand, audience)
    _require_same(run, finished.state, request)  # another process may have been faster with the same id
    message = _message(finished.state, request.request_id)
    return Sent(finished.state, folder, message, _exit(finished.exit, message), None, was_known, finished.details)


def recover(folder: RunFolder, slot: str, manner: Manner, audience: Audience, *, replace: bool) -> Sent:
    """Ask a blocked servant the question that failed again, or put a new servant into its slot.

    Raises:
        UsageError: There is no such slot, its servant is not blocked, or the id was used for another request.
        UnknownOutcomeError: How its call ended is not known.
        RunBusyError: A crash left the run, and it must be resumed first.
        RunNotFoundError: The run ended before it began, or its leases were given up.
        SettingsError: The API is not proved, or may not be asked; nothing was sent.
        StoreError: The run folder cannot be read or written.
    """
    require_no_key(f"{slot} {manner.request_id}", manner.flags, _WORDS)
    following = Following(folder)
    state = following.catch_up()
    run = recorded(folder, state.created)
    request = Recover(_id_of(manner), slot, replace)
    _require_recoverable(folder, following, request)
    was_known = request.request_id in state.requests

    def is_done(now: State) -> bool:
        message = now.messages.get(now.requests[request.request_id])
        result = None if message is None else message.results.get(slot)
        return result is None or result.ended_at is not None

    finished = ask(run, following, Errand(request, is_done, manner.flags), audience)
    _require_same_recovery(finished.state, request)
    message_id = finished.state.requests.get(request.request_id)
    message = finished.state.messages.get(message_id or "")
    has_failed = message is not None and message.results[slot].state != "completed"
    code = Exit.FAILED if has_failed and finished.exit is Exit.OK else finished.exit
    return Sent(finished.state, folder, message, code, slot, was_known, finished.details)


def _id_of(manner: Manner) -> str:
    """Return the request's id, a new one where none is given; a blank one, as of an unset variable, is refused."""
    if manner.request_id is None:
        return secrets.token_hex(8)
    if not manner.request_id.strip():
        message = "the id is blank"
        raise UsageError(message, next="Give --id a value, or leave it out.")
    return manner.request_id


def _require_sendable(run: Recorded, state: State, request: Send) -> None:
    if not request.text.strip():
        message = "the message is blank"
        raise UsageError(message, next="Write what is to be sent, or name a file: --message-file PATH.")
    slots = slots_of(run.plan, request.target)
    if not slots:
        raise _unknown_target(run, request.target)
    if request.request_id in state.requests:
        _require_same(run, state, request)
        return
    require_unreleased(state)
    if state.is_at_rest and any(slot in slots for _, slot in state.open_calls):
        raise unknown_outcome(state)


def _require_same(run: Recorded, state: State, request: Send) -> None:
    """Refuse an id that stands for another message."""
    if request.request_id not in state.requests:
        return
    before = state.messages.get(state.requests[request.request_id])
    accepted = None if before is None else before.accepted
    asked = (request.request_id, request.text, slots_of(run.plan, request.target))
    if accepted is None or (accepted.request_id, accepted.text, list(accepted.slots)) != asked:
        raise _used_id(request.request_id, "message")


def _require_recoverable(folder: RunFolder, following: Following, request: Recover) -> None:
    state, slot = following.state, request.slot
    if slot not in state.servants:
        message = f"the run has no slot '{slot}'"
        raise UsageError(message, next=next_name(slot, state.servants, "It has"))
    if request.request_id in state.requests:
        _require_same_recovery(state, request)
        return
    require_unreleased(state)
    if any(slot == other for _, other in state.open_calls) and is_left(folder, state, following.catch_up):
        raise unknown_outcome(state)
    if not request.replace and state.servants[slot].state != "blocked":
        message = f"{slot} is {state.servants[slot].state}, and only a blocked servant is recovered"
        raise UsageError(message, next="overlord-run recover --replace puts a new servant into its slot.")


def _require_same_recovery(state: State, request: Recover) -> None:
    """Refuse an id that stands for something else, as far as what became of it tells."""
    if request.request_id not in state.requests:
        return
    message = state.messages.get(state.requests[request.request_id])
    if message is None:
        is_same = request.replace
    else:
        is_sent = message.accepted is not None and message.accepted.request_id == request.request_id
        is_same = request.slot in message.results and not is_sent
    if not is_same:
        raise _used_id(request.request_id, "request")


def _used_id(request_id: str, kind: str) -> UsageError:
    message = f"the id '{request_id}' was used for another {kind}"
    return UsageError(message, next="Give this one another --id.")


def _unknown_target(run: Recorded, target: str) -> UsageError:
    names = ["all", *(servant.slot for servant in run.plan.servants)]
    names += [f"role:{role}" for role in dict.fromkeys(servant.role for servant in run.plan.servants)]
    message = f"nobody in this run is called '{target}'"
    return UsageError(message, next=next_name(target, names, "Targets are"))


def _message(state: State, request_id: str) -> Message | None:
    """Return the message that a request became, once it has ended."""
    message = state.messages.get(state.requests.get(request_id, ""))
    return message if message is not None and message.ended_at is not None else None


def _exit(code: Exit, message: Message | None) -> Exit:
    if code is Exit.OK and (message is None or message.state != "completed"):
        return Exit.FAILED
    return code
