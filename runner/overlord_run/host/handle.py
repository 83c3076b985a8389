"""Hold a process, so that what is done to it is done to no later one with its pid."""

import signal
from contextlib import suppress
from typing import Protocol

# By name: Windows has but the first of them.
_ASK, _CONTINUE, _KILL = "SIGTERM", "SIGCONT", "SIGKILL"


class Handle(Protocol):
    """A process that is held."""

    def ask(self) -> bool:
        """Ask it to end; return False where the system has no way to.

        Raises:
            ProcessLookupError: It has ended.
            PermissionError: It is another user's.
        """

    def kill(self) -> None:
        """End it, whether it will or not.

        Raises:
            ProcessLookupError: It has ended.
            PermissionError: It is another user's.
        """

    def has_ended(self, within_s: float) -> bool:
        """Wait for its end, and say whether it has come; a zombie, which its parent did not wait for, has ended."""

    def close(self) -> None:
        """Let go of it."""


class EndsBySignals:
    """A process of a POSIX system; `_send` says how a signal gets to it and to no other."""

    def ask(self) -> bool:
        """Send SIGTERM, and go on with one that is stopped, as by Ctrl-Z: before that it would not hear of it."""
        self._send(signal.Signals[_ASK])
        with suppress(ProcessLookupError):
            self._send(signal.Signals[_CONTINUE])
        return True

    def kill(self) -> None:
        """Send SIGKILL."""
        self._send(signal.Signals[_KILL])

    def _send(self, number: signal.Signals) -> None:
        raise NotImplementedError
