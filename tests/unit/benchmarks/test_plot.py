"""Plots: every point stands where its value is, and the drawing is well-formed."""

import re
from xml.etree import ElementTree

import pytest

from benchmarks.plot import MOST_LINES, Axis, draw, scale_of

LINES = {"overlord-run": [(1, 10), (10, 100), (1000, 900)], "bare <aiohttp>": [(1, 19), (1000, 3000)]}


def test_a_linear_scale_begins_at_nothing_and_has_few_even_ticks() -> None:
    assert scale_of(Axis("ms"), [1.3, 2.2]).ticks == (0, 0.5, 1.0, 1.5, 2.0, 2.5)


def test_a_logarithmic_scale_goes_by_tens_around_what_is_shown() -> None:
    scale = scale_of(Axis("servants", is_log=True), [2, 700])
    assert scale.ticks == (1, 10, 100, 1000)
    assert [scale.place(value) for value in (1, 10, 1000)] == pytest.approx([0, 1 / 3, 1])


def test_a_plot_is_well_formed_and_names_its_lines_and_axes() -> None:
    drawn = ElementTree.fromstring(draw("Calls", Axis("servants", is_log=True), Axis("calls a second"), LINES))
    name = "{http://www.w3.org/2000/svg}"
    texts = [element.text for element in drawn.iter(f"{name}text")]
    assert {"Calls", "servants", "calls a second", *LINES} <= set(texts)
    steps = [element.get("points", "").split() for element in drawn.iter(f"{name}polyline")]
    assert list(map(len, steps)) == [3, 2]
    assert all(0 <= float(x) <= 760 and 0 <= float(y) <= 440 for line in steps for x, y in (p.split(",") for p in line))


def test_lines_are_told_apart_without_colour_and_on_a_dark_page() -> None:
    drawn = draw("Calls", Axis("x", is_log=True), Axis("y"), LINES)
    light, _, dark = drawn.partition("@media (prefers-color-scheme: dark)")
    dashes = [re.findall(rf"\.of-{number} {{[^}}]*dasharray: ([0-9 ]+)", light) for number in range(MOST_LINES)]
    assert dashes == [[], ["9 4"], ["3 3"], ["12 4 3 4"]]
    assert all(f".of-{number} " in dark for number in range(MOST_LINES))


def test_more_lines_than_there_are_colours_are_refused() -> None:
    with pytest.raises(ValueError, match="no colours"):
        draw("Calls", Axis("x"), Axis("y"), {str(number): [(1, 1), (2, 2)] for number in range(MOST_LINES + 1)})
