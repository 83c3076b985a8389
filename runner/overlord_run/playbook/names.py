"""Know which names and paths are safe on every platform, and which known name a wrong one was meant to be."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any

RESERVED = frozenset({"all", "startup", "previous"})
# A port may have a superscript digit too. Source: Microsoft, "Naming Files, Paths, and Namespaces".
DEVICES = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$"}) | {
    f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"
}

LONGEST_ECHO = 40
LONGEST_PATH = 400
DEEPEST = 10
"""Folders and file in the path of a file that is to stand inside a folder."""

MOST_CANDIDATES = 500
"""Near misses are looked for among so many names at most: each costs some 10 µs."""

_NEAR = 0.65
"""How like a name must be to be meant: `utlra` and `ultra` are 0.8, `tasks` and `packs` 0.6, `rnk` and `rank` 0.86."""

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DRIVE = re.compile(r"[A-Za-z]:")


def is_id(name: str) -> bool:
    """Return whether a name has the form of an id that templates name."""
    return _ID.fullmatch(name) is not None


def is_reserved(name: str) -> bool:
    """Return whether an id is taken: by the language (`all startup previous`) or by Windows for a device."""
    return name in RESERVED or is_device(name)


def is_device(part: str) -> bool:
    """Return whether Windows takes one part of a path for a device, whatever its ending: `con`, `NUL.txt`."""
    return part.split(".", maxsplit=1)[0].strip().lower() in DEVICES


def folded(path: str) -> str:
    """Return a path as a file system may see it that tells neither capitals nor spellings of one accent apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def path_fault(path: str) -> str:
    """Return what keeps a text from being a relative path on every platform, as the end of a sentence, or nothing.

    Whether it leaves its folder by `..` is not looked at.
    """
    faults = {
        "is empty": not path,
        f"is longer than {LONGEST_PATH} characters": len(path) > LONGEST_PATH,
        "holds a character that cannot be printed": not path.isprintable(),
        "holds a backslash; folders are separated by '/'": "\\" in path,
        "is absolute, not relative": path.startswith("/") or bool(_DRIVE.match(path)),
        "holds the name of a Windows device": any(is_device(part) for part in path.split("/")),
    }
    return next((fault for fault, found in faults.items() if found), "")


def inner_path_fault(path: str) -> str:
    """Return what keeps a text from being the path of a file inside a folder on every platform, or nothing."""
    parts = path.split("/")
    if fault := path_fault(path):
        return fault
    if len(parts) > DEEPEST:
        return f"has more than {DEEPEST} parts"
    if any(part in ("", ".", "..") for part in parts):
        return "holds an empty part, '.' or '..'"
    if any(part.startswith(".") or part.endswith((".", " ")) for part in parts):
        return "has a part that begins with a dot, or ends with a dot or a blank"
    return "holds a character that Windows does not allow" if any(char in '<>:"|?*' for char in path) else ""


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return `did you mean 'x'?` for the nearest known name, or nothing where none is near."""
    near = nearest(wrong, known)
    return f"did you mean {shown(near, longest=LONGEST_PATH)}?" if near else ""


def nearest(wrong: str, known: Iterable[str]) -> str:
    """Return the nearest known name, whatever its capitals, or nothing where none is near."""
    candidates = list(islice(known, MOST_CANDIDATES + 1))
    if len(wrong) > LONGEST_ECHO * 2 or len(candidates) > MOST_CANDIDATES:
        return ""
    import difflib  # noqa: PLC0415 - most playbooks name nothing wrong

    near = difflib.get_close_matches(wrong, candidates, n=1, cutoff=_NEAR)
    if not near and wrong != wrong.casefold():
        by_letters = {name.casefold(): name for name in candidates}
        near = [by_letters[name] for name in difflib.get_close_matches(wrong.casefold(), by_letters, n=1, cutoff=_NEAR)]
    return near[0] if near else ""


def next_name(wrong: str, known: Collection[str], intro: str) -> str:
    """Return the next step for a name that is not known: `Did you mean 'x'?`, or the names there are after an intro."""
    hint = did_you_mean(wrong, known)
    return f"{hint[:1].upper()}{hint[1:]}" if hint else f"{intro} {listed(known) or 'none'}."


def listed(names: Iterable[str], *, most: int = 12) -> str:
    """Return names in quotes, in the order given, cut after `most`: `'a', 'b', …`."""
    quoted = [shown(name) for name in islice(names, most + 1)]
    return ", ".join(quoted[:most]) + (", …" if len(quoted) > most else "")


def shown(value: Any, *, longest: int = LONGEST_ECHO) -> str:
    """Return a value as a message shows it: short, on one line, nothing in it that a terminal would obey."""
    if isinstance(value, str):
        safe = "".join(char if char.isprintable() else _escaped(char) for char in value[:longest])
        return f"'{safe}…'" if len(value) > longest else f"'{safe}'"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
