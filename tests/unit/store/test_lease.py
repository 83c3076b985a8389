import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from overlord_run.store import events as ev
from overlord_run.store.fold import fold
from overlord_run.store.folder import RunFolder
from overlord_run.store.lease import Facts, expires_at, lease_s, proofs, scope_token
from overlord_run.store.log import read
from store_kit import RUN_ID, TOKEN, created, queued, replied, sent, servant, tell

MODELS = {"alder": "fugu"}
NOW = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=20)
SCOPE = scope_token(TOKEN, RUN_ID, ("alder", 1, "consultation", "List what can go wrong."))
FACTS = Facts(RUN_ID, TOKEN, MODELS, NOW)
ASKED: list[ev.Body] = [
    ev.StartupBegan(["alder"]),
    queued("startup", "alder", system="You review."),
    sent("startup", "alder"),
]


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / ".overlord", RUN_ID)


@pytest.fixture
def state(folder):
    """Return a run with one servant that has answered."""
    told = tell(folder, [ASKED, [replied("startup", "alder"), ev.ServantReady("alder")]], slots=["alder"])
    asyncio.run(told)
    found = fold(read(folder.log_path))
    found.servants["alder"].scope_token = SCOPE
    found.created = replace(found.created, settings={"leaseS": 30})
    return found


def faults(state, facts=FACTS):
    return {proof.name: proof.fault for proof in proofs(state, state.servants["alder"], facts) if not proof.holds}


def test_a_servant_that_answered_within_its_lease_is_ready(state):
    assert faults(state) == {}


@pytest.mark.parametrize(
    ("changes", "name", "fault"),
    [
        ({"run_id": "other"}, "identity", "the run's id is not that of its folder"),
        ({"registry_token": None}, "identity", "the run token of the registry is not that of the log"),
        ({"models": {"alder": "else"}}, "model", "it runs on fugu, and the plan says else"),
        ({"now": NOW + timedelta(hours=1)}, "signal", "its lease ended at 2026-11-22 00:00:30 UTC"),
    ],
)
def test_what_is_not_as_it_should_be_fails_its_proof(state, changes, name, fault):
    facts = replace(FACTS, **changes)
    assert faults(state, facts) == {name: fault}


@pytest.mark.parametrize(
    ("changes", "name", "fault"),
    [
        ({"state": "blocked"}, "conversation", "it is blocked"),
        ({"conversation": []}, "messages", "no messages are stored"),
        (
            {"conversation": ["?", "!"]},
            "messages",
            "its messages are not a system message and answered questions",
        ),
        ({"generation": 2}, "identity", "its scope token is not of this run, slot and assignment"),
        ({"last_useful_signal_at": None}, "signal", "it has not answered yet"),
    ],
)
def test_a_servant_that_is_not_as_it_should_be_is_not_ready(state, changes, name, fault):
    state.servants["alder"] = replace(state.servants["alder"], **changes)
    assert faults(state) == {name: fault}


def test_a_servant_whose_call_is_open_is_not_ready(state):
    state.open_calls["rank", "alder"] = sent("rank", "alder")
    assert faults(state) == {"conversation": "how its call for rank ended is not known"}


def test_a_check_renews_a_lease(state):
    alder = state.servants["alder"]
    alder.last_check_at = "2026-11-22T01:00:00.000Z"
    assert expires_at(alder, state.created) == "2026-11-22T01:00:30.000Z"


@pytest.mark.parametrize("value", [None, "30", -1, 1e10, float("nan")])
def test_a_lease_that_is_no_length_of_time_holds_for_none(folder, value):
    assert lease_s(created(folder, settings={"leaseS": value})) == 0.0


def test_a_run_without_a_first_event_has_no_identity(state):
    state.created = None
    assert faults(state) == {
        "identity": "the run's id is not that of its folder",
        "signal": "it has not answered yet",
    }


def test_a_scope_token_is_of_everything_that_it_ties():
    other = servant("alder")
    tokens = {
        scope_token(token, run, (slot, generation, other["profile"], assignment))
        for token in "ab"
        for run in "ab"
        for slot in "ab"
        for generation in (1, 2)
        for assignment in (None, "a")
    }
    assert len(tokens) == 32
