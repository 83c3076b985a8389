"""Refuse what holds an API key before any of it is printed, kept or sent; also a key that the run does not use."""

from overlord_run.credential import Redactor
from overlord_run.errors import SettingsError
from overlord_run.settings import Flags, environment
from overlord_run.settings.key import known_keys


def require_no_key(text: str, flags: Flags, where: str, *, code: str) -> None:
    """Go on where a text holds no key that the environment or the flags name.

    Args:
        text: What is to be kept.
        flags: They may name other places of keys.
        where: What the text is, for the error.
        code: The error's.

    Raises:
        SettingsError: It holds one.
    """
    named = [flags.api_key_env] if flags.api_key_env else []
    files = [flags.api_key_file] if flags.api_key_file else []
    for key in known_keys(environment(), named=named, files=files):
        if Redactor(key).occurs_in(text):
            message = f"the API key of {key.name} stands in {where}"
            raise SettingsError(message, next="Take it out there; a prompt never needs it.", code=code)
