"""Count what one render does, and end it at a limit that is the same on every machine."""

from typing import Literal

MAX_OUTPUT_BYTES = 2 * 1024 * 1024
MAX_STEPS = 1_000_000
MAX_WORK = 64_000_000
MAX_MACRO_DEPTH = 50
MAX_VALUE_DEPTH = 100

# Prices in work: a byte that is read or copied costs 1. The others were measured to cost about as much time, or to keep
# about as many bytes alive.
NODE = 12
MADE = 64

RenderRule = Literal["template-error", "template-limit", "not-a-list", "unknown-attribute"]


class RefusedError(Exception):
    """A template asked for something that it cannot have.

    Attributes:
        rule: The id of the problem that this becomes.
        message: What is wrong, one sentence without a full stop.
        hint: What to do about it, or empty.
    """

    def __init__(self, message: str, *, hint: str = "", rule: RenderRule = "template-error") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.rule = rule


class Meter:
    """What one render has done so far: loop steps, work, and how deep its macros call each other."""

    __slots__ = ("depth", "steps", "work")

    def __init__(self) -> None:
        self.steps = 0
        self.work = 0
        self.depth = 0

    def step(self, cost: int) -> None:
        """Count one step of a loop whose body costs `cost` units of work.

        Raises:
            RefusedError: A limit is passed.
        """
        self.steps += 1
        if self.steps > MAX_STEPS:
            message = f"the template takes more than {MAX_STEPS:,} loop steps"
            raise RefusedError(message, hint="loop over less", rule="template-limit")
        self.charge(cost)

    def charge(self, cost: int) -> None:
        """Count `cost` units of work, before they are done.

        Raises:
            RefusedError: The limit is passed.
        """
        self.work += cost
        if self.work > MAX_WORK:
            message = f"the template does more work than the {MAX_WORK:,} units that a render may do"
            raise RefusedError(message, hint="loop over less, or do less in the loop", rule="template-limit")

    def enter(self) -> None:
        """Count the beginning of a macro's call.

        Raises:
            RefusedError: Macros call each other too deeply.
        """
        self.depth += 1
        if self.depth > MAX_MACRO_DEPTH:
            message = f"macros call each other more than {MAX_MACRO_DEPTH} deep"
            raise RefusedError(message, hint="use a loop instead of recursion", rule="template-limit")

    def leave(self) -> None:
        """Count the end of a macro's call."""
        self.depth -= 1


def size(text: str) -> int:
    """Return about how many bytes a text takes in memory.

    Raises:
        TypeError: It is no text.
    """
    return len(text) if str.isascii(text) else 4 * len(text)
