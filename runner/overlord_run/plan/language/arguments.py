"""Call what a template calls, and tell arguments that it does not take from a fault of ours."""

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from types import UnionType
from typing import Any

from overlord_run.plan.language.meter import Meter, RefusedError


def apply(
    name: str,
    implementation: Callable[..., Any],
    meter: Meter,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> Any:
    """Return what a function, a method, a filter or a test gives.

    Arguments are looked at only where the call has failed: a template may make a million calls.

    Raises:
        RefusedError: It does not take these arguments, or refuses them.
        UndefinedError: One of them is undefined where a value is needed.
    """
    try:
        return implementation(meter, *args, **kwargs)
    except TypeError as error:
        if _takes(implementation, (meter, *args), kwargs):
            raise
        message = f"`{name}` does not take these arguments"
        raise RefusedError(message) from error


def _takes(implementation: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Say whether arguments go with a signature, in number, by name, and as far as it says by kind."""
    expected = signature(implementation)
    try:
        given = expected.bind(*args, **kwargs).arguments
    except TypeError:
        return False
    return all(_is_of_kind(expected.parameters[name], value) for name, value in given.items())


def _is_of_kind(parameter: Parameter, value: Any) -> bool:
    wanted = parameter.annotation
    if wanted in (Any, Parameter.empty) or not isinstance(wanted, type | UnionType):
        return True
    values = value if parameter.kind is Parameter.VAR_POSITIONAL else (value,)
    return all(isinstance(one, wanted) for one in values)
