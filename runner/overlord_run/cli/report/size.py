"""Say how much room there is to show something."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """How many characters fit beside each other on a terminal, and how many lines below each other."""

    columns: int
    lines: int
