"""Show where two request bodies part first, and which of many is nearest to one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from overlord_run.playbook.names import shown

BEFORE: Final = 20
SHOWN: Final = 60
_NOTHING: Final = object()


def likeness(recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> int:
    """Return how many characters two bodies have in common before they part, model and parameters left aside."""
    count = 0
    for one, other in zip(_turns(recorded), _turns(asked), strict=False):
        same = _common(one, other)
        count += same
        if one != other:
            break
    return count


def difference(recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """Return the first place at which two bodies differ, and what stands there in each, short and on one line."""
    for place, old, new in _places(recorded, asked):
        if old == new:
            continue
        if isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > SHOWN:
            at = _common(old, new)
            return f"{place} differs from character {at + 1} on: recorded is {_from(old, at)}, asked {_from(new, at)}"
        return f"{place} differs: recorded is {_value(old)}, asked {_value(new)}"
    return "the order of its parts differs"


def _places(recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield what can differ, in the order in which it is of interest: the model, each message, then the parameters."""
    yield "model", recorded.get("model"), asked.get("model")
    nobody: Mapping[str, Any] = {}
    for number, (old, new) in enumerate(zip_longest(_messages(recorded), _messages(asked), fillvalue=nobody)):
        for name in ("role", "content"):
            yield f"messages[{number}].{name}", old.get(name, _NOTHING), new.get(name, _NOTHING)
    for name in sorted({*recorded, *asked} - {"model", "messages"}):
        yield shown(name).strip("'"), recorded.get(name, _NOTHING), asked.get(name, _NOTHING)


def _messages(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    messages = body.get("messages")
    return [one if isinstance(one, dict) else {} for one in messages] if isinstance(messages, list) else []


def _turns(body: Mapping[str, Any]) -> list[str]:
    return [str(message.get("content")) for message in _messages(body)]


def _common(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common, in steps that are C's."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _from(text: str, at: int) -> str:
    """Return a text around a place, in quotes."""
    if at >= len(text):
        return f"{shown('…' + text[-BEFORE:], longest=SHOWN)}, its end" if text else "an empty text"
    start = max(0, at - BEFORE)
    return shown(("…" if start else "") + text[start:], longest=SHOWN)


def _value(value: Any) -> str:
    if value is _NOTHING:
        return "nothing"
    return shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), longest=SHOWN)
