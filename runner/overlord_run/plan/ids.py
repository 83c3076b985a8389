"""Name the messages of a run: the startup, a redirect, and what a redirect in a block does in one of its rounds."""

STARTUP = "startup"
_ROUND = "."
_MOST_DIGITS = 9


def round_id(redirect_id: str, number: int) -> str:
    """Return the id of what a redirect in a block does in one of its rounds, from 1: `argue.2`."""
    return f"{redirect_id}{_ROUND}{number}"


def redirect_id(message_id: str) -> str:
    """Return the id of the redirect that a message is of, whatever the round."""
    return message_id.partition(_ROUND)[0]


def round_of(message_id: str) -> int | None:
    """Return the round that a message is of; None where its redirect stands in no block."""
    number = message_id.partition(_ROUND)[2]
    return int(number) if number.isdecimal() and len(number) <= _MOST_DIGITS else None
