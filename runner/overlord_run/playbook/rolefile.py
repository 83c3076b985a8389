"""Turn the bytes of a role file into a RoleFile: front matter between two `---` lines, then the prompt."""

import re
from itertools import islice

from overlord_run.errors import InvalidPlaybookError
from overlord_run.playbook.declarations import build_inputs, check_declarations
from overlord_run.playbook.fields import Fields
from overlord_run.playbook.model import RoleFile
from overlord_run.playbook.parse import PROFILES, checked
from overlord_run.playbook.rules import bounded, problem
from overlord_run.playbook.source import decode, unix_lines
from overlord_run.playbook.texts import Place, Text

_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_FENCES = 2


def parse_role(data: bytes, file: str) -> RoleFile:
    """Return the role that a file holds.

    Args:
        data: The file's bytes, UTF-8.
        file: Its path, as the user would write it.

    Raises:
        InvalidPlaybookError: It has problems; all are carried.
    """
    text = unix_lines(decode(data, file))
    closing = _end_of_front_matter(text, file)
    document, problems = checked(text[:closing], file, "role")
    line = text.count("\n", 0, closing) + 1
    system = _body(text[closing:].partition("\n")[2], Place(file, line + 1, 1))
    if not system.source:
        problems.append(
            problem(Place(file, line, 1), "empty-role", "the file holds no prompt", "write it below this line")
        )
    if document is None:
        raise InvalidPlaybookError(bounded(problems))
    fields = Fields.of(document)
    places = {Place(each.file, each.line, each.column) for each in problems}
    problems += check_declarations(fields, places)
    if problems:
        raise InvalidPlaybookError(bounded(problems))
    return RoleFile(
        name=fields.content["role"],
        place=fields.place_of("role"),
        system=system,
        description=fields.string("description") or "",
        model=fields.string("model"),
        profile=PROFILES.get(fields.string("profile")),
        inputs=build_inputs(fields),
    )


def _end_of_front_matter(text: str, file: str) -> int:
    """Return where the second of the two lines begins that hold the front matter."""
    fences = list(islice(_FENCE.finditer(text), _FENCES))
    if len(fences) != _FENCES or fences[0].start() > 0:
        hint = "begin the file with ---, overlord: 1, role: NAME, --- on lines of their own"
        message = "the file does not begin with front matter between two '---' lines"
        raise InvalidPlaybookError([problem(Place(file, 1, 1), "front-matter", message, hint)])
    return fences[1].start()


def _body(text: str, place: Place) -> Text:
    """Return a text without blank lines around it, at the place of its first line."""
    body = text.rstrip()
    lines = body.split("\n")
    blank = next((index for index, line in enumerate(lines) if line.strip()), 0)
    return Text("\n".join(lines[blank:]), Place(place.file, place.line + blank, place.column))
