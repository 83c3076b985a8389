import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from overlord_run.plan.account import Account
from overlord_run.store import events as ev
from overlord_run.store.extents import Extent, Extents, JournalExtent
from overlord_run.store.fold import fold
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import Place, build, make_entry, parse
from overlord_run.store.snapshot import parted, place_of, snapshot_parts, state_of
from overlord_run.store.state import Message, Result, Servant, State
from store_kit import OWNER, USAGE, clock, created, failed, story

LIMITS = {"budget": {"usd": 5, "tokens": 100_000, "requests": 90, "timeS": 60}}
PAID = ev.ReplyReceived(
    *("asked", "alder", 1, "fugu", "req-9", "No fit.", "length"),
    cut=True,
    usage=USAGE | {"cachedTokens": 2},
    note="thin",
    cost_nano_usd=12_000,
    misfits=["no verdict"],
    repair="Answer again.",
)
LATER: list[ev.Body] = [
    ev.ServantRecovered("birch", "rank", "r0"),
    ev.RequestSent("rank", "birch", 1, "fugu", "sha256:" + "2" * 64, reserved_tokens=70, reserved_nano_usd=9_000),
    failed("rank", "birch"),
    ev.MessageSettled("rank", "partial", "birch gave no answer"),
    ev.ServantReplaced("birch", 2, "cd" * 32, "You follow another.", "rank", "r1"),
    ev.MessageAccepted("asked", "all", ["alder"], "\ud83d\ude00 and 😀", "r2"),
    ev.MessageQueued("asked", "all", "alder", "\ud83d\ude00 and 😀"),
    ev.RequestSent("asked", "alder", 1, "fugu", "sha256:" + "2" * 64, reserved_tokens=70, reserved_nano_usd=9_000),
    PAID,
    ev.RequestSent("asked", "alder", 2, "fugu", "sha256:" + "2" * 64, reserved_tokens=70, reserved_nano_usd=9_000),
    ev.PauseReached("sign", "Ship it?"),
    ev.PauseAnswered("sign", approved=True, by="dev", note="Fine.", request_id="r3"),
    ev.RoundEnded("loop.1", 1, None, None),
    ev.RedirectSkipped("bonus", "all", "alder", "not wanted", by_design=True),
    ev.RedirectSkipped("bonus", "all", None, "not wanted", by_design=True),
    ev.LeaseChecked(["alder"], "models", "r4"),
    ev.BudgetReached("tokens", "100,000 tokens are used", 120_000),
]


def log_of(bodies):
    """Return a log of these events, as it is read back, and the place behind each of its lines."""
    now, events, places, size = clock(), [], [], 0
    for seq, body in enumerate(bodies, start=1):
        before = events[-1] if events else None
        prev = ev.NO_HASH if before is None else before.hash
        line, _ = build(make_entry(now(), body), seq=seq, epoch=1, batch=seq, prev=prev)
        size += len(line)
        events.append(parse(line, before))
        places.append(Place.behind(events[-1], size))
    return events, places


BODIES = [
    created(RunFolder(Path("/runs/one")), settings=LIMITS),
    OWNER,
    *(body for batch in story() for body in batch),
    *LATER,
]
STORY, PLACES = log_of(BODIES)
EXTENTS = Extents(
    Extent(7, 1), {"alder": JournalExtent(Extent(5, 2), Extent(9, 3)), "birch": JournalExtent(Extent(4, 0))}
)


@given(st.integers(1, len(STORY)))
def test_a_state_comes_back_equal_and_can_be_carried_on(at):
    first, *rest = b"".join(snapshot_parts(fold(STORY[:at]), EXTENTS, PLACES[at - 1])).splitlines(keepends=True)
    rows, views = parted(rest)
    assert place_of(first) == PLACES[at - 1]
    assert state_of(rows) == fold(STORY[:at])
    assert fold(STORY[at:], state_of(rows)) == fold(STORY)
    assert Extents.parse(views) == EXTENTS


def test_the_story_of_these_tests_fills_every_field():
    """A field that no state here fills could be lost on the way and nobody would see it."""
    state, seen = State(), {kind: set() for kind in (State, Account, Servant, Message, Result)}
    for event in STORY:
        fold([event], state)
        results = [result for message in state.messages.values() for result in message.results.values()]
        servants = [*state.servants.values(), *state.replaced]
        for one in (state, state.account, *servants, *state.messages.values(), *results):
            seen[type(one)] |= {field.name for field in fields(one) if getattr(one, field.name)}
    assert [(kind, field.name) for kind in seen for field in fields(kind) if field.name not in seen[kind]] == []


def test_the_live_state_and_the_one_that_is_read_back_have_the_same_bytes():
    live = [replace(event, body=body) for event, body in zip(STORY, BODIES, strict=True)]
    assert list(snapshot_parts(fold(live), EXTENTS, PLACES[-1])) == list(
        snapshot_parts(fold(STORY), EXTENTS, PLACES[-1])
    )


def test_each_text_stands_once():
    written = b"".join(snapshot_parts(fold(STORY), EXTENTS, PLACES[-1]))
    assert written.count(rb"Gr\u00f6\u00dfe: the caf\u00e9 is closed.") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"v": 1},
        {"columns": {}},
        {"seq": "1"},
        {"size": None},
        {"hash": 7},
        {"batch": True},
    ],
    ids=str,
)
def test_a_first_line_of_another_kind_is_refused(change):
    first = json.loads(next(snapshot_parts(fold(STORY), EXTENTS, PLACES[-1])))
    with pytest.raises(ValueError, match="it is no snapshot of this version"):
        place_of(json.dumps(first | change).encode())


@pytest.mark.parametrize(("line", "reason"), [(b"", "Expecting value"), (b"[]", "it is no snapshot of this version")])
def test_a_first_line_that_is_none_is_refused(line, reason):
    with pytest.raises(ValueError, match=reason):
        place_of(line)
