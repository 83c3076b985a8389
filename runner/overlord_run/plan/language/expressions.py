"""Infer the kind of an expression in a template from the kinds of what it reads, and note what can never work."""

from collections.abc import Callable, Mapping
from typing import Any

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
from overlord_run.plan.language.sight import Sight, name_read, written

Scope = dict[str, Known]
"""The names that a template has made itself, where one stands in it."""

_ASKING = frozenset({"defined", "undefined"})
_OF_KIND = _ASKING | {"boolean", "false", "float", "integer", "iterable", "mapping", "none", "number", "sequence"}
_OF_KIND |= {"string", "true"}

# Filters that keep some elements by a test, and as which argument it is given.
_SELECTING: Mapping[str, int] = {"reject": 0, "rejectattr": 1, "select": 0, "selectattr": 1}

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


def read(sight: Sight, node: Any, scope: Scope) -> Known:
    """Return what is known of an expression's value."""
    reader = _READERS.get(type(node))
    if reader is None:
        _read_all(sight, node, scope)
        return None
    if sight.asked and written(node) in sight.asked:
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
    path = written(node) if owner is None or is_named_by_path(owner) else None
    if path is None or path[0] in scope:
        return sight.attempt(node, results.attribute, owner, name)
    return names_below(owner).get(name, FUNCTION if name in MAPPING_METHODS and isinstance(owner, Mapping) else None)


def _read_call(sight: Sight, node: Any, scope: Scope) -> Known:
    for each in (*node.args, *node.kwargs):
        read(sight, each, scope)
    name = name_read(node.node)
    if name is not None:
        owner = read(sight, node.node.node, scope)
        function = _below(sight, node.node, owner, name, scope)
        return sight.attempt(node, results.called, function, owner, name)
    if isinstance(node.node, nodes.Name) and node.node.name == "range" and "range" not in scope:
        return list_of(NUMBER)
    return sight.attempt(node, results.called, read(sight, node.node, scope), None, "")


def _read_filter(sight: Sight, node: Any, scope: Scope) -> Known:
    known = read(sight, node.node, scope)
    for each in (*node.args, *node.kwargs):
        read(sight, each, scope)
    attribute = _attribute_taken(node, known)
    reached = None if attribute is None else sight.attempt(node, results.reached_in_each, known, attribute)
    if node.name == "map" and attribute is not None:
        return list_of(reached)
    if node.name == "map" and node.args and isinstance(node.args[0], nodes.Const):
        return sight.attempt(node, results.mapped, known, node.args[0].value)
    given = sight.attempt(node, results.filtered, known, node.name)
    return list_of(None) if _is_kept_by_kind(node) else given


def _read_test(sight: Sight, node: Any, scope: Scope) -> Known:
    read(sight, node.node, scope)
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


def _attribute_taken(node: Any, known: Known) -> str | None:
    """Return the attribute of each element that a filter takes, where it has to be there and is written out."""
    if node.name not in _BY_ATTRIBUTE or any(each.key == "default" for each in node.kwargs):
        return None
    test = _test_of(node)
    if test in _ASKING or (test == "" and not results.goes_over_keys(known)):
        return None
    index = _BY_ATTRIBUTE[node.name]
    given = [each.value for each in node.kwargs if each.key == "attribute"]
    given += [] if index is None else node.args[index : index + 1]
    attribute = getattr(given[0], "value", None) if given else None
    return attribute if isinstance(attribute, str) else None


def _test_of(node: Any) -> str | None:
    """Return the test by which a filter keeps elements: empty where none is written out, None of any other filter."""
    if node.name not in _SELECTING:
        return None
    given = node.args[_SELECTING[node.name] :]
    test = getattr(given[0], "value", None) if given else None
    return test if isinstance(test, str) else ""


def _is_kept_by_kind(node: Any) -> bool:
    """Say whether a filter keeps elements by what they are, or by whether they have an attribute."""
    test = _test_of(node)
    return test in _OF_KIND or (test == "" and node.name in _BY_ATTRIBUTE)


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
