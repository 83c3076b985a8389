"""Say how much room there is to show something."""

from msgspec import Struct


class Size(Struct, frozen=True):
    """How many characters fit beside each other on a terminal, and how many lines below each other."""

    columns: int
    lines: int
