from overlord_run.engine.base import PastCall
from overlord_run.executor.past import past_calls
from overlord_run.store.state import Message, Result, State
from store_kit import USAGE

NOW = "2026-11-22T13:25:01.000Z"


def at(second: int) -> str:
    return f"2026-11-22T13:{24 + second // 60}:{second % 60:02}.000Z"


def state(**results: Result) -> State:
    return State(messages={"rank": Message("rank", "all", at(0), results=dict(results))})


def test_the_calls_of_the_last_minute_are_found_the_oldest_first() -> None:
    found = past_calls(
        state(
            new=Result("new", "Rank.", attempts=1, started_at=at(40), ended_at=at(50), usage=USAGE),
            open=Result("open", "Rank.", attempts=2, started_at=at(10)),
            just=Result("just", "Rank.", attempts=1, started_at=at(0), ended_at=at(1)),
            last=Result("last", "Rank.", attempts=1, started_at=at(0), ended_at=at(2), usage={"promptTokens": None}),
            old=Result("old", "Rank.", attempts=1, started_at=at(0), ended_at=at(0)),
            queued=Result("queued", "Rank."),
        ),
        NOW,
    )
    assert found == [PastCall(59, 1, 0), PastCall(51, 2, 0), PastCall(11, 1, 21)]


def test_a_call_of_a_clock_that_went_ahead_was_just_now() -> None:
    assert past_calls(state(ahead=Result("ahead", "Rank.", attempts=1, started_at=at(300))), NOW) == [PastCall(0, 1, 0)]
