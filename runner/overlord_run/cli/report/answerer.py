"""Say what answered in a run, so that a rehearsal or a replay is never taken for the real thing."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from overlord_run.store.state import State


class Answerer(Struct, frozen=True):
    """The words for what answers.

    Attributes:
        mark: Begins each line about the run.
        ending: Follows what the exit code means.
        answered: Says who answered, in a run's status.
        models: Whose `/models` is asked; empty for the API's.
    """

    mark: str
    ending: str
    answered: str
    models: str


ANSWERERS: Final[Mapping[str, Answerer]] = {
    "chat": Answerer(mark="", ending="", answered="answered by the API", models=""),
    "rehearsal": Answerer(
        mark="[rehearsal] ",
        ending=" (a rehearsal: no model was asked)",
        answered="answered by the rehearsal, no model was asked",
        models="the rehearsal's own /models",
    ),
    "recording": Answerer(
        mark="[replay] ",
        ending=" (a replay: no model was asked)",
        answered="answered from a recording, no model was asked",
        models="/models in the recording",
    ),
}


def answerer(state: State) -> Answerer:
    """Return the words for what answers in a run."""
    name = "chat" if state.created is None else state.created.engine
    known = ANSWERERS.get(name)
    return known or Answerer(f"[{name}] ", f" (answered by {name})", f"answered by {name}", f"/models of {name}")
