"""Tell what in a template can never work, by the kinds of what it reads.

A message that waits for replies is rendered when the servants before it have been paid. What fails there whatever they
answer is told before: an attribute that no value of the kind has, a loop over a number, a key taken for a pair. Only
what is certain is told: nothing is known of a value that may be of two kinds, of what a macro is given, of what `set`
gives a second time, and of what the template itself asks about by `is` or `in`, or has a fallback for. A name that is
not there is no fault where it is only handed on: in a list, to a macro, behind `or`, in a branch of `… if … else …`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from jinja2 import nodes

from overlord_run.plan.language import results
from overlord_run.plan.language.attributes import LOOP_ATTRIBUTES
from overlord_run.plan.language.expressions import Scope, read
from overlord_run.plan.language.kinds import BOOLEAN, NUMBER, TEXT, Known
from overlord_run.plan.language.sight import Sight
from overlord_run.plan.language.syntax import Finding

Wanted = Literal["text", "value", "condition", "list"]
"""What a template has to give: the text that it prints, or as an expression any value, true or false, or a list."""

_LOOP: Mapping[str, Known] = dict.fromkeys(LOOP_ATTRIBUTES, NUMBER) | {
    "first": BOOLEAN,
    "last": BOOLEAN,
    "cycle": None,
    "previtem": None,
    "nextitem": None,
}
_IN_MACROS = ("caller", "kwargs", "varargs")


def infer(tree: nodes.Template, known: Mapping[str, Known], wanted: Wanted) -> list[Finding]:
    """Return what can never work in a template that reads `known`.

    Raises:
        RecursionError: The template is nested too deeply.
    """
    sight = Sight(tree, known)
    if wanted == "text":
        _walk(sight, tree.body, {})
    else:
        expression: Any = tree.body[0]
        sight.attempt(expression, _REQUIRED[wanted], read(sight, expression.node, {}))
    return sight.findings


def _walk(sight: Sight, found: Iterable[nodes.Node], scope: Scope) -> None:
    for node in found:
        _STEPS[type(node)](sight, node, scope)


def _walk_output(sight: Sight, node: Any, scope: Scope) -> None:
    for each in node.nodes:
        sight.attempt(each, results.require_printable, read(sight, each, scope))


def _walk_if(sight: Sight, node: Any, scope: Scope) -> None:
    read(sight, node.test, scope)
    for body in (node.body, node.elif_, node.else_):
        inside = dict(scope)
        _walk(sight, body, inside)
        scope.update(dict.fromkeys(inside.keys() - scope.keys()))


def _walk_for(sight: Sight, node: Any, scope: Scope) -> None:
    element = sight.attempt(node, results.each, read(sight, node.iter, scope))
    inside = dict(scope)
    _bind(sight, node.target, element, inside)
    if node.test is not None:
        read(sight, node.test, inside)
    _walk(sight, node.body, inside | {"loop": _LOOP})
    _walk(sight, node.else_, dict(scope))


def _walk_with(sight: Sight, node: Any, scope: Scope) -> None:
    inside = dict(scope)
    for target, value in zip(node.targets, node.values, strict=True):
        _bind(sight, target, read(sight, value, scope), inside)
    _walk(sight, node.body, inside)


def _walk_assign(sight: Sight, node: Any, scope: Scope) -> None:
    _bind(sight, node.target, read(sight, node.node, scope), scope)


def _walk_assign_block(sight: Sight, node: Any, scope: Scope) -> None:
    _walk(sight, node.body, dict(scope))
    _bind(sight, node.target, None if node.filter else TEXT, scope)


def _walk_macro(sight: Sight, node: Any, scope: Scope) -> None:
    scope[node.name] = None
    _walk_called(sight, node, scope)


def _walk_call_block(sight: Sight, node: Any, scope: Scope) -> None:
    read(sight, node.call, scope)
    _walk_called(sight, node, scope)


def _walk_called(sight: Sight, node: Any, scope: Scope) -> None:
    given = (*_IN_MACROS, *(argument.name for argument in node.args))
    _walk(sight, node.body, scope | dict.fromkeys(given))


def _walk_body(sight: Sight, node: Any, scope: Scope) -> None:
    _walk(sight, node.body, dict(scope))


def _bind(sight: Sight, target: Any, known: Known, scope: Scope) -> None:
    """Let the names of a target stand for what is put there."""
    if isinstance(target, nodes.Name):
        scope[target.name] = None if target.name in sight.unsure else known
    elif isinstance(target, nodes.Tuple):
        count = len(target.items)
        parts = sight.attempt(target, results.taken_apart, known, count) or (None,) * count
        for each, part in zip(target.items, parts, strict=True):
            _bind(sight, each, part, scope)


_REQUIRED: Mapping[Wanted, Callable[[Known], None]] = {
    "condition": results.require_condition,
    "list": results.require_list,
    "value": results.require_printable,
}

_STEPS: Mapping[type[nodes.Node], Callable[[Sight, Any, Scope], None]] = {
    nodes.Assign: _walk_assign,
    nodes.AssignBlock: _walk_assign_block,
    nodes.CallBlock: _walk_call_block,
    nodes.FilterBlock: _walk_body,
    nodes.For: _walk_for,
    nodes.If: _walk_if,
    nodes.Macro: _walk_macro,
    nodes.Output: _walk_output,
    nodes.Scope: _walk_body,
    nodes.With: _walk_with,
}
