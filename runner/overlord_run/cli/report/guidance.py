"""Say which command comes next, as it is typed in the running shell."""

from overlord_run.host import Host
from overlord_run.store.state import State

PROGRAM = "overlord-run"


def command(host: Host, *words: str, state_dir: str | None = None) -> str:
    """Return a command of ours with its words quoted; `state_dir` is the folder that was asked for, if one was."""
    where = () if state_dir is None else ("--state-dir", state_dir)
    return " ".join(host.quote(word) for word in (PROGRAM, *words, *where))


def next_command(state: State, host: Host, *, state_dir: str | None = None, is_live: bool = False) -> str:
    """Return the command that comes next: what carries the run on or helps a servant, else what tells most about it.

    Args:
        state: The run's.
        host: The machine, for whose shell it is written.
        state_dir: The folder that was asked for, if one was.
        is_live: Whether a process owns the run.
    """
    run = () if state.created is None else ("--run", state.created.run_id)
    return command(host, *_words(state, is_live=is_live), *run, state_dir=state_dir)


def _words(state: State, *, is_live: bool) -> tuple[str, ...]:
    if state.is_released:
        return _show(state)
    if state.open_pauses and state.state != "stopped":
        return ("approve", state.open_pauses[0].id)
    if state.state == "stopped":
        return ("resume", *(() if state.account.reached is None else ("--budget", state.account.remedy())))
    if state.state == "failed" or not (state.is_at_rest or state.created is None):
        return ("wait",) if is_live else ("resume",)
    blocked = next((one for one in state.servants.values() if one.state == "blocked"), None)
    if state.state == "partial" and blocked is not None:
        # The way of `recovery: auto`: the question that failed is asked once more, then a new servant gets it.
        is_tried = blocked.recoveries > 0 or blocked.generation > 1
        return ("recover", blocked.slot, *(("--replace",) if is_tried else ()))
    return _show(state)


def _show(state: State) -> tuple[str, ...]:
    failed = first_failed(state)
    return ("show",) if failed is None else ("show", failed)


def first_failed(state: State) -> str | None:
    """Return the slot of the first servant that did not answer a message, if there is one."""
    results = (result for message in state.messages.values() for result in message.results.values())
    return next((result.slot for result in results if result.state == "failed"), None)
