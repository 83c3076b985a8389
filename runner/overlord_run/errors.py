"""Say what can go wrong: the errors that end a command, and its exit codes.

```
OverlordError
├── UsageError           2   the command line or an input's value
├── InvalidPlaybookError 3   carries every Problem found
├── SettingsError        4   key, base URL, trust
│   └── PreflightError   4   the API is not proved
├── BudgetError          5   a limit of the run's budget is reached, and nothing more is sent
├── RunBusyError         7   another process owns the run, or a crash left it and it must be resumed first
├── UnfinishedError      9   the time was up before what was waited for
├── UnknownOutcomeError  10  how calls ended is not known, and a person must decide
├── RunNotFoundError     11  no such run
│   ├── ReleasedError    11  its leases were given up
│   └── ChangedError     11  not this playbook any more
└── StoreError           74  the run folder cannot be read or written
    └── LogDamagedError  74  a line that no writer of ours can have left
```
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from overlord_run.problem import Problem


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    NOT_PROVED = 4
    LIMIT = 5
    WAITING = 6
    BUSY = 7
    REJECTED = 8
    UNFINISHED = 9
    UNKNOWN = 10
    NOT_FOUND = 11
    BUG = 70
    STORE = 74
    INTERRUPTED = 130
    TERMINATED = 143


# Where several codes apply, the first one here wins. Source: docs/exit-codes.md.
PRECEDENCE = (
    Exit.BUG,
    Exit.STORE,
    Exit.INTERRUPTED,
    Exit.TERMINATED,
    Exit.UNKNOWN,
    Exit.BUSY,
    Exit.NOT_FOUND,
    Exit.LIMIT,
    Exit.REJECTED,
    Exit.WAITING,
    Exit.FAILED,
    Exit.OK,
)


def worst(*codes: Exit) -> Exit:
    """Return the code that wins where several apply."""
    return min(codes, key=PRECEDENCE.index)


class OverlordError(Exception):
    """An error that ends the command, told to the user without a traceback.

    Attributes:
        code: A stable id for programs, like `playbook-invalid`.
        exit: The process's exit code.
        message: What is wrong.
        next: What to do next, or empty.
        retryable: Whether the same command can succeed later, unchanged.
    """

    code: str = "error"
    exit: Exit = Exit.FAILED
    retryable: bool = False

    def __init__(self, message: str, *, next: str = "", code: str | None = None, retryable: bool = False) -> None:  # noqa: A002 - the field's public name
        super().__init__(message)
        self.message = message
        self.next = next
        if code is not None:
            self.code = code
        if retryable:
            self.retryable = True


class UsageError(OverlordError):
    """The command line is wrong, or an input's value does not fit."""

    code = "usage"
    exit = Exit.USAGE


class InvalidPlaybookError(OverlordError):
    """A playbook, a role file, a rehearsal script or a recording has problems; all of them are carried."""

    code = "playbook-invalid"
    exit = Exit.INVALID

    def __init__(self, problems: "Sequence[Problem]") -> None:
        self.problems = tuple(sorted(problems))
        errors = sum(problem.severity == "error" for problem in self.problems)
        super().__init__(f"{errors} problem{'' if errors == 1 else 's'} found")


class SettingsError(OverlordError):
    """The key, the base URL or trust in it is missing or wrong."""

    code = "settings"
    exit = Exit.NOT_PROVED


class PreflightError(SettingsError):
    """The API was not proved, so nothing was sent to a model."""

    code = "preflight"


class BudgetError(OverlordError):
    """A limit of the run's budget is reached; nothing more is sent until it is raised."""

    code = "budget-reached"
    exit = Exit.LIMIT


class RunBusyError(OverlordError):
    """Another process owns the run."""

    code = "busy"
    exit = Exit.BUSY
    retryable = True


class RunNotFoundError(OverlordError):
    """There is no such run here."""

    code = "run-not-found"
    exit = Exit.NOT_FOUND


class ReleasedError(RunNotFoundError):
    """The leases of the run were given up; nothing more is sent to its servants."""

    code = "released"


class ChangedError(RunNotFoundError):
    """The playbook, a role or the script is not what the run began with."""

    code = "changed"

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, next=remedy)


class UnfinishedError(OverlordError):
    """The time was up before what was waited for; nothing is lost."""

    code = "unfinished"
    exit = Exit.UNFINISHED
    retryable = True


class UnknownOutcomeError(OverlordError):
    """How calls ended is not known; asking again may be billed again, so a person must decide."""

    code = "unknown-outcome"
    exit = Exit.UNKNOWN


class StoreError(OverlordError):
    """The run folder cannot be read or written."""

    code = "store"
    exit = Exit.STORE


class LogDamagedError(StoreError):
    """A line of the log does not fit the ones before it."""

    code = "log-damaged"

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(
            f"{path}:{line}: the log is damaged: {reason}",
            next="nothing was changed; put a backup of the run's folder in its place",
        )
        self.line = line
        self.reason = reason
