"""Hold the API key so that it cannot slip out, and take it out of any text that it slipped into."""

import base64
import math
from collections.abc import Iterator
from typing import Final, NoReturn, SupportsIndex
from urllib.parse import quote, quote_plus

from overlord_run.errors import SettingsError

REDACTED: Final = "[redacted]"
LONGEST: Final = 4096
SHORTEST_SECRET: Final = 8
NOT_TEXT: Final = "a credential has no text form; reveal() gives the key"
NOT_COPIED: Final = "what knows the API key cannot be copied or pickled"


class Credential:
    """An API key that is given away only by `reveal()`.

    It has no text form, cannot be copied or pickled, and compares by identity.

    Attributes:
        name: The variable or file that it came from, for messages.
    """

    __slots__ = ("_value", "name")

    def __init__(self, value: str, *, name: str) -> None:
        self._value = value
        self.name = name

    def reveal(self) -> str:
        """Return the key itself, for the one header that carries it."""
        return self._value

    def __repr__(self) -> str:
        return f"<credential from {self.name}>"

    def __str__(self) -> NoReturn:
        raise TypeError(NOT_TEXT)

    def __format__(self, _spec: str) -> NoReturn:
        raise TypeError(NOT_TEXT)

    def __getstate__(self) -> NoReturn:
        raise TypeError(NOT_COPIED)

    def __reduce_ex__(self, _protocol: SupportsIndex) -> NoReturn:
        raise TypeError(NOT_COPIED)


def parse_credential(value: str, *, name: str, is_file: bool = False) -> Credential:
    """Return the key that a variable or a file holds, once it is fit for an HTTP header.

    Args:
        value: What the variable or file holds.
        name: What to call the variable or file in messages.
        is_file: Whether `value` is a file's text; one line break at its end is then the editor's and is dropped.

    Raises:
        SettingsError: The value is empty, too long, or not printable ASCII without blanks. The value is not told.
    """
    if is_file:
        value = value.removesuffix("\n").removesuffix("\r")
    wrong = _what_is_wrong(value)
    if wrong:
        raise SettingsError(
            message=f"the API key in {name} {wrong}",
            next=f"put the key alone into {name}, as the provider shows it",
            code="key-malformed",
        )
    return Credential(value, name=name)


def _what_is_wrong(value: str) -> str:
    if not value.strip():
        return "is empty"
    if value.endswith(("\n", "\r")):
        return "ends with a line break"
    if len(value) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if any(character.isspace() for character in value):
        return "has a blank or a line break in it"
    if not (value.isascii() and value.isprintable()):
        return "has a character that is not printable ASCII"
    return ""


class Redactor:
    r"""Replaces the key in texts, as it stands and in eight other spellings.

    The spellings: base64 and base64url (each at the three offsets that it can have inside a longer text),
    percent-encoding, quotes, slashes and backslashes escaped (as JSON and Python write them), every character as
    `\uXXXX`, as `\xXX` or in hex, and the key written backwards.

    A key shorter than 8 characters (`EMPTY`, `ollama`) is a placeholder that a local server takes, no secret: taking it
    out of every text would only spoil the texts, so it is replaced after the word `Bearer` alone.
    """

    __slots__ = ("_needles",)

    def __init__(self, credential: Credential | None) -> None:
        self._needles: tuple[str, ...] = () if credential is None else _needles(credential.reveal())

    def __repr__(self) -> str:
        return "<redactor>"

    def __getstate__(self) -> NoReturn:
        raise TypeError(NOT_COPIED)

    def __reduce_ex__(self, _protocol: SupportsIndex) -> NoReturn:
        raise TypeError(NOT_COPIED)

    def redact(self, text: str) -> str:
        """Return the text with `[redacted]` wherever the key stood."""
        for needle in self._needles:
            if needle in text:
                text = text.replace(needle, REDACTED)
        return text

    def occurs_in(self, text: str) -> bool:
        """Return whether the text holds the key in any of the spellings."""
        return any(needle in text for needle in self._needles)


def _needles(key: str) -> tuple[str, ...]:
    if len(key) < SHORTEST_SECRET:
        return (f"Bearer {key}", f"bearer {key}")
    return tuple(sorted(set(_spellings(key)), key=lambda needle: (-len(needle), needle)))


def _spellings(key: str) -> Iterator[str]:
    raw = key.encode("ascii")
    yield key
    yield key[::-1]
    for offset in range(3):
        yield from _base64_cores(raw, offset)
    for encoded in (quote(key, safe=""), quote(key), quote_plus(key), "".join(f"%{byte:02X}" for byte in raw)):
        yield from (encoded, _with_lower_escapes(encoded))
    doubled = key.replace("\\", "\\\\")
    for escaped in (doubled, doubled.replace('"', '\\"'), doubled.replace("'", "\\'")):
        yield from (escaped, escaped.replace("/", "\\/"))
    for pattern in ("{:02x}", "{:02X}", "\\u{:04x}", "\\u{:04X}", "\\x{:02x}", "\\x{:02X}"):
        yield "".join(pattern.format(byte) for byte in raw)


def _base64_cores(raw: bytes, offset: int) -> tuple[str, str]:
    """Return what no neighbour of the key can change where it begins `offset` bytes into a group of three."""
    first, last = math.ceil(offset * 8 / 6), (offset + len(raw)) * 8 // 6
    padded = b"\0" * offset + raw
    return (base64.b64encode(padded)[first:last].decode(), base64.urlsafe_b64encode(padded)[first:last].decode())


def _with_lower_escapes(encoded: str) -> str:
    head, *rest = encoded.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])
