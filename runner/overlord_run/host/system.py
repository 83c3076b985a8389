"""Say what an operating system is asked about processes, and who answers on this one."""

import sys
from collections.abc import Callable
from typing import Protocol

from overlord_run.host.handle import Handle

if sys.platform == "win32":
    from overlord_run.host import windows as here
elif sys.platform == "darwin":
    from overlord_run.host import macos as here
else:
    from overlord_run.host import linux as here

UNANSWERED = (OSError, ValueError, LookupError)
"""What is raised where a question has no answer."""

Lookup = Callable[[int], tuple[int, str]]
"""Gives the pid of a process's parent and its own name, by its pid."""


class System(Protocol):
    """The questions; each of the modules `linux`, `macos` and `windows` answers them."""

    def family(self) -> Lookup:
        """Return the lookup from a pid to its parent's pid and its own name or path."""

    def boot_id(self) -> str:
        """Return an id that is new with every boot."""

    def start_time(self, pid: int) -> str:
        """Return when a process started, in the system's own unit."""

    def executable(self, pid: int) -> str:
        """Return the path of the program that a process runs."""

    def hold(self, pid: int) -> Handle:
        """Return a handle of the process that has this pid now.

        Raises:
            ProcessLookupError: There is none.
        """


HERE: System = here
