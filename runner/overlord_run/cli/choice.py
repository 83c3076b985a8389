"""Refuse a slot or a message that a run does not have, with the nearest one that it has."""

from collections.abc import Collection

from overlord_run.errors import UsageError
from overlord_run.playbook.names import did_you_mean, listed
from overlord_run.store.state import State


def require_slot(slot: str, state: State) -> None:
    """Go on where the run has a servant in this slot.

    Raises:
        UsageError: It has not.
    """
    _require(slot, state.servants, "servant", "slots", is_final=state.created is not None)


def require_message(message: str, state: State) -> None:
    """Go on where the run has sent a message of this id, or has said why it does not.

    Raises:
        UsageError: It has not.
    """
    _require(message, state.messages, "message", "messages", is_final=state.has_ended)


def _require(name: str, known: Collection[str], noun: str, nouns: str, *, is_final: bool) -> None:
    if name in known:
        return
    hint = did_you_mean(name, known)
    message = f"the run has no {noun} '{name}'{'' if is_final else ' yet'}" + (f"; {hint}" if hint else "")
    following = f"The {nouns} are: {listed(known)}." if known else f"There are no {nouns} yet."
    raise UsageError(message, next=following)
