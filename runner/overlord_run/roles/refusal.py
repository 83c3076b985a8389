"""Say why a pack cannot be had: what git complained of in our words, without the passwords that it may repeat."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from overlord_run.errors import Exit, OverlordError
from overlord_run.playbook.names import shown

_LONGEST = 200
_USER_INFO = re.compile(r"(://)[^/@\s']*@")
_AFTER_QUESTION_MARK = re.compile(r"\?[^\s']*")


class PackError(OverlordError):
    """A pack must not be used, or what a playbook asks of it is not there.

    Attributes:
        reason: What is wrong, a sentence without a full stop.
        rule: The id of the rule that it breaks, for who tells it as a problem of the playbook.
        hint: What to do about it.
        is_gone: Whether the commit is not in the repository any more, so that another one is to be locked.
    """

    code = "pack"
    exit = Exit.INVALID

    def __init__(self, reason: str, *, rule: str, hint: str, is_gone: bool = False) -> None:
        super().__init__(reason, next=f"{hint[0].upper()}{hint[1:]}.")
        self.reason = reason
        self.rule = rule
        self.hint = hint
        self.is_gone = is_gone


class UnreachableError(OverlordError):
    """A repository did not answer, or not as one that we may read does: nothing is wrong with the playbook.

    Attributes:
        reason: What is wrong, a sentence without a full stop.
        remedy: What to do about it, a sentence.
    """

    code = "pack-unreachable"

    def __init__(self, reason: str, remedy: str, *, retryable: bool = False) -> None:
        super().__init__(reason, next=remedy, retryable=retryable)
        self.reason = reason
        self.remedy = remedy


class _Complaint(NamedTuple):
    said: re.Pattern[str]
    reason: str
    remedy: str
    retryable: bool


def _when(said: str, reason: str, remedy: str, *, retryable: bool = False) -> _Complaint:
    return _Complaint(re.compile(said, re.IGNORECASE), reason, remedy, retryable)


_TRY_AGAIN = "Try again; what is locked and was fetched runs without it."
_ACCESS = "git ls-remote with its address must work here without asking, by a credential helper or ssh's agent."
_COMPLAINTS: Sequence[_Complaint] = (
    _when(
        r"could not read (?:username|password)|terminal prompts disabled|authentication failed|HTTP 40[13]|"
        r"returned error: 40[13]|permission denied \(|too many authentication failures",
        "the repository asks who we are",
        _ACCESS,
    ),
    _when(
        r"died with error|did not send all necessary objects|missing (?:blob|tree|commit)|bad object|corrupt|"
        r"invalid index-pack output|unable to read",
        "the repository is damaged: what its commits hold is not all there",
        "Try git fsck in the repository.",
    ),
    _when(
        r"host key verification failed|host identification has changed",
        "the host is not one that ssh knows",
        "Connect to it once with ssh, and compare its key.",
    ),
    _when(
        r"could not resolve|couldn't connect|failed to connect|connection (?:refused|timed out|reset|closed)|"
        r"network is unreachable|no route to host|operation timed out|too slow|low speed|early EOF|"
        r"hung up|returned error: 5\d\d|returned error: 429|RPC failed",
        "the repository cannot be reached",
        _TRY_AGAIN,
        retryable=True,
    ),
    _when(
        r"dubious ownership",
        "the repository's folder belongs to somebody else, so git does not read it",
        "Make it yours, or name it by https:// or ssh://.",
    ),
    _when(
        r"not found|does not appear to be a git repository|does not exist|no such (?:file|device|repository)|"
        r"not a git repository|returned error: 404",
        "there is no such repository, or it is not shown to us",
        _ACCESS,
    ),
    _when(
        r"mismatched algorithms|unsupported object format|unknown object format|hash algorithm",
        "the repository names its commits by SHA-256, which is not supported",
        "Use a repository whose commits have 40 characters.",
    ),
    _when(
        r"certificate|SSL",
        "the host's certificate is not trusted",
        "Tell git which authorities to trust (http.sslCAInfo), or mend the host's certificate.",
    ),
    _when(
        r"transport '.*' not allowed|unsupported protocol|protocol .* (?:not supported|disabled)|disabled in libcurl",
        "the address leads to a protocol other than https and ssh",
        "See git config --get-regexp '^url' and where the host redirects to.",
    ),
)


def unreachable(said: bytes) -> UnreachableError:
    """Return the error for what git printed when it could not speak to a repository."""
    text = said.decode("utf-8", "replace")
    for complaint in _COMPLAINTS:
        if complaint.said.search(text):
            return UnreachableError(complaint.reason, complaint.remedy, retryable=complaint.retryable)
    return UnreachableError(f"git refuses: {first_complaint(text)}", _ACCESS)


def first_complaint(text: str) -> str:
    """Return what git says is wrong, in quotes and on one line, without what may be a password."""
    lines = [line for line in text.splitlines() if line.startswith(("fatal:", "error:"))] or text.splitlines()
    line = lines[0].partition(": ")[2] or lines[0] if lines else "nothing"
    return shown(_AFTER_QUESTION_MARK.sub("?…", _USER_INFO.sub(r"\1…@", line)), longest=_LONGEST)
