"""Carry a run on that was killed, as a person does, and look whether a call was made again that had ended."""

from collections import Counter
from collections.abc import Iterator

from faults.traced import Blow
from faults.witness import Stage, Witnessed, calls, complaints, lines
from overlord_run.errors import Exit
from overlord_run.store import events as ev
from overlord_run.store.rehydrate import rehydrate
from overlord_run.store.state import State

CALLS = [(message, slot) for message in ("startup", "rank") for slot in ("alder", "birch")]


def carried_on(stage: Stage, killed: Witnessed, *, decision: str) -> list[str]:
    """Resume a killed run to its end and return what is wrong; `decision` is for calls with an unknown outcome."""
    before = State() if killed.run is None else rehydrate(killed.run).state
    if before.created is None:
        return _of_none(stage, killed)
    found = _undecided(stage, killed, before) if before.open_calls else []
    resumed = stage.resume(killed, Blow(), *([f"--{decision}-unknown"] if before.open_calls else []))
    found += complaints(resumed, stage.api)
    is_whole = decision == "resend" or not before.open_calls
    if resumed.ended.exit != (Exit.OK if is_whole else Exit.FAILED):
        found += [f"exit {resumed.ended.exit}: {resumed.ended.err}"]
    events = lines(resumed.run)
    if is_whole:
        answered = Counter((body.message_id, body.slot) for body in events if isinstance(body, ev.ReplyReceived))
        found += [f"answered {answered[call]} times: {call}" for call in CALLS if answered[call] != 1]
    return found + list(_repeated(events))


def _of_none(stage: Stage, killed: Witnessed) -> list[str]:
    """Return what is wrong where there is no run to carry on."""
    resumed = stage.resume(killed, Blow())
    return [] if resumed.ended.exit == Exit.NOT_FOUND else [f"exit {resumed.ended.exit}, and there is no run"]


def _undecided(stage: Stage, killed: Witnessed, before: State) -> list[str]:
    """Resume without a word about the calls whose outcome is not known: they are named, and nothing happens."""
    assert killed.run is not None
    log, asked = killed.run.log_path.read_bytes(), calls(stage.api, killed.folder.name)
    resumed = stage.resume(killed, Blow())
    found = [] if resumed.ended.exit == Exit.UNKNOWN else [f"exit {resumed.ended.exit}, and calls are unknown"]
    names = [f"{message_id} to {slot}" for message_id, slot in before.open_calls]
    found += [f"not named: {name}" for name in names if name not in resumed.ended.err]
    found += [] if killed.run.log_path.read_bytes() == log else ["the log was changed without a word"]
    return found + ([] if calls(stage.api, killed.folder.name) == asked else ["asked without a word"])


def _repeated(events: list[ev.Body | ev.UnknownBody]) -> Iterator[str]:
    """Yield each call that was made although the one before it had ended, or nobody had told how that ended."""
    is_open: dict[tuple[str, str], bool] = {}
    for body in events:
        match body:
            case ev.RequestSent(message_id, slot):
                if (message_id, slot) in is_open:
                    yield f"made again: {message_id} to {slot}"
                is_open[message_id, slot] = True
            case ev.RequestFailed(message_id, slot, kind="unknown", retry_in_s=0.0):
                del is_open[message_id, slot]
