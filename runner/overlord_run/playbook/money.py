"""Hold prices and budgets as exact whole numbers.

Money is counted in nano-dollars (10⁻⁹ USD), and a price in nano-dollars per million tokens. So sums are exact, and what
one answer costs is rounded by less than a billionth of a dollar, upwards.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

NANO = 10**9
_MINUTE_MS = 60_000
LimitName = Literal["usd", "tokens", "requests", "time"]


class Rates(Struct, frozen=True):
    """What a million tokens cost, in nano-dollars: of the prompt, of its cached part, of the answer."""

    input: int
    cached: int
    output: int


class Price(Struct, frozen=True):
    """A model's price; `above` holds for the whole of a call whose prompt has more tokens than `above_tokens`."""

    rates: Rates
    above: Rates | None = None
    above_tokens: int = 0

    def at(self, prompt_tokens: int) -> Rates:
        """Return the rates of a call with a prompt of so many tokens."""
        return self.rates if self.above is None or prompt_tokens <= self.above_tokens else self.above

    def to_json(self) -> dict[str, Any]:
        """Return the price as JSON values, in USD per million tokens."""
        above = None if self.above is None else {"tokens": self.above_tokens, **_rates_to_json(self.above)}
        return {**_rates_to_json(self.rates), "above": above}


class Limits(Struct, frozen=True):
    """What may be spent at most; None where there is no limit."""

    nano_usd: int | None = None
    tokens: int | None = None
    requests: int | None = None
    time_ms: int | None = None

    def __bool__(self) -> bool:
        """Whether there is any limit."""
        return self != NO_LIMITS

    @property
    def needs_reservations(self) -> bool:
        """Whether a call must say before it leaves what it may cost at most."""
        return self.nano_usd is not None or self.tokens is not None

    def of(self, name: LimitName) -> int | None:
        """Return a limit by the name that a playbook has for it."""
        value: int | None = getattr(self, _FIELDS[name])
        return value

    def having(self, name: LimitName, value: int) -> "Limits":
        """Return these limits with another value for one."""
        return replace(self, **{_FIELDS[name]: value})

    def to_json(self) -> dict[str, Any]:
        """Return the limits as JSON values: `usd tokens requests timeS`."""
        return {
            "usd": None if self.nano_usd is None else usd(self.nano_usd),
            "tokens": self.tokens,
            "requests": self.requests,
            "timeS": None if self.time_ms is None else self.time_ms / 1000,
        }


NO_LIMITS = Limits()


class Budget(Struct, frozen=True):
    """What a playbook lets a run spend, and what tokens of a model without a price count as."""

    limits: Limits = NO_LIMITS
    unpriced: Price | None = None


_FIELDS: Mapping[LimitName, str] = {"usd": "nano_usd", "tokens": "tokens", "requests": "requests", "time": "time_ms"}


def nano_usd(value: float | str) -> int:
    """Return an amount of USD, as it is written, in nano-dollars.

    Raises:
        ArithmeticError: It is no finite number.
    """
    return int((Decimal(str(value)) * NANO).to_integral_value())


def usd(nano: int) -> float:
    """Return nano-dollars in USD: the number that reads as the exact amount, up to a million USD."""
    return nano / NANO


def in_usd(nano: int) -> str:
    """Return an amount as people read it, rounded up: `2.50 USD`; below a dollar to a hundredth of a cent."""
    places, unit = (2, NANO // 100) if nano >= NANO else (4, NANO // 10_000)
    whole, rest = divmod(-(-nano // unit), NANO // unit)
    digits = f"{rest:0{places}}"
    return f"{whole:,}.{digits[:2] if digits.endswith('00') else digits} USD"


def in_limit(name: LimitName, value: int) -> str:
    """Return a limit as people read it: `2.50 USD`, `200,000 tokens`, `30 min`."""
    match name:
        case "usd":
            return in_usd(value)
        case "time":
            return f"{value / _MINUTE_MS:g} min" if value >= _MINUTE_MS else f"{value / 1000:g} s"
        case _:
            return f"{value:,} {name}"


def raising(name: LimitName, value: int) -> str:
    """Return a limit as `resume --budget` takes it, rounded up: `usd=5.00`, `time=60m`."""
    match name:
        case "usd":
            return f"usd={in_usd(value).removesuffix(' USD').replace(',', '')}"
        case "time":
            return f"time={-(-value // _MINUTE_MS)}m"
        case _:
            return f"{name}={value}"


def price_from_json(value: Mapping[str, Any]) -> Price:
    """Return the price that `Price.to_json` wrote, or that a table of prices has.

    Raises:
        LookupError, TypeError, ArithmeticError: It is no such thing.
    """
    above = value["above"]
    rates = _rates_from_json(value)
    return Price(rates) if above is None else Price(rates, _rates_from_json(above), int(above["tokens"]))


def limits_from_json(value: object) -> Limits:
    """Return the limits that `Limits.to_json` wrote; what is none of them limits nothing."""
    known = value if isinstance(value, Mapping) else {}
    amount, seconds = _number(known.get("usd")), _number(known.get("timeS"))
    tokens, requests = _number(known.get("tokens")), _number(known.get("requests"))
    return Limits(
        nano_usd=None if amount is None else nano_usd(amount),
        tokens=None if tokens is None else int(tokens),
        requests=None if requests is None else int(requests),
        time_ms=None if seconds is None else round(seconds * 1000),
    )


def _rates_to_json(rates: Rates) -> dict[str, float]:
    return {"input": usd(rates.input), "cached": usd(rates.cached), "output": usd(rates.output)}


def _rates_from_json(value: Mapping[str, Any]) -> Rates:
    return Rates(nano_usd(value["input"]), nano_usd(value["cached"]), nano_usd(value["output"]))


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
