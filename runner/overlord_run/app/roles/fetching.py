"""Bring a pack's commit into the cache, from its repository where it is not there yet."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct

from overlord_run.app.roles.folders import kept_in
from overlord_run.errors import StoreError
from overlord_run.playbook.model import Pack
from overlord_run.playbook.names import shown
from overlord_run.roles.cache import Cache
from overlord_run.roles.lock import LockedPack
from overlord_run.roles.refusal import UnreachableError
from overlord_run.roles.remote import Remote, Resolved


class Fetching(Struct, frozen=True):
    """What packs are fetched with.

    Attributes:
        cache: Where they go.
        environ: The environment, of which git gets a little.
    """

    cache: Cache
    environ: Mapping[str, str]

    def ask(self, pack: Pack) -> Resolved:
        """Return what a pack's revision is now.

        Raises:
            PackError: There is no such revision.
            UnreachableError: The repository does not answer.
        """
        with self._opened(pack.name, pack.git) as remote:
            return remote.resolve(pack.rev)

    def resolve(self, pack: Pack) -> Resolved:
        """Return what a pack's revision is now, and bring that into the cache, as it is in the repository.

        Raises:
            PackError: There is no such revision or folder, or what it holds is refused.
            UnreachableError: The repository does not answer.
            StoreError: The cache cannot be written.
        """
        with self._opened(pack.name, pack.git) as remote:
            found = remote.resolve(pack.rev)
            self._bring(remote, pack, found.commit)
            return found

    def bring(self, pack: Pack | LockedPack, commit: str, *, anew: bool = False) -> bool:
        """Bring a commit of a pack into the cache, and return whether it had to be fetched.

        Args:
            pack: The pack.
            commit: Its commit.
            anew: Whether to fetch it although it is there: the cache may have been changed so that it fits itself.

        Raises:
            PackError: There is no such commit or folder any more, or what it holds is refused.
            UnreachableError: The repository does not answer.
            StoreError: The cache cannot be written.
        """
        if not anew and self.cache.holds(commit, pack.path):
            return False
        name = pack.name if isinstance(pack, Pack) else pack.pack
        with self._opened(name, pack.git) as remote:
            self._bring(remote, pack, commit)
            return True

    def comes_after(self, pack: Pack, new: str, old: str) -> bool:
        """Say whether one commit of a pack is a part of another one's history.

        Raises:
            UnreachableError: The repository does not answer.
        """
        with self._opened(pack.name, pack.git) as remote:
            return remote.comes_after(new, old)

    @contextmanager
    def _opened(self, name: str, url: str) -> Iterator[Remote]:
        """Give a pack's repository, whose errors tell the pack's name.

        Raises:
            StoreError: There is no place for what is fetched.
        """
        try:
            with Remote.opened(url, self.environ) as remote:
                yield remote
        except UnreachableError as error:
            error.message = f"the pack {shown(name)}: {error.message}"
            raise
        except OSError as error:
            message = f"the pack {shown(name)} cannot be fetched into a temporary folder: {error.strerror or error}"
            hint = "Make room there, or name another folder by TMPDIR."
            raise StoreError(message, next=hint, code="temporary-folder") from error

    def _bring(self, remote: Remote, pack: Pack | LockedPack, commit: str) -> None:
        contents = remote.fetch(commit, pack.rev, pack.path)
        with kept_in(self.cache):
            self.cache.write(commit, pack.path, contents)
