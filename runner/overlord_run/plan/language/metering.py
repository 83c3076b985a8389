"""Rewrite a parsed template so that whatever it does is metered.

Jinja's sandbox lets a template intercept arithmetic, calls and attributes. Loops, comparisons, `~`, slices and printing
it compiles to plain Python. Each of them becomes a filter of `sandbox` here, under a name that no template can write.

Work without a name of its own (an `if`, a literal, a look-up) is paid for by what encloses it: a step of a loop and the
call of a macro cost as much as all that stands in their body.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from overlord_run.plan.language.meter import MADE, NODE
from overlord_run.plan.language.sandbox import CHARGE, COMPARE, CONCAT, KEY, LOOP, PRINT, SLICE


class Metering(NodeTransformer):
    """Replace each node that works unmetered; `visit` changes the tree that it is given."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's own naming
        """Meter each step."""
        self.generic_visit(node)
        body = [*node.body, node.target] if node.test is None else [*node.body, node.target, node.test]
        node.iter = _filter(node, LOOP, node.iter, [nodes.Const(_cost(body))])
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        """Meter each call."""
        return self._meter_calls(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802
        """Meter each call of the block."""
        return self._meter_calls(node)

    def _meter_calls(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        charge = _filter(node, CHARGE, nodes.Const(_cost([node])), [])
        node.body = [nodes.Output([charge], lineno=node.lineno), *node.body]
        return nodes.Node.set_lineno(node, node.lineno)

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        """Meter each printed text."""
        self.generic_visit(node)
        node.nodes = [_filter(child, PRINT, _as_constant(child), []) for child in node.nodes]
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        """Meter comparisons; a chain is evaluated whole."""
        self.generic_visit(node)
        operands = [part for operand in node.ops for part in (nodes.Const(operand.op), operand.expr)]
        return _filter(node, COMPARE, node.expr, operands)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """Meter `~`."""
        self.generic_visit(node)
        first, *rest = node.nodes
        return _filter(node, CONCAT, first, rest)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        """Meter slices, which bypass the sandbox."""
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        bounds = (node.arg.start, node.arg.stop, node.arg.step)
        return _filter(node, SLICE, node.node, [nodes.Const(None) if bound is None else bound for bound in bounds])

    def visit_Pair(self, node: nodes.Pair) -> nodes.Node:  # noqa: N802
        """Let keys be texts only: to look for the place of a tuple nested deeply enough ends the process."""
        self.generic_visit(node)
        node.key = _filter(node.key, KEY, node.key, [])
        return node

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:  # noqa: N802
        """Let `x if y` without an `else` be the empty text, as it prints."""
        self.generic_visit(node)
        if node.expr2 is None:
            node.expr2 = nodes.Const("")
        return node


def _filter(node: nodes.Node, name: str, value: nodes.Expr | nodes.Node, args: Sequence[nodes.Expr]) -> nodes.Filter:
    return nodes.Filter(value, name, list(args), [], None, None, lineno=node.lineno)


def _as_constant(node: nodes.Node) -> nodes.Node:
    return nodes.Const(node.data, lineno=node.lineno) if isinstance(node, nodes.TemplateData) else node


def _cost(roots: Iterable[nodes.Node]) -> int:
    """Return the work that running through nodes once costs at most, loops in them counted as one step."""
    cost = 0
    pending = list(roots)
    while pending:
        node = pending.pop()
        cost += NODE
        if isinstance(node, nodes.List | nodes.Tuple | nodes.Dict):
            cost += MADE * (1 + len(node.items))
        pending.extend(node.iter_child_nodes())
    return cost
