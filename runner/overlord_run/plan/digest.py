"""Tell one plan, or one request, from another by a digest of its JSON values."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def digest(content: Mapping[str, Any]) -> str:
    """Return `sha256:` and the hex digest of JSON values in canonical form: sorted keys, no blanks, ASCII."""
    return "sha256:" + hashlib.sha256(canonical(content).encode("ascii")).hexdigest()


def canonical(value: Any) -> str:
    """Return a JSON value in canonical form."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
