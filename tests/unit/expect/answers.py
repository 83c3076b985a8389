"""The schemas of the answers in `tests/examples/answers`, by the word that a file begins with."""

from collections.abc import Mapping
from typing import Any

VERDICT: Mapping[str, Any] = {
    "type": "object",
    "required": ["decision", "reasons"],
    "properties": {
        "decision": {"enum": ["ship", "hold"]},
        "reasons": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
}
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "list": {"type": "array", "items": {"type": "string"}},
    "number": {"type": "number"},
    "verdict": VERDICT,
    "word": {"enum": ["ship", "hold"]},
}
