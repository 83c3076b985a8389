"""What a benchmark found, as values and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Final, Literal

Unit = Literal["×", "s", "ms", "MB", "bytes", "%"]
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, once a round.

    Attributes:
        case: The case that it belongs to.
        what: What was measured, in a person's words.
        unit: Of the values; `×` where they are ratios.
        values: One a round.
        bar: The most that the median may be; None where there is no bar.
        sides: Of a ratio: who was compared → what that was, one a round, in `side_unit`. The first is the program.
    """

    case: str
    what: str
    unit: Unit
    values: tuple[float, ...]
    bar: float | None = None
    sides: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    side_unit: Unit = "s"

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def is_met(self) -> bool | None:
        """Whether the bar is met; None where there is none."""
        return None if self.bar is None else self.middle <= self.bar


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a plot.

    Attributes:
        plot: The plot's name.
        series: What this line is of.
        points: In order of x.
    """

    plot: str
    series: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Results:
    """All that one benchmark found.

    Attributes:
        facts: What it was found on: machine, versions, server; in the order in which they are told.
        seconds: How long all of it took.
    """

    facts: Mapping[str, str]
    seconds: float
    figures: tuple[Figure, ...] = ()
    curves: tuple[Curve, ...] = ()

    def to_json(self) -> str:
        """Return the results as the text of a JSON file."""
        return json.dumps({"version": VERSION, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Results":
        """Read what `to_json` wrote."""
        value = json.loads(text)
        return cls(
            facts=value["facts"],
            seconds=value["seconds"],
            figures=tuple(_figure(one) for one in value["figures"]),
            curves=tuple(_curve(one) for one in value["curves"]),
        )


def _figure(value: Mapping[str, Any]) -> Figure:
    sides = {name: tuple(values) for name, values in value["sides"].items()}
    return Figure(**{**value, "values": tuple(value["values"]), "sides": sides})


def _curve(value: Mapping[str, Any]) -> Curve:
    return Curve(value["plot"], value["series"], tuple((x, y) for x, y in value["points"]))
