"""Say which part of Jinja's language templates may use, and what is wrong with the rest, all at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Literal
from unicodedata import normalize

from jinja2 import nodes
from msgspec import Struct

from overlord_run.plan.language.conditions import CONDITIONS
from overlord_run.plan.language.filters import FILTERS
from overlord_run.playbook.names import did_you_mean, shown
from overlord_run.playbook.scalars import LARGEST_INTEGER

TemplateRule = Literal[
    "expression-braces",
    "not-a-list",
    "template-error",
    "template-include",
    "template-limit",
    "template-syntax",
    "template-unavailable",
    "template-undefined",
    "unknown-attribute",
]

ALLOWED: frozenset[type[nodes.Node]] = frozenset(
    {
        nodes.Add,
        nodes.And,
        nodes.Assign,
        nodes.AssignBlock,
        nodes.Call,
        nodes.CallBlock,
        nodes.Compare,
        nodes.Concat,
        nodes.CondExpr,
        nodes.Const,
        nodes.Dict,
        nodes.Div,
        nodes.Filter,
        nodes.FilterBlock,
        nodes.FloorDiv,
        nodes.For,
        nodes.Getattr,
        nodes.Getitem,
        nodes.If,
        nodes.Keyword,
        nodes.List,
        nodes.Macro,
        nodes.Mod,
        nodes.Mul,
        nodes.NSRef,
        nodes.Name,
        nodes.Neg,
        nodes.Not,
        nodes.Operand,
        nodes.Or,
        nodes.Output,
        nodes.Pair,
        nodes.Pos,
        nodes.Scope,
        nodes.Slice,
        nodes.Sub,
        nodes.Template,
        nodes.TemplateData,
        nodes.Test,
        nodes.Tuple,
        nodes.With,
    }
)

TAGS = frozenset(
    {"call", "elif", "else", "endcall", "endfilter", "endfor", "endif", "endmacro", "endraw", "endset", "endwith"}
    | {"filter", "for", "if", "macro", "raw", "set", "with"}
)
"""What may stand behind `{%`."""

_INCLUDES: Mapping[type[nodes.Node], str] = {
    nodes.Extends: "{% extends %} reads another file, which a template cannot",
    nodes.FromImport: "{% from %} reads another file, which a template cannot",
    nodes.Import: "{% import %} reads another file, which a template cannot",
    nodes.Include: "{% include %} reads another file, which only a role file can, by a path written out in quotes",
}

_UNAVAILABLE: Mapping[type[nodes.Node], str] = {
    nodes.Block: "{% block %}",
    nodes.Pow: "`**`",
    nodes.ScopedEvalContextModifier: "{% autoescape %}",
}

# Filters that take the name of a filter or a test, and as which argument.
_NAMES_TAKEN: Mapping[str, tuple[int, str]] = {
    "map": (0, "filter"),
    "reject": (0, "test"),
    "rejectattr": (1, "test"),
    "select": (0, "test"),
    "selectattr": (1, "test"),
}


class Finding(Struct, frozen=True):
    """Something wrong at a line of a template, from 1."""

    line: int
    rule: TemplateRule
    message: str
    hint: str = ""


def inspect(tree: nodes.Template) -> Iterator[Finding]:
    """Yield what a template uses that templates cannot have."""
    pending: list[nodes.Node] = [tree]
    while pending:
        node = pending.pop()
        yield from _inspect_node(node)
        if type(node) in ALLOWED:
            pending.extend(node.iter_child_nodes())


def _inspect_node(node: nodes.Node) -> Iterator[Finding]:
    kind = type(node)
    if kind in _INCLUDES:
        yield Finding(node.lineno, "template-include", _INCLUDES[kind])
    elif kind not in ALLOWED:
        yield _unavailable(node, _UNAVAILABLE.get(kind, kind.__name__))
    elif kind in _INSPECTORS:
        yield from _INSPECTORS[kind](node)


def _unavailable(node: nodes.Node, what: str) -> Finding:
    return Finding(node.lineno, "template-unavailable", f"{what} is not available in templates")


def _inspect_for(node: Any) -> Iterator[Finding]:
    if node.recursive:
        yield _unavailable(node, "a recursive loop")


def _inspect_const(node: Any) -> Iterator[Finding]:
    if isinstance(node.value, int) and node.value > LARGEST_INTEGER:
        yield Finding(node.lineno, "template-syntax", "the number is too large")
    if isinstance(node.value, float) and not isfinite(node.value):
        yield Finding(node.lineno, "template-syntax", "the number is not finite")


def _inspect_getattr(node: Any) -> Iterator[Finding]:
    if node.attr.startswith("__"):
        yield _unavailable(node, f"'{node.attr}'")


def _inspect_name_node(node: Any) -> Iterator[Finding]:
    if node.name == "loop" and node.ctx != "load":
        yield Finding(node.lineno, "template-syntax", "'loop' is the loop's own name and cannot be set")


def _inspect_keyword(node: Any) -> Iterator[Finding]:
    if node.key.startswith("_"):
        yield _unavailable(node, f"an argument named '{node.key}'")


def _inspect_parameters(node: Any) -> Iterator[Finding]:
    yield from _repeated(node, [argument.name for argument in node.args])


def _inspect_call(node: Any) -> Iterator[Finding]:
    yield from _repeated(node, [keyword.key for keyword in node.kwargs])
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        yield _unavailable(node, "spreading arguments with `*` or `**`")


def _repeated(node: nodes.Node, names: Sequence[str]) -> Iterator[Finding]:
    """Tell arguments of the same name; to Python, which the template becomes, some letters are the same."""
    if len({normalize("NFKC", name) for name in names}) < len(names):
        yield Finding(node.lineno, "template-syntax", "two arguments have the same name")


def _inspect_filter(node: Any) -> Iterator[Finding]:
    yield from _inspect_call(node)
    yield from _inspect_name(node, "filter", node.name)
    index, word = _NAMES_TAKEN.get(node.name, (0, ""))
    if word and len(node.args) > index and isinstance(node.args[index], nodes.Const):
        yield from _inspect_name(node, word, str(node.args[index].value))


def _inspect_test(node: Any) -> Iterator[Finding]:
    yield from _inspect_call(node)
    yield from _inspect_name(node, "test", node.name)


def _inspect_name(node: nodes.Node, word: str, name: str) -> Iterator[Finding]:
    table = FILTERS if word == "filter" else CONDITIONS
    if name not in table:
        hint = did_you_mean(name, table) or f"there are: {', '.join(table)}"
        yield Finding(node.lineno, "template-unavailable", f"there is no {word} named {shown(name)}", hint)


_INSPECTORS: Mapping[type[nodes.Node], Callable[[Any], Iterator[Finding]]] = {
    nodes.Call: _inspect_call,
    nodes.CallBlock: _inspect_parameters,
    nodes.Const: _inspect_const,
    nodes.Filter: _inspect_filter,
    nodes.For: _inspect_for,
    nodes.Getattr: _inspect_getattr,
    nodes.Keyword: _inspect_keyword,
    nodes.Macro: _inspect_parameters,
    nodes.Name: _inspect_name_node,
    nodes.Test: _inspect_test,
}
