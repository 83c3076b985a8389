"""Turn the source of a template, and of the texts that it includes, into what can be looked at and run.

What a template includes stands in the tree that is looked at, metered and compiled as if it had been written there, in
a scope of its own; so nothing is loaded while a template runs, and whatever holds for its own text holds for these too.
The lines of the texts are counted on behind those of the template, in the order in which they are given, which is how
`Text.at` finds the file that a line stands in.

Compiled templates are remembered by their source, since one role is rendered for thousands of servants. The memory is a
cache of a pure function, and holds no state that anything could observe.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer
from msgspec import Struct

from overlord_run.plan.language.inference import Wanted, infer
from overlord_run.plan.language.kinds import Known
from overlord_run.plan.language.meter import MAX_OUTPUT_BYTES
from overlord_run.plan.language.metering import Metering
from overlord_run.plan.language.printed import printed
from overlord_run.plan.language.prose import prose
from overlord_run.plan.language.references import Reference, references
from overlord_run.plan.language.sandbox import Sandbox
from overlord_run.plan.language.syntax import TAGS, Finding, inspect
from overlord_run.playbook.names import did_you_mean, shown
from overlord_run.playbook.rules import MAX_PROBLEMS
from overlord_run.playbook.slots import holds_template
from overlord_run.playbook.texts import Text, lines_in

MAX_TOKENS = 20_000
"""Words and signs of a template, with all that it includes."""

MOST_INCLUDES = 100
"""Texts that a template includes, each counted as often as it stands there."""

FILENAME = "<template>"
RESULT = "result"
TOO_DEEP = "the template is nested too deeply"

_REMEMBERED = 512
_UNKNOWN_TAG = re.compile(r"Encountered unknown tag '(\w+)'")


class SyntaxFaultError(Exception):
    """A template cannot be parsed; `finding` says what is wrong with it, and at which line."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class Source(Struct, frozen=True):
    """What a template is made of; two of the same source do the same.

    Attributes:
        text: The template.
        bare: Whether it is an expression, written without braces.
        included: What it, and what it includes, may include: the name and the text of each.
    """

    text: str
    bare: bool = False
    included: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, text: Text, *, bare: bool = False) -> "Source":
        """Return the source of a text."""
        return cls(text.source, bare, tuple((name, each.source) for name, each in text.included))


class Reading(Struct, frozen=True):
    """What a template reads from its scope, and what is wrong with it by itself; `tree` is not to be changed."""

    tree: nodes.Template
    references: tuple[Reference, ...]
    findings: tuple[Finding, ...]


@lru_cache(maxsize=_REMEMBERED)
def reading(source: Source) -> Reading:
    """Return what is to be known of a template before it runs.

    Raises:
        SyntaxFaultError: It cannot be parsed.
    """
    tree = _parse(source)
    try:
        findings = sorted(islice(inspect(tree), MAX_PROBLEMS), key=lambda finding: finding.line)
        return Reading(tree, references(tree), tuple(findings))
    except RecursionError as error:
        raise SyntaxFaultError(Finding(1, "template-limit", TOO_DEEP)) from error


@lru_cache(maxsize=_REMEMBERED)
def compiled(source: Source) -> Template:
    """Return a template that can run.

    Raises:
        SyntaxFaultError: There is something wrong with it.
    """
    findings = reading(source).findings
    if findings:
        raise SyntaxFaultError(findings[0])
    sandbox = _sandbox()
    tree = _parse(source)
    try:
        Metering().visit(tree)
        tree.set_environment(sandbox)
        code = sandbox.compile(tree, filename=FILENAME)
    except TemplateSyntaxError as error:
        raise SyntaxFaultError(_syntax_finding(error, 0)) from error
    except (RecursionError, MemoryError, SyntaxError) as error:
        # Python's own limits read "too many statically nested blocks"; any other invalid code is a fault of ours.
        is_ours = isinstance(error, SyntaxError) and not error.msg.startswith("too many ")
        raise (error if is_ours else SyntaxFaultError(Finding(1, "template-limit", TOO_DEEP))) from None
    return Template.from_code(sandbox, code, sandbox.make_globals(None))


def included(text: str) -> tuple[tuple[str, int], ...]:
    """Return the name of each text that a template includes itself, and the line of that; none if it cannot be read."""
    if not holds_template(text):
        return ()
    try:
        tree = _parse(Source(text))
    except SyntaxFaultError:
        return ()
    named = ((name, each.lineno) for each in tree.find_all(nodes.Include) if (name := _name(each)) is not None)
    return tuple(named)


def impossible(source: Source, known: Mapping[str, Known], wanted: Wanted) -> list[Finding]:
    """Return what can never work in a template that reads `known`; nothing of one that cannot be followed."""
    try:
        read = reading(source)
        return [] if read.findings else infer(read.tree, known, wanted)
    except (SyntaxFaultError, RecursionError):
        return []


def printed_as_it_stands(source: Source) -> tuple[Reference, ...]:
    """Return what a template prints as it stands, not fenced by `as_data`; nothing of one that cannot be followed."""
    try:
        return printed(_parse(source))
    except (SyntaxFaultError, RecursionError):
        return ()


def prose_of(text: str) -> str:
    """Return what a template that can be read says by itself, each word on its line of the template."""
    return prose(text, _sandbox()) if holds_template(text) else text


@lru_cache(maxsize=1)
def _sandbox() -> Sandbox:
    return Sandbox()


def _parse(source: Source) -> nodes.Template:
    budget = _Budget()
    tree = _parsed(source.text, budget, bare=source.bare, is_alone=not source.included)
    if source.included:
        _Inclusion(source, budget).visit(tree)
    return tree


class _Budget:
    """How much more may be parsed for one template."""

    def __init__(self) -> None:
        self.tokens = MAX_TOKENS
        self.characters = MAX_OUTPUT_BYTES
        self.includes = MOST_INCLUDES


class _Inclusion(NodeTransformer):
    """Put what is included where it is included."""

    def __init__(self, source: Source, budget: _Budget) -> None:
        self._budget = budget
        self._texts: dict[str, tuple[str, int]] = {}
        line = 1 + lines_in(source.text)
        for name, text in source.included:
            self._texts[name] = (text, line)
            line += lines_in(text)

    def visit_Include(self, node: nodes.Include) -> nodes.Node:  # noqa: N802 - Jinja's own naming
        """Return the text's own nodes, in a scope of their own; what cannot be included stays, and is found there."""
        name = _name(node)
        if name is None or name not in self._texts:
            return node
        self._budget.includes -= 1
        if self._budget.includes < 0:
            message = f"the template includes more than {MOST_INCLUDES} texts"
            raise SyntaxFaultError(Finding(node.lineno, "template-limit", message))
        text, line = self._texts[name]
        tree = _parsed(text, self._budget, before=line - 1)
        return nodes.Scope([self.visit(each) for each in tree.body], lineno=node.lineno)


def _name(node: nodes.Include) -> str | None:
    """Return which text is included, where that is written out and nothing else is said."""
    template: Any = node.template
    is_plain = isinstance(template, nodes.Const) and node.with_context and not node.ignore_missing
    return template.value if is_plain and isinstance(template.value, str) else None


def _parsed(
    text: str, budget: _Budget, *, before: int = 0, bare: bool = False, is_alone: bool = False
) -> nodes.Template:
    """Return the tree of a text that stands behind so many lines, alone or with others."""
    try:
        if len(text) > MAX_TOKENS or not is_alone:
            _charge(text, budget, before, bare=bare)
        tree = _parse_expression(text) if bare else _sandbox().parse(text)
    except TemplateSyntaxError as error:
        raise SyntaxFaultError(_syntax_finding(error, before)) from error
    except RecursionError as error:
        raise SyntaxFaultError(Finding(before + 1, "template-limit", TOO_DEEP)) from error
    except ValueError as error:
        raise SyntaxFaultError(Finding(before + 1, "template-syntax", "a number has too many digits")) from error
    for node in _all(tree) if before else ():
        node.lineno += before
    return tree


def _all(tree: nodes.Node) -> Iterator[nodes.Node]:
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(node.iter_child_nodes())


def _parse_expression(text: str) -> nodes.Template:
    """Return a template that keeps the expression's value under `RESULT`."""
    if holds_template(text):
        finding = Finding(1, "expression-braces", "an expression stands here, not a template")
        raise SyntaxFaultError(finding)
    parser = Parser(_sandbox(), text, state="variable")
    expression = parser.parse_expression()
    if not parser.stream.eos:
        behind = parser.stream.current
        message = f"{shown(str(behind.value))} stands behind the expression's end"
        hint = "compare with ==, look into a text or a list with 'in', join conditions with 'and' or 'or'"
        raise SyntaxFaultError(Finding(behind.lineno, "template-syntax", message, hint))
    return nodes.Template([nodes.Assign(nodes.Name(RESULT, "store"), expression, lineno=1)], lineno=1)


def _charge(text: str, budget: _Budget, before: int, *, bare: bool) -> None:
    """Refuse what would take long to parse and compile."""
    budget.characters -= len(text)
    tokens = _sandbox().lexer.tokeniter(text, None, state="variable" if bare else None)
    for line, _, _ in tokens if budget.characters >= 0 else ():
        budget.tokens -= 1
        if budget.tokens < 0:
            message = f"the template has more than {MAX_TOKENS:,} words and signs"
            raise SyntaxFaultError(Finding(before + line, "template-limit", message, "move text out of the braces"))
    if budget.characters < 0:
        message = f"the template is longer than {MAX_OUTPUT_BYTES:,} characters with all that it includes"
        raise SyntaxFaultError(Finding(before + 1, "template-limit", message))


def _syntax_finding(error: TemplateSyntaxError, before: int) -> Finding:
    message = str(error.message).removesuffix(".")
    told = f"this cannot be read: {message[:1].lower()}{message[1:]}"
    tag = _UNKNOWN_TAG.match(message)
    hint = did_you_mean(tag[1], sorted(TAGS)) if tag else ""
    return Finding(before + error.lineno, "template-syntax", told, hint)
