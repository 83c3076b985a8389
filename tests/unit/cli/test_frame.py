import io

import pyte
import pytest

from overlord_run.cli.frame import Frame
from overlord_run.cli.report.styled import Line, line


class Terminal(io.StringIO):
    """A terminal that shows at once what is written to it."""

    def __init__(self, columns: int = 20, lines: int = 8) -> None:
        super().__init__()
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.Stream(self.screen)
        self.writes = 0

    def write(self, text: str) -> int:
        self.writes += 1
        self._stream.feed(text.replace("\n", "\r\n"))
        return len(text)

    @property
    def lines(self) -> list[str]:
        return "\n".join(one.rstrip() for one in self.screen.display).rstrip().split("\n")


def many(*texts: str) -> list[Line]:
    return [line(text) for text in texts]


def test_a_frame_is_drawn_over_and_moves_down_below_what_stays() -> None:
    terminal = Terminal()
    frame = Frame(terminal)
    frame.draw(many("first"), many("a", "b"), columns=20)
    assert terminal.lines == ["first", "a", "b"]
    frame.draw([], many("a2"), columns=20)
    assert terminal.lines == ["first", "a2"]
    frame.draw(many("second", "third"), many("a3", "b3", "c3"), columns=20)
    assert terminal.lines == ["first", "second", "third", "a3", "b3", "c3"]
    frame.draw([], [], columns=20)
    assert terminal.lines == ["first", "second", "third"]


def test_a_drawing_is_one_write() -> None:
    terminal = Terminal()
    frame = Frame(terminal)
    frame.draw(many("first"), many("a", "b"), columns=20)
    frame.draw(many("second"), many("a", "b"), columns=20)
    assert terminal.writes == 2


def test_a_line_that_stays_wraps_and_one_of_the_frame_is_cut() -> None:
    terminal = Terminal(columns=10)
    frame = Frame(terminal)
    for _ in range(3):
        frame.draw([], many("abcdefghijklmno", "字字字字字字", "exactly10c"), columns=10)
    frame.draw(many("0123456789abcd"), many("end"), columns=10)
    assert terminal.lines == ["0123456789", "abcd", "end"]


def test_what_a_person_types_is_drawn_over() -> None:
    terminal = Terminal()
    frame = Frame(terminal)
    frame.draw([], many("a"), columns=20)
    terminal.write("^C")
    frame.draw(many("interrupted"), many("a"), columns=20)
    assert terminal.lines == ["interrupted", "a"]


def test_a_frame_that_the_terminal_has_wrapped_is_found_again() -> None:
    """A window that is made narrower wraps what stands in it: here three lines become five."""
    terminal = Terminal(columns=12)
    frame = Frame(terminal)
    frame.draw([], many("a" * 30, "b" * 15, "c"), columns=30)
    assert terminal.lines == ["a" * 12, "a" * 12, "a" * 4 + "…", "b" * 12, "b" * 3, "c"]
    frame.draw([], many("a" * 30, "b" * 15, "c"), columns=12)
    assert terminal.lines == ["a" * 10 + "…", "b" * 10 + "…", "c"]


def test_a_frame_below_which_something_else_was_written_is_left_where_it_is() -> None:
    terminal = Terminal()
    frame = Frame(terminal)
    frame.draw([], many("a"), columns=20)
    terminal.write("$ fg\n")
    frame.leave()
    frame.draw([], many("a2"), columns=20)
    assert terminal.lines == ["a", "$ fg", "a2"]


@pytest.mark.parametrize("text", ["[red]a[/red]", "a\x1b[2Jb\nc"])
def test_a_frame_shows_what_is_in_it_as_it_stands(text: str) -> None:
    terminal = Terminal()
    Frame(terminal).draw([], many(text), columns=20)
    assert len(terminal.lines) == 1
