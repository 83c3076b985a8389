"""Cut a long text for a view, and say what was cut and where it stands in full."""

import hashlib
from collections.abc import Mapping
from typing import Any

from overlord_run.store.notation import encode


def excerpt(text: str, limit_bytes: int, seq: int) -> tuple[str, dict[str, Any] | None]:
    """Return a text and None; or of a longer one its beginning and the facts `length sha256 seq` about the whole.

    Args:
        text: Any text.
        limit_bytes: How many bytes of UTF-8 may stay; a character is never split.
        seq: The event that holds the text in full.
    """
    if len(text) * 4 <= limit_bytes:
        return text, None
    paired = _paired(text)
    whole = paired.encode("utf-8", "surrogatepass")
    if len(whole) <= limit_bytes:
        return text, None
    beginning = whole[:limit_bytes].decode("utf-8", "ignore")
    return beginning, {"length": len(paired), "sha256": hashlib.sha256(whole).hexdigest(), "seq": seq}


def cut_values(values: dict[str, Any], limit_bytes: int, seqs: Mapping[str, int]) -> dict[str, Any]:
    """Cut the long texts among `values` in place, and return the facts about each by its key.

    Args:
        values: JSON values by key.
        limit_bytes: How many bytes of UTF-8 a text may keep.
        seqs: The keys whose values may be long, and for each the event that holds it in full. A value that is no text
            and longer as JSON is left out: null stands in its place.
    """
    cuts: dict[str, Any] = {}
    for key, seq in seqs.items():
        value = values[key]
        if value is None:
            continue
        is_text = isinstance(value, str)
        beginning, facts = excerpt(value if is_text else encode(value), limit_bytes, seq)
        if facts is not None:
            values[key] = beginning if is_text else None
            cuts[key] = facts
    return cuts


def _paired(text: str) -> str:
    """Return a text as JSON gives it back: two surrogates that make a pair are one character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
