"""What other libraries would make of it: the figures of the decisions on them in docs/decisions."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median

from benchmarks.arithmetic import ratios
from benchmarks.bench import BARE, Bench
from benchmarks.results import Figure
from benchmarks.rounds import Contestant, cpu, take_turns

CASE = "libraries"
_LINES = 2000
_REPLY = {
    "v": 1,
    "seq": 27,
    "epoch": 1,
    "batch": 9,
    "at": "2026-11-26T06:58:44.440Z",
    "type": "reply_received",
    "messageId": "first",
    "slot": "s17",
    "text": "Ready. " * 50,
    "usage": {"promptTokens": 322, "completionTokens": 38, "cachedTokens": None},
    "prev": "7" * 64,
    "hash": "7" * 64,
}


def libraries(bench: Bench) -> Iterator[Figure]:
    """Compare HTTP clients under httpx's API, an event loop, and an encoder of JSON."""
    yield from _clients(bench, servants=bench.size(300, 3), redirects=5)
    yield from _clients(bench, servants=3, redirects=2)
    yield from _encoders(bench)


def _clients(bench: Bench, *, servants: int, redirects: int) -> Iterator[Figure]:
    numbers = (str(servants), str(redirects), "0")
    variants = {
        "httpx": _variant(bench, "httpx_lanes", "httpx", {}),
        "httpx2": _variant(bench, "httpx_lanes", "httpx2", {"import httpx\n": "import httpx2 as httpx\n"}),
        "httpx on uvloop": _variant(
            bench, "httpx_lanes", "uvloop", {"asyncio.run(main())": "import uvloop\n\nuvloop.run(main())"}
        ),
        "httpx over aiohttp": _variant(
            bench,
            "httpx_pool",
            "over_aiohttp",
            {
                "import httpx\n": "import httpx\nfrom httpx_aiohttp import AiohttpTransport\n",
                "timeout=timeout)": "timeout=timeout, transport=AiohttpTransport(limits=httpx.Limits()))",
            },
        ),
        "aiohttp": _variant(bench, "aiohttp_pool", "aiohttp", {}),
    }
    contestants = [
        Contestant(name, [sys.executable, script, bench.api.thinking, *numbers]) for name, script in variants.items()
    ]
    turns = take_turns(contestants, bench.folder, bench.environ(), bench.rounds())
    for name in list(turns)[1:]:
        sides = {name: cpu(turns, name), "httpx": cpu(turns, "httpx")}
        what = f"CPU of {name}, over httpx, {servants} × {redirects + 1} calls"
        yield Figure(CASE, what, "×", ratios(*sides.values()), sides=sides)


def _variant(bench: Bench, script: str, name: str, changes: dict[str, str]) -> str:
    """Write a bare loop with other lines in it, and return its path."""
    source = (BARE / f"{script}.py").read_text("utf-8")
    for line, other in changes.items():
        assert source.count(line) == 1, line
        source = source.replace(line, other)
    return str(bench.file(f"variant_{name}.py", source))


def _encoders(bench: Bench) -> Iterator[Figure]:
    import orjson  # noqa: PLC0415 - of the extra `bench`

    def ours() -> object:
        return json.dumps(_REPLY, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode("ascii")

    def theirs() -> object:
        return orjson.dumps(_REPLY)

    rounds = range(bench.rounds())
    sides = {"json": tuple(_seconds(ours) for _ in rounds), "orjson": tuple(_seconds(theirs) for _ in rounds)}
    milliseconds = tuple(1000 * (a - b) for a, b in zip(*sides.values(), strict=True))
    yield Figure(CASE, "CPU that orjson would spare for each line of the log", "ms", milliseconds)


def _seconds(act: Callable[[], object]) -> float:
    """Return the CPU seconds that something takes once, the median of many times."""
    taken = []
    for _ in range(_LINES):
        began = time.thread_time()
        act()
        taken.append(time.thread_time() - began)
    return median(taken)
