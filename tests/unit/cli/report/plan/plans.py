"""Plans that nobody carries out, for tests of how they are told."""

import json
from pathlib import Path

from overlord_run.app.prepare import PlaybookFile, Prepared
from overlord_run.engine.base import EngineName
from overlord_run.host import Host, Worktree
from overlord_run.plan.frozen import plan_from_json
from overlord_run.plan.model import Plan, PlannedModel, PlannedOutput, PlannedServant
from overlord_run.plan.redirects import PlannedMessage
from overlord_run.playbook.texts import Place, Text
from overlord_run.problem import Problem
from overlord_run.settings.model import Settings

PLACE = Place("council.yml", 1, 1)
RANK, TASK, SYSTEM = "Rank them.", "Judge it.\n\nBriefly.", "You advise."


def planned_servant(slot: str, model: str, task: str | None) -> PlannedServant:
    return PlannedServant(slot, slot, "critic", model, "consultation", {}, SYSTEM, task)


COUNCIL = Plan(
    name="council",
    description="",
    inputs={},
    vars={},
    host=None,
    models={
        "normal": PlannedModel("normal", "fugu", {"max_tokens": 100}, 30.0),
        "ultra": PlannedModel("ultra", "fugu-ultra", {}),
    },
    servants=(
        planned_servant("alder", "normal", TASK),
        planned_servant("birch", "normal", TASK),
        planned_servant("oak", "ultra", None),
    ),
    redirects=(
        PlannedMessage(
            id="rank",
            to="role:critic",
            targets=("alder", "birch"),
            template=Text(RANK, PLACE),
            texts={"alder": RANK, "birch": RANK},
            reads=(),
            require=1,
            after=(),
            timeout_s=12.5,
            on_failure="stop",
        ),
        PlannedMessage(
            id="verdict",
            to="oak",
            targets=("oak",),
            template=Text("{{ replies.rank.alder }}", PLACE),
            texts=None,
            reads=("rank",),
            require=1,
            after=("rank",),
            timeout_s=None,
            on_failure="continue",
        ),
    ),
    outputs=(
        PlannedOutput("verdict", Text("replies.verdict.oak.text", PLACE), None, "verdict.md"),
        PlannedOutput("report", None, Text("# Report\n{{ … }}", PLACE), None),
    ),
    last="verdict",
)


def prepared(plan: Plan = COUNCIL, *, engine: EngineName = "chat") -> Prepared:
    return Prepared(
        playbook=PlaybookFile("council", "council.yml", "sha256:0", {}),
        plan=plan,
        plan_digest=plan.to_json()["digest"],
        settings=Settings(
            base_url="https://api.sakana.ai/v1",
            provider="sakana",
            key=None,
            key_name=None,
            key_required=True,
            timeout_s=90.0,
            concurrency=8,
            attempts=3,
            preflight="models",
            model_ids={},
            proxy=None,
            ca_file=None,
            trusted=None,
            overrides=("the timeout is 90 s, by --timeout",),
            notes=(),
        ),
        host=Host("linux", "bash", "posix"),
        worktree=Worktree(Path("work"), None, None),
        state_dir=Path("work/.overlord"),
        warnings=(Problem("council.yml", 3, 1, "unused-input", "nothing reads it", severity="warning"),),
        models_to_prove=("fugu", "fugu-ultra"),
        engine=engine,
    )


def flow() -> Plan:
    """Return the plan of the example that has every kind of redirect."""
    path = Path(__file__).parents[4] / "examples" / "valid" / "flow.plan.json"
    return plan_from_json(json.loads(path.read_text("utf-8")))
