"""Tell of a run while it goes on, in the manner that was asked for and that standard error can show."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from msgspec import Struct

from overlord_run.app.own import now
from overlord_run.cli.background import Background
from overlord_run.cli.lines import write_note_lines
from overlord_run.cli.manner import Manner
from overlord_run.cli.report.json import launch_json
from overlord_run.cli.report.progress import INTERRUPTED, Progress
from overlord_run.cli.report.styled import Line
from overlord_run.cli.streams import write_json
from overlord_run.cli.terminal import takes_table
from overlord_run.problem import Problem
from overlord_run.settings.environment import environment
from overlord_run.store import events as ev
from overlord_run.store.state import State


class Teller(Protocol):
    """What tells a person, or a program, of a run."""

    def hear(self, event: ev.Event, state: State) -> None:
        """Take an event that is on disk; it returns at once."""
        ...

    def interrupted(self) -> None:
        """Take the first Ctrl-C."""
        ...


@contextmanager
def telling(manner: Manner, warnings: Sequence[Problem] = (), *, is_launch: bool = True) -> Iterator[Teller]:
    """Open what tells of a run; at its end everything is told.

    Args:
        manner: How it is told.
        warnings: What a program is told when the run begins.
        is_launch: Whether the plan is carried on: only then a program is told how the run is addressed.

    Raises:
        StoreError: Standard output cannot be written, and the run went well.
    """
    if manner.as_json and is_launch:
        with Background(_write_each) as background:
            yield Launch(warnings, background)
    elif manner.as_json or manner.is_quiet:
        yield Silence()
    elif takes_table(sys.stderr, environment()):
        from overlord_run.cli.screen import Screen

        with Screen(sys.stderr, _progress(manner, replies=manner.is_verbose), now) as screen:
            yield screen
    else:
        with Background(write_note_lines) as background:
            yield Lines(_progress(manner, replies=True), background)


def _write_each(values: Sequence[Mapping[str, Any]]) -> None:
    for value in values:
        write_json(value)


def _progress(manner: Manner, *, replies: bool) -> Progress:
    return Progress(verbose=manner.is_verbose, debug=manner.is_debug, replies=replies)


class Silence:
    """Tells nothing."""

    def hear(self, _event: ev.Event, _state: State) -> None:
        """Take an event."""

    def interrupted(self) -> None:
        """Take the first Ctrl-C."""


class Launch(Struct, frozen=True):
    """Tells a program how the run is addressed, and no more until its end."""

    warnings: Sequence[Problem]
    background: Background[Mapping[str, Any]]

    def hear(self, event: ev.Event, state: State) -> None:
        """Take an event: that of the run's owner is told."""
        if isinstance(event.body, ev.OwnerChanged):
            self.background.hand(launch_json(state, self.warnings))

    def interrupted(self) -> None:
        """Take the first Ctrl-C."""


class Lines(Struct, frozen=True):
    """Tells a person each event on a line."""

    progress: Progress
    background: Background[Line]

    def hear(self, event: ev.Event, state: State) -> None:
        """Take an event."""
        for line in self.progress.lines(event, state):
            self.background.hand(line)

    def interrupted(self) -> None:
        """Take the first Ctrl-C."""
        self.background.hand(INTERRUPTED)
