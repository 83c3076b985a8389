import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlord_run.engine.base import Held, Narrowed, PastCall, Slowing
from overlord_run.engine.gate import SHORTEST_SLEEP_S, Gate, Pass
from overlord_run.engine.width import QUIET_S, Width
from overlord_run.playbook.model import Rate
from time_kit import clock, run

FREE = Rate()
ONE = {"requests": 1}


@dataclass
class Post:
    """A gate, and what is seen there: who left when, and what was told."""

    gate: Gate
    left: list[tuple[str, float]] = field(default_factory=list)
    told: list[tuple[float, Slowing]] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, name: str, took_s: float = 0.0, tokens: int = 0) -> Pass:
        passed = await self.gate.enter({"requests": 1, "tokens": tokens})
        try:
            self.gate.sent(passed)
            self.left.append((name, clock()))
            await asyncio.sleep(took_s)
        finally:
            self.gate.take_back(passed)
        return passed


def post(size: int = 8, rate: Rate = FREE) -> Post:
    opened = Post(Gate(size, rate, asyncio.get_running_loop().time))
    opened.gate.heed(opened.stop, lambda slowing: opened.told.append((clock(), slowing)))
    return opened


def watched(watch: Callable[[], Awaitable[Post]]) -> Post:
    async def go() -> Post:
        return await watch()

    return run(go())


async def all_of(*calls: Awaitable[Pass]) -> None:
    await asyncio.gather(*calls)


def test_calls_leave_as_they_came_and_no_more_at_once_than_may() -> None:
    async def go() -> Post:
        at = post(size=2)
        await all_of(*(at.call(name, 1.0) for name in "abcde"))
        return at

    assert watched(go).left == [("a", 0), ("b", 0), ("c", 1), ("d", 1), ("e", 2)]


def test_who_gives_up_in_the_line_is_passed_over() -> None:
    async def go() -> Post:
        at = post(size=1, rate=Rate(requests_per_minute=2))
        calls = [asyncio.create_task(at.call(name, 1.0)) for name in "abcdef"]
        await asyncio.sleep(0.5)
        calls[1].cancel()  # the head of the line, which sleeps
        calls[3].cancel()
        await asyncio.sleep(10)
        calls[4].cancel()  # the head again, which waits for the rate
        await asyncio.gather(*calls, return_exceptions=True)
        return at

    assert watched(go).left == [("a", 0), ("c", 1), ("f", 60)]


def test_who_is_cancelled_just_when_his_turn_comes_leaves_it_to_the_next() -> None:
    async def go() -> Post:
        at = post(size=1)
        passed = await at.gate.enter(ONE)
        second, third = asyncio.create_task(at.call("b")), asyncio.create_task(at.call("c"))
        await asyncio.sleep(1)
        at.gate.take_back(passed)
        second.cancel()
        await third
        return at

    assert watched(go).left == [("c", 1)]


def test_the_rate_lets_a_minute_of_requests_out_and_then_holds_them() -> None:
    async def go() -> Post:
        at = post(rate=Rate(requests_per_minute=2))
        await all_of(*(at.call(name) for name in "abcde"))
        return at

    seen = watched(go)
    assert seen.left == [("a", 0), ("b", 0), ("c", 60), ("d", 60), ("e", 120)]
    held = Held(60, "the playbook's rate is 2 requests a minute")
    assert seen.told == [(0, held), (60, held)]


def test_a_large_request_is_not_overtaken_by_small_ones_that_would_fit() -> None:
    async def go() -> Post:
        at = post(rate=Rate(tokens_per_minute=100))
        await all_of(at.call("a", tokens=60), at.call("b", tokens=90), at.call("c", tokens=1))
        return at

    assert watched(go).left == [("a", 0), ("b", 60), ("c", 60)]


def test_a_request_above_the_limit_of_tokens_leaves_alone() -> None:
    async def go() -> Post:
        at = post(rate=Rate(tokens_per_minute=100))
        await all_of(at.call("a", tokens=1), at.call("b", tokens=5000), at.call("c", tokens=1))
        return at

    assert watched(go).left == [("a", 0), ("b", 60), ("c", 120)]


def test_tokens_that_were_not_taken_let_the_next_one_out_when_the_call_comes_back() -> None:
    async def go() -> Post:
        at = post(rate=Rate(tokens_per_minute=100))

        async def answered(name: str, tokens: int, really: int) -> Pass:
            passed = await at.gate.enter({"requests": 1, "tokens": tokens})
            at.gate.sent(passed)
            at.left.append((name, clock()))
            await asyncio.sleep(5)
            at.gate.correct(passed, really)
            at.gate.take_back(passed)
            return passed

        await all_of(answered("a", 80, 30), answered("b", 70, 200), answered("c", 1, 1))
        return at

    assert watched(go).left == [("a", 0), ("b", 5), ("c", 65)]


def test_what_was_let_out_and_not_sent_is_not_counted() -> None:
    async def go() -> Post:
        at = post(rate=Rate(requests_per_minute=1, tokens_per_minute=10))
        passed = await at.gate.enter({"requests": 1, "tokens": 10})
        at.gate.take_back(passed)
        await at.call("b", tokens=10)
        return at

    assert watched(go).left == [("b", 0)]


def test_calls_that_others_made_within_the_minute_count_too() -> None:
    async def go() -> Post:
        at = post(rate=Rate(requests_per_minute=3, tokens_per_minute=100))
        at.gate.recall([PastCall(70, 9, 9), PastCall(50, 2, 0), PastCall(20, 0, 60)])
        await all_of(at.call("a"), at.call("b"), at.call("c", tokens=50))
        return at

    assert watched(go).left == [("a", 0), ("b", 10), ("c", 40)]


def test_the_minute_of_a_request_begins_when_it_leaves_however_long_it_lingers_behind_the_gate() -> None:
    async def go() -> Post:
        at = post(rate=Rate(requests_per_minute=1))
        passed = await at.gate.enter(ONE)
        second = asyncio.create_task(at.call("b"))
        await asyncio.sleep(90)
        at.gate.sent(passed)
        await second
        return at

    seen = watched(go)
    assert seen.left == [("b", 150)]
    assert seen.told == [(90, Held(60, "the playbook's rate is 1 request a minute"))]


def test_while_the_api_wants_quiet_nobody_leaves_and_it_is_told_once() -> None:
    async def go() -> Post:
        at = post()
        await at.call("a")
        at.gate.hush(30.0, "busy (429)")
        calls = [asyncio.create_task(at.call(name)) for name in "bc"]
        await asyncio.sleep(10)
        at.gate.hush(25.0, "busier (429)")
        await asyncio.gather(*calls, at.call("d"))
        return at

    seen = watched(go)
    assert seen.left == [("a", 0), ("b", 35), ("c", 35), ("d", 35)]
    assert seen.told == [(0, Held(30, "busy (429)")), (30, Held(5, "busier (429)"))]


@pytest.mark.parametrize(("wait_s", "told"), [(1.0, 0), (1.5, 1)])
def test_a_wait_of_a_second_is_not_worth_a_word(wait_s: float, told: int) -> None:
    async def go() -> Post:
        at = post()
        at.gate.hush(wait_s, "busy (429)")
        await at.call("a")
        return at

    assert len(watched(go).told) == told


def test_quiet_that_nobody_waits_for_is_not_told() -> None:
    async def go() -> Post:
        at = post()
        at.gate.hush(30.0, "busy (429)")
        await asyncio.sleep(30)
        await at.call("a")
        return at

    assert watched(go).told == []


def test_a_stop_ends_the_waits_for_time_and_lets_the_line_go_in_its_order() -> None:
    async def go() -> Post:
        at = post(size=2, rate=Rate(requests_per_minute=1))
        calls = [asyncio.create_task(at.call(name, 0.25)) for name in "abcd"]
        await asyncio.sleep(10)
        at.stop.set()
        await asyncio.gather(*calls)
        return at

    assert watched(go).left == [("a", 0), ("b", 10), ("c", 10), ("d", 10.25)]


def test_after_a_stop_who_waits_for_a_place_sleeps_until_there_is_one() -> None:
    async def go() -> Post:
        at = post(size=2)
        at.stop.set()
        first = asyncio.create_task(at.call("a", 15.0))
        second = asyncio.create_task(at.call("b", 15.0))
        await asyncio.sleep(1)
        at.gate.narrow(Pass({}, clock()), "busy (429)")
        await asyncio.gather(first, second, at.call("c"))
        return at

    assert watched(go).left == [("a", 0), ("b", 0), ("c", 15)]


def test_calls_that_fail_together_narrow_the_gate_once_and_quiet_widens_it_one_by_one() -> None:
    async def go() -> Post:
        at = post(size=4)
        for passed in await asyncio.gather(*(at.call(name, 1.0) for name in "abcd")):
            at.gate.narrow(passed, "busy (503)")
        await all_of(*(at.call(name, 100.0) for name in "efgh"))
        return at

    seen = watched(go)
    assert seen.told == [(1, Narrowed(2, "busy (503)"))]
    assert seen.left[4:] == [("e", 1), ("f", 1), ("g", 11), ("h", 21)]


def test_calls_that_are_under_way_when_the_gate_narrows_come_back_before_others_leave() -> None:
    async def go() -> Post:
        at = post(size=4)
        failed = await at.call("a")
        await asyncio.sleep(1)
        calls = [asyncio.create_task(at.call(name, took_s)) for name, took_s in [("b", 2.0), ("c", 3.0), ("d", 4.0)]]
        await asyncio.sleep(0)
        at.gate.narrow(failed, "busy (429)")
        await asyncio.gather(*calls, at.call("e", 5.0), at.call("f", 1.0))
        return at

    assert watched(go).left == [("a", 0), ("b", 1), ("c", 1), ("d", 1), ("e", 4), ("f", 5)]


EIGHTHS_S = st.integers(0, 8 * 30).map(lambda eighths: eighths / 8)


@dataclass(frozen=True)
class Visit:
    """One call: when it comes after the one before, how much it takes, what becomes of it.

    Attributes:
        lingers_s: How long after it was let out it leaves.
        patience_s: How long it waits to be let out.
    """

    gap_s: float
    lingers_s: float
    took_s: float
    tokens: int
    really: int | None
    complains: bool
    hushes_s: float | None
    patience_s: float | None


VISITS = st.builds(
    Visit,
    gap_s=EIGHTHS_S.map(lambda gap_s: gap_s / 8),
    lingers_s=st.just(0.0) | EIGHTHS_S,
    took_s=EIGHTHS_S,
    tokens=st.integers(0, 40),
    really=st.none() | st.integers(0, 40),
    complains=st.booleans(),
    hushes_s=st.none() | EIGHTHS_S,
    patience_s=st.none() | EIGHTHS_S,
)


@dataclass
class Traffic:
    """What goes through a gate, held against every limit.

    Attributes:
        out: Who was let out, in order.
        left: When each that left did so, and the tokens that it counts as.
        under_way: How many were let out and have not come back.
    """

    gate: Gate
    width: Width
    rate: Rate
    out: list[int] = field(default_factory=list)
    gave_up: set[int] = field(default_factory=set)
    left: list[tuple[float, int]] = field(default_factory=list)
    under_way: int = 0

    async def visit(self, number: int, facts: Visit) -> None:
        try:
            async with asyncio.timeout(facts.patience_s):
                passed = await self.gate.enter({"requests": 1, "tokens": facts.tokens})
        except TimeoutError:
            self.gave_up.add(number)
            return
        assert self.under_way < self.width.size(clock())
        self.under_way += 1
        self.out.append(number)
        await asyncio.sleep(facts.lingers_s)
        self.gate.sent(passed)
        self.check(facts.tokens)
        self.left.append((clock(), facts.tokens))
        index = len(self.left) - 1
        await asyncio.sleep(facts.took_s)
        self.answer(passed, index, facts)
        self.under_way -= 1
        self.gate.take_back(passed)

    def check(self, tokens: int) -> None:
        recent = [counted for left_s, counted in self.left if clock() < left_s + 60]
        assert self.rate.requests_per_minute is None or len(recent) < self.rate.requests_per_minute
        if self.rate.tokens_per_minute is not None and tokens:
            assert not sum(recent) or sum(recent) + tokens <= self.rate.tokens_per_minute

    def answer(self, passed: Pass, index: int, facts: Visit) -> None:
        left_s, _ = self.left[index]
        if facts.really is not None:
            really = min(facts.really, facts.tokens)  # more than was expected may be too late to hold the next one back
            self.gate.correct(passed, really)
            self.left[index] = (left_s, really)
        if facts.complains:
            self.gate.narrow(passed, "busy")
            self.width.complain(left_s, clock())
        if facts.hushes_s is not None:
            self.gate.hush(facts.hushes_s, "busy")


@settings(max_examples=100, deadline=None)
@given(
    size=st.integers(1, 5),
    rate=st.builds(Rate, st.none() | st.integers(1, 6), st.none() | st.integers(1, 60)),
    visits=st.lists(VISITS, min_size=1, max_size=20),
)
def test_whatever_happens_each_leaves_in_turn_within_every_limit(size: int, rate: Rate, visits: list[Visit]) -> None:
    async def go() -> Traffic:
        traffic = Traffic(Gate(size, rate, asyncio.get_running_loop().time), Width(size), rate)
        async with asyncio.TaskGroup() as group:
            for number, facts in enumerate(visits):
                await asyncio.sleep(facts.gap_s)
                group.create_task(traffic.visit(number, facts))
        for _ in range(size):  # no place was lost on the way
            await asyncio.sleep(60 + size * QUIET_S)
            async with asyncio.timeout(SHORTEST_SLEEP_S):
                traffic.gate.sent(await traffic.gate.enter(ONE))
        return traffic

    traffic = run(go())
    assert traffic.out == [number for number in range(len(visits)) if number not in traffic.gave_up]
