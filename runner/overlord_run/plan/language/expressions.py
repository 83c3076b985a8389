"""Infer the kind of an expression in a template from the kinds of what it reads, and note what can never work."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from jinja2 import nodes

from overlord_run.plan.language import results
from overlord_run.plan.language.attributes import MAPPING_METHODS
from overlord_run.plan.language.kinds import (
    BOOLEAN,
    FUNCTION,
    NUMBER,
    TEXT,
    Known,
    either,
    is_named_by_path,
    kind_of,
    list_of,
    names_below,
    tuple_of,
)
from overlord_run.plan.language.meter import RefusedError
from overlord_run.plan.language.syntax import Finding

_Kinds = ParamSpec("_Kinds")
_Result = TypeVar("_Result")

Scope = dict[str, Known]
"""The names that a template has made itself, where one stands in it."""

_ASKING = frozenset({"defined", "undefined"})
_FALLBACKS = frozenset({"d", "default"})

# Filters that take an attribute of each element, and as which argument where it needs no name.
_BY_ATTRIBUTE: Mapping[str, int | None] = {
    "join": 1,
    "map": None,
    "max": None,
    "min": None,
    "rejectattr": 0,
    "selectattr": 0,
    "sort": None,
    "sum": 0,
    "unique": None,
}


class Sight:
    """What is known while one template is followed.

    Attributes:
        known: What it can read.
        asked: What it asks about by `is`; of that nothing is known.
        given: The names that it gives by `set`.
        unsure: Those that it gives more than once.
        findings: What can never work, in the order in which it was met.
    """

    def __init__(self, tree: nodes.Template, known: Mapping[str, Known]) -> None:
        self.known = known
        self.asked: set[tuple[str, ...] | None] = set()
        self.given: set[str] = set()
        self.findings: list[Finding] = []
        bound: Counter[str] = Counter()
        pending: list[Any] = [tree]
        while pending:
            node = pending.pop()
            pending.extend(node.iter_child_nodes())
            if isinstance(node, nodes.Test):
                self.asked.add(_written(node.node))
            elif isinstance(node, nodes.Assign | nodes.AssignBlock):
                self.given.update(_names_in(node.target))
            elif isinstance(node, nodes.Name):
                bound[node.name] += node.ctx != "load"
        self.asked.discard(None)
        self.unsure = {name for name in self.given if bound[name] > 1}

    def attempt(
        self, node: nodes.Node, function: Callable[_Kinds, _Result], *args: _Kinds.args, **kwargs: _Kinds.kwargs
    ) -> _Result | None:
        """Return what comes of kinds, or None where that is impossible, which is noted."""
        try:
            return function(*args, **kwargs)
        except RefusedError as error:
            self.findings.append(Finding(node.lineno, error.rule, error.message, error.hint))
            return None


def _names_in(target: nodes.Node) -> tuple[str, ...]:
    """Return the names that a target of `set` gives."""
    found = [target] if isinstance(target, nodes.Name) else target.find_all(nodes.Name)
    return tuple(each.name for each in found)


def read(sight: Sight, node: Any, scope: Scope, *, is_asked: bool = False) -> Known:
    """Return what is known of an expression's value; `is_asked`: whether it may as well not be there."""
    reader = _READERS.get(type(node))
    if reader is None:
        _read_all(sight, node, scope)
        return None
    if sight.asked and _written(node) in sight.asked:
        return None
    if is_asked and isinstance(node, nodes.Getattr | nodes.Getitem):
        _read_all(sight, node, scope)
        return None
    return reader(sight, node, scope)


def _read_all(sight: Sight, node: nodes.Node, scope: Scope) -> list[Known]:
    return [read(sight, each, scope) for each in node.iter_child_nodes()]


def _read_const(sight: Sight, node: Any, _scope: Scope) -> Known:
    return kind_of(node.value)


def _read_true_or_false(sight: Sight, node: Any, scope: Scope) -> Known:
    _read_all(sight, node, scope)
    return BOOLEAN


def _read_either(sight: Sight, node: Any, scope: Scope) -> Known:
    return either(_read_all(sight, node, scope))


def _read_list(sight: Sight, node: Any, scope: Scope) -> Known:
    return list_of(either(_read_all(sight, node, scope)))


def _read_tuple(sight: Sight, node: Any, scope: Scope) -> Known:
    return tuple_of(tuple(_read_all(sight, node, scope)))


def _read_name(sight: Sight, node: Any, scope: Scope) -> Known:
    if node.name in scope:
        return scope[node.name]
    return None if node.name in sight.given else sight.known.get(node.name)


def _read_attribute(sight: Sight, node: Any, scope: Scope) -> Known:
    owner = read(sight, node.node, scope)
    return _below(sight, node, owner, node.attr, scope)


def _read_item(sight: Sight, node: Any, scope: Scope) -> Known:
    owner = read(sight, node.node, scope)
    if isinstance(node.arg, nodes.Slice):
        _read_all(sight, node.arg, scope)
        return sight.attempt(node, results.sliced, owner)
    constant = node.arg.value if isinstance(node.arg, nodes.Const) else None
    if isinstance(constant, str):
        return _below(sight, node, owner, constant, scope)
    if isinstance(constant, int):
        return sight.attempt(node, results.element, owner, constant)
    return sight.attempt(node, results.item, owner, read(sight, node.arg, scope))


def _below(sight: Sight, node: Any, owner: Known, name: str, scope: Scope) -> Known:
    """Return what is below a value by a name; what is wrong with a path of names is told by who knows the names."""
    path = _written(node) if owner is None or is_named_by_path(owner) else None
    if path is None or path[0] in scope:
        return sight.attempt(node, results.attribute, owner, name)
    return names_below(owner).get(name, FUNCTION if name in MAPPING_METHODS and isinstance(owner, Mapping) else None)


def _read_call(sight: Sight, node: Any, scope: Scope) -> Known:
    for each in (*node.args, *node.kwargs):
        read(sight, each, scope)
    if isinstance(node.node, nodes.Getattr):
        owner = read(sight, node.node.node, scope)
        function = _below(sight, node.node, owner, node.node.attr, scope)
        return sight.attempt(node, results.called, function, owner, node.node.attr)
    if isinstance(node.node, nodes.Name) and node.node.name == "range" and "range" not in scope:
        return list_of(NUMBER)
    return sight.attempt(node, results.called, read(sight, node.node, scope), None, "")


def _read_filter(sight: Sight, node: Any, scope: Scope) -> Known:
    known = read(sight, node.node, scope, is_asked=node.name in _FALLBACKS)
    for each in (*node.args, *node.kwargs):
        read(sight, each, scope)
    attribute = _attribute_taken(node)
    reached = None if attribute is None else sight.attempt(node, results.reached_in_each, known, attribute)
    if node.name == "map" and attribute is not None:
        return list_of(reached)
    if node.name == "map" and node.args and isinstance(node.args[0], nodes.Const):
        return sight.attempt(node, results.mapped, known, node.args[0].value)
    return sight.attempt(node, results.filtered, known, node.name)


def _read_test(sight: Sight, node: Any, scope: Scope) -> Known:
    read(sight, node.node, scope, is_asked=True)
    for each in node.args:
        read(sight, each, scope)
    return BOOLEAN


def _read_comparison(sight: Sight, node: Any, scope: Scope) -> Known:
    left = read(sight, node.expr, scope)
    for operand in node.ops:
        right = read(sight, operand.expr, scope)
        sight.attempt(node, results.require_comparable, operand.op, left, right)
        left = right
    return BOOLEAN


def _read_operator(sight: Sight, node: Any, scope: Scope) -> Known:
    left, right = _read_all(sight, node, scope)
    return sight.attempt(node, results.computed, node.operator, left, right)


def _read_sign(sight: Sight, node: Any, scope: Scope) -> Known:
    return sight.attempt(node, results.computed, node.operator, NUMBER, read(sight, node.node, scope))


def _read_joined(sight: Sight, node: Any, scope: Scope) -> Known:
    for each in node.nodes:
        sight.attempt(each, results.require_printable, read(sight, each, scope))
    return TEXT


def _read_choice(sight: Sight, node: Any, scope: Scope) -> Known:
    read(sight, node.test, scope)
    one = read(sight, node.expr1, scope)
    return None if node.expr2 is None else either((one, read(sight, node.expr2, scope)))


def _written(node: Any) -> tuple[str, ...] | None:
    """Return a name and the names below it, where a path is made of nothing else."""
    names: list[str] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        name = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
        if not isinstance(name, str):
            return None
        names.append(name)
        node = node.node
    return (node.name, *reversed(names)) if isinstance(node, nodes.Name) else None


def _attribute_taken(node: Any) -> str | None:
    """Return the attribute of each element that a filter takes, where it has to be there and is written out."""
    if node.name not in _BY_ATTRIBUTE or any(each.key == "default" for each in node.kwargs):
        return None
    if any(getattr(each, "value", None) in _ASKING for each in node.args[1:]):
        return None
    index = _BY_ATTRIBUTE[node.name]
    given = [each.value for each in node.kwargs if each.key == "attribute"]
    given += [] if index is None else node.args[index : index + 1]
    attribute = getattr(given[0], "value", None) if given else None
    return attribute if isinstance(attribute, str) else None


_READERS: Mapping[type[nodes.Node], Callable[[Sight, Any, Scope], Known]] = {
    nodes.Add: _read_operator,
    nodes.And: _read_either,
    nodes.Call: _read_call,
    nodes.Compare: _read_comparison,
    nodes.Concat: _read_joined,
    nodes.CondExpr: _read_choice,
    nodes.Const: _read_const,
    nodes.Div: _read_operator,
    nodes.Filter: _read_filter,
    nodes.FloorDiv: _read_operator,
    nodes.Getattr: _read_attribute,
    nodes.Getitem: _read_item,
    nodes.List: _read_list,
    nodes.Mod: _read_operator,
    nodes.Mul: _read_operator,
    nodes.Name: _read_name,
    nodes.Neg: _read_sign,
    nodes.Not: _read_true_or_false,
    nodes.Or: _read_either,
    nodes.Pos: _read_sign,
    nodes.Sub: _read_operator,
    nodes.Test: _read_test,
    nodes.Tuple: _read_tuple,
}
