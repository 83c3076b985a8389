"""Say where a syntax error of libyaml is mended, and how."""

from collections.abc import Sequence
from typing import Any

import yaml

from overlord_run.playbook.texts import Place

_HINTS = {
    "mapping values are not allowed in this context": "quote a text that holds ': ', and check the indentation",
    "found character that cannot start any token": "quote a text that begins with @, ` or %",
    "found unexpected end of stream": "close the quote",
    "did not find expected ',' or ']'": "close the list with ], and quote a text that holds ': ' or ' #'",
    "did not find expected ',' or '}'": "close the mapping with }, and quote a text that holds ': ' or ' #'",
    "could not find expected ':'": "write 'key: value', and check the indentation",
    "found unknown escape character": "double the backslash, or use single quotes",
    "found invalid Unicode character escape code": "write the character itself",
}


def explain(error: yaml.MarkedYAMLError, file: str, lines: Sequence[str]) -> tuple[Place, str, str]:
    """Return the place of a syntax error, what is wrong, and what to do.

    Of what is never closed the error stands at the file's end; it is told where that begins.

    Args:
        error: As the parser raised it.
        file: The path to tell it at.
        lines: The file's, split where libyaml splits them; at least one.
    """
    what, context = str(error.problem), f" {error.context}" if error.context else ""
    place, began = _place(error.problem_mark, file, lines), _place(error.context_mark, file, lines)
    if error.context_mark and (place.line, place.column) > (len(lines), len(lines[-1])):
        place = began
    if error.context_mark and began.line != place.line:
        context += f" that begins on line {began.line}"
    return place, f"this is not YAML: {what}{context}", _hint(what, lines[place.line - 1][place.column - 1 :])


def _place(mark: Any, file: str, lines: Sequence[str]) -> Place:
    """Return the place of a mark; where there is none the file's beginning, and its end where the mark is behind it."""
    if mark is None:
        return Place(file, 1, 1)
    if mark.line < len(lines):
        return Place(file, mark.line + 1, mark.column + 1)
    return Place(file, len(lines), len(lines[-1]) + 1)


def _hint(what: str, rest: str) -> str:
    if rest.startswith("\t"):
        return "indent with spaces, not with tabs"
    return _HINTS.get(what, "quote texts that hold special characters, and check the indentation")
