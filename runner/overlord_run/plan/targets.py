"""Work out which servants a redirect goes to, and how many of them must answer."""

from collections.abc import Iterable

EVERYBODY = "all"
ROLE = "role:"


class Roll:
    """The servants of a run, in order, as they are called: by `all`, a slot or `role:NAME`.

    Asking it costs no more than the answer is long, and the same question twice nothing: there may be 10,000 servants,
    and as many redirects.
    """

    def __init__(self, members: Iterable[tuple[str, str]]) -> None:
        """Take the servants' slots and roles."""
        self._slots: list[str] = []
        self._places: dict[str, list[int]] = {}
        for place, (slot, role) in enumerate(members):
            self._slots.append(slot)
            self._places.setdefault(slot, []).append(place)
            self._places.setdefault(f"{ROLE}{role}", []).append(place)
        self._everybody = tuple(self._slots)
        self._called: dict[frozenset[str], tuple[str, ...]] = {}

    def called(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the slots that some names call, each once, in order."""
        wanted = frozenset(names)
        if EVERYBODY in wanted:
            return self._everybody
        if wanted not in self._called:
            places = {place for name in wanted for place in self._places.get(name, ())}
            self._called[wanted] = tuple(self._slots[place] for place in sorted(places))
        return self._called[wanted]

    def strangers(self, names: Iterable[str]) -> list[str]:
        """Return the names that call nobody, in their order."""
        return [name for name in names if name not in self._places and (name != EVERYBODY or not self._slots)]

    def names(self) -> tuple[str, ...]:
        """Return everything that calls somebody."""
        return (EVERYBODY, *self._everybody, *(name for name in self._places if name.startswith(ROLE)))


def parse_targets(target: str) -> tuple[str, ...]:
    """Return the names in what a person calls servants by, several of them joined by `,`, each once."""
    return tuple(dict.fromkeys(part for part in map(str.strip, target.split(",")) if part))


def required(require: str | int, count: int) -> int:
    """Return how many of `count` targets must answer: at least 1, a percentage rounded up."""
    if isinstance(require, int):
        return require
    if require.endswith("%"):
        percentage = int(require.removesuffix("%"))
        return max(1, -(-percentage * count // 100))
    return count if require == EVERYBODY else 1
