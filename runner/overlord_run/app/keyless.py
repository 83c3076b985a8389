"""Refuse what holds an API key before any of it is kept or sent; also a key that the run does not use."""

from overlord_run.errors import SettingsError
from overlord_run.settings.environment import environment
from overlord_run.settings.key import key_in
from overlord_run.settings.model import Flags


def require_no_key(text: str, flags: Flags, where: str) -> None:
    """Go on where what a person wrote holds no key that the environment or the flags name.

    Args:
        text: What is to be kept.
        flags: They may name other places of keys.
        where: What the text is, for the error.

    Raises:
        SettingsError: It holds one.
    """
    if name := key_in(text, environment(), flags):
        message = f"the API key of {name} stands in {where}"
        raise SettingsError(message, next="Take it out there; a prompt never needs it.", code="key-in-message")
