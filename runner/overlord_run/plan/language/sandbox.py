"""Confine Jinja: what compiled template code calls for every attribute, call, operator, filter and loop."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

from overlord_run.plan.language.arguments import apply
from overlord_run.plan.language.attributes import FUNCTIONS, Function, find
from overlord_run.plan.language.conditions import CONDITIONS
from overlord_run.plan.language.filters import FILTERS
from overlord_run.plan.language.meter import MADE, Meter, RefusedError
from overlord_run.plan.language.operators import compare, compute
from overlord_run.plan.language.values import key_text, kind, refuse, text

# Names that no template can write, so none can shadow or call them.
METER = "!meter"
PRINT = "!print"
LOOP = "!loop"
CHARGE = "!charge"
COMPARE = "!compare"
CONCAT = "!concat"
KEY = "!key"
SLICE = "!slice"


class Sandbox(ImmutableSandboxedEnvironment):
    """A Jinja environment in which a template reaches allow-listed things only, and each of them is metered.

    The context that a template is rendered with holds a `Meter` under `METER`.
    """

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"+", "-"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
            optimized=False,
            cache_size=0,
        )
        self.filters = {name: _metered(name, filter_) for name, filter_ in FILTERS.items()}
        self.filters |= {name: _with_meter(step) for name, step in _INTERNAL.items()}
        self.tests = {name: _metered(name, condition) for name, condition in CONDITIONS.items()}
        self.globals = dict(FUNCTIONS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return `obj.attribute` as far as templates may see it."""
        return find(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return `obj[argument]` as far as templates may see it."""
        return find(obj, argument)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as in Jinja, so that no keyword of a template collides
        """Call a macro or one of our functions; nothing else can be called."""
        meter: Meter = __context[METER]
        kwargs.pop("_loop_vars", None)
        kwargs.pop("_block_vars", None)
        if isinstance(__obj, Macro):
            return _call_macro(meter, __obj, args, kwargs)
        if isinstance(__obj, Function):
            return apply(__obj.name, __obj.implementation, meter, (*__obj.bound, *args), kwargs)
        if isinstance(__obj, StrictUndefined):
            refuse(__obj)
        message = f"{kind(__obj)} cannot be called"
        raise RefusedError(message)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute an operator on values whose size is bounded."""
        return compute(context[METER], operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        """Compute a sign."""
        return compute(context[METER], operator, 0, arg)


def _call_macro(meter: Meter, macro: Macro, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    meter.enter()
    try:
        return macro(*args, **kwargs)
    except TypeError as error:
        if not _is_of_the_call(error):
            raise
        message = f"macro '{macro.name or 'caller'}' does not take these arguments"
        raise RefusedError(message) from error
    finally:
        meter.leave()


def _is_of_the_call(error: TypeError) -> bool:
    """Say whether Jinja itself refused a macro's arguments: in the macro's body the error would come from deeper."""
    here = error.__traceback__
    return here is not None and here.tb_next is not None and here.tb_next.tb_next is None


def _metered(name: str, implementation: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def call(context: Context, /, *args: Any, **kwargs: Any) -> Any:
        return apply(name, implementation, context[METER], args, kwargs)

    return call


def _with_meter(step: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def call(context: Context, *args: Any) -> Any:
        return step(context[METER], *args)

    return call


def _loop(meter: Meter, value: object, cost: int) -> Iterator[Any]:
    """Yield what a `for` runs over; each step costs what its body does."""
    if not isinstance(value, str | Mapping | list | tuple | range):
        if isinstance(value, StrictUndefined):
            refuse(value)
        message = f"a loop needs a list or a mapping, not {kind(value)}"
        raise RefusedError(message)
    for item in value:
        meter.step(cost)
        yield item


def _charge(meter: Meter, cost: int) -> str:
    meter.charge(cost)
    return ""


def _compare(meter: Meter, left: object, *operands: Any) -> bool:
    """Compare a chain like `a < b < c`; `operands` are pairs of an operator's name and a value."""
    for name, right in zip(operands[::2], operands[1::2], strict=True):
        if not compare(meter, name, left, right):
            return False
        left = right
    return True


def _concat(meter: Meter, *values: object) -> str:
    return "".join([text(meter, value) for value in values])


def _slice(meter: Meter, value: object, start: object, stop: object, step: object) -> Any:
    bounds = slice(*(_bound(one) for one in (start, stop, step)))
    if bounds.step == 0:
        message = "a slice's step cannot be 0"
        raise RefusedError(message)
    if isinstance(value, str):
        meter.charge(4 * len(value))
        return value[bounds]
    if isinstance(value, list | tuple | range):
        meter.charge(MADE + 8 * len(value))
        return list(value[bounds])
    if isinstance(value, StrictUndefined):
        refuse(value)
    message = f"{kind(value)} has no slices"
    raise RefusedError(message)


def _bound(value: object) -> int | None:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, StrictUndefined):
        refuse(value)
    message = f"a slice needs whole numbers, not {kind(value)}"
    raise RefusedError(message)


_INTERNAL: Mapping[str, Callable[..., Any]] = {
    PRINT: text,
    LOOP: _loop,
    CHARGE: _charge,
    COMPARE: _compare,
    CONCAT: _concat,
    KEY: key_text,
    SLICE: _slice,
}
