from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.store import events as ev
from overlord_run.store.fold import fold
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import build, make_entry
from overlord_run.store.state import Result
from store_kit import OWNER, USAGE, clock, created, failed, queued, replied, sent, story

FOLDER = RunFolder(Path("/runs/one"))
OPENING: list[ev.Body] = [created(FOLDER), OWNER]
STARTED: list[ev.Body] = [*OPENING, ev.PreflightPassed(["fugu"]), ev.StartupBegan(["alder", "birch"])]


def events_of(bodies):
    """Return the bodies as events of one log."""
    now, events, prev = clock(), [], ev.NO_HASH
    for seq, body in enumerate(bodies, start=1):
        events.append(build(make_entry(now(), body), seq=seq, epoch=1, batch=seq, prev=prev)[1])
        prev = events[-1].hash
    return events


def folded(*bodies):
    return fold(events_of(bodies))


STORY = events_of([*OPENING, *(body for batch in story() for body in batch)])


def test_nothing_folds_into_nothing():
    state = fold([])
    assert (state.created, state.state, state.last_seq, state.last_hash) == (None, "loading", 0, "0" * 64)


@given(st.integers(0, len(STORY)))
def test_a_fold_can_be_carried_on_from_anywhere(at):
    assert fold(STORY[at:], fold(STORY[:at])) == fold(STORY)


@pytest.mark.parametrize(
    ("bodies", "run"),
    [
        ([created(FOLDER)], "loading"),
        (OPENING, "preflight"),
        ([*OPENING, ev.PreflightFailed("no-key", "there is no key")], "failed"),
        (STARTED, "starting"),
        ([*STARTED, queued("startup", "alder")], "starting"),
        ([*STARTED, queued("startup", "alder"), ev.MessageSettled("startup", "completed", None)], "ready"),
        ([*STARTED, queued("startup", "alder"), ev.MessageSettled("startup", "failed", "no")], "starting"),
        ([*STARTED, queued("rank", "alder")], "working"),
        ([*STARTED, ev.RunStopped("interrupted")], "stopped"),
        ([*STARTED, ev.RunFinished("partial", "why", {}, {})], "partial"),
    ],
)
def test_a_run_goes_from_state_to_state(bodies, run):
    state = folded(*bodies)
    assert state.state == run
    assert state.has_ended == (run in {"failed", "stopped", "partial"})


def test_a_call_without_an_end_is_open():
    state = folded(*STARTED, queued("startup", "alder"), sent("startup", "alder"))
    assert list(state.open_calls) == [("startup", "alder")]
    assert state.messages["startup"].results["alder"].state == "started"


@pytest.mark.parametrize("end", [replied("startup", "alder"), failed("startup", "alder")])
def test_a_call_with_an_end_is_closed(end):
    assert folded(*STARTED, queued("startup", "alder"), sent("startup", "alder"), end).open_calls == {}


def test_an_attempt_that_is_followed_by_another_ends_nothing():
    state = folded(
        *STARTED, queued("startup", "alder"), sent("startup", "alder"), failed("startup", "alder", retry_in_s=1)
    )
    assert state.messages["startup"].results["alder"].state == "started"
    assert state.open_calls == {}


def test_a_conversation_takes_the_question_with_its_answer():
    asked = [*STARTED, queued("startup", "alder", "Begin.", "You review."), sent("startup", "alder")]
    assert folded(*asked).servants["alder"].conversation == []
    assert folded(*asked, replied("startup", "alder", "Done.")).servants["alder"].conversation == [
        {"role": "system", "content": "You review."},
        {"role": "user", "content": "Begin."},
        {"role": "assistant", "content": "Done."},
    ]


def test_a_failed_question_is_no_part_of_the_conversation():
    state = folded(*STARTED, queued("startup", "alder"), sent("startup", "alder"), failed("startup", "alder"))
    assert state.servants["alder"].conversation == []


def test_a_servant_without_a_task_starts_with_its_first_call():
    bodies = [*OPENING, queued("rank", "birch", system="You review."), sent("rank", "birch")]
    assert folded(*bodies[:3]).servants["birch"].state == "pending"
    assert folded(*bodies).servants["birch"].state == "starting"
    assert folded(*bodies, replied("rank", "birch"), ev.ServantReady("birch")).servants["birch"].state == "ready"


def test_the_whole_story_folds_into_what_happened():
    state = fold(STORY)
    assert state.state == "partial"
    assert (state.outputs, state.output_failures) == ({"verdict": {"ship": True}}, {"score": "no reply"})
    assert {slot: servant.state for slot, servant in state.servants.items()} == {"alder": "ready", "birch": "blocked"}
    assert {message.id: message.state for message in state.messages.values()} == {
        "startup": "completed",
        "rank": "partial",
        "verdict": "failed",
        "last": "skipped",
    }
    assert state.messages["startup"].results["birch"] == Result(
        slot="birch",
        text="Begin.",
        text_seq=6,
        state="completed",
        system="You review.",
        llm_model="fugu",
        request_id="req-startup-birch",
        reply="Nothing.",
        finish_reason="stop",
        usage=USAGE,
        attempts=2,
        started_at="2026-11-22T00:00:00.007Z",
        ended_at="2026-11-22T00:00:00.012Z",
        ended_seq=13,
    )


def test_an_event_of_a_newer_version_changes_nothing_but_the_end():
    [*_, last] = events_of([*OPENING, ev.ServantReady("alder")])
    newer = ev.Event(last.seq, 1, 3, last.at, ev.UnknownBody("moon_rose", {"slot": "nobody"}), last.prev, last.hash)
    state = fold([newer], folded(*OPENING))
    assert (state.last_seq, state.last_hash) == (3, last.hash)
    state.last_seq, state.last_hash, state.updated_at = 2, last.prev, "2026-11-22T00:00:00.001Z"
    assert state == folded(*OPENING)


@pytest.mark.parametrize(
    "body",
    [
        ev.StartupBegan(["oak"]),
        queued("startup", "oak"),
        sent("startup", "alder"),
        replied("startup", "alder"),
        failed("startup", "alder"),
        failed("startup", "oak", retry_in_s=1.0),
        ev.MessageSettled("startup", "completed", None),
        ev.RedirectSkipped("rank", "oak", "oak", "blocked"),
        ev.RedirectFailed("rank", "oak", "oak", "no reply"),
        ev.ServantReady("oak"),
        ev.ServantBlocked("oak", "no answer"),
    ],
    ids=lambda body: body.type,
)
def test_what_nothing_before_it_names_is_refused(body):
    with pytest.raises(KeyError):
        folded(*OPENING, body)
