"""Find the comments that silence problems, and what they silence.

`# overlord: ignore[RULE]` is a comment of YAML, `{# overlord: ignore[RULE] #}` one of a template. A `#` inside of a
text is no comment: it is sent to a model. PyYAML drops comments, so its tokens tell where texts are.
"""

import re
from bisect import bisect
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Literal

import yaml
from msgspec import Struct
from msgspec.structs import replace

from overlord_run.playbook.compose import MAX_DEPTH, MAX_VALUES
from overlord_run.playbook.names import did_you_mean, shown
from overlord_run.playbook.rules import MAX_PROBLEMS, bounded, problem
from overlord_run.playbook.source import LINE_BREAK
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem

Syntax = Literal["yaml", "role", "text"]
"""How a file's comments look: as YAML's and templates', so in its front matter alone, or as templates' alone."""

# A list of rules has an end soon: nobody's file can make it be looked for again and again, or hold very many.
_IGNORE = re.compile(
    r"(?:(?P<template>\{#[-+]?)|(?:^|(?<=\s))#)[ \t]{0,9}overlord:[ \t]{0,9}ignore\b(?:\[(?P<rules>[^\]#]{0,999})\])?",
    re.IGNORECASE,
)
_OPENING = (
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
)
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)
_MAX_TOKENS = 5 * MAX_VALUES
"""A file that is within bounds has no more: a value, its key, and what stands before and behind them."""

_NO_ERRORS = "a comment silences warnings alone"

_RULE = re.compile(r"[^,\s]+")
_FENCE = re.compile(r"---[ \t]*")


class Ignore(Struct, frozen=True):
    """A rule whose problems a comment silences on its line; an empty one where the comment names none.

    Attributes:
        is_sent: It is written as a comment of YAML where that is none, in a text, and so silences nothing.
    """

    rule: str
    place: Place
    is_sent: bool = False


def find(text: str, file: str, syntax: Syntax) -> tuple[Ignore, ...]:
    """Return the rules that the comments of a file silence, in the order of their places.

    Args:
        text: The file's, without a byte order mark.
        file: What problems call it.
        syntax: How its comments look.
    """
    if not _IGNORE.search(text):
        return ()
    lines = lines_of(text, syntax)
    end = len(lines) if syntax == "yaml" else _end_of_front_matter(lines) if syntax == "role" else 0
    comments = [(number, match) for number, line in enumerate(lines, 1) for match in _IGNORE.finditer(line)]
    spans = _Texts("\n".join(lines[:end]))
    return tuple(
        ignore
        for number, match in comments
        for ignore in _ignores(
            match,
            Place(file, number, match.start() + 1),
            is_sent=not match["template"] and (number > end or spans.hold(number, match.start() + 1)),
        )
    )


def lines_of(text: str, syntax: Syntax) -> list[str]:
    """Return a file's lines as its problems count them."""
    return LINE_BREAK.split(text) if syntax == "yaml" else re.split("\r\n|\r|\n", text)


def heed(problems: Iterable[Problem], ignores: Sequence[Ignore]) -> tuple[list[Problem], list[Ignore]]:
    """Return the problems that no comment silences, and the comments' rules that no problem is of.

    A comment silences warnings alone: an error that one is about is kept, and its hint says so.
    """
    heeded = {(each.place.file, each.place.line, each.rule) for each in ignores if not each.is_sent}
    kept: list[Problem] = []
    met: set[tuple[str, int, str]] = set()
    for each in problems:
        where = (each.file, each.line, each.rule)
        if where not in heeded:
            kept.append(each)
        elif each.severity == "error":
            kept.append(replace(each, hint="; ".join(filter(None, (each.hint, _NO_ERRORS)))))
        met.add(where)
    return kept, [each for each in ignores if each.is_sent or (each.place.file, each.place.line, each.rule) not in met]


def tell_unused(ignores: Sequence[Ignore], known: Collection[str]) -> list[Problem]:
    """Return a warning for each rule of a file's comments that silences nothing; `known` are the ids that there are."""
    first = ignores[: MAX_PROBLEMS + 1]
    return bounded([problem(each.place, "unused-ignore", *_fault(each, known), "warning") for each in first])


def _fault(ignore: Ignore, known: Collection[str]) -> tuple[str, str]:
    rule = ignore.rule
    if ignore.is_sent:
        return "this is part of the text, and no comment", f"write {{# overlord: ignore[{rule}] #}}"
    if not rule:
        return "the comment names no rule", "write # overlord: ignore[RULE]"
    if rule not in known:
        return f"there is no rule {shown(rule)}", did_you_mean(rule, sorted(known)) or "name one that a problem tells"
    message = f"no problem of the rule {shown(rule)} is on this line"
    return message, "remove it, or put it on the line that the problem names"


def _ignores(match: re.Match[str], place: Place, *, is_sent: bool) -> list[Ignore]:
    column = place.column - match.start()
    rules = [
        Ignore(rule[0], replace(place, column=column + match.start("rules") + rule.start()), is_sent)
        for rule in _RULE.finditer(match["rules"] or "")
    ]
    return rules or ([] if is_sent else [Ignore("", place)])


def _end_of_front_matter(lines: Sequence[str]) -> int:
    """Return how many lines stand before the second fence; none where there are no two."""
    fences = [index for index, line in enumerate(lines) if _FENCE.fullmatch(line)]
    return fences[1] if len(fences) > 1 else 0


class _Texts:
    """Where the quoted and block texts of a YAML file stand, as far as it can be read."""

    def __init__(self, text: str) -> None:
        self._starts: list[tuple[int, int]] = []
        self._ends: list[tuple[int, int]] = []
        depth = 0
        try:
            for token in islice(yaml.scan(text, Loader=yaml.CSafeLoader), _MAX_TOKENS):
                depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
                if depth > MAX_DEPTH:  # libyaml would take time that grows with the depth for each token
                    return
                if isinstance(token, yaml.ScalarToken) and not token.plain:
                    start, end = token.start_mark, token.end_mark
                    # Behind the indicator of a block text a comment can stand.
                    is_block = token.style in ("|", ">")
                    self._starts.append((start.line + 2, 0) if is_block else (start.line + 1, start.column + 1))
                    self._ends.append((end.line + 1, end.column + 1))
        except yaml.YAMLError:
            return  # what is wrong with it is told as a problem

    def hold(self, line: int, column: int) -> bool:
        index = bisect(self._starts, (line, column)) - 1
        return index >= 0 and (line, column) < self._ends[index]
