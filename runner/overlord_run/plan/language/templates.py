"""Render templates that strangers may have written, within limits that are the same on every machine.

A role file can come from anyone, and a reply can hold anything. So two questions decide the design: what can a template
reach, and how much can it do?

**What it reaches.** Jinja's sandbox forbids what is known to be harmful, and its escapes of the past were things that
nobody had thought of. Here it is the other way round: `syntax` names the parts of the language that exist, `attributes`
what can be reached of a value, `filters` and `conditions` the rest. No method and no attribute of Python's own is ever
in a template's hands. A reply is a value and is never parsed, at any depth. There is no loader, so no other file.

**How much it does.** A deadline would end the same template on one machine and not on another, and `plan` may not read
a clock. So a `Meter` counts units of work: `metering` rewrites the parsed template so that loops, comparisons, `~`,
slices and printing call us too, and every filter charges before it reads or makes anything. A unit is about a byte
copied or kept. That costs some speed, and buys one limit for time and memory alike. What comes before the first unit is
bounded too: a source has at most `MAX_TOKENS` tokens, and nothing is folded at compile time, when no meter runs.

**What differs from Jinja.** A value that is no text prints as JSON: `true`, `null`, `["a"]`. In a mapping a key wins
over a method. `x if y` without `else` is the empty text everywhere. A comparison's chain is evaluated whole. `**`,
blocks, includes, recursive loops and spread arguments do not exist. The text's last newline stays.

**Errors.** Whatever goes wrong becomes a `TemplateError` with a `Problem` at its line in the playbook or role file.
Jinja knows lines, not columns: the column is the template's own.

Compiled templates are remembered by their source, since one role is rendered for thousands of servants. The memory is a
cache of a pure function, and holds no state that anything could observe.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.exceptions import TemplateRuntimeError, UndefinedError
from jinja2.parser import Parser

from overlord_run.errors import Problem
from overlord_run.plan.language.attributes import FUNCTIONS, MAPPING_METHODS, REPLY_ATTRIBUTES
from overlord_run.plan.language.meter import MAX_OUTPUT_BYTES, Meter, RefusedError, size
from overlord_run.plan.language.metering import Metering
from overlord_run.plan.language.printed import EACH, ELEMENT, OWN, printed
from overlord_run.plan.language.prose import prose
from overlord_run.plan.language.references import Reference, references
from overlord_run.plan.language.sandbox import METER, Sandbox
from overlord_run.plan.language.syntax import TAGS, Finding, TemplateRule, inspect
from overlord_run.plan.language.texts import TEXT_METHODS
from overlord_run.plan.language.values import (
    NO_JSON,
    Answers,
    Approvals,
    ByName,
    ReplyText,
    kind,
    plain,
    plain_elements,
)
from overlord_run.playbook.model import Text
from overlord_run.playbook.names import did_you_mean
from overlord_run.playbook.rules import MAX_PROBLEMS, problem
from overlord_run.playbook.slots import holds_template

__all__ = [
    "EACH",
    "ELEMENT",
    "FUNCTIONS",
    "MAPPING_METHODS",
    "NO_JSON",
    "OWN",
    "REPLY_ATTRIBUTES",
    "TEXT_METHODS",
    "Answers",
    "Approvals",
    "ByName",
    "Reference",
    "ReplyText",
    "TemplateError",
    "elements",
    "evaluate",
    "holds",
    "prose_of",
    "read",
    "read_as_it_stands",
    "render",
    "render_counted",
    "size",
]

MAX_TOKENS = 20_000

_UNKNOWN_TAG = re.compile(r"Encountered unknown tag '(\w+)'")
_FILENAME = "<template>"
_RESULT = "result"
_REMEMBERED = 512
_TOO_DEEP = "the template is nested too deeply"
_TOO_LONG = f"the template prints more than {MAX_OUTPUT_BYTES // 1024 // 1024} MiB"
_HINTS: Mapping[TemplateRule, str] = {
    "expression-braces": "leave out the braces",
    "template-error": "correct what stands between the braces",
    "template-include": "write the text here, or give it as an input",
    "template-limit": "split it, or leave something out",
    "template-syntax": "a template is written as in Jinja: {{ value }}, {% tag %}, {# note #}",
    "template-unavailable": "leave it out",
    "template-undefined": "give a fallback: … | default('none')",
}


class TemplateError(Exception):
    """A template cannot be parsed or rendered; `problem` says what is wrong and where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def render(text: Text, scope: Mapping[str, Any]) -> str:
    """Return what a template prints with the names of `scope`: at most 2 MiB in UTF-8.

    Raises:
        TemplateError: It cannot be rendered, or passes a limit.
    """
    return render_counted(text, scope)[0]


def render_counted(text: Text, scope: Mapping[str, Any]) -> tuple[str, int]:
    """Return what a template prints, as `render` does, and how many units of work that took.

    Raises:
        TemplateError: It cannot be rendered, or passes a limit.
    """
    if not holds_template(text.source):
        return _within_limits(text, text.source), 0
    printed, work = _run(text, scope, bare=False, result=lambda meter, _variables, printed: (printed, meter.work))
    return _within_limits(text, printed), work


def evaluate(text: Text, scope: Mapping[str, Any]) -> Any:
    """Return the JSON value of an expression, which is written without braces.

    Raises:
        TemplateError: It has no value, none that is JSON, or passes a limit.
    """
    value = _run(text, scope, bare=True, result=lambda meter, variables, _: plain(meter, variables[_RESULT]))
    _within_limits(text, json.dumps(value, ensure_ascii=False))
    return value


def holds(text: Text, scope: Mapping[str, Any]) -> bool:
    """Say whether an expression is true. A text that is not empty, or a number, is no condition: it must be a boolean.

    Raises:
        TemplateError: It has no value, or one that is neither true nor false.
    """
    value = evaluate(text, scope)
    if not isinstance(value, bool):
        message = f"a condition must be true or false, and this is {kind(value)}"
        raise TemplateError(_problem(text, Finding(1, "template-error", message, "compare it with something")))
    return value


def elements(text: Text, scope: Mapping[str, Any], *, most: int) -> list[Any]:
    """Return the JSON values in the list that an expression gives, which may hold whole files.

    Raises:
        TemplateError: It has no value, none that is a list of JSON values, more than `most`, or passes a limit.
    """
    found: list[Any] = _run(
        text, scope, bare=True, result=lambda meter, names, _: plain_elements(meter, names[_RESULT], most)
    )
    return found


def read(text: Text, *, bare: bool = False) -> tuple[tuple[Reference, ...], list[Problem]]:
    """Return what a template, or an expression (`bare`), reads from its scope, and what is wrong with it by itself.

    Of a text that cannot be parsed nothing is known to be read.
    """
    if not bare and not holds_template(text.source):
        return (), []
    try:
        known = _remembered(text.source, bare)
    except _SyntaxError as error:
        return (), [_problem(text, error.finding)]
    return known.references, [_problem(text, finding) for finding in known.findings]


def read_as_it_stands(text: Text) -> tuple[Reference, ...]:
    """Return what a template prints as it stands, not fenced by `as_data`; nothing of one that cannot be followed."""
    try:
        return printed(_parse(text.source, bare=False))
    except (_SyntaxError, RecursionError):
        return ()


def prose_of(text: Text) -> str:
    """Return what a template that can be read says by itself, each word on its line of the template."""
    return prose(text.source, _sandbox()) if holds_template(text.source) else text.source


class _SyntaxError(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def _run(
    text: Text,
    scope: Mapping[str, Any],
    *,
    bare: bool,
    result: Callable[[Meter, Mapping[str, Any], str], Any],
) -> Any:
    try:
        template = _compiled(text.source, bare)
    except _SyntaxError as error:
        raise TemplateError(_problem(text, error.finding)) from error
    meter = Meter()
    context = template.new_context({**scope, METER: meter})
    try:
        printed = _collect(template, context)
        value = result(meter, context.vars, printed)
    except RefusedError as error:
        finding = Finding(_line(template, error), error.rule, error.message, error.hint)
        raise TemplateError(_problem(text, finding)) from error
    except UndefinedError as error:
        finding = Finding(_line(template, error), "template-undefined", str(error))
        raise TemplateError(_problem(text, finding)) from error
    except RecursionError as error:
        finding = Finding(_line(template, error), "template-limit", _TOO_DEEP)
        raise TemplateError(_problem(text, finding)) from error
    except TemplateRuntimeError as error:
        raise TemplateError(_problem(text, _cannot_be_rendered(template, error))) from error
    except (TypeError, ValueError) as error:
        if not _is_the_templates(error):
            raise
        raise TemplateError(_problem(text, _cannot_be_rendered(template, error))) from error
    return value


def _cannot_be_rendered(template: Template, error: Exception) -> Finding:
    return Finding(_line(template, error), "template-error", f"the template cannot be rendered: {error}")


def _is_the_templates(error: Exception) -> bool:
    """Say whether an error arose in the template's own code, as where `for a, b in …` has nothing to take apart.

    Any other is a fault of ours.
    """
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and traceback.tb_frame.f_code.co_filename == _FILENAME


def _collect(template: Template, context: Any) -> str:
    parts = []
    length = 0
    for part in template.root_render_func(context):
        length += len(part)
        if length > MAX_OUTPUT_BYTES:
            raise RefusedError(_TOO_LONG, rule="template-limit")
        parts.append(part)
    return "".join(parts)


def _within_limits(text: Text, printed: str) -> str:
    try:
        length = len(printed.encode())
    except UnicodeEncodeError as error:
        finding = Finding(1, "template-error", "the template prints half of a surrogate pair, which is no character")
        raise TemplateError(_problem(text, finding)) from error
    if length > MAX_OUTPUT_BYTES:
        raise TemplateError(_problem(text, Finding(1, "template-limit", _TOO_LONG)))
    return printed


def _line(template: Template, error: BaseException) -> int:
    """Return the line of the template that an error comes from."""
    line = 1
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == _FILENAME:
            line = template.get_corresponding_lineno(traceback.tb_lineno)
        traceback = traceback.tb_next
    return line


def _problem(text: Text, finding: Finding) -> Problem:
    return problem(text.at(finding.line), finding.rule, finding.message, finding.hint or _HINTS[finding.rule])


@lru_cache(maxsize=1)
def _sandbox() -> Sandbox:
    return Sandbox()


@dataclass(frozen=True, slots=True)
class _Reading:
    references: tuple[Reference, ...]
    findings: tuple[Finding, ...]


@lru_cache(maxsize=_REMEMBERED)
def _remembered(source: str, bare: bool) -> _Reading:  # noqa: FBT001 - a part of the cache's key
    tree = _parse(source, bare=bare)
    try:
        findings = sorted(islice(inspect(tree), MAX_PROBLEMS), key=lambda finding: finding.line)
        return _Reading(references(tree), tuple(findings))
    except RecursionError as error:
        raise _SyntaxError(Finding(1, "template-limit", _TOO_DEEP)) from error


@lru_cache(maxsize=_REMEMBERED)
def _compiled(source: str, bare: bool) -> Template:  # noqa: FBT001 - a part of the cache's key
    findings = _remembered(source, bare).findings
    if findings:
        raise _SyntaxError(findings[0])
    sandbox = _sandbox()
    tree = _parse(source, bare=bare)
    try:
        Metering().visit(tree)
        tree.set_environment(sandbox)
        code = sandbox.compile(tree, filename=_FILENAME)
    except TemplateSyntaxError as error:
        raise _SyntaxError(_syntax_finding(error)) from error
    except (RecursionError, MemoryError, SyntaxError) as error:
        # Python's own limits read "too many statically nested blocks"; any other invalid code is a fault of ours.
        is_ours = isinstance(error, SyntaxError) and not error.msg.startswith("too many ")
        raise (error if is_ours else _SyntaxError(Finding(1, "template-limit", _TOO_DEEP))) from None
    return Template.from_code(sandbox, code, sandbox.make_globals(None))


def _parse(source: str, *, bare: bool) -> nodes.Template:
    try:
        _require_few_tokens(source, bare=bare)
        return _parse_expression(source) if bare else _sandbox().parse(source)
    except TemplateSyntaxError as error:
        raise _SyntaxError(_syntax_finding(error)) from error
    except RecursionError as error:
        raise _SyntaxError(Finding(1, "template-limit", _TOO_DEEP)) from error
    except ValueError as error:
        raise _SyntaxError(Finding(1, "template-syntax", "a number has too many digits")) from error


def _parse_expression(source: str) -> nodes.Template:
    """Return a template that keeps the expression's value under `_RESULT`."""
    if holds_template(source):
        finding = Finding(1, "expression-braces", "an expression stands here, not a template")
        raise _SyntaxError(finding)
    parser = Parser(_sandbox(), source, state="variable")
    expression = parser.parse_expression()
    if not parser.stream.eos:
        line = parser.stream.current.lineno
        raise _SyntaxError(Finding(line, "template-syntax", "something stands behind the expression's end"))
    return nodes.Template([nodes.Assign(nodes.Name(_RESULT, "store"), expression, lineno=1)], lineno=1)


def _require_few_tokens(source: str, *, bare: bool) -> None:
    """Refuse what would take long to parse and compile."""
    if len(source) <= MAX_TOKENS:
        return
    tokens = _sandbox().lexer.tokeniter(source, None, state="variable" if bare else None)
    for count, (line, _, _) in enumerate(tokens):
        if count >= MAX_TOKENS:
            message = f"the template has more than {MAX_TOKENS:,} words and signs"
            raise _SyntaxError(Finding(line, "template-limit", message, "move text out of the braces"))


def _syntax_finding(error: TemplateSyntaxError) -> Finding:
    message = str(error.message).removesuffix(".")
    tag = _UNKNOWN_TAG.match(message)
    hint = did_you_mean(tag[1], sorted(TAGS)) if tag else ""
    return Finding(error.lineno, "template-syntax", f"this cannot be read: {message[:1].lower()}{message[1:]}", hint)
