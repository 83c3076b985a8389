import math
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.engine.base import Failure
from overlord_run.engine.retry import delay_s, retry_after_s

OVERLOADED = Failure("overloaded", "the API is overloaded (503)", status=503, unbilled=True)
NOW_S = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC).timestamp()


def asked_to_wait(wait_s: float) -> Failure:
    return Failure("rate-limited", "the API asks for fewer requests (429)", unbilled=True, retry_after_s=wait_s)


def test_a_call_that_may_have_been_billed_is_never_tried_again() -> None:
    failure = Failure("server-error", "the API failed (500)", status=500, retry_after_s=1.0)
    assert delay_s(failure, attempt=1, attempts=9, waited_s=0, jitter=0.5) is None


@pytest.mark.parametrize(("attempt", "attempts"), [(1, 1), (3, 3), (4, 3)])
def test_there_are_no_more_attempts_than_allowed(attempt: int, attempts: int) -> None:
    assert delay_s(OVERLOADED, attempt=attempt, attempts=attempts, waited_s=0, jitter=0.5) is None


def test_our_own_waits_double_from_half_a_second_to_eight() -> None:
    waits = [delay_s(OVERLOADED, attempt=attempt, attempts=99, waited_s=0, jitter=0.5) for attempt in range(1, 9)]
    assert waits == [0.5, 1, 2, 4, 8, 8, 8, 8]


@pytest.mark.parametrize(("jitter", "wait_s"), [(0.0, 1.5), (0.5, 2.0), (1.0, 2.5)])
def test_jitter_spreads_our_own_waits_by_a_quarter(jitter: float, wait_s: float) -> None:
    assert delay_s(OVERLOADED, attempt=3, attempts=9, waited_s=0, jitter=jitter) == wait_s


@pytest.mark.parametrize("wait_s", [0.0, 0.25, 7.0, 120.0])
def test_what_the_api_asks_for_is_kept_as_it_is(wait_s: float) -> None:
    assert delay_s(asked_to_wait(wait_s), attempt=1, attempts=3, waited_s=0, jitter=0.9) == wait_s


@pytest.mark.parametrize("wait_s", [120.1, math.inf])
def test_nobody_waits_longer_than_two_minutes(wait_s: float) -> None:
    assert delay_s(asked_to_wait(wait_s), attempt=1, attempts=3, waited_s=0, jitter=0.5) is None


@pytest.mark.parametrize(("waited_s", "wait_s"), [(60.0, 60.0), (60.1, None)])
def test_all_waits_of_a_call_together_stay_within_two_minutes(waited_s: float, wait_s: float | None) -> None:
    assert delay_s(asked_to_wait(60), attempt=2, attempts=9, waited_s=waited_s, jitter=0.5) == wait_s


@given(
    failure=st.builds(
        Failure,
        kind=st.just("overloaded"),
        reason=st.just(""),
        unbilled=st.booleans(),
        retry_after_s=st.none() | st.floats(min_value=0, allow_nan=False),
    ),
    attempts=st.integers(1, 60),
    jitter=st.floats(0, 1),
)
def test_a_call_waits_at_most_two_minutes_however_it_fails(failure: Failure, attempts: int, jitter: float) -> None:
    waited_s, attempt = 0.0, 1
    while (
        wait_s := delay_s(failure, attempt=attempt, attempts=attempts, waited_s=waited_s, jitter=jitter)
    ) is not None:
        assert failure.unbilled
        waited_s, attempt = waited_s + wait_s, attempt + 1
    assert attempt <= attempts
    assert waited_s <= 120


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "121"}, math.inf),
        ({"retry-after": "1e400"}, math.inf),
        ({"retry-after": "nan"}, math.inf),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "-inf"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "1, 2"}, None),
        ({"retry-after": "Mon, 01 Jun 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 01 Jun 2026 12:00:30 -0000"}, 30.0),
        ({"retry-after": "Mon, 01 Jun 2026 14:00:30 +0200"}, 30.0),
        ({"retry-after": "Mon, 01 Jun 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Tue, 02 Jun 2026 12:00:00 GMT"}, math.inf),
        ({"retry-after": "Mon, 01 Jun 99999 12:00:00 GMT"}, None),
        ({"retry-after": "Mon, 01 Jun 2026 12:00:00 +99999999999999"}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after-ms": "999999"}, math.inf),
    ],
)
def test_what_an_answer_asks_for_is_read(headers: dict[str, str], wait_s: float | None) -> None:
    assert retry_after_s(headers, now_s=NOW_S) == wait_s


@given(ahead_s=st.integers(0, 120))
def test_a_date_is_counted_from_the_clock_that_is_handed_in(ahead_s: int) -> None:
    date = format_datetime(datetime.fromtimestamp(NOW_S + ahead_s, UTC), usegmt=True)
    assert retry_after_s({"retry-after": date}, now_s=NOW_S) == ahead_s


@given(text=st.text(max_size=60), milliseconds=st.text(max_size=20))
def test_any_header_gives_nothing_or_a_wait_that_is_no_nonsense(text: str, milliseconds: str) -> None:
    wait_s = retry_after_s({"retry-after": text, "retry-after-ms": milliseconds}, now_s=NOW_S)
    assert wait_s is None or 0 <= wait_s <= 120 or wait_s == math.inf
