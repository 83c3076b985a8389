"""Settle what a run may spend: the playbook's budget, or the operator's cap where it is smaller; and raise it."""

from collections.abc import Iterable, Iterator
from decimal import Decimal, DecimalException

from overlord_run.errors import UsageError
from overlord_run.playbook.checks import LONGEST_TIME_S
from overlord_run.playbook.money import LimitName, Limits, in_limit, nano_usd
from overlord_run.playbook.names import shown
from overlord_run.settings.model import Flags

_MOST_USD = 1_000_000
_MOST = 10**12
_UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000}
_FORMS: dict[str, str] = {"usd": "usd=5", "tokens": "tokens=200000", "requests": "requests=50", "time": "time=1h"}


def capped(limits: Limits, flags: Flags) -> Limits:
    """Return a playbook's limits with those of the operator's caps that are smaller.

    Raises:
        UsageError: A cap is no amount.
    """
    for name, cap in _caps(flags):
        before = limits.of(name)
        limits = limits.having(name, cap if before is None else min(before, cap))
    return limits


def unused_caps(limits: Limits, flags: Flags) -> Iterator[str]:
    """Yield a sentence for each of the operator's caps that a playbook's own limit is smaller than."""
    for name, cap in _caps(flags):
        before = limits.of(name)
        if before is not None and before < cap:
            yield f"--max-{name} is not used: the playbook's budget is smaller, {in_limit(name, before)}"


def raised(limits: Limits, asked: Iterable[str]) -> Limits:
    """Return a run's limits as a person raises them, each in a word like `usd=5`; to raise one twice is one raise.

    Raises:
        UsageError: One is no limit, the run has none of it, or it would be lower than it is.
    """
    for word in asked:
        name, value = _limit(word)
        before = limits.of(name)
        if before is None:
            message = f"the run has no budget of {name}, so there is none to raise"
            raise UsageError(message, next="overlord-run status shows the budget that it has")
        if value < before:
            message = f"the budget is {in_limit(name, before)}, and is only raised"
            raise UsageError(message, next=f"give more than that, like {_FORMS[name]}")
        limits = limits.having(name, value)
    return limits


def _caps(flags: Flags) -> Iterator[tuple[LimitName, int]]:
    if flags.max_usd is not None:
        yield "usd", _usd(flags.max_usd, "--max-usd")
    if flags.max_tokens is not None:
        yield "tokens", flags.max_tokens


def _limit(word: str) -> tuple[LimitName, int]:
    name, _, value = word.partition("=")
    match name:
        case "usd":
            return name, _usd(value, "--budget usd=")
        case "tokens" | "requests":
            return name, _count(value, name)
        case "time":
            return name, _milliseconds(value)
        case _:
            message = f"--budget takes a limit and its new value, not {shown(word)}"
            raise UsageError(message, next=f"write it like {' or '.join(_FORMS.values())}")


def _usd(text: str, option: str) -> int:
    try:
        amount = Decimal(text)
        is_amount = amount.is_finite() and nano_usd(text) > 0 and amount <= _MOST_USD
    except DecimalException:
        is_amount = False
    if not is_amount:
        message = f"{option} takes an amount of US dollars, not {shown(text)}"
        raise UsageError(message, next="write it like 2.50")
    return nano_usd(text)


def _count(text: str, name: str) -> int:
    is_count = text.isascii() and text.isdigit() and len(text) <= len(str(_MOST)) and 0 < int(text) <= _MOST
    if not is_count:
        message = f"--budget {name}= takes a whole number, not {shown(text)}"
        raise UsageError(message, next=f"write it like {_FORMS[name]}")
    return int(text)


def _milliseconds(text: str) -> int:
    try:
        amount = Decimal(text[:-1]) * _UNITS_MS[text[-1:]]
        is_duration = amount.is_finite() and 1 <= amount <= LONGEST_TIME_S * 1000
    except (DecimalException, KeyError):
        is_duration = False
    if not is_duration:
        message = f"--budget time= takes a duration up to 168h, not {shown(text)}"
        raise UsageError(message, next="write it like 45m or 2h")
    return int(amount)
