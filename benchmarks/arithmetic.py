"""The arithmetic of comparing: pairs, medians, and how a cost grows."""

from collections.abc import Sequence
from statistics import linear_regression


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    """Return ours over theirs, pair by pair: what slowed the machine down in a round slowed down both."""
    return tuple(one / other for one, other in zip(ours, theirs, strict=True))


def growth(places: Sequence[float], costs: Sequence[float], *, first: float, last: float) -> float:
    """Return the cost at `last` over the cost at `first`, on the straight line that fits the costs best.

    Args:
        places: Where along the way each cost was measured.
        costs: One a place.
        first: A place near the beginning.
        last: A place near the end.
    """
    slope, start = linear_regression(places, costs)
    return (start + slope * last) / (start + slope * first)


def windows(counts: Sequence[int], totals: Sequence[float], *, width: int) -> list[tuple[float, float]]:
    """Return the middle and the cost of one, of each window of at least `width` along a total that grows.

    Args:
        counts: How many there were at each look; it never falls.
        totals: What all of them had cost by then.
        width: How many a window has at least.
    """
    found: list[tuple[float, float]] = []
    begin = 0
    for end, count in enumerate(counts):
        passed = count - counts[begin]
        if passed >= width:
            found.append(((count + counts[begin]) / 2, (totals[end] - totals[begin]) / passed))
            begin = end
    return found
