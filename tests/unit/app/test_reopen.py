"""A recorded run is taken up with the plan that it began with, and not where its playbook says something else now."""

from pathlib import Path

import pytest
from msgspec.structs import replace

import pack_kit
from council_kit import HOST, Parts, carry_out, run_folder
from overlord_run.app.reopen import Recorded, recorded, reopen, require_unreleased
from overlord_run.app.unchanged import require_unchanged
from overlord_run.app.validate import load
from overlord_run.errors import ChangedError, OverlordError, ReleasedError, RunNotFoundError, StoreError
from overlord_run.files import FileError
from overlord_run.plan.build import build
from overlord_run.plan.model import Plan
from overlord_run.playbook.model import Provenance
from overlord_run.playbook.packs import LOCK_NAME
from overlord_run.roles.lock import Lock
from overlord_run.settings.model import Flags
from overlord_run.store.state import State
from playbook_kit import parse, resolve

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


FILES = {"say.md": "Say {{ servant.slot }}.\n", "own.md": pack_kit.JUDGE, "fits.json": '{"type": "object"}\n'}
NAMING = """\
overlord: 1
name: naming
roles:
  own: {from: ./own.md, task_file: say.md}
  shipped: {from: builtin/planner, task: Begin.}
assignments: [{slot: oak, role: own, expect: {schema_file: fits.json}}, {slot: elm, role: shipped}]
"""


@pytest.fixture
def naming(tmp_path: Path) -> Recorded:
    """Return a run whose playbook names files."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "playbook.yml").write_text(NAMING, encoding="utf-8")
    playbook, _ = load(str(tmp_path / "playbook.yml"))
    plan = build(playbook, {}, model_ids={}, host=HOST.facts())
    state = carry_out(tmp_path, COUNCIL).state
    assert state.created is not None
    file = {"path": str(tmp_path / "playbook.yml"), "digest": playbook.digest, "files": playbook.files}
    created = replace(state.created, playbook=file, settings=SETTINGS, plan_digest=plan.to_json()["digest"])
    return Recorded(run_folder(tmp_path), created, plan, plan.to_json())


def test_a_plan_whose_files_are_the_same_is_not_made_again(naming: Recorded) -> None:
    assert list(naming.created.playbook["files"]) == ["say.md", "./own.md", "fits.json"]
    require_unchanged(replace(naming, plan_json={}))  # with which no other would agree


@pytest.mark.parametrize(
    ("name", "same", "other"),
    [
        ("say.md", "Say {{ servant.slot }}.\r\n", "Tell {{ servant.slot }}.\n"),
        ("own.md", pack_kit.JUDGE.replace("\n", "\r\n"), None),
        ("fits.json", '{"type":  "object"}', '{"type": "array"}'),
        ("playbook.yml", f"# Mine.\n{NAMING}", NAMING.replace("oak", "ash")),
    ],
)
def test_of_files_that_are_written_otherwise_the_plan_is_made_again(
    naming: Recorded, tmp_path: Path, name: str, same: str, other: str | None
) -> None:
    (tmp_path / name).write_bytes(same.encode())
    require_unchanged(naming)
    (tmp_path / name).unlink()
    if other is not None:
        (tmp_path / name).write_bytes(other.encode())
    with pytest.raises(ChangedError):
        require_unchanged(naming)


def test_a_shipped_role_that_says_something_else_is_told(naming: Recorded) -> None:
    """As after another version of the program was installed."""
    plan = replace(naming.plan, sources={"shipped": Provenance({"planner.md": "sha256:0"}, pack="builtin")})
    require_unchanged(replace(naming, plan=plan))
    with pytest.raises(ChangedError):
        require_unchanged(replace(naming, plan=plan, plan_json={}))


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


PACKED = """\
overlord: 1
name: packed
packs:
  acme: {git: "https://github.com/acme/roles", rev: v1.4.0, path: roles}
roles:
  critic: {from: acme/critic, task: Begin.}
  own: {from: ./own.md, task: Begin.}
assignments: [{slot: alder, role: critic}, {slot: oak, role: own}]
"""


@pytest.fixture
def packed(tmp_path: Path) -> Recorded:
    """Return a run whose playbook uses a pack, in a folder without a lock."""
    (tmp_path / "own.md").write_text(pack_kit.JUDGE, encoding="utf-8")
    pack_kit.write_lock(tmp_path)
    (tmp_path / "playbook.yml").write_text(PACKED, encoding="utf-8")
    playbook = resolve(parse(PACKED.encode(), "playbook.yml"), tmp_path)
    plan = build(playbook, {}, model_ids={}, host=HOST)
    (tmp_path / LOCK_NAME).unlink()
    state = carry_out(tmp_path, COUNCIL).state
    assert state.created is not None
    file = {"path": str(tmp_path / "playbook.yml"), "digest": playbook.digest}
    created = replace(state.created, playbook=file, settings=SETTINGS, plan_digest=plan.to_json()["digest"])
    return Recorded(run_folder(tmp_path), created, plan, plan.to_json())


def test_a_lock_that_is_gone_and_a_pack_that_is_not_at_hand_change_nothing(
    packed: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_unchanged(packed)
    pack_kit.write_lock(tmp_path)
    require_unchanged(packed)
    monkeypatch.setenv("OVERLORD_CACHE_DIR", str(tmp_path / "cold"))
    require_unchanged(packed)


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        (
            "playbook.yml",
            PACKED + "\n",
            "and its packs are not at hand",
        ),
        ("own.md", pack_kit.JUDGE + "\n", "the role file own.md has changed since the run began"),
    ],
)
def test_what_is_beside_the_playbook_is_still_compared(
    packed: Recorded, tmp_path: Path, path: str, content: str, expected: str
) -> None:
    (tmp_path / path).write_text(content, encoding="utf-8")
    with pytest.raises(ChangedError, match=expected):
        require_unchanged(packed)


def test_a_lock_with_another_commit_or_without_the_pack_is_a_change(packed: Recorded, tmp_path: Path) -> None:
    pack_kit.write_lock(tmp_path, Lock())
    with pytest.raises(ChangedError, match="cannot be planned as it was: 1 problem found"):
        require_unchanged(packed)
    pack_kit.write_lock(tmp_path, Lock((pack_kit.entry(commit=pack_kit.NEVER_FETCHED),)))
    with pytest.raises(ChangedError, match="the pack acme is locked at another commit than the run began with"):
        require_unchanged(packed)
