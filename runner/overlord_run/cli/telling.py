"""Tell of a run while it goes on, in the manner that was asked for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from overlord_run.cli.background import Background
from overlord_run.cli.report.json import launch_json
from overlord_run.cli.report.progress import INTERRUPTED, Progress
from overlord_run.cli.streams import write_json, write_note
from overlord_run.errors import Problem
from overlord_run.store import events as ev
from overlord_run.store.state import State


@dataclass(frozen=True, slots=True)
class Manner:
    """How a person wants to be told of a run."""

    as_json: bool
    is_quiet: bool
    is_verbose: bool
    is_debug: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a run before anything happens in it.

    Attributes:
        base_url: Where the API is.
        models: The model ids that it must list.
        warnings: Problems of the playbook that stopped nothing.
    """

    base_url: str
    models: Sequence[str]
    warnings: Sequence[Problem] = ()


class Teller(Protocol):
    """What tells a person, or a program, of a run."""

    def hear(self, event: ev.Event, state: State) -> None:
        """Take an event that is on disk; it returns at once."""
        ...

    def interrupted(self) -> None:
        """Take the first Ctrl-C."""
        ...


@contextmanager
def telling(subject: Subject, manner: Manner, *, is_launch_told: bool = True) -> Iterator[Teller]:
    """Open what tells of a run; at its end everything is told. A program is told the launch, unless it is no launch.

    Raises:
        StoreError: Standard output cannot be written, and the run went well.
    """
    if not is_launch_told if manner.as_json else manner.is_quiet:
        yield Silence()
        return
    with Background() as background:
        if manner.as_json:
            yield Launch(subject, background)
        else:
            progress = Progress(subject.base_url, subject.models, verbose=manner.is_verbose, debug=manner.is_debug)
            yield Lines(progress, background)


class Silence:
    """Tells nothing."""

    def hear(self, _event: ev.Event, _state: State) -> None:
        """Take an event."""

    def interrupted(self) -> None:
        """Take the first Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Launch:
    """Tells a program how the run is addressed, and no more until its end."""

    subject: Subject
    background: Background

    def hear(self, event: ev.Event, state: State) -> None:
        """Take an event: that of the run's owner is told."""
        if isinstance(event.body, ev.OwnerChanged):
            self.background.hand(partial(write_json, launch_json(state, self.subject.warnings)))

    def interrupted(self) -> None:
        """Take the first Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Tells a person each event on a line."""

    progress: Progress
    background: Background

    def hear(self, event: ev.Event, state: State) -> None:
        """Take an event."""
        for line in self.progress.lines(event, state):
            self.background.hand(partial(write_note, line))

    def interrupted(self) -> None:
        """Take the first Ctrl-C."""
        self.background.hand(partial(write_note, INTERRUPTED))
