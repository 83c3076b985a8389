"""Read JSON that somebody else wrote, without trusting it to be sane."""

import json
from typing import Any, Final

MOST_BRACKETS: Final = 400_000
"""How many arrays and objects a body may open: 8 MiB of `[],` would take 200 MB of memory otherwise."""
_DECODER: Final = json.JSONDecoder(parse_constant=lambda _name: None)


class MalformedError(ValueError):
    """The bytes are no JSON, or more of it than is reasonable. `what` is a phrase of ours, like `is not JSON`."""

    def __init__(self, *, what: str) -> None:
        super().__init__(what)
        self.what = what


def parse_json(body: bytes) -> Any:
    """Return the value that a body holds.

    Bytes that are not UTF-8 become U+FFFD, since a paid answer is worth more than its one bad byte. `NaN` and the
    infinities become None. Python's own limits hold for depth (its stack) and for the digits of an integer.

    Raises:
        MalformedError: It is not JSON, too deep, or too large a number stands in it.
    """
    if body.count(b"[") + body.count(b"{") > MOST_BRACKETS:
        raise MalformedError(what="has too many parts")
    text = body.decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise MalformedError(what="is empty")
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise MalformedError(what="is nested too deeply") from None
    except json.JSONDecodeError:
        raise MalformedError(what="is HTML, not JSON" if text.lstrip().startswith("<") else "is not JSON") from None
    except ValueError:
        raise MalformedError(what="holds a number with too many digits") from None


def as_mapping(value: Any) -> dict[str, Any]:
    """Return the value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
