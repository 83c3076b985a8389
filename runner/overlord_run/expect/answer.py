"""Say which JSON value of a reply is its answer: the one that fits the schema, where it is the only one that does."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from overlord_run.expect.find import MAX_CHARACTERS, MAX_FOUND, Broken, Found, Value, find

if TYPE_CHECKING:
    from overlord_run.expect.fit import Fitting


class Answer(Struct, frozen=True):
    """The value of a reply that fits its schema."""

    value: Any


class Misfit(Struct, frozen=True):
    """Why a reply holds no answer: sentences about it, each with its place where it has one."""

    reasons: tuple[str, ...]


def read_answer(text: str, schema: Mapping[str, Any]) -> Answer | Misfit:
    """Return the answer that a reply holds, or why it holds none.

    Of the places of a reply (it as a whole, its fences, anywhere in it) the first counts that holds a value that fits.
    Where none does, what is told is about what the first place that holds any seems to mean.

    Args:
        text: The reply.
        schema: One that has no problems.
    """
    from overlord_run.expect.fit import Fitting  # noqa: PLC0415 - most runs expect nothing, and need no jsonschema

    if len(text) > MAX_CHARACTERS:
        return Misfit((f"the reply has more than {MAX_CHARACTERS:,} characters",))
    fitting = Fitting(schema)
    told: Misfit | None = None
    for found in find(text):
        if len(found) > MAX_FOUND:
            return Misfit((f"it holds more than {MAX_FOUND} JSON values, and one is wanted",))
        answer = _read(found, fitting) if found else None
        if isinstance(answer, Answer):
            return answer
        told = told or answer
    return told or Misfit(("it holds no JSON",))


def _read(found: Sequence[Found], fitting: "Fitting") -> Answer | Misfit:
    from overlord_run.expect.fit import canonical  # noqa: PLC0415 - as above

    fits = {
        canonical(one.content): one.content
        for one in found
        if isinstance(one, Value) and not fitting.misfits(one.content)
    }
    if len(fits) > 1:
        return Misfit((f"it holds {len(fits)} different JSON values that fit, and one is wanted",))
    if fits:
        return Answer(*fits.values())
    likely = [one for one in found if isinstance(one, Broken) or fitting.has_type(one.content)]
    meant = (likely or found)[-1]
    reasons = (meant.reason,) if isinstance(meant, Broken) else fitting.misfits(meant.content)
    return Misfit(reasons if len(found) == 1 else (*reasons, f"it holds {len(found)} JSON values, and one is wanted"))
