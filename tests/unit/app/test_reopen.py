"""A recorded run is taken up with the plan that it began with, and not where its playbook says something else now."""

from dataclasses import replace
from pathlib import Path

import pytest

from council_kit import carry_out, run_folder
from overlord_run.app.reopen import Recorded, recorded, require_unchanged, require_unreleased
from overlord_run.errors import ChangedError, ReleasedError, RunNotFoundError
from overlord_run.store.state import State

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


def test_a_released_run_is_not_taken_up(state: State) -> None:
    require_unreleased(state)
    state.servants["alder"].state = "released"
    with pytest.raises(ReleasedError):
        require_unreleased(state)
