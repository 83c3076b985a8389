"""Take the values of inputs from the words of a command line, and from standard input."""

import sys
from collections.abc import Sequence

from overlord_run.app.inputs import Given
from overlord_run.errors import UsageError
from overlord_run.files import INPUT_LIMIT


class Stdin:
    """Standard input, read once, when an input asks for it; what was read is kept."""

    def __init__(self) -> None:
        self._content: bytes | None = None

    @property
    def content(self) -> bytes:
        """What was read so far."""
        return self._content or b""

    def read(self) -> bytes:
        """Return all of it; also when it is asked for again, since two playbooks may take one input.

        Raises:
            UsageError: It is larger than an input may be.
        """
        if self._content is None:
            self._content = b"" if sys.stdin is None else sys.stdin.buffer.read(INPUT_LIMIT + 1)
        if len(self._content) > INPUT_LIMIT:
            message = f"standard input is larger than {INPUT_LIMIT:,} bytes"
            raise UsageError(message, next="Make it smaller.")
        return self._content


def given(arguments: Sequence[str], value_files: Sequence[str], input_files: Sequence[str], stdin: Stdin) -> Given:
    """Return what a person gave for inputs with `-i`, `-I` and `--inputs`.

    Raises:
        UsageError: A word has no name or no `=`.
    """
    return Given(_pairs(arguments, "-i"), _pairs(value_files, "-I"), tuple(input_files), stdin.read)


def _pairs(words: Sequence[str], option: str) -> tuple[tuple[str, str], ...]:
    return tuple(_pair(word, option) for word in words)


def _pair(word: str, option: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not (name and equals):
        shape = "NAME=VALUE" if option == "-i" else "NAME=PATH"
        message = f"{option} takes {shape}, and what was given has no {'name' if equals else '='}"
        raise UsageError(message, next=f"Write it as {option} {shape}.")
    return name, value
