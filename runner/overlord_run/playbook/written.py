"""Find values that YAML reads otherwise than they look: a text that a comment cuts, a number, a yes or no."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from overlord_run.playbook.names import shown
from overlord_run.playbook.rules import MAX_PROBLEMS, problem
from overlord_run.playbook.source import Document, Mark, Path
from overlord_run.problem import Problem

SWITCHES = {word: word in ("yes", "on") for word in ("yes", "no", "on", "off")}
"""What YAML 1.1 takes for true and false, and YAML 1.2 for text; with small letters."""

_PROSE = frozenset({"description", "message", "pause", "system", "task", "text"})
_JOINED = re.compile(r"#(?!overlord:)(?:(?P<number>\d)|\w)")
_SENTENCE_ENDS = (".", "!", "?", ":", ";", "…", "。")


def check(document: Document) -> list[Problem]:
    """Return a warning for each value of a playbook that may not be read as whoever wrote it meant it."""
    found = (each for path, mark in document.marks.items() for each in _look_at(path, mark, document))
    return list(islice(dict.fromkeys(islice(found, 10 * MAX_PROBLEMS)), MAX_PROBLEMS))


def how_to_write(type_: str, value: Any, written: str | None) -> str:
    """Return how a value is written that an input of a type takes, where it only is written otherwise, or nothing.

    Args:
        type_: The input's.
        value: What was read.
        written: The plain scalar that it was read from; None where it was none.
    """
    if type_ == "string" and written is not None and isinstance(value, int | float):
        return f'quote it: "{written}"'
    if type_ == "boolean" and isinstance(value, str) and value.lower() in SWITCHES:
        return f"write {_boolean(value)}; to YAML 1.2 {value} is text"
    return ""


def _look_at(path: Path, mark: Mark, document: Document) -> Iterator[Problem]:
    if mark.written is None or not path:
        return
    is_free = _is_free(path)
    if not (is_free or mark.comment):
        return
    value = document.at(path)
    if mark.comment and isinstance(value, str) and (is_free or path[-1] in _PROSE or str(path[0]).startswith("x-")):
        yield from _check_cut(mark, value)
    if is_free:
        yield from _check_number(mark, value)
        yield from _check_switch(mark, value, path)


def _is_free(path: Path) -> bool:
    """Say whether a value stands where any is taken: in `vars`, or in what `with` gives."""
    return path[0] == "vars" or (path[0] in ("roles", "assignments") and path[2:3] == ("with",))


def _check_cut(mark: Mark, text: str) -> Iterator[Problem]:
    joined = _JOINED.match(mark.comment)
    if joined and (joined["number"] or not text.endswith(_SENTENCE_ENDS)):
        message = f"the text ends before {shown(mark.comment)}, which is a comment"
        yield problem(mark.value, "cut-text", message, "quote the text, or put a blank behind the '#'", "warning")


def _check_number(mark: Mark, value: Any) -> Iterator[Problem]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    printed = json.dumps(value)
    if printed != mark.written:
        message = f"{mark.written} is read as a number, and printed as {printed}"
        hint = f'quote it if it is meant as text: "{mark.written}"'
        yield problem(mark.value, "rewritten-number", message, hint, "warning")


def _check_switch(mark: Mark, value: Any, path: Path) -> Iterator[Problem]:
    if isinstance(value, str) and value.lower() in SWITCHES and isinstance(path[-1], str):
        message = f"{shown(path[-1])} is the text {shown(value)}, not {_boolean(value)}"
        hint = f'write {_boolean(value)}, or quote it if the text is meant: "{value}"'
        yield problem(mark.value, "yes-or-no", message, hint, "warning")


def _boolean(word: str) -> str:
    return "true" if SWITCHES[word.lower()] else "false"
