"""Say which command comes next, as it is typed in the running shell."""

from overlord_run.host import Host
from overlord_run.store.state import State

PROGRAM = "overlord-run"


def command(host: Host, *words: str, state_dir: str | None = None) -> str:
    """Return a command of ours with its words quoted; `state_dir` is the folder that was asked for, if one was."""
    where = () if state_dir is None else ("--state-dir", state_dir)
    return " ".join(host.quote(word) for word in (PROGRAM, *words, *where))


def next_command(state: State, host: Host, *, state_dir: str | None = None) -> str:
    """Return the command that comes next: what carries the run on, else what tells most about how it ended.

    Where its budget stopped it, that is the one that raises it; else what tells most is of the first servant that
    failed, else of all.
    """
    run = () if state.created is None else ("--run", state.created.run_id)
    if state.open_pauses and state.state != "stopped":
        return command(host, "approve", state.open_pauses[0].id, *run, state_dir=state_dir)
    if state.state == "stopped":
        raised = () if state.account.reached is None else ("--budget", state.account.remedy())
        return command(host, "resume", *raised, *run, state_dir=state_dir)
    failed = first_failed(state)
    return command(host, "show", *(() if failed is None else (failed,)), *run, state_dir=state_dir)


def first_failed(state: State) -> str | None:
    """Return the slot of the first servant that did not answer a message, if there is one."""
    results = (result for message in state.messages.values() for result in message.results.values())
    return next((result.slot for result in results if result.state == "failed"), None)
