"""Ask something of a run: put the request into its inbox, and see to it that it is done, by its owner or by ourselves.

Whoever holds the lock drains the inbox. So this process looks at the log for what came of its request and tries the
lock, in turns: one of the two must come. A request that nobody took can be withdrawn.
"""

import time
from collections.abc import Callable

from msgspec import Struct

from overlord_run.app.own import Audience, Finished, now, own, this_process
from overlord_run.app.reopen import Recorded, reopen, require_unreleased
from overlord_run.app.spending import require_budget
from overlord_run.errors import Exit, RunBusyError, UnfinishedError, UsageError
from overlord_run.executor.run import serve
from overlord_run.settings.model import Flags
from overlord_run.store.folder import RunFolder
from overlord_run.store.following import Following
from overlord_run.store.inbox import Check, Inbox, Letter, Request
from overlord_run.store.owner import is_owned
from overlord_run.store.recorder import Recorder
from overlord_run.store.state import State
from overlord_run.store.twin import twin

LOOK_EVERY_S = 0.1


class Errand(Struct, frozen=True):
    """A request, and what the process that carries it was told.

    Attributes:
        is_done: Says from a state that knows the request whether all of it has ended.
        wait_s: How long to wait for that; None for as long as it takes.
        delegate: Starts a process of its own that has the request done, where nobody owns the run and this one may not
            stay for as long as that takes; what it returns is called to see whether that process failed.
    """

    request: Request
    is_done: Callable[[State], bool]
    flags: Flags
    wait_s: float | None = None
    delegate: Callable[[], Callable[[], object]] | None = None


def _require_askable(run: Recorded, following: Following, request: Request) -> None:
    """Refuse a run that nothing can be asked of now.

    Raises:
        ReleasedError: Its leases were given up.
        BudgetError: Its budget is reached, and this would cost something.
        RunBusyError: It was left by a crash, and must be resumed first.
    """
    require_unreleased(following.state)
    _require_budget(run, following.state, request)
    if not _may_take_up(following.state, request) and is_left(run.folder, following.state, following.catch_up):
        raise interrupted(run.folder)


def is_left(folder: RunFolder, state: State, look: Callable[[], State]) -> bool:
    """Say whether nobody owns a run that stands so; `look` brings the state up to date.

    Its owner may have ended it since the state was read, so what the log says is asked again after the lock.
    """
    seq = state.last_seq
    return not is_owned(folder.lock_path) and look().last_seq == seq


def _may_take_up(state: State, request: Request) -> bool:
    """Say whether this process may take the run's lock for a request: a check changes nothing of the run's course."""
    return state.is_at_rest or isinstance(request, Check)


def interrupted(folder: RunFolder) -> RunBusyError:
    """Return the error that a run was left in the middle and must be resumed first."""
    return RunBusyError(
        f"the run {folder.run_id} was interrupted, and must be resumed first",
        next=f"overlord-run resume --run {folder.run_id}",
        code="interrupted",
    )


def ask(run: Recorded, following: Following, errand: Errand, audience: Audience) -> Finished:
    """Have a request done, and return how the run stands then.

    Args:
        run: As it was recorded.
        following: The run's, caught up; the audience is told of all that is appended from there on.
        errand: What to ask.
        audience: Who is told, and who may interrupt.

    Raises:
        RunBusyError: A crash left the run, and it must be resumed first.
        ReleasedError: The leases were given up.
        UsageError: The request was taken out of the inbox, and nothing came of it.
        UnfinishedError: The time was up; the request stays in the inbox, and its owner will take it.
        PreflightError: The API was not proved; the request was withdrawn.
        StoreError: The run folder cannot be read or written.
    """
    letter = None
    if errand.request.request_id not in following.state.requests:
        _require_askable(run, following, errand.request)
        letter = Inbox(run.folder.inbox_dir).put(errand.request)
    try:
        return _see_to_it(run, errand, letter, following, audience)
    except UnfinishedError:
        raise
    except BaseException:
        if letter is not None:
            Inbox(run.folder.inbox_dir).discard(letter)  # whoever took it has it on record by now
        raise


def _see_to_it(
    run: Recorded, errand: Errand, letter: Letter | None, following: Following, audience: Audience
) -> Finished:
    deadline = None if errand.wait_s is None else time.monotonic() + errand.wait_s
    has_failed: Callable[[], object] | None = None
    while True:
        is_gone = letter is not None and not letter.path.exists()  # asked first: by then what came of it is on record
        state = _hear(following, audience)
        is_known = errand.request.request_id in state.requests
        if is_known and errand.is_done(state):
            return Finished(state, run.folder, Exit.OK)
        if is_gone and not is_known:
            raise _came_to_nothing(errand.request)
        if errand.delegate is not None and not is_owned(run.folder.lock_path):
            has_failed = has_failed or errand.delegate()
            has_failed()
        elif not is_owned(run.folder.lock_path):
            finished = _do_it_ourselves(run, errand, following, audience)
            if finished is not None:
                return finished
        if deadline is not None and time.monotonic() >= deadline:
            message = f"{errand.request.kind} is not done after {errand.wait_s:g} s"
            raise UnfinishedError(message, next="nothing is lost: overlord-run status shows how it goes")
        time.sleep(LOOK_EVERY_S)


def _do_it_ourselves(run: Recorded, errand: Errand, following: Following, audience: Audience) -> Finished | None:
    """Take the lock and drain the inbox; None where another process was faster, or there is more to wait for."""
    state = _hear(following, audience)
    _require_budget(run, state, errand.request)
    is_known = errand.request.request_id in state.requests  # a stop came before it was done; it is not taken twice
    if is_known or not _may_take_up(state, errand.request):
        if is_left(run.folder, state, lambda: _hear(following, audience)):
            raise interrupted(run.folder)
        return None
    session = reopen(run, errand.flags)

    async def opening() -> tuple[RunFolder, Recorder]:
        owner = this_process(errand.request.kind)
        known = twin(state)
        return run.folder, await Recorder.open(run.folder, owner, clock=now, listen=audience.listen, known=known)

    try:
        finished = own(session, opening, serve, audience.on_interrupt)
    except RunBusyError:
        return None
    state = following.catch_up()  # the listener was told of all that as it happened
    if finished.exit in {Exit.INTERRUPTED, Exit.TERMINATED}:
        return finished
    is_done = errand.request.request_id in state.requests and errand.is_done(state)
    return Finished(state, run.folder, Exit.OK) if is_done else None


def _require_budget(run: Recorded, state: State, request: Request) -> None:
    if not isinstance(request, Check) or request.ping:
        require_budget(run.folder, state.account)


def _came_to_nothing(request: Request) -> UsageError:
    return UsageError(
        f"nothing came of this {request.kind}: by its turn there was nothing to do, or it was taken out of the inbox",
        next="overlord-run status shows how the run stands now",
        code="not-taken",
    )


def _hear(following: Following, audience: Audience) -> State:
    """Return the state with what was appended, of which the audience is told."""
    for line in following.look():
        audience.listen(line.event, following.state)
    return following.state
