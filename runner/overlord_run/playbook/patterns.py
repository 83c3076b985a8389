"""Look for a regular expression in a text, in time that grows with the text's length alone.

A pattern comes with a playbook that nobody may have read, and Python's `re` can take for ever on one like `(a+)+$`. RE2
walks all the ways at once; what cannot be walked so, back-references and look-around, it refuses.
"""

from functools import lru_cache
from typing import Any

LONGEST_PATTERN = 1000
_MEMORY_BYTES = 1024 * 1024
_REMEMBERED = 64


class PatternError(Exception):
    """A pattern cannot be used; the text says why, as the end of a sentence about it."""


@lru_cache(maxsize=_REMEMBERED)
def parse_pattern(source: str) -> Any:
    """Return a compiled pattern.

    Raises:
        PatternError: RE2 does not take it, or it is too long.
    """
    import re2  # type: ignore[import-untyped]  # noqa: PLC0415 - few playbooks have a pattern

    if len(source) > LONGEST_PATTERN:
        message = f"is longer than {LONGEST_PATTERN:,} characters"
        raise PatternError(message)
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY_BYTES
    try:
        return re2.compile(source, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace").partition(":")[0]
        message = f"cannot be read: {reason}"
        raise PatternError(message) from error


def is_in(source: str, text: str) -> bool:
    """Return whether a pattern is found anywhere in a text. `^` and `$` are the text's ends, as in JSON Schema."""
    whole = text.encode("utf-8", "replace").decode()  # half a surrogate pair comes from the command line, as `?` here
    return parse_pattern(source).search(whole) is not None
