"""Know which addresses of git repositories, revisions and folders in them are safe to hand to git.

git takes a word that begins with `-` for an option, `ext::` for a command to run, and a host that begins with `-` for
an option of ssh. What is taken here is a list of forms, not what is left of git's after a list of tricks.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from overlord_run.playbook.names import path_fault

LONGEST_URL = 1000
LONGEST_REV = 200

SHORT = 8
"""Digits of a commit where people read it."""

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
_USER = r"[A-Za-z0-9_][A-Za-z0-9._-]*@"
_URL = re.compile(rf"(?:https://{_HOST}|ssh://(?:{_USER})?{_HOST}|file://)/(?!-)[^'\"`$<>|;&*]+")
_SCHEME = re.compile(r"(?:https|ssh|file)://")
_HELPER = re.compile(r"[A-Za-z0-9-]+::")
_SHORT_SSH = re.compile(r"[^/\s:]+:(?!//)\S+")
_SECRET = re.compile(r"https://[^/]*@|ssh://[^/]*:[^/]*@")
_CONTROL = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])")
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Source: git-check-ref-format(1).
_NOT_IN_A_REF = re.compile(r"\.\.|//|/\.|^[./]|@\{|^@$|[\x00-\x20\x7f~^:?*\[\\]|\.lock(?:/|$)|[/.]$")


class Fault(NamedTuple):
    """Why a text is refused.

    Attributes:
        reason: The end of a sentence that begins with the text's name. The text is not in it: it may hold a password.
        hint: What to do about it.
    """

    reason: str
    hint: str


_Faults = Sequence[tuple[Callable[[str], object], Fault]]

_OPTION = "begins with '-', which git would take for an option"
_LIKE = "write it like https://github.com/acme/roles"
_URL_FAULTS: _Faults = (
    (lambda url: url.startswith("-"), Fault(_OPTION, _LIKE)),
    (lambda url: len(url) > LONGEST_URL, Fault(f"is longer than {LONGEST_URL:,} characters", _LIKE)),
    (
        lambda url: not url.isprintable() or " " in url or _CONTROL.search(url),
        Fault("holds a blank or a character that cannot be printed", f"{_LIKE}, and a blank as %20"),
    ),
    (lambda url: "\\" in url, Fault("holds a backslash; folders are separated by '/'", _LIKE)),
    (_HELPER.match, Fault("names a program of git's to run, by '::'", _LIKE)),
    (_SHORT_SSH.fullmatch, Fault("is in the short form of ssh", "write it like ssh://git@github.com/acme/roles")),
    (lambda url: not _SCHEME.match(url), Fault("does not begin with https://, ssh:// or file://", _LIKE)),
    (
        _SECRET.match,
        Fault(
            "holds a user's name or password",
            "take it out; git asks the credential helper, or ssh its agent, of whoever runs it",
        ),
    ),
    (
        lambda url: "?" in url or "#" in url,
        Fault("holds '?' or '#'", "name the repository alone; 'rev' and 'path' say the rest"),
    ),
    (
        lambda url: url.startswith("file://") and not url.startswith("file:///"),
        Fault("names a host", "write it like file:///srv/git/roles, with three slashes"),
    ),
    (lambda url: ".." in url.split("/"), Fault("holds '..'", "write the path that it leads to")),
    (lambda url: not _URL.fullmatch(url), Fault("is not the address of a repository", _LIKE)),
)

NAMED = "name a tag, a branch, or a commit by its 40 characters"
_REV_FAULTS: _Faults = (
    (lambda rev: not rev, Fault("is empty", NAMED)),
    (lambda rev: rev.startswith("-"), Fault(_OPTION, NAMED)),
    (lambda rev: len(rev) > LONGEST_REV, Fault(f"is longer than {LONGEST_REV} characters", NAMED)),
    (
        lambda rev: not rev.isprintable() or _NOT_IN_A_REF.search(rev),
        Fault("is not the name of a tag, a branch or a commit", NAMED),
    ),
)

_FOLDER = "write the path from the repository's root, like roles or council/roles"
_FOLDER_FAULTS: _Faults = (
    (lambda folder: ".." in folder.split("/"), Fault("leads out of the repository", _FOLDER)),
    (lambda folder: {"", "."} & set(folder.split("/")), Fault("holds '.' or an empty part", _FOLDER)),
    (lambda folder: ".git" in folder.lower().split("/"), Fault("names git's own folder", _FOLDER)),
)


def is_commit(rev: str) -> bool:
    """Say whether a revision is a commit's whole name."""
    return _COMMIT.fullmatch(rev) is not None


def url_fault(url: str) -> Fault | None:
    """Return why git is not to be handed an address; None for one of the forms that it may.

    They are `https://HOST/PATH`, `ssh://[USER@]HOST/PATH` and `file:///PATH`.
    """
    return _first(url, _URL_FAULTS)


def rev_fault(rev: str) -> Fault | None:
    """Return why git is not to be handed a revision; None for what can be a tag, a branch or a commit."""
    return _first(rev, _REV_FAULTS)


def folder_fault(folder: str) -> Fault | None:
    """Return why a text is not a folder in a repository; None for a relative path, or nothing for the root."""
    if not folder:
        return None
    reason = path_fault(folder)
    return Fault(reason, _FOLDER) if reason else _first(folder, _FOLDER_FAULTS)


def _first(text: str, faults: _Faults) -> Fault | None:
    return next((fault for applies, fault in faults if applies(text)), None)
