"""A key that must turn up nowhere, and the search for it: as it stands, and in the spellings that could hide it."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

CANARY = "sk-canary~~~/0123+abcdef"  # in base64 and in base64url it is spelled differently
SPELLINGS = {
    "as it stands": CANARY,
    "percent-encoded": quote(CANARY, safe=""),
    "hex": CANARY.encode().hex(),
    "backwards": CANARY[::-1],
    "base64": base64.b64encode(CANARY.encode()).decode(),
    "base64url": base64.urlsafe_b64encode(CANARY.encode()).decode(),
    "escaped slashes": json.dumps(CANARY)[1:-1].replace("/", "\\/"),
    "escaped characters": "".join(f"\\u{ord(character):04x}" for character in CANARY),
}


def leaks(*texts: str) -> list[str]:
    """Return the spellings in which the texts hold the canary."""
    return [name for name, spelling in SPELLINGS.items() if any(spelling in text for text in texts)]


def leaks_under(folder: Path) -> list[str]:
    """Return what of the files under a folder holds the canary, names included, and how it is spelled there."""
    return [f"{place}: {name}" for place, text in _texts(folder) for name in leaks(text)]


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        yield "a name", name
        if path.is_file():
            yield name, path.read_bytes().decode("utf-8", "replace")
