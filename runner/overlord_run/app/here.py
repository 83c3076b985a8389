"""Tell where the command runs: host, worktree, and the folder that holds the runs."""

from pathlib import Path

from overlord_run import host as hosts
from overlord_run.errors import StoreError
from overlord_run.settings.environment import environment, run_id, state_folder

STATE_DIR = ".overlord"


def current_worktree() -> hosts.Worktree:
    """Return the git worktree that the command runs in, or the folder itself.

    Raises:
        StoreError: That folder was deleted meanwhile.
    """
    try:
        return hosts.find_worktree(Path.cwd())
    except FileNotFoundError as error:
        message = "the folder that this command runs in does not exist any more"
        raise StoreError(message, next="cd to another folder") from error


def current_host() -> hosts.Host:
    """Return the platform and the shell that the command was typed in."""
    return hosts.here(environment())


def environment_run() -> str | None:
    """Return the run that `OVERLORD_RUN` names, if it names one."""
    return run_id(environment())


def state_dir(asked: str | None, worktree: hosts.Worktree) -> Path:
    """Return the folder of the runs: the one asked for, `OVERLORD_STATE_DIR`, else `.overlord` in the worktree."""
    named = asked or state_folder(environment())
    return Path(named).absolute() if named else own_state_dir(worktree)


def own_state_dir(worktree: hosts.Worktree) -> Path:
    """Return the state folder that a worktree has for itself."""
    return worktree.path / STATE_DIR
