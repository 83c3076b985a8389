"""Hold what is known while one template is followed, and what it says itself about what may be missing."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

from jinja2 import nodes

from overlord_run.plan.language.kinds import Known
from overlord_run.plan.language.meter import RefusedError
from overlord_run.plan.language.syntax import Finding

_Kinds = ParamSpec("_Kinds")
_Result = TypeVar("_Result")

_FALLBACKS = frozenset({"d", "default"})
_SELECTING = frozenset({"reject", "select"})


class Sight:
    """What is known while one template is followed.

    Attributes:
        known: What it can read.
        asked: What it asks about by `is` or `in`, or has a fallback for; of that nothing is known.
        kept: The nodes, by identity, whose values it hands on: one that is not there is no fault before it is used.
        given: The names that it gives by `set`.
        unsure: Those that it gives more than once.
        findings: What can never work, in the order in which it was met.
    """

    def __init__(self, tree: nodes.Template, known: Mapping[str, Known]) -> None:
        self.known = known
        self.asked: set[tuple[str, ...] | None] = set()
        self.kept: set[int] = set()
        self.given: set[str] = set()
        self.findings: list[Finding] = []
        bound: Counter[str] = Counter()
        values: list[tuple[Any, Any]] = []
        pending: list[Any] = [tree]
        while pending:
            node = pending.pop()
            pending.extend(node.iter_child_nodes())
            self.asked.update(_asked_by(node))
            self.kept.update(map(id, _kept_by(node)))
            if isinstance(node, nodes.Name):
                bound[node.name] += node.ctx != "load"
            elif isinstance(node, nodes.Assign | nodes.AssignBlock):
                self.given.update(_names_in(node.target))
            if isinstance(node, nodes.Assign):
                values.append((node.target, node.node))
            elif isinstance(node, nodes.For):
                values.append((node.target, node.iter))
            elif isinstance(node, nodes.With):
                values.extend(zip(node.targets, node.values, strict=True))
        self.asked.discard(None)
        self.kept.update(id(value) for target, value in values if written(target) in self.asked)
        self.unsure = {name for name in self.given if bound[name] > 1}

    def attempt(
        self, node: nodes.Node, function: Callable[_Kinds, _Result], *args: _Kinds.args, **kwargs: _Kinds.kwargs
    ) -> _Result | None:
        """Return what comes of kinds, or None where that is impossible, which is noted."""
        try:
            return function(*args, **kwargs)
        except RefusedError as error:
            if error.rule == "unknown-attribute" and id(node) in self.kept:
                return None
            self.findings.append(Finding(node.lineno, error.rule, error.message, error.hint))
            return None


def _names_in(target: nodes.Node) -> tuple[str, ...]:
    """Return the names that a target of `set` gives."""
    found = [target] if isinstance(target, nodes.Name) else target.find_all(nodes.Name)
    return tuple(each.name for each in found)


def _asked_by(node: Any) -> Iterable[tuple[str, ...] | None]:
    """Return the paths that a node asks about: `p.a is …`, `p.a | default`, `"a" in p`."""
    if isinstance(node, nodes.Test) or (isinstance(node, nodes.Filter) and node.name in _FALLBACKS):
        return (written(node.node),)
    if isinstance(node, nodes.Compare) and isinstance(node.expr, nodes.Const) and node.ops[0].op in ("in", "notin"):
        path = written(node.ops[0].expr)
        return () if path is None else ((*path, node.expr.value),)
    return ()


def _kept_by(node: Any) -> Sequence[nodes.Node | None]:
    """Return the nodes whose values a node only hands on, or asks about."""
    kept: Sequence[nodes.Node | None] = ()
    match node:
        case nodes.Filter() if node.name in _FALLBACKS:
            kept = (node.node, *node.args)
        case nodes.Test() | nodes.Filter() if _asks(node):
            kept = (node.node,)
        case nodes.Call() if isinstance(node.node, nodes.Name):
            kept = (*node.args, *(each.value for each in node.kwargs))
        case nodes.List() | nodes.Tuple():
            kept = node.items
        case nodes.And() | nodes.Or() | nodes.Pair():
            kept = (node.value if isinstance(node, nodes.Pair) else node.right,)
        case nodes.CondExpr():
            kept = (node.expr1, node.expr2)
    return kept


def _asks(node: Any) -> bool:
    """Say whether a test or a filter asks what a value is, or takes a list of which elements may not be there."""
    if isinstance(node, nodes.Test) or node.name in _SELECTING:
        return True
    return node.name == "map" and bool(node.args) and getattr(node.args[0], "value", None) in _FALLBACKS


def written(node: Any) -> tuple[str, ...] | None:
    """Return a name and the names below it, where a path is made of nothing else."""
    names: list[str] = []
    while (name := name_read(node)) is not None:
        names.append(name)
        node = node.node
    return (node.name, *reversed(names)) if isinstance(node, nodes.Name) else None


def name_read(node: Any) -> str | None:
    """Return the name that is read of a value, as `value.name` or as `value["name"]`."""
    if isinstance(node, nodes.Getattr):
        return node.attr
    name = getattr(node.arg, "value", None) if isinstance(node, nodes.Getitem) else None
    return name if isinstance(name, str) else None
