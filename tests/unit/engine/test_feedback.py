"""What the API answers to one call decides when the next ones leave: the chat engine, in a time of its own."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from fake_api import USAGE
from overlord_run.engine.base import ChatMessage, EngineName, Failure, Held, Narrowed, Reply, Request, Slowing
from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint
from overlord_run.host.shell import Host
from overlord_run.playbook.model import Rate
from time_kit import clock, run

PACE = {"error": {"message": "Slow down.", "type": "requests", "code": "rate_limit_exceeded"}}
QUOTA = {"error": {"message": "You exceeded your current quota.", "type": "insufficient_quota", "code": None}}


def answered(**headers: str) -> httpx.Response:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Ready."}, "finish_reason": "stop"}
    return httpx.Response(200, json={"model": "fugu", "choices": [choice], "usage": USAGE}, headers=named(headers))


def refused(status: int, body: Any = PACE, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=named(headers))


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


class StandIn(httpx.MockTransport):
    """Answers in the network's place, by the name of an engine."""

    def __init__(self, answer: Any, name: EngineName) -> None:
        super().__init__(answer)
        self.name = name


@dataclass
class Api:
    """An API that takes a second for each answer, and what it saw."""

    answers: list[httpx.Response]
    name: EngineName = "chat"
    rate: Rate = field(default_factory=Rate)
    asked_s: list[float] = field(default_factory=list)
    told: list[Slowing] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, _request: httpx.Request) -> httpx.Response:
        self.asked_s.append(clock())
        await asyncio.sleep(1)
        return self.answers.pop(0) if self.answers else answered()

    def engine(self, **facts: Any) -> ChatEngine:
        engine = ChatEngine(
            Endpoint("https://api.invalid/v1"),
            models=("fugu", "fugu-ultra"),
            host=Host("linux", "bash", "posix"),
            rate=self.rate,
            transport=StandIn(self.answer, self.name),
            steady_clock=asyncio.get_running_loop().time,
            **facts,
        )
        engine.heed(self.stop, self.told.append)
        return engine


def question(**params: Any) -> Request:
    return Request("alder", "startup", 1, "fugu", (ChatMessage("user", "x" * 40),), params, 5.0)


async def ask(engine: ChatEngine, request: Request) -> Reply | Failure:
    async with engine.lane(request) as lane:
        return await lane.ask(request)


def asked(
    api: Api, *, concurrency: int = 4, requests: int = 8, first: int = 0, make: Callable[[], Request] = question
) -> list[Reply | Failure]:
    """Ask so many requests at once, the `first` of them before the others."""

    async def go() -> list[Reply | Failure]:
        engine = api.engine(concurrency=concurrency)
        before = await asyncio.gather(*(ask(engine, make()) for _ in range(first)))
        return [*before, *await asyncio.gather(*(ask(engine, make()) for _ in range(requests - first)))]

    return run(go())


def test_where_the_api_has_no_complaint_all_places_are_used() -> None:
    api = Api([])
    asked(api)
    assert (api.asked_s, api.told) == ([0] * 4 + [1] * 4, [])


@pytest.mark.parametrize("status", [429, 503, 529])
def test_a_burst_of_refusals_halves_the_calls_under_way_once(status: int) -> None:
    api = Api([refused(status) for _ in range(4)])
    outcomes = asked(api)
    assert api.asked_s == [0] * 4 + [1, 1, 2, 2]
    (told,) = api.told
    assert (type(told), told.reason) == (Narrowed, outcomes[0].reason)


@pytest.mark.parametrize(
    ("status", "body"), [(429, QUOTA), (402, {}), (500, PACE), (502, PACE), (504, PACE), (401, PACE), (400, PACE)]
)
def test_other_failures_leave_the_number_of_calls_and_their_pace_as_they_are(status: int, body: Any) -> None:
    limits = {"x_ratelimit_remaining_requests": "5", "retry_after": "100", "retry_after_ms": "100000"}
    api = Api([refused(status, body, **limits) for _ in range(4)])
    asked(api)
    assert (api.asked_s, api.told) == ([0] * 4 + [1] * 4, [])


def test_a_quota_that_is_used_up_holds_nobody_back_whatever_its_limits_say() -> None:
    used_up = {"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "60s"}
    api = Api([refused(429, QUOTA, **used_up) for _ in range(8)])
    outcomes = asked(api)
    assert api.asked_s == [0] * 4 + [1] * 4
    assert {(outcome.kind, outcome.unbilled) for outcome in outcomes if isinstance(outcome, Failure)} == {
        ("quota", False)
    }


@pytest.mark.parametrize("headers", [{"retry_after": "30"}, {"retry_after_ms": "30000", "retry_after": "1"}])
@pytest.mark.parametrize("status", [429, 503])
def test_what_one_call_is_asked_to_wait_the_others_wait_too(status: int, headers: dict[str, str]) -> None:
    api = Api([refused(status, **headers)])
    asked(api, requests=3, first=1)
    assert api.asked_s == [0, 31, 31]
    reason = f"the API {'asks for fewer requests' if status == 429 else 'is overloaded'} ({status})"
    assert api.told == [Narrowed(2, reason), Held(30, reason)]


def test_in_a_replay_nobody_waits_for_what_was_asked_then() -> None:
    api = Api([refused(429, retry_after="30")], name="recording")
    asked(api, requests=3, first=1)
    assert api.asked_s == [0, 1, 1]


def test_longer_than_two_minutes_nobody_is_made_to_wait_for_one_refusal() -> None:
    api = Api([refused(429, retry_after="3600")])
    outcomes = asked(api, requests=2, first=1)
    assert api.asked_s == [0, 1]
    assert [type(outcome) for outcome in outcomes] == [Failure, Reply]


@pytest.mark.parametrize("status", [200, 429])
def test_where_the_api_says_that_nothing_is_left_the_next_waits_for_the_reset(status: int) -> None:
    limits = {"x_ratelimit_remaining_tokens": "0", "x_ratelimit_reset_tokens": "1m12.5s"}
    api = Api([answered(**limits) if status == 200 else refused(status, **limits)])
    asked(api, requests=3, first=1)
    assert api.asked_s == [0, 73.5, 73.5]
    assert api.told[-1] == Held(72.5, "the API allows no more tokens until then")


def test_the_rate_counts_each_attempt_that_leaves() -> None:
    api = Api([refused(429)], rate=Rate(requests_per_minute=2))
    asked(api, requests=5)
    assert api.asked_s == [0, 0, 60, 60, 120]


def test_tokens_are_the_prompt_and_the_longest_answer_until_the_api_has_counted_them() -> None:
    def make() -> Request:
        return question(max_tokens=390)  # with a prompt of 10: 400

    api = Api([], rate=Rate(tokens_per_minute=1010))
    asked(api, requests=5, make=make)
    assert api.asked_s == [0, 0, 1, 2, 60]  # each takes 202, so 1 s on there is room for one more, and 2 s on again


def test_a_refusal_takes_no_tokens() -> None:
    api = Api([refused(429)], rate=Rate(tokens_per_minute=10))
    asked(api, requests=2, first=1)
    assert api.asked_s == [0, 1]


def test_an_answer_that_does_not_say_what_it_took_counts_as_what_was_expected() -> None:
    api = Api([httpx.Response(500)], rate=Rate(tokens_per_minute=19))
    asked(api, requests=2, first=1)
    assert api.asked_s == [0, 60]


def test_a_stop_frees_who_waits_for_the_rate() -> None:
    api = Api([], rate=Rate(requests_per_minute=1))

    async def go() -> float:
        engine = api.engine(concurrency=4)
        await ask(engine, question())

        async def wait() -> float:
            async with engine.lane(question()):
                return clock()

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(3)
        api.stop.set()
        return await waiting

    assert run(go()) == 4


def test_probes_count_as_requests_and_the_list_of_models_does_not() -> None:
    api = Api([], rate=Rate(requests_per_minute=1))
    probed: list[tuple[str, float]] = []

    async def note(model: str) -> None:
        probed.append((model, clock()))

    async def go() -> None:
        models = httpx.Response(200, json={"data": [{"id": "fugu"}, {"id": "fugu-ultra"}]})
        api.answers.append(models)
        engine = api.engine()
        await engine.preflight(note)
        await engine.preflight(note, "probe")

    run(go())
    assert probed == [("fugu", 1), ("fugu-ultra", 61)]
    assert api.asked_s == [0, 1, 61]
