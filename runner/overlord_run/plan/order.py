"""Put redirects into an order that keeps every `after` and `needs`, and say which have ended when one starts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from heapq import heapify, heappop, heappush

from overlord_run.playbook.model import BlockRedirect, Redirect, flattened


def waits(redirects: Sequence[Redirect]) -> dict[str, tuple[str, ...]]:
    """Return for each redirect's id the ids that must have ended before it starts: `after`, and those it needs.

    Without `after` it is the one above.
    """
    above: tuple[str, ...] = ()
    found = {}
    for redirect in redirects:
        after = above if redirect.after is None else redirect.after
        found[redirect.id] = tuple(dict.fromkeys((*after, *redirect.needs)))
        above = (redirect.id,)
    return found


def ordered(redirects: Sequence[Redirect]) -> tuple[Redirect, ...]:
    """Return the redirects so that each stands behind those it waits for, else in the playbook's order."""
    waiting = {redirect_id: set(earlier) for redirect_id, earlier in waits(redirects).items()}
    followers: dict[str, list[int]] = {}
    for index, redirect in enumerate(redirects):
        for earlier in waiting[redirect.id]:
            followers.setdefault(earlier, []).append(index)
    ready = [index for index, redirect in enumerate(redirects) if not waiting[redirect.id]]
    heapify(ready)
    placed = []
    while ready:
        redirect = redirects[heappop(ready)]
        placed.append(redirect)
        for index in followers.get(redirect.id, ()):
            left = waiting[redirects[index].id]
            left.discard(redirect.id)
            if not left:
                heappush(ready, index)
    return tuple(placed)


class Ended(Set[str]):
    """Redirects that have ended, a bit for each: of 10,000 in a row there are fifty million to remember."""

    __slots__ = ("_bits", "_numbers")

    def __init__(self, bits: int, numbers: Mapping[str, int]) -> None:
        self._bits = bits
        self._numbers = numbers

    def __contains__(self, redirect_id: object) -> bool:
        number = self._numbers.get(redirect_id) if isinstance(redirect_id, str) else None
        return number is not None and bool(self._bits >> number & 1)

    def __iter__(self) -> Iterator[str]:
        return (redirect_id for redirect_id, number in self._numbers.items() if self._bits >> number & 1)

    def __len__(self) -> int:
        return self._bits.bit_count()

    def mask(self, redirect_ids: Iterable[str]) -> int:
        """Return some of the redirects as `lacks` takes them."""
        return sum(1 << self._numbers[redirect_id] for redirect_id in frozenset(redirect_ids))

    def lacks(self, mask: int) -> bool:
        """Return whether any of them need not have ended."""
        return bool(mask & ~self._bits)


def ended_before(redirects: Sequence[Redirect]) -> Mapping[str, Ended]:
    """Return for each redirect's id, those in blocks too, all the ids that have certainly ended when it starts."""
    numbers = {redirect.id: number for number, redirect in enumerate(flattened(redirects))}
    ended: dict[str, int] = {}
    _mark(redirects, 0, numbers, ended)
    return {redirect_id: Ended(bits, numbers) for redirect_id, bits in ended.items()}


def ended_in(block: BlockRedirect, ended: Mapping[str, Set[str]]) -> Set[str]:
    """Return all the ids that have certainly ended behind a round of a block."""
    return frozenset(ended[block.id]) | {redirect.id for redirect in block.redirects}


def _mark(level: Sequence[Redirect], before: int, numbers: Mapping[str, int], ended: dict[str, int]) -> int:
    """Note for each redirect of a level, and of the blocks in it, what has ended when it starts, a bit for each.

    Return what has ended when all of the level has.
    """
    waiting = waits(level)
    over: dict[str, int] = {}
    for redirect in ordered(level):
        bits = before
        for earlier in waiting[redirect.id]:
            bits |= over[earlier]
        ended[redirect.id] = bits
        inside = _mark(redirect.redirects, bits, numbers, ended) if isinstance(redirect, BlockRedirect) else bits
        over[redirect.id] = inside | 1 << numbers[redirect.id]
    whole = before
    for bits in over.values():
        whole |= bits
    return whole
