"""Answer a question of a run, and carry the plan on where no other process does."""

import secrets
import time
from functools import partial

from msgspec import Struct

from overlord_run.app.exits import exit_of
from overlord_run.app.keyless import require_no_key
from overlord_run.app.mailbox import Mailbox
from overlord_run.app.own import Audience, Finished, now, own, this_process
from overlord_run.app.post import LOOK_EVERY_S, interrupted
from overlord_run.app.reopen import Recorded, recorded, reopen, require_unreleased
from overlord_run.app.resume import unknown_outcome
from overlord_run.app.spending import require_budget
from overlord_run.app.unchanged import require_unchanged
from overlord_run.errors import RunBusyError, UsageError
from overlord_run.executor.council import Council
from overlord_run.executor.desk import answered
from overlord_run.executor.proof import prove
from overlord_run.executor.run import conclude, execute
from overlord_run.host import person
from overlord_run.playbook.names import listed, next_name
from overlord_run.settings.model import Flags
from overlord_run.store.folder import RunFolder
from overlord_run.store.following import Following
from overlord_run.store.inbox import Answer, Inbox
from overlord_run.store.owner import is_owned
from overlord_run.store.recorder import Recorder
from overlord_run.store.state import Message, State
from overlord_run.store.twin import twin


class Verdict(Struct, frozen=True):
    """What a person says to a question.

    Attributes:
        pause: The id of the pause; None where only one waits.
        ignores_changes: Whether the plan is carried on where the playbook or a role says something else now.
    """

    flags: Flags
    approved: bool
    pause: str | None = None
    note: str = ""
    ignores_changes: bool = False


def answer(folder: RunFolder, verdict: Verdict, audience: Audience) -> Finished:
    """Put a person's word on a run's record, and return how the run stands once it rests.

    Where a process carries the run on, it takes the answer and goes on with it; else this one does. The same answer
    again changes nothing.

    Raises:
        UsageError: No such question waits, several do, or it was answered otherwise.
        RunNotFoundError: The run ended before it began, was released, or its playbook has changed.
        RunBusyError: Another process came first, for something else; or a crash left the run.
        UnknownOutcomeError: How earlier calls ended is not known.
        SettingsError: The key is in the note, or the API is not proved or may not be asked.
        StoreError: The run folder cannot be read or written.
    """
    require_no_key(verdict.note, verdict.flags, "the note")
    following = Following(folder)
    run = recorded(folder, following.catch_up().created)
    require_unreleased(following.state)
    pause = _pause(following.state, verdict.pause)
    request = Answer(secrets.token_hex(8), pause.id, verdict.approved, person(), verdict.note)
    while not _is_answered(following.state, request):
        if is_owned(folder.lock_path):
            _hand_over(run, following, request, audience)
        else:
            finished = _carry_on(run, following, request, verdict, audience)
            if finished is not None:
                return finished
    return _outcome(run, following, audience)


def _pause(state: State, named: str | None) -> Message:
    """Return the question that is meant: the one that is named, else the only one that waits."""
    waiting = [message.id for message in state.open_pauses]
    if named is not None:
        message = state.messages.get(named)
        if message is not None and message.question is not None:
            return message
        words = f"the run has reached no pause '{named}'"
        near = next_name(named, waiting, "These wait:") if waiting else "overlord-run status shows how it stands"
        raise UsageError(words, next=near)
    if len(waiting) == 1:
        return state.messages[waiting[0]]
    if not waiting:
        words = "nothing in this run waits for a person's word"
        raise UsageError(words, next="overlord-run status shows how it stands")
    words = f"several questions wait: {listed(waiting)}"
    raise UsageError(words, next=f"Name one, such as: {waiting[0]}")


def _is_answered(state: State, request: Answer) -> bool:
    """Say whether a question has the answer of a request.

    Raises:
        UsageError: It has another one, or waits for none any more.
    """
    pause = state.messages[request.message_id]
    if pause.ended_at is None:
        return False
    if pause.answer is None:
        message = f"'{pause.id}' waits for nobody's word any more: {pause.failure}"
    elif pause.answer.approved is not request.approved:
        message = f"'{pause.id}' was {'approved' if pause.answer.approved else 'rejected'} already by {pause.answer.by}"
    else:
        return True
    raise UsageError(message, next="overlord-run status shows how the run stands")


def _outcome(run: Recorded, following: Following, audience: Audience) -> Finished:
    """Return how a run stands whose question is answered, once whoever carries it on is done.

    Raises:
        RunBusyError: A crash left it.
        UnknownOutcomeError: So it did, and how calls ended is not known.
    """
    while True:
        is_live, state = _look(run, following, audience)
        code = exit_of(state)
        if code is not None:
            return Finished(state, run.folder, code)
        if not is_live:
            raise unknown_outcome(state) if state.open_calls else interrupted(run.folder)
        time.sleep(LOOK_EVERY_S)


def _look(run: Recorded, following: Following, audience: Audience) -> tuple[bool, State]:
    """Return whether a process owns the run, and how it stands; the audience is told of what is new."""
    is_live = is_owned(run.folder.lock_path)  # asked first: what it wrote before it let go is seen below
    for line in following.look():
        audience.listen(line.event, following.state)
    return is_live, following.state


def _carry_on(
    run: Recorded, following: Following, request: Answer, verdict: Verdict, audience: Audience
) -> Finished | None:
    """Take the run's lock, answer, and carry the plan on; None where another process was faster."""
    state = following.catch_up()
    if _is_answered(state, request):
        return None
    if state.open_calls:
        raise unknown_outcome(state)
    if request.approved:
        require_budget(run.folder, state.account)
    if not verdict.ignores_changes and request.approved:
        require_unchanged(run)
    session = reopen(run, verdict.flags)

    async def opening() -> tuple[RunFolder, Recorder]:
        owner = this_process("approve" if request.approved else "reject")
        known = twin(state)
        return run.folder, await Recorder.open(run.folder, owner, clock=now, listen=audience.listen, known=known)

    try:
        finished = own(session, opening, partial(_answer, request), audience.on_interrupt)
    except RunBusyError:
        if not is_owned(run.folder.lock_path):
            raise
        return None
    following.catch_up()  # the listener was told of all that as it happened
    _is_answered(following.state, request)
    return finished


async def _answer(request: Answer, council: Council, mailbox: Mailbox) -> None:
    """Record the answer, and do what follows from the one that is on record: another process may have come first.

    The API is proved before an approval is recorded: what cannot be carried on can still be rejected.
    """
    if council.state.open_calls:
        raise unknown_outcome(council.state)  # of another process, which came and went since we looked
    pause = council.state.messages[request.message_id]
    is_proved = pause.ended_at is None and request.approved
    if is_proved and not await prove(council):
        return
    if pause.ended_at is None:
        await council.recorder.record(answered(request))
    is_rejected = pause.answer is not None and not pause.answer.approved
    await (conclude(council, mailbox) if is_rejected else execute(council, mailbox, is_proved=is_proved))


def _hand_over(run: Recorded, following: Following, request: Answer, audience: Audience) -> None:
    """Let the run's owner take the answer; return when the question has one, or when the owner has let the run go."""
    inbox = Inbox(run.folder.inbox_dir)
    letter = inbox.put(request)
    try:
        while True:
            is_live, state = _look(run, following, audience)
            if not is_live or state.messages[request.message_id].ended_at is not None:
                return
            time.sleep(LOOK_EVERY_S)
    finally:
        inbox.discard(letter)
