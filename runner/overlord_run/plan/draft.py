"""Render the texts of a plan that is being built, and gather what is wrong with them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from overlord_run.errors import InvalidPlaybookError
from overlord_run.expect.words import with_ending
from overlord_run.plan.language.templates import TemplateError, elements, render_counted, size
from overlord_run.plan.sites import texts_in
from overlord_run.playbook.rules import MAX_PROBLEMS, problem
from overlord_run.playbook.texts import Place, Text
from overlord_run.problem import Problem

MAX_PLAN_BYTES = 128 * 1024 * 1024
MAX_PLAN_READS = 1_000_000
"""Messages whose replies redirects read, counted for each reader: of 10,000 in a row that each read all before them
there would be fifty million."""

MAX_PLAN_WORK = 1_000_000_000
"""Units of all renders together: a template may not take its own limit anew for each of 10,000 servants."""


class Draft:
    """The problems found so far, and what may still be spent.

    Attributes:
        warnings: What a person should know, and what stops nothing.
    """

    def __init__(
        self, *, max_bytes: int = MAX_PLAN_BYTES, max_reads: int = MAX_PLAN_READS, max_work: int = MAX_PLAN_WORK
    ) -> None:
        self.warnings: list[Problem] = []
        self._problems: dict[Problem, None] = {}
        self._about = ""
        self._broken: set[Text] = set()
        self._bytes = 0
        self._max_bytes = max_bytes
        self._reads = 0
        self._max_reads = max_reads
        self._work = 0
        self._max_work = max_work

    def add(self, found: Problem) -> None:
        """Keep a problem; the same one again is none.

        Raises:
            InvalidPlaybookError: There are so many that nobody reads more.
        """
        self._problems[replace(found, message=f"{self._about}{found.message}")] = None
        if len(self._problems) >= MAX_PROBLEMS:
            self.require_no_problems()

    @contextmanager
    def about(self, told: str) -> Iterator[None]:
        """Let each problem that is found inside begin with what it is about."""
        self._about = told
        try:
            yield
        finally:
            self._about = ""

    def warn(self, found: Problem) -> None:
        """Keep what stops nothing."""
        self.warnings.append(found)

    def render(self, text: Text, scope: Mapping[str, Any], ending: str = "") -> str:
        """Return what a template prints. Where it cannot be rendered, keep why and return an empty text.

        A template that failed for one servant is not tried for the others. An `ending` follows behind a blank line.

        Raises:
            InvalidPlaybookError: The plan's texts are too much to hold.
        """
        if text in self._broken:
            return ""
        try:
            printed, work = render_counted(text, scope)
        except TemplateError as error:
            self._broken.add(text)
            self.add(error.problem)
            return ""
        printed = with_ending(printed, ending)
        self._bytes += size(printed)
        self._work += work
        if self._bytes > self._max_bytes:
            why = f"the texts of all servants are more than {self._max_bytes:,} bytes together"
            self._stop(text.place, why, "send less text, or to fewer servants")
        if self._work > self._max_work:
            why = f"the texts of all servants take more than {self._max_work:,} units of work together"
            self._stop(text.place, why, "do less in templates, or have fewer servants")
        return printed

    def count_reads(self, place: Place, reads: int) -> None:
        """Count the messages whose replies a redirect reads.

        Raises:
            InvalidPlaybookError: All redirects together read too many to be listed.
        """
        self._reads += reads
        if self._reads > self._max_reads:
            why = f"the redirects up to this one read the replies to more than {self._max_reads:,} messages together"
            self._stop(
                place, why, "name the messages that each reads, such as replies.rank, and not replies as a whole"
            )

    def _stop(self, place: Place, why: str, hint: str) -> None:
        self.add(problem(place, "template-limit", why, hint))
        self.require_no_problems()

    def elements(self, text: Text, scope: Mapping[str, Any], *, most: int) -> list[Any]:
        """Return the elements of the list that an expression gives. Where there is none, keep why and return nothing.

        Raises:
            InvalidPlaybookError: There are so many problems that nobody reads more.
        """
        try:
            return elements(text, scope, most=most)
        except TemplateError as error:
            self._broken.add(text)
            self.add(error.problem)
            return []

    def is_broken(self, value: Any) -> bool:
        """Say whether a value of `with` is, or holds, a template that failed."""
        return not self._broken.isdisjoint(texts_in(value))

    def require_no_problems(self) -> None:
        """Return where nothing is wrong.

        Raises:
            InvalidPlaybookError: Something is; it carries all of it.
        """
        if self._problems:
            raise InvalidPlaybookError(list(self._problems))
