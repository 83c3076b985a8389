"""Make what a provider wrote fit to be shown: without the key, without lone surrogates, short names on one line."""

import re
from typing import Any, Final

from overlord_run.credential import Redactor

SURROGATES: Final = re.compile(r"[\ud800-\udfff]")
UNSHOWN: Final = re.compile(r"[^\x20-\x7e]")
BLANKS: Final = re.compile(
    r"[\s\x00-\x20\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]+"
)
"""Blanks, and the control, bidirectional and zero-width characters that a terminal would act on."""


def whole(text: str, redactor: Redactor) -> str:
    """Return a text as it is, redacted, with U+FFFD for each lone surrogate."""
    return redactor.redact(SURROGATES.sub("\ufffd", text))


def token(value: Any, redactor: Redactor, *, limit: int = 128) -> str | None:
    """Return a name or id in printable ASCII, redacted and cut; None where it is no text, or nothing of it is left.

    Redaction comes after cleaning, which can join what was apart, and before cutting, which could leave half a key.
    """
    if not isinstance(value, str):
        return None
    return redactor.redact(UNSHOWN.sub("", value).strip())[:limit] or None


def sentence(value: Any, redactor: Redactor, *, limit: int = 300) -> str:
    """Return a text on one line, redacted and cut; empty where it is no text."""
    if not isinstance(value, str):
        return ""
    line = redactor.redact(BLANKS.sub(" ", value).strip())
    return line if len(line) <= limit else line[: limit - 1] + "…"
