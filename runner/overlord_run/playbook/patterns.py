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


@dataclass(slots=True)
class Steps:
    """How many steps are left for all the texts that are looked at in one go."""

    left: int = MAX_STEPS


@dataclass(frozen=True, slots=True)
class Instruction:
    """A state of the walk.

    Attributes:
        test: What the next character must be; None where none is taken.
        anchor: The `^` or `$` that must hold, or nothing.
        followers: The states that come next.
    """

    followers: tuple[int, ...]
    test: re.Pattern[str] | None = None
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression as a program; it is found when its last instruction is reached."""

    program: tuple[Instruction, ...]

    def is_in(self, text: str, steps: Steps) -> bool:
        """Return whether the pattern is found anywhere in a text.

        Raises:
            PatternError: There are no steps left.
        """
        states: set[int] = set()
        for at in range(len(text) + 1):
            states = self._reached([*states, 0], at, len(text), steps)
            if len(self.program) - 1 in states:
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
            if state not in reached:
                reached.add(state)
                instruction = self.program[state]
                if instruction.test is None and holds[instruction.anchor]:
                    pending += instruction.followers
        steps.left -= len(reached)
        if steps.left < 0:
            _refuse("takes too many steps to look for")
        return reached

    def _behind(self, states: set[int], char: str) -> set[int]:
        """Return the states that come after one more character."""
        instructions = [self.program[state] for state in states]
        fitting = [each for each in instructions if each.test is not None and each.test.fullmatch(char)]
        return {follower for each in fitting for follower in each.followers}


@functools.lru_cache(maxsize=64)
def parse_pattern(source: str) -> Pattern:
    """Return a pattern that can be looked for.

    Raises:
        PatternError: It is no regular expression, or one of a kind that is refused.
    """
    if len(source) > LONGEST_PATTERN:
        _refuse(f"is longer than {LONGEST_PATTERN:,} characters")
    parser = _Parser(source)
    tree = parser.alternatives(0)
    if parser.at < len(source):
        _refuse("has a ')' too many")
    program: list[Instruction] = []
    _emit(tree, program)
    program.append(Instruction(()))
    return Pattern(tuple(program))


def _refuse(reason: str, cause: Exception | None = None) -> NoReturn:
    raise PatternError(reason) from cause


@dataclass(frozen=True, slots=True)
class _Atom:
    """A single character, an anchor, or nothing."""

    test: re.Pattern[str] | None = None
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: list["_Tree"]


@dataclass(frozen=True, slots=True)
class _Choice:
    branches: list["_Tree"]


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: "_Tree"
    least: int
    most: int | None


_Tree = _Atom | _Sequence | _Choice | _Repeat


@dataclass(slots=True)
class _Parser:
    source: str
    at: int = 0

    def alternatives(self, depth: int) -> _Tree:
        """Read up to a `)` that closes, or the end."""
        if depth > MAX_NESTING:
            _refuse(f"is nested more than {MAX_NESTING} deep")
        branches: list[_Tree] = [self._sequence(depth)]
        while self._take("|"):
            branches.append(self._sequence(depth))
        return branches[0] if len(branches) == 1 else _Choice(branches)

    def _sequence(self, depth: int) -> _Tree:
        parts: list[_Tree] = []
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            parts.append(self._repeated(self._part(depth)))
        return _Sequence(parts or [_Atom()])

    def _part(self, depth: int) -> _Tree:
        if self._take("("):
            return self._group(depth)
        for anchor in "^$":
            if self._take(anchor):
                return _Atom(anchor=anchor)
        if self.source[self.at] in _SIGNS or _COUNT.match(self.source, self.at):
            _refuse("repeats nothing")
        return _Atom(test=_compiled(self._character()))

    def _group(self, depth: int) -> _Tree:
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

    def _repeated(self, part: _Tree) -> _Tree:
        sign = self.source[self.at : self.at + 1]
        if sign in _SIGNS and self._take(sign):
            least, most = _SIGNS[sign]
        elif count := _COUNT.match(self.source, self.at):
            self.at = count.end()
            least = int(count[1])
            most = int(count[3]) if count[3] else (None if count[2] else least)
        else:
            return part
        if isinstance(part, _Atom) and part.anchor:
            _refuse("repeats nothing")
        if most is not None and most < least:
            _refuse("holds a count whose bounds are the wrong way round")
        self._take("?")
        if self.source[self.at : self.at + 1] in (*_SIGNS, "{"):
            _refuse("repeats a repetition; put it in (?:…)")
        return _Repeat(part, least, most)

    def _take(self, sign: str) -> bool:
        found = self.source.startswith(sign, self.at)
        self.at += len(sign) if found else 0
        return found


def _compiled(source: str) -> re.Pattern[str]:
    if "--" in source:
        _refuse("holds '--' in a class; write \\-")
    try:
        return re.compile(source)
    except re.error as error:
        _refuse(f"holds a class that cannot be read: {error.msg}", error)


def _emit(tree: _Tree, program: list[Instruction]) -> None:
    """Add the instructions of a tree; they run on into what comes next."""
    if len(program) > MAX_INSTRUCTIONS:
        _refuse("repeats too much")
    match tree:
        case _Atom():
            program.append(Instruction((len(program) + 1,), tree.test, tree.anchor))
        case _Sequence():
            for part in tree.parts:
                _emit(part, program)
        case _Choice():
            _emit_choice(tree, program)
        case _:
            _emit_repeat(tree, program)


def _emit_choice(tree: _Choice, program: list[Instruction]) -> None:
    fork = len(program)
    program.append(Instruction(()))
    starts: list[int] = []
    ends: list[int] = []
    for branch in tree.branches:
        starts.append(len(program))
        _emit(branch, program)
        ends.append(len(program))
        program.append(Instruction(()))
    program[fork] = Instruction(tuple(starts))
    for end in ends:
        program[end] = Instruction((len(program),))


def _emit_repeat(tree: _Repeat, program: list[Instruction]) -> None:
    for _ in range(tree.least):
        _emit(tree.part, program)
    if tree.most is None:
        fork = len(program)
        program.append(Instruction(()))
        _emit(tree.part, program)
        program.append(Instruction((fork,)))
        program[fork] = Instruction((fork + 1, len(program)))
        return
    forks: list[int] = []
    for _ in range(tree.most - tree.least):
        forks.append(len(program))
        program.append(Instruction(()))
        _emit(tree.part, program)
    for fork in forks:
        program[fork] = Instruction((fork + 1, len(program)))
