"""Hold what was found of one thing that a run needs."""

from typing import Literal

from msgspec import Struct

from overlord_run.errors import OverlordError

State = Literal["ok", "note", "missing", "wrong"]


class Check(Struct, frozen=True):
    """What was found.

    Attributes:
        name: What was looked at; stable, for programs.
        state: A `note` is worth knowing; what is `missing` or `wrong` keeps a run from the API.
        message: What is there, or what is wrong. It never holds the key.
        next: What to do about it, or empty.
    """

    name: str
    state: State
    message: str
    next: str = ""

    @property
    def stops_a_run(self) -> bool:
        """Whether a run against the API cannot begin like this."""
        return self.state in ("missing", "wrong")


def refused(name: str, error: OverlordError) -> Check:
    """Return the check of something that the program refuses, in the words of its refusal."""
    state: State = "missing" if error.code == "key-missing" else "wrong"
    return Check(name, state, error.message, error.next)
