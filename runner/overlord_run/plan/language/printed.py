"""Follow what a template prints as it stands to where it was read.

Loops, `set`, filters and methods are followed, macros are not: what goes through one is taken to be of nowhere.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import nodes

from overlord_run.plan.language.references import Reference

EACH = "*"
"""In a path: whichever value of a mapping."""

ELEMENT = "[]"
"""In a path: an element of a list, or a key of a mapping that is gone through."""

OWN = "servant.slot"
"""In a path: the slot of the servant that the text is for."""

Path = tuple[str, ...]
Paths = frozenset[Path]
Scope = dict[str, Paths]

_LIST = "[…]"  # behind a path: a list of that
_PAIR = "(…)"  # behind a path: a key of that and its value
_NOTHING: Paths = frozenset()
_ANYTHING: Paths = frozenset({("",)})
_MOST = 8
_DEEPEST = 16

# What they give is what they were given, or a part of it.
_PASSING = frozenset(
    {
        "capitalize",
        "d",
        "default",
        "indent",
        "list",
        "lower",
        "replace",
        "reverse",
        "sort",
        "string",
        "trim",
        "truncate",
    }
    | {"reject", "rejectattr", "select", "selectattr", "unique", "upper"}
)
_CHOOSING = frozenset({"first", "join", "last", "max", "min"})
_PASSING_METHODS = frozenset(
    {"capitalize", "lower", "lstrip", "removeprefix", "removesuffix", "replace", "rstrip", "strip", "upper"}
)
_SPLITTING_METHODS = frozenset({"split", "splitlines"})


def printed(tree: nodes.Template) -> tuple[Reference, ...]:
    """Return what a template prints as it stands of what it reads, in the order of its text.

    Left out is what is printed as JSON, what goes through `as_data`, and what only follows from what was read: a
    length, a comparison.

    Raises:
        RecursionError: The template is nested too deeply.
    """
    return tuple(dict.fromkeys(_walk(tree.body, {})))


def _walk(found: Iterable[nodes.Node], known: Scope) -> Iterator[Reference]:
    for node in found:
        if type(node) in _STEPS:
            yield from _STEPS[type(node)](node, known)


def _walk_output(node: Any, known: Scope) -> Iterator[Reference]:
    for each in node.nodes:
        for path in sorted(_read(each, known)):
            if path[-1] not in (_LIST, _PAIR):
                yield Reference(path, each.lineno)


def _walk_if(node: Any, known: Scope) -> Iterator[Reference]:
    for body in (node.body, *(other.body for other in node.elif_), node.else_):
        yield from _walk(body, known)


def _walk_for(node: Any, known: Scope) -> Iterator[Reference]:
    yield from _walk(node.body, known | _bind(node.target, _elements(_read(node.iter, known))))
    yield from _walk(node.else_, dict(known))


def _walk_with(node: Any, known: Scope) -> Iterator[Reference]:
    given = [_bind(target, _read(value, known)) for target, value in zip(node.targets, node.values, strict=True)]
    yield from _walk(node.body, {name: paths for each in (known, *given) for name, paths in each.items()})


def _walk_assign(node: Any, known: Scope) -> Iterator[Reference]:
    known.update(_bind(node.target, _read(node.node, known)))
    return iter(())


def _walk_assign_block(node: Any, known: Scope) -> Iterator[Reference]:
    inside = _some(reference.path for reference in _walk(node.body, dict(known)))
    known.update(_bind(node.target, _filtered(node.filter, inside, known) if node.filter else inside))
    return iter(())


def _walk_filter_block(node: Any, known: Scope) -> Iterator[Reference]:
    inside = _walk(node.body, dict(known))
    return inside if _filtered(node.filter, _ANYTHING, known) >= _ANYTHING else iter(())


def _walk_macro(node: Any, known: Scope) -> Iterator[Reference]:
    arguments = {argument.name: _NOTHING for argument in getattr(node, "args", ())}
    yield from _walk(node.body, known | arguments)


def _bind(target: nodes.Node, paths: Paths) -> Scope:
    """Return what the names of a target stand for, given what is put there."""
    if isinstance(target, nodes.Tuple):
        parts = [_bind(item, _at(paths, place)) for place, item in enumerate(target.items)]
        return {name: found for part in parts for name, found in part.items()}
    return {target.name: paths} if isinstance(target, nodes.Name) else {}


def _read(node: nodes.Node | None, known: Scope) -> Paths:
    reader = None if node is None else _READERS.get(type(node))
    return _NOTHING if reader is None else reader(node, known)


def _read_name(node: Any, known: Scope) -> Paths:
    return known.get(node.name, frozenset({(node.name,)}))


def _read_attribute(node: Any, known: Scope) -> Paths:
    return _below(_read(node.node, known), node.attr)


def _read_item(node: Any, known: Scope) -> Paths:
    return _item(_read(node.node, known), node.arg, known)


def _item(paths: Paths, key: nodes.Node, known: Scope) -> Paths:
    if isinstance(key, nodes.Slice):
        return paths
    if isinstance(key, nodes.Const):
        return _at(paths, key.value) if isinstance(key.value, int) else _below(paths, str(key.value))
    return _below(paths, OWN if _read(key, known) == {("servant", "slot")} else EACH)


def _read_all(node: Any, known: Scope) -> Paths:
    return _some(path for each in node.iter_child_nodes(exclude=("test",)) for path in _read(each, known))


def _read_list(node: Any, known: Scope) -> Paths:
    return _below(_read_all(node, known), _LIST)


def _read_filter(node: Any, known: Scope) -> Paths:
    return _filtered(node, _read(node.node, known), known)


def _filtered(node: Any, paths: Paths, known: Scope) -> Paths:
    """Return what a filter gives of something."""
    if node.name == "items":
        return _below(_below(paths, _PAIR), _LIST)
    if node.name == "map":
        return _mapped(node, _elements(paths), known)
    if node.name in _CHOOSING:
        return _some((*_elements(paths), *_given(node.args, known)))
    return _some((*paths, *_given(node.args, known))) if node.name in _PASSING else _NOTHING


def _mapped(node: Any, paths: Paths, known: Scope) -> Paths:
    attribute = next((each.value for each in node.kwargs if each.key == "attribute"), None)
    if isinstance(attribute, nodes.Const):
        for name in str(attribute.value).split("."):
            paths = _below(paths, name)
    elif node.args and isinstance(node.args[0], nodes.Const) and node.args[0].value not in _PASSING:
        return _NOTHING
    return _below(paths, _LIST)


def _read_call(node: Any, known: Scope) -> Paths:
    if not isinstance(node.node, nodes.Getattr):
        return _NOTHING
    paths, method = _read(node.node.node, known), node.node.attr
    if method == "items":
        return _below(_below(paths, _PAIR), _LIST)
    if method == "values":
        return _below(_below(paths, EACH), _LIST)
    if method == "get" and node.args:
        return _some((*_item(paths, node.args[0], known), *_given(node.args[1:], known)))
    if method in _SPLITTING_METHODS:
        return _below(paths, _LIST)
    return paths if method in _PASSING_METHODS else _NOTHING


def _given(arguments: Iterable[nodes.Node], known: Scope) -> Paths:
    return frozenset(path for argument in arguments for path in _read(argument, known))


def _elements(paths: Paths) -> Paths:
    return frozenset(path[:-1] if path[-1] == _LIST else (*path, ELEMENT) for path in paths)


def _at(paths: Paths, place: int) -> Paths:
    """Return what stands at a place of a pair, or of a list."""
    pairs = frozenset((*path[:-1], EACH) for path in paths if path[-1] == _PAIR and place == 1)
    return pairs | _elements(frozenset(path for path in paths if path[-1] != _PAIR))


def _below(paths: Paths, key: str) -> Paths:
    return frozenset((*path, key) for path in paths if len(path) < _DEEPEST)


def _some(paths: Iterable[Path]) -> Paths:
    """Return some of many paths: what a template joins again and again must not cost more each time."""
    return frozenset(sorted(set(paths))[:_MOST])


_STEPS: Mapping[type[nodes.Node], Callable[[Any, Scope], Iterator[Reference]]] = {
    nodes.Assign: _walk_assign,
    nodes.AssignBlock: _walk_assign_block,
    nodes.CallBlock: _walk_macro,
    nodes.FilterBlock: _walk_filter_block,
    nodes.For: _walk_for,
    nodes.If: _walk_if,
    nodes.Macro: _walk_macro,
    nodes.Output: _walk_output,
    nodes.With: _walk_with,
}
_READERS: Mapping[type[nodes.Node], Callable[[Any, Scope], Paths]] = {
    nodes.Add: _read_all,
    nodes.And: _read_all,
    nodes.Call: _read_call,
    nodes.Concat: _read_all,
    nodes.CondExpr: _read_all,
    nodes.Filter: _read_filter,
    nodes.Getattr: _read_attribute,
    nodes.Getitem: _read_item,
    nodes.List: _read_list,
    nodes.Mul: _read_all,
    nodes.Name: _read_name,
    nodes.Or: _read_all,
    nodes.Tuple: _read_list,
}
