"""A recorded run is taken up with the plan that it began with, and not where its playbook says something else now."""

from dataclasses import replace
from pathlib import Path

import pytest

from council_kit import HOST, Parts, carry_out, run_folder
from overlord_run.app.reopen import Recorded, recorded, reopen, require_unchanged, require_unreleased
from overlord_run.errors import ChangedError, OverlordError, ReleasedError, RunNotFoundError, StoreError
from overlord_run.files import FileError
from overlord_run.plan.build import build
from overlord_run.plan.model import Plan
from overlord_run.settings.model import Flags
from overlord_run.store.state import State
from playbook_kit import parse

COUNCIL = """\
overlord: 1
name: one
roles: {critic: {system: You criticise., task: What can go wrong?}}
assignments: [{slot: alder, role: critic}]
"""
SETTINGS = {
    "baseUrl": "https://api.sakana.ai/v1",
    "baseUrlFrom": None,
    "provider": "sakana",
    "timeoutS": 90,
    "concurrency": 8,
    "attempts": 3,
    "rate": {"requestsPerMinute": 60, "tokensPerMinute": None},
    "preflight": "models",
    "leaseS": 1800,
    "modelIds": {},
    "modelsToProve": ["fugu"],
    "prices": {},
    "proxy": None,
    "caFile": None,
    "trusted": None,
}


@pytest.fixture
def state(tmp_path: Path) -> State:
    return carry_out(tmp_path, COUNCIL).state


def taken_up(folder: Path, state: State, playbook: str | None) -> Recorded:
    """Return the run, whose playbook stands in a file now that says so; None where it is gone."""
    path = folder / "playbook.yml"
    if playbook is not None:
        path.write_text(playbook, encoding="utf-8")
    run = recorded(run_folder(folder), state.created)
    created = replace(run.created, playbook={"path": str(path)}, settings=SETTINGS)
    return replace(run, created=created)


def test_a_run_that_never_began_has_no_plan(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError, match="before it began"):
        recorded(run_folder(tmp_path), None)


def test_a_playbook_that_says_the_same_is_unchanged_also_with_another_comment(tmp_path: Path, state: State) -> None:
    run = taken_up(tmp_path, state, "# Mine.\n" + COUNCIL)
    require_unchanged(run)
    assert run.plan.name == "one"


@pytest.mark.parametrize(
    ("playbook", "what"),
    [
        (COUNCIL.replace("criticise", "praise"), "has changed since the run began"),
        ("overlord: 1\n", "cannot be planned as it was"),
        (None, "cannot be planned as it was"),
    ],
)
def test_a_playbook_that_says_something_else_is_told(
    tmp_path: Path, state: State, playbook: str | None, what: str
) -> None:
    with pytest.raises(ChangedError, match=what):
        require_unchanged(taken_up(tmp_path, state, playbook))


@pytest.mark.parametrize(
    ("engine", "error", "what"),
    [
        ("oracle", StoreError, "answered by 'oracle', which this program does not know"),
        ("recording", FileError, "is a folder, not a file"),
    ],
)
def test_a_run_is_not_taken_up_by_anything_else_than_what_answered_in_it(
    tmp_path: Path, state: State, engine: str, error: type[OverlordError], what: str
) -> None:
    run = taken_up(tmp_path, state, COUNCIL)
    with pytest.raises(error, match=what):
        reopen(replace(run, created=replace(run.created, engine=engine)), Flags())


def test_a_released_run_is_not_taken_up(state: State) -> None:
    require_unreleased(state)
    state.servants["alder"].state = "released"
    with pytest.raises(ReleasedError):
        require_unreleased(state)


def test_a_limited_run_is_unchanged_while_its_limit_makes_the_same_plan(tmp_path: Path) -> None:
    two = COUNCIL.replace("}]", "}, {slot: birch, role: critic}]")

    def limited(_plan: Plan) -> Plan:
        return build(parse(two.encode(), "playbook.yml"), {}, model_ids={}, host=HOST.facts(), limit=("birch",))

    run = taken_up(tmp_path, carry_out(tmp_path, two, parts=Parts(plan=limited)).state, two)
    require_unchanged(run)
    assert ([one.slot for one in run.plan.servants], run.plan.limit) == (["birch"], ("birch",))
    (tmp_path / "playbook.yml").write_text(COUNCIL, encoding="utf-8")
    with pytest.raises(ChangedError) as caught:
        require_unchanged(run)
    assert caught.value.message == (
        f"the playbook {tmp_path / 'playbook.yml'} cannot be planned as it was: "
        "--limit names 'birch', and nobody in this playbook is called so"
    )
