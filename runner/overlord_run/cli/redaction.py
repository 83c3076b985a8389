"""Keep the API key out of what is told of an error, wherever it was typed by mistake."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from overlord_run.credential import Redactor
from overlord_run.settings.environment import environment
from overlord_run.settings.key import known_keys

if TYPE_CHECKING:
    from overlord_run.app.validate import Validation


def without_keys(text: str, args: Sequence[str]) -> str:
    """Return a text without any key that the words or the environment name."""
    return _redacted(text, _redactors(args))


def found_without_keys(found: "Validation", args: Sequence[str]) -> "Validation":
    """Return what was found in files, likewise: no key in what is said of a line, nor in the line."""
    redactors = _redactors(args)
    if not redactors:
        return found
    problems = tuple(
        replace(one, message=_redacted(one.message, redactors), hint=_redacted(one.hint, redactors))
        for one in found.problems
    )
    lines = {place: _redacted(line, redactors) for place, line in found.lines.items()}
    return replace(found, problems=problems, lines=lines)


def _redactors(args: Sequence[str]) -> list[Redactor]:
    named, files = list(_values(args, "--api-key-env")), list(_values(args, "--api-key-file"))
    return [Redactor(key) for key in known_keys(environment(), named=named, files=files)]


def _redacted(text: str, redactors: Sequence[Redactor]) -> str:
    for redactor in redactors:
        text = redactor.redact(text)
    return text


def _values(args: Sequence[str], option: str) -> Iterator[str]:
    for position, word in enumerate(args):
        if word == option:
            yield from args[position + 1 : position + 2]
        elif word.startswith(f"{option}="):
            yield word.removeprefix(f"{option}=")
