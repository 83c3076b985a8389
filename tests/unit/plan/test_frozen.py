"""A plan that was frozen in `plan.json` is the plan again."""

import json
from pathlib import Path

import pytest

from overlord_run.plan.frozen import plan_from_json

PLANS = sorted((Path(__file__).parents[2] / "examples" / "valid").glob("*.plan.json"))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.name)
def test_a_plan_comes_back_as_it_was_written(path: Path) -> None:
    written = json.loads(path.read_text("utf-8"))
    plan = plan_from_json(written)
    assert plan.to_json() == written
    assert plan_from_json(plan.to_json()) == plan
