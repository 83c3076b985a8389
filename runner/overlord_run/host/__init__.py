"""Tell where the program runs: the platform and its shell, the git worktree, the process itself."""

from overlord_run.host.detect import here
from overlord_run.host.ending import Ending, end
from overlord_run.host.process import fingerprint, person
from overlord_run.host.shell import Host, require_supported
from overlord_run.host.worktree import Worktree, find_worktree

__all__ = ["Ending", "Host", "Worktree", "end", "find_worktree", "fingerprint", "here", "person", "require_supported"]
