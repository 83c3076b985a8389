"""Keep the API key out of what is told of an error, wherever it was typed by mistake."""

from collections.abc import Iterator, Sequence

from overlord_run.credential import Redactor
from overlord_run.settings.environment import environment
from overlord_run.settings.key import known_keys


def without_keys(text: str, args: Sequence[str]) -> str:
    """Return a text without any key that the words or the environment name."""
    named, files = list(_values(args, "--api-key-env")), list(_values(args, "--api-key-file"))
    for key in known_keys(environment(), named=named, files=files):
        text = Redactor(key).redact(text)
    return text


def _values(args: Sequence[str], option: str) -> Iterator[str]:
    for position, word in enumerate(args):
        if word == option:
            yield from args[position + 1 : position + 2]
        elif word.startswith(f"{option}="):
            yield word.removeprefix(f"{option}=")
