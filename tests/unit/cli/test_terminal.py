import io
import os
from collections.abc import Mapping

import pytest

from overlord_run.cli.report.size import Size
from overlord_run.cli.terminal import USUAL, is_in_foreground, size_of, takes_paint, takes_table


class Stream(io.TextIOWrapper):
    """A stream that may be a terminal, in an encoding."""

    def __init__(self, *, is_terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


TERMINAL, PIPE = Stream(is_terminal=True), Stream(is_terminal=False)


@pytest.mark.parametrize(
    ("stream", "environ", "paint", "table"),
    [
        (TERMINAL, {"TERM": "xterm-256color"}, True, True),
        (TERMINAL, {}, True, True),
        (TERMINAL, {"TERM": "dumb"}, False, False),
        (TERMINAL, {"TERM": "Unknown"}, False, False),
        (TERMINAL, {"NO_COLOR": "1"}, True, True),
        (TERMINAL, {"CI": "true"}, True, False),
        (TERMINAL, {"CI": "false"}, True, True),
        (Stream(is_terminal=True, encoding="ascii"), {}, True, False),
        (PIPE, {"TERM": "xterm-256color"}, False, False),
        (PIPE, {"FORCE_COLOR": "1"}, True, False),
        (PIPE, {"FORCE_COLOR": ""}, False, False),
        (PIPE, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        (None, {"FORCE_COLOR": "1"}, False, False),
    ],
)
def test_a_table_needs_a_terminal_and_paint_one_or_the_persons_word(
    stream: Stream | None, environ: Mapping[str, str], *, paint: bool, table: bool
) -> None:
    assert takes_paint(stream, environ) is paint
    assert takes_table(stream, environ) is table


def test_what_is_no_terminal_has_the_usual_size_and_nobody_else_in_its_foreground() -> None:
    assert size_of(PIPE) == USUAL == Size(80, 24)
    reader, writer = os.pipe()
    with os.fdopen(reader, encoding="utf-8"), os.fdopen(writer, "w", encoding="utf-8") as pipe:
        assert size_of(pipe) == USUAL
        assert is_in_foreground(pipe)
