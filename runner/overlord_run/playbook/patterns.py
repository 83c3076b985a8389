r"""Look for a regular expression in a text, in steps that are counted.

A pattern comes with a playbook that nobody may have read, and Python's `re` can take for ever on one like `(a+)+$`. So
the part of the syntax that has an automaton is walked character by character, in all its states at once (Thompson,
1968): the steps are at most the text's length times the pattern's. What has none, back-references and look-around, is
refused; so is `\b`. `re` still reads a single character or class. `^` and `$` are the text's ends, as in JSON Schema.
"""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

LONGEST_PATTERN = 1000
MAX_NESTING = 50
MAX_INSTRUCTIONS = 5000
MAX_STEPS = 1_000_000

_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*+\]", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:[dDwWsSnrtfv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^a-zA-Z0-9])", re.DOTALL)
_COUNT = re.compile(r"\{([0-9]{1,4})(,?)([0-9]{0,4})\}")
_SIGNS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_SET_SIGNS = re.compile(r"(?<!\\)([&~|\[])")


class PatternError(Exception):
    """A pattern cannot be used; the text says why, as the end of a sentence about it."""


Instruction = tuple[tuple[int, ...], re.Pattern[str] | None, str]
"""A state of the walk: how far behind it those stand that come next; what the next character must be, None where none
is taken; the `^` or `$` that must hold, or nothing."""


@dataclass(slots=True)
class Steps:
    """How many steps are left for all the texts that are looked at in one go."""

    left: int = MAX_STEPS


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression as a program; it is found when the walk comes to the program's end."""

    program: tuple[Instruction, ...]

    def is_in(self, text: str, steps: Steps) -> bool:
        """Return whether the pattern is found anywhere in a text.

        Raises:
            PatternError: There are no steps left.
        """
        states: set[int] = set()
        for at in range(len(text) + 1):
            states = self._reached([*states, 0], at, len(text), steps)
            if len(self.program) in states:
                return True
            states = self._behind(states, text[at : at + 1])
        return False

    def _reached(self, states: Iterable[int], at: int, length: int, steps: Steps) -> set[int]:
        """Return the states that are reached without taking a character."""
        holds = {"": True, "^": at == 0, "$": at == length}
        reached: set[int] = set()
        pending = list(states)
        while pending:
            state = pending.pop()
            if state in reached:
                continue
            reached.add(state)
            if state < len(self.program):
                offsets, test, anchor = self.program[state]
                if test is None and holds[anchor]:
                    pending += [state + offset for offset in offsets]
        steps.left -= len(reached)
        if steps.left < 0:
            _refuse("takes too many steps to look for")
        return reached

    def _behind(self, states: set[int], char: str) -> set[int]:
        """Return the states that come after one more character."""
        tests = ((state, self.program[state][1]) for state in states)
        return {state + 1 for state, test in tests if test is not None and test.fullmatch(char)}


@functools.lru_cache(maxsize=64)
def parse_pattern(source: str) -> Pattern:
    """Return a pattern that can be looked for.

    Raises:
        PatternError: It is no regular expression, or one of a kind that is refused.
    """
    if len(source) > LONGEST_PATTERN:
        _refuse(f"is longer than {LONGEST_PATTERN:,} characters")
    parser = _Parser(source)
    program = parser.alternatives(0)
    if parser.at < len(source):
        _refuse("has a ')' too many")
    return Pattern(tuple(program))


def _refuse(reason: str, cause: Exception | None = None) -> NoReturn:
    raise PatternError(reason) from cause


@dataclass(slots=True)
class _Parser:
    """What is known while a pattern is read. Each part gives its instructions, which run on into what comes next."""

    source: str
    at: int = 0

    def alternatives(self, depth: int) -> list[Instruction]:
        """Read up to a `)` that closes, or the end."""
        if depth > MAX_NESTING:
            _refuse(f"is nested more than {MAX_NESTING} deep")
        program = self._sequence(depth)
        while self._take("|"):
            other = self._sequence(depth)
            program = _bounded([_jump(1, len(program) + 2), *program, _jump(len(other) + 1), *other])
        return program

    def _sequence(self, depth: int) -> list[Instruction]:
        program: list[Instruction] = []
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            program = _bounded(program + self._repeated(self._part(depth)))
        return program or [_jump(1)]

    def _part(self, depth: int) -> list[Instruction]:
        if self._take("("):
            return self._group(depth)
        for anchor in "^$":
            if self._take(anchor):
                return [((1,), None, anchor)]
        if self.source[self.at] in _SIGNS or _COUNT.match(self.source, self.at):
            _refuse("repeats nothing")
        return [((1,), _compiled(self._character()), "")]

    def _group(self, depth: int) -> list[Instruction]:
        if self._take("?") and not self._take(":"):
            _refuse("holds a group of a kind that is not supported; (?:…) is")
        inner = self.alternatives(depth + 1)
        if not self._take(")"):
            _refuse("has a '(' that is not closed")
        return inner

    def _character(self) -> str:
        """Take the source of one character, escape or class."""
        first = self.source[self.at]
        form = {"[": _CLASS, "\\": _ESCAPE}.get(first)
        if form is None:
            self.at += 1
            return first if first == "." else re.escape(first)
        found = form.match(self.source, self.at)
        if found is None:
            kind = "a class that is not closed" if first == "[" else "an escape that is not supported"
            _refuse(f"holds {kind}")
        self.at = found.end()
        return "[" + _SET_SIGNS.sub(r"\\\1", found[0][1:]) if first == "[" else found[0]

    def _repeated(self, part: list[Instruction]) -> list[Instruction]:
        sign = self.source[self.at : self.at + 1]
        if sign in _SIGNS and self._take(sign):
            least, most = _SIGNS[sign]
        elif count := _COUNT.match(self.source, self.at):
            self.at = count.end()
            least = int(count[1])
            most = int(count[3]) if count[3] else (None if count[2] else least)
        else:
            return part
        if len(part) == 1 and part[0][2]:
            _refuse("repeats nothing")
        if most is not None and most < least:
            _refuse("holds a count whose bounds are the wrong way round")
        self._take("?")
        if self.source[self.at : self.at + 1] in (*_SIGNS, "{"):
            _refuse("repeats a repetition; put it in (?:…)")
        return _repeat(part, least, most)

    def _take(self, sign: str) -> bool:
        found = self.source.startswith(sign, self.at)
        self.at += len(sign) if found else 0
        return found


def _jump(*offsets: int) -> Instruction:
    return offsets, None, ""


def _compiled(source: str) -> re.Pattern[str]:
    if "--" in source:
        _refuse("holds '--' in a class; write \\-")
    try:
        return re.compile(source)
    except re.error as error:
        _refuse(f"holds a class that cannot be read: {error.msg}", error)


def _bounded(program: list[Instruction]) -> list[Instruction]:
    if len(program) > MAX_INSTRUCTIONS:
        _refuse("repeats too much")
    return program


def _repeat(part: list[Instruction], least: int, most: int | None) -> list[Instruction]:
    if (len(part) + 1) * max(least, most or 1) > MAX_INSTRUCTIONS:
        _refuse("repeats too much")
    if most is None:
        return [*part * least, _jump(1, len(part) + 2), *part, _jump(-len(part) - 1)]
    optional: list[Instruction] = []
    for left in range(most - least, 0, -1):
        optional += [_jump(1, left * (len(part) + 1)), *part]
    return part * least + optional
