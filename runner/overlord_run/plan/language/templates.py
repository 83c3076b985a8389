"""Render templates that strangers may have written, within limits that are the same on every machine.

A role file can come from anyone, and a reply can hold anything. So two questions decide the design: what can a template
reach, and how much can it do?

**What it reaches.** Jinja's sandbox forbids what is known to be harmful, and its escapes of the past were things that
nobody had thought of. Here it is the other way round: `syntax` names the parts of the language that exist, `attributes`
what can be reached of a value, `filters` and `conditions` the rest. No method and no attribute of Python's own is ever
in a template's hands. A reply is a value and is never parsed, at any depth. There is no loader: what a role file
includes was read with it, and is a part of its text (`parse`).

**How much it does.** A deadline would end the same template on one machine and not on another, and `plan` may not read
a clock. So a `Meter` counts units of work: `metering` rewrites the parsed template so that loops, comparisons, `~`,
slices and printing call us too, and every filter charges before it reads or makes anything. A unit is about a byte
copied or kept. That costs some speed, and buys one limit for time and memory alike. What comes before the first unit is
bounded too: a source has at most so many tokens, and nothing is folded at compile time, when no meter runs.

**What differs from Jinja.** A value that is no text prints as JSON: `true`, `null`, `["a"]`. In a mapping a key wins
over a method. `x if y` without `else` is the empty text everywhere. A comparison's chain is evaluated whole. `**`,
blocks, imports, recursive loops and spread arguments do not exist. The text's last newline stays.

**Errors.** Whatever goes wrong becomes a `TemplateError` with a `Problem` at its line in the playbook or role file.
Jinja knows lines, not columns: the column is the template's own.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Template
from jinja2.exceptions import TemplateRuntimeError, UndefinedError

from overlord_run.plan.language import kinds, parse
from overlord_run.plan.language.attributes import FUNCTIONS, MAPPING_METHODS, REPLY_ATTRIBUTES
from overlord_run.plan.language.inference import Wanted
from overlord_run.plan.language.meter import MAX_OUTPUT_BYTES, Meter, RefusedError, size
from overlord_run.plan.language.parse import Source, SyntaxFaultError
from overlord_run.plan.language.printed import EACH, ELEMENT, OWN
from overlord_run.plan.language.references import Reference
from overlord_run.plan.language.sandbox import METER
from overlord_run.plan.language.syntax import Finding, TemplateRule
from overlord_run.plan.language.texts import TEXT_METHODS
from overlord_run.plan.language.values import (
    NO_JSON,
    Answers,
    Approvals,
    ByName,
    ReplyText,
    plain,
    plain_elements,
    true_or_false,
)
from overlord_run.playbook.rules import problem
from overlord_run.playbook.slots import holds_template
from overlord_run.playbook.texts import Place, Text
from overlord_run.problem import Problem

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
    "Wanted",
    "elements",
    "evaluate",
    "holds",
    "impossible",
    "includes",
    "kinds",
    "prose_of",
    "read",
    "read_as_it_stands",
    "render",
    "render_counted",
    "size",
]

_TOO_LONG = f"the template prints more than {MAX_OUTPUT_BYTES // 1024 // 1024} MiB"
_HINTS: Mapping[TemplateRule, str] = {
    "expression-braces": "leave out the braces",
    "template-error": "correct what stands between the braces",
    "template-include": "write the text here, or give it as an input",
    "template-limit": "split it, or leave something out",
    "template-syntax": "a template is written as in Jinja: {{ value }}, {% tag %}, {# note #}",
    "template-unavailable": "leave it out",
    "template-undefined": "give a fallback: … | default('none')",
    "unknown-attribute": "read what is there",
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
    value = _run(text, scope, bare=True, result=lambda meter, variables, _: plain(meter, variables[parse.RESULT]))
    _within_limits(text, json.dumps(value, ensure_ascii=False))
    return value


def holds(text: Text, scope: Mapping[str, Any]) -> bool:
    """Say whether an expression is true. A text that is not empty, or a number, is no condition: it must be a boolean.

    Raises:
        TemplateError: It has no value, or one that is neither true nor false.
    """
    answer: bool = _run(
        text, scope, bare=True, result=lambda meter, names, _: true_or_false(plain(meter, names[parse.RESULT]))
    )
    return answer


def elements(text: Text, scope: Mapping[str, Any], *, most: int) -> list[Any]:
    """Return the JSON values in the list that an expression gives, which may hold whole files.

    Raises:
        TemplateError: It has no value, none that is a list of JSON values, more than `most`, or passes a limit.
    """
    found: list[Any] = _run(
        text, scope, bare=True, result=lambda meter, names, _: plain_elements(meter, names[parse.RESULT], most)
    )
    return found


def includes(text: Text) -> tuple[tuple[str, Place], ...]:
    """Return the name of each text that a template includes itself, with the place of that, in no certain order.

    Of a text that cannot be parsed nothing is known to be included.
    """
    return tuple((name, text.at(line)) for name, line in parse.included(text.source))


def read(text: Text, *, bare: bool = False) -> tuple[tuple[Reference, ...], list[Problem]]:
    """Return what a template, or an expression (`bare`), reads from its scope, and what is wrong with it by itself.

    Of a text that cannot be parsed nothing is known to be read.
    """
    if not bare and not holds_template(text.source):
        return (), []
    try:
        known = parse.reading(Source.of(text, bare=bare))
    except SyntaxFaultError as error:
        return (), [_problem(text, error.finding)]
    return known.references, [_problem(text, finding) for finding in known.findings]


def impossible(text: Text, known: Mapping[str, kinds.Known], wanted: Wanted) -> list[Problem]:
    """Return what can never work in a template, or an expression, that reads `known`, whatever is answered.

    Of one with which something is wrong by itself nothing more is told, nor of a name that is not known.
    """
    if wanted == "text" and not holds_template(text.source):
        return []
    return [
        _problem(text, finding) for finding in parse.impossible(Source.of(text, bare=wanted != "text"), known, wanted)
    ]


def read_as_it_stands(text: Text) -> tuple[Reference, ...]:
    """Return what a template prints as it stands, not fenced by `as_data`; nothing of one that cannot be followed."""
    return parse.printed_as_it_stands(Source.of(text))


def prose_of(text: Text) -> str:
    """Return what a template that can be read says by itself, each word on its line of the template."""
    return parse.prose_of(text.source)


def _run(
    text: Text,
    scope: Mapping[str, Any],
    *,
    bare: bool,
    result: Callable[[Meter, Mapping[str, Any], str], Any],
) -> Any:
    try:
        template = parse.compiled(Source.of(text, bare=bare))
    except SyntaxFaultError as error:
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
        finding = Finding(_line(template, error), "template-limit", parse.TOO_DEEP)
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
    return traceback is not None and traceback.tb_frame.f_code.co_filename == parse.FILENAME


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
        if traceback.tb_frame.f_code.co_filename == parse.FILENAME:
            line = template.get_corresponding_lineno(traceback.tb_lineno)
        traceback = traceback.tb_next
    return line


def _problem(text: Text, finding: Finding) -> Problem:
    return problem(text.at(finding.line), finding.rule, finding.message, finding.hint or _HINTS[finding.rule])
