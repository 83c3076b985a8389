"""Read the texts that a role file includes, before anything is rendered: what it names in `{% include 'PATH' %}`.

A path is written out, and stands below the folder of the role file, or of its pack. What is included may include more.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from overlord_run.errors import InvalidPlaybookError
from overlord_run.files import FileError, decode
from overlord_run.plan.language.templates import includes
from overlord_run.playbook.names import LONGEST_PATH, shown
from overlord_run.playbook.rolefile import parse_role
from overlord_run.playbook.rules import problem
from overlord_run.playbook.source import unix_lines
from overlord_run.playbook.texts import Place, Text
from overlord_run.problem import Problem
from overlord_run.roles.origins import Origin

MOST_TEXTS = 100
"""Texts that one role file includes, directly or not, each counted once."""


class Included(Struct, frozen=True):
    """A text with all that it includes.

    Attributes:
        text: The text, which holds them.
        files: What was read of each, by the path that the records have for it.
        problems: What is wrong with the paths, or the files; an empty text stands for each.
    """

    text: Text
    files: Mapping[str, bytes]
    problems: tuple[Problem, ...]


def include(text: Text, origin: Origin) -> Included:
    """Return the text of a role file with all that it includes.

    Args:
        text: The role file's prompt.
        origin: Where the role file comes from.
    """
    gathering = _Gathering(origin)
    gathering.add(text, (origin.name,))
    return Included(replace(text, included=tuple(gathering.texts.items())), gathering.files, tuple(gathering.problems))


def closure(path: str, read: Callable[[str], bytes]) -> dict[str, bytes]:
    """Return the bytes of a role file and of all that it includes, by path.

    Args:
        path: The role file's, from the folder of its pack.
        read: Returns what a file of the pack holds, by the path from there, or raises FileError.

    Raises:
        FileError: The role file cannot be read.
        InvalidPlaybookError: It, or what it includes, has problems.
    """

    def origin(name: str) -> Origin:
        return Origin(name, name, name, lambda: read(name), origin)

    data = read(path)
    found = include(parse_role(data, path).system, origin(path))
    if found.problems:
        raise InvalidPlaybookError(found.problems)
    return {path: data, **found.files}


class _Gathering(Struct):
    """What is known while the texts are read that one role file includes."""

    origin: Origin
    texts: dict[str, Text] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, text: Text, above: tuple[str, ...]) -> None:
        """Read what a text includes; `above` is what leads to it, itself last."""
        for name, place in sorted(includes(text), key=lambda found: (found[1].line, found[0])):
            if name in above:
                circle = " includes ".join(shown(each) for each in (*above[above.index(name) :], name))
                self._leave_out(name, place, "template-include", f"{circle}: a circle", "leave one of them out")
            elif name not in self.texts:
                self._read(name, place, above)

    def _read(self, name: str, place: Place, above: tuple[str, ...]) -> None:
        if len(self.texts) >= MOST_TEXTS:
            message = f"a role includes more than {MOST_TEXTS} texts"
            self._leave_out(name, place, "template-limit", message, "write some of them into one")
            return
        try:
            origin = self.origin.included(name)
            data = origin.read()
            text = unix_lines(decode(data, shown(name, longest=LONGEST_PATH)))
        except FileError as error:
            self._leave_out(name, place, error.rule, error.message, error.hint)
            return
        self.files[origin.path] = data
        self.texts[name] = Text(text, Place(origin.label, 1, 1))
        self.add(self.texts[name], (*above, name))

    def _leave_out(self, name: str, place: Place, rule: str, message: str, hint: str) -> None:
        self.problems.append(problem(place, rule, message, hint))
        self.texts[name] = Text("", place)
