"""Ask a repository what a revision is, and fetch one commit of it."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from msgspec import Struct

from overlord_run.files import TEXT_LIMIT
from overlord_run.host.supervised import Done, OverrunError
from overlord_run.playbook.names import LONGEST_PATH, did_you_mean, shown
from overlord_run.playbook.repository import NAMED, SHORT, Fault, is_commit, rev_fault, url_fault
from overlord_run.roles.cache import Contents
from overlord_run.roles.git import Git
from overlord_run.roles.refusal import PackError, UnreachableError, unreachable
from overlord_run.roles.snapshot import take

Kind = Literal["tag", "branch", "commit"]

_REF = re.compile(r"([0-9a-f]{40})\t(refs/(?:tags|heads)/\S+)")
_SHA256 = re.compile(rb"[0-9a-f]{64}\t")
_PREFIXES: Mapping[str, Kind] = {"refs/tags/": "tag", "refs/heads/": "branch"}
_PEELED = "^{}"
_ABBREVIATED = re.compile(r"[0-9a-fA-F]{7,40}")
_QUIETLY = ("--quiet", "--no-tags", "--no-recurse-submodules")
# What is as large is no text of a pack; git leaves out what has so many bytes or more.
_SLIM = ("--depth=1", f"--filter=blob:limit={TEXT_LIMIT + 1}")
# Some messages of git's about a commit that is not there, or that may not be asked for by its name.
_NO_SUCH_COMMIT = re.compile(
    rb"not our ref|unadvertised object|couldn't find remote ref|dumb http|shallow", re.IGNORECASE
)


class Resolved(Struct, frozen=True):
    """What a revision is now.

    Attributes:
        rev: As it was asked for.
        kind: What it names.
        commit: The commit, in 40 characters.
    """

    rev: str
    kind: Kind
    commit: str


class Remote(Struct, frozen=True):
    """A repository that somebody else may have written.

    Attributes:
        url: Its address.
        git: Speaks to it.
    """

    url: str
    git: Git

    @classmethod
    @contextmanager
    def opened(cls, url: str, environ: Mapping[str, str]) -> Iterator["Remote"]:
        """Give a repository, with a place for what is fetched of it, which is gone afterwards.

        Raises:
            PackError: Git is not to be handed the address.
            UsageError: git is not installed.
            OSError: There is no place for temporary files.
        """
        if fault := url_fault(url):
            raise _of_url(fault)
        with tempfile.TemporaryDirectory(prefix="overlord-run-") as folder:
            yield cls(url, Git.make(Path(folder), environ))

    def resolve(self, rev: str) -> Resolved:
        """Return what a tag, a branch or a commit is now. Of a commit the repository is not asked: it never changes.

        Raises:
            PackError: There is no such tag or branch, or there are both.
            UnreachableError: The repository does not answer.
        """
        if fault := rev_fault(rev):
            raise _of_rev(rev, fault)
        if is_commit(rev):
            return Resolved(rev, "commit", rev)
        names = [rev] if rev.startswith(tuple(_PREFIXES)) else [prefix + rev for prefix in _PREFIXES]
        refs = self._refs(*names, *(name + _PEELED for name in names))
        found = [name for name in names if name in refs]
        if not found:
            raise self._unknown(rev)
        if len(found) > 1:
            message = f"the repository has a tag and a branch {shown(rev)}"
            hint = f"write {shown(found[0])} or {shown(found[1])}"
            raise PackError(message, rule="pack-rev", hint=hint)
        name = found[0]
        kind = next(kind for prefix, kind in _PREFIXES.items() if name.startswith(prefix))
        return Resolved(rev, kind, refs.get(name + _PEELED, refs[name]))

    def fetch(self, commit: str, rev: str, folder: str) -> Contents:
        """Return what a folder of a commit holds.

        The commit alone is asked for; where the server does not give it so, what the revision names, and then all.

        Args:
            commit: Its 40 characters.
            rev: The revision that named it, which may name another one by now.
            folder: From the repository's root.

        Raises:
            PackError: There is no such commit or folder any more, or what it holds is refused.
            UnreachableError: The repository does not answer.
        """
        ways = [
            (*_SLIM, "--", self.url, commit),
            ("--", self.url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"),
        ]
        for way in ways:
            done = self._far("fetch", *_QUIETLY, *way)
            kind = self._kind(commit) if done.code == 0 else ""
            if kind == "commit":
                return take(self.git, commit, folder)
            if kind:
                message = f"{shown(rev)} names no commit, but a {kind} of git's"
                raise PackError(message, rule="pack-rev", hint=NAMED)
            if done.code != 0 and not _NO_SUCH_COMMIT.search(done.errors):
                raise unreachable(done.errors)
        message = f"the commit {commit[:SHORT]} is not in the repository"
        message = message if is_commit(rev) else f"{message}, which {shown(rev)} named"
        raise PackError(message, rule="pack-rev", hint="its history may have been rewritten", is_gone=True)

    def comes_after(self, new: str, old: str) -> bool:
        """Say whether a commit is a part of another one's history, which is fetched without what its commits hold.

        Args:
            new: The later commit.
            old: The one that was before it, if history was not rewritten.

        Raises:
            UnreachableError: The repository does not answer.
        """
        done = self._far("fetch", *_QUIETLY, "--filter=tree:0", "--", self.url, new)
        if done.code != 0:
            raise unreachable(done.errors)
        return self.git.near("merge-base", "--is-ancestor", old, new).code == 0

    def _kind(self, name: str) -> str:
        """Return what kind of object has a name, or nothing where none was fetched."""
        return self.git.near("cat-file", "-t", name).output.decode("ascii", "replace").strip()

    def _refs(self, *names: str) -> dict[str, str]:
        """Return ref → object of those that have one of these names; of all tags and branches where none is given."""
        which = ("--", self.url, *names) if names else ("--tags", "--heads", "--", self.url)
        done = self._far("ls-remote", "--quiet", *which)
        if done.code != 0:
            raise unreachable(done.errors)
        if _SHA256.match(done.output):
            message = "the repository names its commits by SHA-256, which is not supported"
            raise PackError(message, rule="pack-rev", hint="use a repository whose commits have 40 characters")
        lines = (_REF.fullmatch(line) for line in done.output.decode("utf-8", "replace").splitlines())
        return {told[2]: told[1] for told in lines if told is not None and (not names or told[2] in names)}

    def _unknown(self, rev: str) -> PackError:
        hint = "a commit is named by all its 40 characters" if _ABBREVIATED.fullmatch(rev) else ""
        if not hint:
            refs = self._refs()
            known = [name.partition("/")[2].partition("/")[2] for name in refs if not name.endswith(_PEELED)]
            hint = did_you_mean(rev, known) or NAMED
        message = f"there is no tag or branch {shown(rev, longest=LONGEST_PATH)} in the repository"
        return PackError(message, rule="pack-rev", hint=hint)

    def _far(self, *words: str) -> Done:
        try:
            return self.git.far(*words, scheme=self.url.partition(":")[0])
        except OverrunError as error:
            message = f"the repository {error}"
            raise UnreachableError(message, "Try again, or use a smaller repository.", retryable=True) from error


def _of_url(fault: Fault) -> PackError:
    """Return the error of an address, which it does not repeat: it may hold a password."""
    return PackError(f"the repository's address {fault.reason}", rule="pack-url", hint=fault.hint)


def _of_rev(rev: str, fault: Fault) -> PackError:
    return PackError(f"the revision {shown(rev)} {fault.reason}", rule="pack-rev", hint=fault.hint)
