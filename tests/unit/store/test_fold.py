from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from overlord_run.plan.pricing import Cost
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
        "You review.",
        "Begin.",
        "Done.",
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
        cost=Cost(unpriced=1),
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


ENDED: list[ev.Body] = [*OPENING, *(body for batch in story() for body in batch)]
HANDOFF = ev.ServantReplaced("birch", 2, "cd" * 32, "You take over.", "rank", "r1")


def test_what_is_sent_after_the_end_wakes_a_run_that_then_rests_as_it_did():
    before = folded(*ENDED)
    accepted = ev.MessageAccepted("send.1", "alder", ["alder"], "And?", "r1")
    awake = folded(*ENDED, ev.OwnerChanged(1, {}, "send"), accepted)
    assert (awake.state, awake.requests) == ("working", {"r1": "send.1"})
    asked = [queued("send.1", "alder"), sent("send.1", "alder"), replied("send.1", "alder")]
    after = folded(*ENDED, accepted, *asked, ev.MessageSettled("send.1", "completed", None))
    assert (after.state, after.reason, after.ended_seq, after.outputs) == (
        before.state,
        before.reason,
        before.ended_seq,
        before.outputs,
    )


def test_a_run_rests_only_when_all_that_was_asked_of_it_is_over():
    two = [ev.MessageAccepted(f"send.{number}", "alder", ["alder"], "And?", f"r{number}") for number in (1, 2)]
    assert folded(*ENDED, *two, ev.MessageSettled("send.1", "failed", "no")).state == "working"
    settled = [ev.MessageSettled(f"send.{number}", "failed", "no") for number in (1, 2)]
    assert folded(*ENDED, *two, *settled).state == "partial"


def test_a_resume_forgets_how_the_run_had_ended():
    state = folded(*ENDED, ev.OwnerChanged(1, {}, "resume"))
    assert (state.state, state.reason, state.ended_seq, state.outputs) == ("preflight", None, 0, None)


def test_a_preflight_that_fails_beside_a_run_that_has_ended_changes_nothing_of_its_end():
    state = folded(*ENDED, ev.OwnerChanged(1, {}, "check"), ev.PreflightFailed("no-key", "there is no key"))
    assert (state.state, state.reason) == ("partial", "not all servants answered")


def test_a_recovered_servant_is_asked_the_same_question_once_more():
    state = folded(*ENDED, ev.ServantRecovered("birch", "rank", "r1"))
    result = state.messages["rank"].results["birch"]
    assert (result.state, result.text, result.attempts, result.failure) == ("queued", "And then?", 1, None)
    assert (state.servants["birch"].state, state.servants["birch"].recoveries) == ("starting", 1)
    assert state.messages["rank"].ended_at is None
    assert state.requests == {"r1": "rank"}


def test_a_servant_that_never_spoke_is_pending_when_it_is_recovered():
    failed_first = [*STARTED, queued("startup", "alder"), sent("startup", "alder"), failed("startup", "alder")]
    state = folded(*failed_first, ev.ServantRecovered("alder", "startup"))
    assert state.servants["alder"].state == "pending"
    assert state.requests == {}


def test_a_question_that_was_never_written_is_written_when_it_is_asked_again():
    skipped = ev.RedirectSkipped("startup", "all", "birch", "another servant's startup failed")
    state = folded(*STARTED, skipped, ev.StartupBegan(["birch"]))
    assert state.messages["startup"].results == {}


def test_a_resumed_startup_asks_a_blocked_servant_again():
    failed_first = [*STARTED, queued("startup", "alder"), sent("startup", "alder"), failed("startup", "alder")]
    state = folded(*failed_first, ev.StartupBegan(["alder"]))
    assert state.servants["alder"].state == "pending"
    assert state.messages["startup"].results["alder"].attempts == 1


def test_a_new_servant_begins_anew_and_the_one_before_it_is_kept():
    state = folded(*ENDED, HANDOFF)
    new, old = state.servants["birch"], state.replaced[0]
    assert (new.generation, new.state, new.conversation, new.handoff) == (2, "pending", [], "You take over.")
    assert (new.scope_token, new.handoff_seq) == ("cd" * 32, state.last_seq)
    assert (old.generation, old.state, len(old.conversation)) == (1, "replaced", 3)
    assert state.messages["rank"].results["birch"] == Result("birch", None, cost=Cost(unpriced=1))


def test_a_new_servant_without_a_question_leaves_the_run_as_it_was():
    state = folded(*ENDED, ev.ServantReplaced("alder", 2, "cd" * 32, "You take over.", None, "r1"))
    assert (state.state, state.requests, state.rest) == ("partial", {"r1": ""}, None)


def test_released_servants_make_a_released_run():
    assert not folded(*ENDED).is_released
    assert folded(*ENDED, ev.ServantsReleased(["alder", "birch"])).is_released


def test_a_check_renews_the_leases_that_it_proved():
    state = folded(*ENDED, ev.LeaseChecked(["alder"], "models", "r1"))
    assert state.servants["alder"].last_check_at == state.updated_at
    assert state.servants["birch"].last_check_at is None
    assert state.requests == {"r1": ""}


def test_a_stop_on_request_is_known_by_its_id():
    assert folded(*STARTED, ev.RunStopped("stopped on request", "r1")).requests == {"r1": ""}


def test_a_call_that_ended_says_itself_what_became_of_its_servant():
    asked = [*STARTED, queued("startup", "alder"), sent("startup", "alder")]
    assert folded(*asked, replied("startup", "alder")).servants["alder"].state == "ready"
    assert folded(*asked, failed("startup", "alder")).servants["alder"].state == "blocked"
    assert folded(*asked, failed("startup", "alder", retry_in_s=1.0)).servants["alder"].state == "starting"


def unfit(message_id, slot, repair, misfits=("it holds no JSON",), **changes):
    return replace(replied(message_id, slot), misfits=list(misfits), repair=repair, **changes)


def test_an_answer_that_does_not_fit_waits_for_the_next_one_and_is_part_of_the_conversation():
    state = folded(*STARTED, queued("rank", "alder"), sent("rank", "alder"), unfit("rank", "alder", "Again."))
    result = state.messages["rank"].results["alder"]
    assert (result.state, result.reply, result.repairs, result.repair, result.ended_at) == (
        "started",
        None,
        1,
        "Again.",
        None,
    )
    assert state.servants["alder"].conversation == ["And then?", "Nothing."]


def test_the_last_answer_that_does_not_fit_fails_the_servant():
    state = folded(*STARTED, queued("rank", "alder"), unfit("rank", "alder", None, ("$: a", "$: b")))
    result = state.messages["rank"].results["alder"]
    assert (result.state, result.reply, result.failure) == (
        "failed",
        None,
        "the answer does not fit its schema: $: a; $: b",
    )
    assert result.ended_at is not None


def test_a_repair_without_a_misfit_is_none():
    state = folded(*STARTED, queued("rank", "alder"), unfit("rank", "alder", "Again.", ()))
    result = state.messages["rank"].results["alder"]
    assert (result.state, result.repair) == ("completed", None)


def test_what_the_answers_of_one_message_cost_is_added_as_far_as_it_is_counted():
    odd = {"promptTokens": "many", "completionTokens": 1, "cachedTokens": 2}
    state = folded(
        *STARTED, queued("rank", "alder"), unfit("rank", "alder", "Again."), unfit("rank", "alder", None, usage=odd)
    )
    assert state.messages["rank"].results["alder"].usage == {
        "promptTokens": 11,
        "completionTokens": 8,
        "cachedTokens": 2,
        "orchestrationInputTokens": 3,
    }


def answered(pause, *, approved=True, note=""):
    return ev.PauseAnswered(pause, approved=approved, by="ada", note=note, request_id=f"of {pause}")


@pytest.mark.parametrize(
    ("bodies", "state", "failure"),
    [
        ([ev.CheckAnswered("gate", holds=True, reason=None)], "completed", None),
        ([ev.CheckAnswered("gate", holds=False, reason="hold")], "failed", "hold"),
        ([ev.PauseReached("gate", "Ship?")], "started", None),
        ([ev.PauseReached("gate", "Ship?"), answered("gate")], "completed", None),
        ([ev.PauseReached("gate", "Ship?"), answered("gate", approved=False)], "failed", "rejected by ada"),
        (
            [ev.PauseReached("gate", "Ship?"), answered("gate", approved=False, note="no")],
            "failed",
            "rejected by ada: no",
        ),
        ([ev.RoundEnded("gate", 1, None, None)], "started", None),
        ([ev.RoundEnded("gate", 1, None, None), ev.RoundEnded("gate", 2, "completed", None)], "completed", None),
        ([ev.RoundEnded("gate", 1, "failed", "why")], "failed", "why"),
        ([ev.RedirectFailed("gate", "", None, "no value")], "failed", "no value"),
        (
            [ev.RedirectSkipped("gate", "", None, "its 'when' is false", by_design=True)],
            "skipped",
            "its 'when' is false",
        ),
    ],
)
def test_a_redirect_that_asks_nobody_comes_to_this(bodies, state, failure):
    run = folded(*STARTED, *bodies)
    gate = run.messages["gate"]
    assert (gate.state, gate.failure, gate.target) == (state, failure, "")
    assert (gate.ended_at is None) == (state == "started")
    assert run.latest == ({} if state == "started" else {"gate": "gate"})
    assert run.open_pauses == ([gate] if state == "started" and gate.question else [])


def test_what_the_playbook_leaves_out_is_told_apart_from_what_went_wrong():
    bodies = [ev.RedirectSkipped("rank", "all", slot, "why", by_design=slot == "alder") for slot in ("alder", "birch")]
    results = folded(*STARTED, *bodies, ev.RedirectSkipped("last", "all", None, "why")).messages["rank"].results
    assert {slot: result.by_design for slot, result in results.items()} == {"alder": True, "birch": False}


def test_a_run_that_waits_for_a_person_is_at_rest_and_rests_so_again_after_a_message():
    waits = [*STARTED, ev.PauseReached("ask", "Ship?"), ev.RunPaused(["ask"])]
    state = folded(*waits)
    assert (state.state, state.has_ended, state.is_at_rest) == ("awaiting-human", False, True)
    assert state.reason == "a person's word is wanted on ask"
    more = [ev.MessageAccepted("send.1", "alder", ["alder"], "Why?", "k"), queued("send.1", "alder")]
    assert folded(*waits, *more).state == "working"
    assert folded(*waits, *more, ev.MessageSettled("send.1", "completed", None)).state == "awaiting-human"


@pytest.mark.parametrize("purpose", ["approve", "reject"])
def test_who_answers_carries_the_plan_on(purpose):
    owner = replace(OWNER, purpose=purpose)
    state = folded(*STARTED, ev.PauseReached("ask", "Ship?"), ev.RunPaused(["ask"]), owner)
    assert (state.state, state.reason) == ("preflight", None)


def test_the_answer_of_a_person_is_taken_once_by_its_id():
    state = folded(*STARTED, ev.PauseReached("ask", "Ship?"), answered("ask", note="yes"))
    assert state.requests == {"of ask": "ask"}
    assert state.messages["ask"].answer == answered("ask", note="yes")


def test_the_latest_round_that_has_ended_stands_for_its_redirect():
    rounds = [ev.MessageSettled(f"argue.{number}", "completed", None) for number in (1, 2, 10)]
    asked = [queued(f"argue.{number}", "alder") for number in (1, 2, 10, 11)]
    state = folded(*STARTED, *asked, *rounds)
    assert state.latest == {"argue": "argue.10"}
    assert state.message_of("argue") is state.messages["argue.10"]
    assert state.message_of("argue.2") is state.messages["argue.2"]
    assert state.message_of("nothing") is None


@pytest.mark.parametrize("odd", ["x.abc", "x.99999999999", "x.", ".", ".1", "x.1.2", "x.-1", "x.²", "x.٣"])
def test_an_id_that_is_of_no_round_is_no_trouble(odd):
    bodies = [ev.CheckAnswered(odd, holds=True, reason=None), ev.CheckAnswered("x.2", holds=True, reason=None)]
    state = folded(*STARTED, *bodies)
    assert state.message_of("x.2") is state.messages["x.2"]
    assert state.messages[odd].state == "completed"
    assert folded(*STARTED, *reversed(bodies)).messages.keys() == {odd, "x.2"}


@pytest.mark.parametrize("body", [answered("nothing"), ev.MessageSettled("argue.1", "completed", None)])
def test_an_end_of_what_never_began_is_damage(body):
    with pytest.raises(KeyError):
        folded(*STARTED, body)
