"""Find the names that a template reads from its scope, each with the path that follows it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from jinja2 import nodes
from msgspec import Struct

_Part = TypeVar("_Part", bound=nodes.Node)

_IN_MACROS = frozenset({"caller", "kwargs", "varargs"})


class Reference(Struct, frozen=True):
    """A name that a template reads.

    Attributes:
        path: The name, then the attributes and constant keys that follow: `replies.rank["oak"]` is
            `("replies", "rank", "oak")`. Where a key is worked out, the path ends before it.
        line: From 1, in the template.
    """

    path: tuple[str, ...]
    line: int


class Locals:
    """The names that a template has made itself, where one stands in it."""

    __slots__ = ("_names", "_outer")

    def __init__(self, outer: "Locals | None" = None) -> None:
        self._names: set[str] = set()
        self._outer = outer

    def __contains__(self, name: str) -> bool:
        return name in self._names or (self._outer is not None and name in self._outer)

    def add(self, names: Iterable[str]) -> None:
        """Make names known from here on."""
        self._names.update(names)

    def inner(self, names: Iterable[str] = ()) -> "Locals":
        """Return the names known inside a loop, a macro or another block, `names` among them."""
        scope = Locals(self)
        scope.add(names)
        return scope


def references(tree: nodes.Template) -> tuple[Reference, ...]:
    """Return what a template reads from its scope, in the order of its text; what it makes itself is left out.

    Raises:
        RecursionError: The template is nested too deeply.
    """
    return tuple(_walk(tree.body, Locals()))


def _walk(found: Iterable[nodes.Node], known: Locals) -> Iterator[Reference]:
    for node in found:
        yield from _STEPS.get(type(node), _walk_children)(node, known)


def _walk_children(node: nodes.Node, known: Locals) -> Iterator[Reference]:
    yield from _walk(node.iter_child_nodes(), known)


def _walk_name(node: Any, known: Locals) -> Iterator[Reference]:
    if node.ctx == "load" and node.name not in known:
        yield Reference((node.name,), node.lineno)


def _walk_path(path: Any, known: Locals) -> Iterator[Reference]:
    node: Any = path
    keys: list[str] = []
    worked_out: list[nodes.Node] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        key = _key(node)
        if key is None:
            keys.clear()
            worked_out.extend(node.iter_child_nodes(only=("arg",)))
        else:
            keys.append(key)
        node = node.node
    if not isinstance(node, nodes.Name):
        yield from _walk([node], known)
    elif node.name not in known:
        yield Reference((node.name, *reversed(keys)), node.lineno)
    yield from _walk(worked_out, known)


def _key(node: Any) -> str | None:
    if isinstance(node, nodes.Getattr):
        return node.attr
    constant = isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str)
    return node.arg.value if constant else None


def _walk_assign(node: Any, known: Locals) -> Iterator[Reference]:
    yield from _walk([node.node], known)
    yield from _walk(_namespaces(node.target), known)
    known.add(_names(node.target))


def _walk_assign_block(node: Any, known: Locals) -> Iterator[Reference]:
    yield from _walk([*node.body, node.filter] if node.filter else node.body, known.inner())
    yield from _walk(_namespaces(node.target), known)
    known.add(_names(node.target))


def _walk_for(node: Any, known: Locals) -> Iterator[Reference]:
    yield from _walk([node.iter], known)
    inner = known.inner(_names(node.target))
    yield from _walk([node.test] if node.test else [], inner)
    yield from _walk(node.body, inner.inner({"loop"}))
    yield from _walk(node.else_, known.inner())


def _walk_with(node: Any, known: Locals) -> Iterator[Reference]:
    yield from _walk(node.values, known)
    yield from _walk(node.body, known.inner(name for target in node.targets for name in _names(target)))


def _walk_macro(node: Any, known: Locals) -> Iterator[Reference]:
    known.add({node.name})
    yield from _walk_called(node, known)


def _walk_call_block(node: Any, known: Locals) -> Iterator[Reference]:
    yield from _walk([node.call], known)
    yield from _walk_called(node, known)


def _walk_called(node: Any, known: Locals) -> Iterator[Reference]:
    inner = known.inner(_IN_MACROS.union(argument.name for argument in node.args))
    yield from _walk(node.defaults, inner)
    yield from _walk(node.body, inner)


def _walk_scope(node: Any, known: Locals) -> Iterator[Reference]:
    yield from _walk(node.body, known.inner())


def _walk_filter_block(node: Any, known: Locals) -> Iterator[Reference]:
    yield from _walk([*node.body, node.filter], known.inner())


def _walk_namespace(node: Any, known: Locals) -> Iterator[Reference]:
    if node.name not in known:
        yield Reference((node.name,), node.lineno)


def _names(target: nodes.Node) -> set[str]:
    return {node.name for node in _parts(target, nodes.Name)}


def _namespaces(target: nodes.Node) -> list[nodes.NSRef]:
    return _parts(target, nodes.NSRef)


def _parts(target: nodes.Node, kind: type[_Part]) -> list[_Part]:
    return [target] if isinstance(target, kind) else list(target.find_all(kind))


_STEPS: Mapping[type[nodes.Node], Callable[[Any, Locals], Iterator[Reference]]] = {
    nodes.Assign: _walk_assign,
    nodes.AssignBlock: _walk_assign_block,
    nodes.CallBlock: _walk_call_block,
    nodes.FilterBlock: _walk_filter_block,
    nodes.For: _walk_for,
    nodes.Getattr: _walk_path,
    nodes.Getitem: _walk_path,
    nodes.Macro: _walk_macro,
    nodes.NSRef: _walk_namespace,
    nodes.Name: _walk_name,
    nodes.Scope: _walk_scope,
    nodes.With: _walk_with,
}
