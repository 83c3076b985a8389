"""Keep a few lines at the end of a terminal that can be drawn again, below others that stay."""

from collections.abc import Sequence
from math import ceil
from typing import TextIO

from rich.control import Control
from rich.segment import ControlType

from overlord_run.cli.paint import canvas, painted
from overlord_run.cli.report.styled import Line

_UP_AND_ERASE = ((ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2))


class Frame:
    """The last lines on a terminal. The cursor waits below them, where what a person types is drawn over too."""

    def __init__(self, stream: TextIO) -> None:
        self._console = canvas(stream)
        self._widths: list[int] = []

    def draw(self, stay: Sequence[Line], below: Sequence[Line], *, columns: int) -> None:
        """Draw lines that stay where the frame stood, and the frame below them, in one write.

        Args:
            stay: Lines of any length; the terminal wraps them.
            below: The frame's lines; one that is too long is cut, since a line that wraps could not be found again. The
                last column stays empty: some terminals wrap as soon as it is filled.
            columns: The terminal's width now.

        Raises:
            OSError: The terminal cannot be written.
        """
        texts = [painted(one) for one in below]
        for text in texts:
            text.truncate(max(columns - 1, 1), overflow="ellipsis")
        with self._console:
            self._erase(columns)
            for text in [*map(painted, stay), *texts]:
                self._console.print(text, soft_wrap=True)
        self._widths = [text.cell_len for text in texts]

    def leave(self) -> None:
        """Leave what was drawn where it is: something else has been written below it."""
        self._widths = []

    def _erase(self, columns: int) -> None:
        """Erase the frame. A terminal that was made narrower has wrapped what was drawn on it before."""
        height = sum(max(ceil(width / columns), 1) for width in self._widths)
        if height:
            self._console.control(
                Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2), *_UP_AND_ERASE * height)
            )
