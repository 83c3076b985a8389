"""Find what Python code uses of the standard library that one of our platforms does not have.

Which platform has what, under our oldest Python, is read from the stubs that ship with mypy: their guards say it, and
the code's own are read in the same way. mypy itself looks at members, not at whether a module such as `fcntl` is there.
"""

import ast
import functools
import operator
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import mypy

PLATFORMS = ("linux", "darwin", "win32")
OLDEST = (3, 11)
_STUBS = Path(mypy.__file__).parent / "typeshed" / "stdlib"


def missing(source: str, platform: str) -> list[str]:
    """Return the modules and members that code uses where the platform does not have them, and another has."""
    return sorted({name for node in _reached(ast.parse(source).body, platform) for name in _missing(node, platform)})


def _missing(node: ast.AST, platform: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names if _lacks_all(name.name, platform))
    elif isinstance(node, ast.ImportFrom):
        module = node.module or ""
        yield from (f"{module}.{name.name}" for name in node.names if name.name in _lacking(module, platform))
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        module = node.value.id
        yield from [f"{module}.{node.attr}"] if node.attr in _lacking(module, platform) else []


def _lacks_all(module: str, platform: str) -> bool:
    return not _members(module, platform) and any(_members(module, other) for other in PLATFORMS)


def _lacking(module: str, platform: str) -> frozenset[str]:
    """Return the members of a module that another platform has and this one has not."""
    return frozenset().union(*(_members(module, other) for other in PLATFORMS)) - _members(module, platform)


@functools.cache
def _members(module: str, platform: str) -> frozenset[str]:
    """Return what a module of the standard library defines on a platform; nothing for any other module."""
    path = _STUBS.joinpath(*module.split("."))
    stubs = [stub for stub in (path.with_suffix(".pyi"), path / "__init__.pyi") if stub.is_file()]
    nodes = (node for stub in stubs for node in _reached(ast.parse(stub.read_text("utf-8")).body, platform))
    return frozenset(name for node in nodes for name in _defined(node) if not name.startswith("_"))


def _defined(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.AnnAssign | ast.Assign):
        targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _reached(body: Iterable[ast.stmt], platform: str) -> Iterator[ast.AST]:
    """Yield each node that a platform carries out, in the order of the text."""
    for statement in body:
        if isinstance(statement, ast.Assert) and _truth(statement.test, platform) is False:
            return
        if isinstance(statement, ast.If):
            branches = _branches(statement, platform)
            yield from _within(statement.test, platform)
            for branch in branches:
                yield from _reached(branch, platform)
            if len(branches) == 1 and branches[0] and isinstance(branches[0][-1], ast.Return | ast.Raise):
                return
        else:
            yield from _within(statement, platform)


def _within(node: ast.AST, platform: str) -> Iterator[ast.AST]:
    """Yield a node and all in it, of a conditional expression, `and` and `or` only what the platform gets to."""
    yield node
    if isinstance(node, ast.IfExp):
        parts: Sequence[ast.AST] = [node.test, *_branches(node, platform)]
    elif isinstance(node, ast.BoolOp):
        decisive = [_truth(value, platform) is isinstance(node.op, ast.Or) for value in node.values]
        parts = node.values[: decisive.index(True) + 1] if True in decisive else node.values
    else:
        parts = list(ast.iter_child_nodes(node))
    blocks = [part for part in parts if isinstance(part, ast.stmt)]
    for part in parts:
        yield from () if part in blocks else _within(part, platform)
    yield from _reached(blocks, platform)


def _branches(node: ast.If | ast.IfExp, platform: str) -> list:
    taken = _truth(node.test, platform)
    return [node.body] * (taken is not False) + [node.orelse] * (taken is not True)


def _truth(test: ast.expr, platform: str) -> bool | None:
    """Return what a test of platform or version is on a platform; None for a test of something else."""
    match test:
        case ast.BoolOp(op=how, values=values):
            found = [_truth(value, platform) for value in values]
            decisive = isinstance(how, ast.Or)
            return decisive if decisive in found else None if None in found else not decisive
        case ast.Compare(left=ast.Attribute(attr="platform" | "version_info" as fact), ops=[comparison]):
            ours = platform if fact == "platform" else OLDEST
            compare = _COMPARISONS.get(type(comparison))
            return None if compare is None else compare(ours, ast.literal_eval(test.comparators[0]))
    return None


_COMPARISONS = {ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.GtE: operator.ge, ast.Lt: operator.lt}
