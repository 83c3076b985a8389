"""Say what is wrong at a place in a file."""

from typing import Literal

from msgspec import Struct

Severity = Literal["error", "warning"]


class Problem(Struct, frozen=True, order=True):
    """Something wrong at a place in a file.

    Attributes:
        file: The path as the user wrote it.
        line: From 1.
        column: From 1, in characters.
        rule: A stable id, like `unknown-key`.
        message: What is wrong, one sentence without a full stop.
        hint: What to do about it, or empty.
        severity: Only an `error` stops anything.
    """

    file: str
    line: int
    column: int
    rule: str
    message: str
    hint: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message}{hint} [{self.rule}]"
