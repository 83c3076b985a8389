"""Draw lines as an SVG that is legible on a light page and on a dark one."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 760, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 36, 84, 60
_STEPS = (1, 2, 2.5, 5, 10)
_MOST_TICKS = 6

# A line is told apart by its colour and by its dashes. The card has a ground of its own, for pages whose theme is not
# the one that the reader's system asks for.
_STYLE = """
.ground { fill: #ffffff; stroke: #d8dee4; }
text { fill: #1f2328; font: 14px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
.title { font-size: 17px; font-weight: 600; }
.grid { stroke: #d8dee4; stroke-width: 1; }
.line { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
.of-0 { stroke: #0b6e77; }
.of-1 { stroke: #b34a00; stroke-dasharray: 9 4; }
.of-2 { stroke: #7a3fd1; stroke-dasharray: 3 3; }
.of-3 { stroke: #57606a; stroke-dasharray: 12 4 3 4; }
@media (prefers-color-scheme: dark) {
.ground { fill: #161b22; stroke: #373e47; }
text { fill: #e6edf3; }
.grid { stroke: #373e47; }
.of-0 { stroke: #56d1dc; }
.of-1 { stroke: #ffa657; }
.of-2 { stroke: #c5a5ff; }
.of-3 { stroke: #a8b1bb; }
}
"""
MOST_LINES = 4
_TOO_MANY = "there are no colours for so many lines"


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a plot.

    Attributes:
        label: What is along it, with its unit.
        is_log: Whether each step multiplies.
    """

    label: str
    is_log: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """Where values of an axis stand.

    Attributes:
        ticks: The values that are written beside it, in order; the first and the last are its ends.
        is_log: Whether each step multiplies.
    """

    ticks: tuple[float, ...]
    is_log: bool = False

    def place(self, value: float) -> float:
        """Return where a value stands, from 0 to 1."""
        low, high, here = (math.log(one) if self.is_log else one for one in (self.ticks[0], self.ticks[-1], value))
        return (here - low) / (high - low)


def scale_of(axis: Axis, values: Sequence[float]) -> Scale:
    """Return a scale that has room for all of these values; a linear one begins at nothing."""
    if axis.is_log:
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return Scale(tuple(10.0**power for power in range(low, max(high, low + 1) + 1)), is_log=True)
    rough = max(values) / _MOST_TICKS
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * one for one in _STEPS if unit * one >= rough)
    return Scale(tuple(step * number for number in range(math.ceil(max(values) / step) + 1)))


def draw(title: str, x: Axis, y: Axis, lines: Mapping[str, Points]) -> str:
    """Return the SVG of a plot.

    Args:
        title: What is shown.
        x: The axis to the right.
        y: The axis upwards.
        lines: Name → points in order of x; `MOST_LINES` at most.
    """
    if len(lines) > MOST_LINES:
        raise ValueError(_TOO_MANY)
    points = [point for line in lines.values() for point in line]
    across, up = scale_of(x, [place for place, _ in points]), scale_of(y, [value for _, value in points])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="title">',
        f'<title id="title">{escape(title)}</title>\n<style>{_STYLE}</style>',
        f'<rect class="ground" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>',
        f'<text class="title" x="{_LEFT}" y="32">{escape(title)}</text>',
        *_legend(lines),
        *_grid(x, across, y, up),
        *(_line(number, line, across, up) for number, line in enumerate(lines.values())),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _legend(lines: Mapping[str, Points]) -> Iterator[str]:
    for number, name in enumerate(lines):
        left = _RIGHT + sum(44 + 7.2 * len(one) + 12 for one in list(lines)[:number])
        yield f'<path class="line of-{number}" d="M{left:.0f} 56h28"/>'
        yield f'<text x="{left + 36:.0f}" y="61">{escape(name)}</text>'


def _grid(x: Axis, across: Scale, y: Axis, up: Scale) -> Iterator[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    for tick in up.ticks:
        height = _y(up.place(tick))
        yield f'<path class="grid" d="M{_LEFT} {height}H{right}"/>'
        yield f'<text x="{_LEFT - 8}" y="{height + 5:.1f}" text-anchor="end">{tick:,.10g}</text>'
    for tick in across.ticks:
        left = _x(across.place(tick))
        yield f'<path class="grid" d="M{left} {bottom}v6"/>'
        yield f'<text x="{left}" y="{bottom + 24}" text-anchor="middle">{tick:,.10g}</text>'
    yield f'<text x="{(_LEFT + right) / 2}" y="{_HEIGHT - 12}" text-anchor="middle">{escape(x.label)}</text>'
    middle = (_TOP + bottom) / 2
    yield f'<text transform="translate(18 {middle}) rotate(-90)" text-anchor="middle">{escape(y.label)}</text>'


def _line(number: int, points: Points, across: Scale, up: Scale) -> str:
    steps = " ".join(f"{_x(across.place(place))},{_y(up.place(value))}" for place, value in points)
    return f'<polyline class="line of-{number}" points="{steps}"/>'


def _x(place: float) -> float:
    return round(_LEFT + place * (_WIDTH - _LEFT - _RIGHT), 1)


def _y(place: float) -> float:
    return round(_HEIGHT - _BOTTOM - place * (_HEIGHT - _TOP - _BOTTOM), 1)
