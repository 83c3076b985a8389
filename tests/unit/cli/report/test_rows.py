import pytest

from overlord_run.cli.report.rows import Row, Rows
from overlord_run.plan.pricing import Cost
from overlord_run.store import events as ev
from overlord_run.store.fold import apply
from overlord_run.store.state import State
from unit.cli import example_run as example

BEGUN = example.begun()


def rows(*bodies: ev.Body) -> Rows:
    """Return what is seen of a run; the seconds in its times are the events' numbers."""
    seen, state = Rows(), State()
    for event in example.events(*bodies):
        apply(state, event)
        seen.hear(event, state)
    return seen


def at(second: int) -> str:
    return f"2026-07-01T12:00:{second:02}.000Z"


QUEUED, SENT = example.asked("rank", "alder")
NOT_KNOWN = Cost(unpriced=1)
AGAIN = example.failed("rank", "alder", retry_in_s=0.5, unbilled=True)
SECOND = ev.RequestSent("rank", "alder", 2, "fugu", "sha256:2")
FAILED = [example.failed("rank", "alder"), ev.ServantBlocked("alder", "why")]
ANSWERED = example.answered("rank", "alder")


@pytest.mark.parametrize(
    ("bodies", "row"),
    [
        ([], Row("alder")),
        ([QUEUED], Row("alder", "queued", "rank")),
        ([QUEUED, SENT], Row("alder", "asking", "rank", began_at=at(5))),
        ([QUEUED, SENT, AGAIN], Row("alder", "waiting", "rank", 2, at(5))),
        ([QUEUED, SENT, AGAIN, SECOND], Row("alder", "asking", "rank", 2, at(5))),
        ([QUEUED, SENT, ANSWERED], Row("alder", "ready", "rank", 1, at(5), at(6), 1123, 1, cost=NOT_KNOWN)),
        (
            [QUEUED, SENT, ANSWERED, *example.asked("close", "alder"), example.answered("close", "alder")],
            Row("alder", "ready", "close", 1, at(8), at(9), 2246, 2, cost=Cost(unpriced=2)),
        ),
        (
            [QUEUED, SENT, example.answered("rank", "alder", usage=example.UNTOLD)],
            Row("alder", "ready", "rank", 1, at(5), at(6), untold=1, cost=NOT_KNOWN),
        ),
        (
            [QUEUED, SENT, *FAILED],
            Row("alder", "blocked", "rank", 1, at(5), at(6), cost=NOT_KNOWN),
        ),
        ([QUEUED, ev.RedirectSkipped("rank", "all", "alder", "another failed")], Row("alder", message="rank")),
        (
            [QUEUED, SENT, ANSWERED, ev.RedirectSkipped("close", "all", "alder", "why")],
            Row("alder", "ready", "rank", 1, at(5), at(6), 1123, 1, cost=NOT_KNOWN),
        ),
        ([ev.RedirectSkipped("close", "all", None, "why")], Row("alder")),
        (
            [QUEUED, SENT, *FAILED, ev.ServantRecovered("alder", "rank")],
            Row("alder", "queued", "rank", cost=NOT_KNOWN),
        ),
        (
            [QUEUED, SENT, *FAILED, ev.ServantRecovered("alder", "rank"), SECOND],
            Row("alder", "asking", "rank", 2, at(9), cost=NOT_KNOWN),
        ),
        (
            [QUEUED, SENT, *FAILED, ev.ServantReplaced("alder", 2, "scope", "", None)],
            Row("alder", cost=NOT_KNOWN),
        ),
        (
            [QUEUED, SENT, *FAILED, ev.StartupBegan(["alder"])],
            Row("alder", "pending", "rank", 1, at(5), at(6), cost=NOT_KNOWN),
        ),
        (
            [QUEUED, SENT, example.answered("rank", "alder", cost_nano_usd=7)],
            Row("alder", "ready", "rank", 1, at(5), at(6), 1123, 1, cost=Cost(7, 1)),
        ),
        ([ev.RedirectFailed("close", "all", "alder", "why")], Row("alder")),
    ],
)
def test_a_row_says_what_its_servant_is_doing(bodies: list[ev.Body], row: Row) -> None:
    seen = rows(*BEGUN, *bodies)
    assert seen.by_slot["alder"] == row
    assert seen.by_slot["oak"] == Row("oak")
    assert seen.heard == len(BEGUN) + len(bodies)


def test_the_rows_of_a_run_that_is_carried_on_begin_where_it_stood() -> None:
    state = example.state(*example.partial()[:-1])
    seen = Rows()
    (event,) = example.events(ev.OwnerChanged(4712, {}, "resume"))
    seen.hear(event, state)
    assert (seen.began_at, seen.mark) == (at(1), "")
    assert list(seen.by_slot.values()) == [
        Row("alder", "ready", tokens=1123, told=1, untold=1, cost=Cost(unpriced=2)),
        Row("oak", "blocked", cost=NOT_KNOWN),
    ]
