import json
import shutil
from pathlib import Path

import pytest

from acceptance.invocation import COUNCIL, Shell


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Return a folder with a rehearsal in which one servant failed."""
    shell = Shell(tmp_path_factory.mktemp("finished"))
    shell.write("council.yml", COUNCIL)
    shell.write("script.yml", "overlord: 1\nanswers:\n  birch:\n    rank: {fault: empty}\n")
    assert shell.run("council.yml", "--rehearse", "script.yml").exit == 1
    return shell


@pytest.fixture
def shell(finished: Shell, tmp_path: Path) -> Shell:
    """Return a copy that a test may change."""
    shutil.copytree(finished.folder, tmp_path / "copy")
    return Shell(tmp_path / "copy")


def run_id(shell: Shell) -> str:
    (folder,) = (shell.folder / ".overlord" / "runs").iterdir()
    return folder.name


def test_the_list_names_each_run_and_says_that_it_was_rehearsed(finished: Shell) -> None:
    done = finished.run("list")
    assert done.exit == 0
    header, row = done.out.splitlines()
    assert header.split() == ["run", "state", "playbook", "engine", "servants", "created"]
    assert row.split()[:5] == [run_id(finished), "partial", "council", "rehearsal", "3"]
    (run,) = finished.run("list", "--format", "json").json("list")["runs"]
    assert (run["runId"], run["state"], run["engine"], run["isOwned"]) == (
        run_id(finished),
        "partial",
        "rehearsal",
        False,
    )


def test_where_there_are_no_runs_the_list_is_empty_and_says_how_to_begin(tmp_path: Path) -> None:
    done = Shell(tmp_path).run("list")
    assert (done.exit, done.out) == (0, "")
    assert done.err == "There are no runs here yet. Next: overlord-run PLAYBOOK --rehearse\n"
    assert Shell(tmp_path).run("list", "--format", "json").json("list")["runs"] == []


def test_a_run_that_cannot_be_read_is_listed_with_the_reason(shell: Shell) -> None:
    log = shell.folder / ".overlord" / "runs" / run_id(shell) / "events.jsonl"
    *above, last = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*above, last.replace(b'"seq":', b'"seq":9', 1)]))
    done = shell.run("list")
    assert done.exit == 0
    assert done.out.startswith(f"{run_id(shell)} cannot be read: ")
    assert "problem" in shell.run("list", "--format", "json").json("list")["runs"][0]
    assert shell.run("status").exit == 74


def test_the_status_tells_servants_and_messages(finished: Shell) -> None:
    done = finished.run("status")
    assert done.exit == 0
    assert done.out.startswith(f"[rehearsal] Run {run_id(finished)} of council: partial (")
    assert "answered by the rehearsal, no model was asked; no process owns it\n" in done.out
    assert "rank     role:critic  partial    1 of 2\n" in done.out
    assert done.out.endswith(f"Next: overlord-run recover birch --run {run_id(finished)}\n")
    told = finished.run("status", "--format", "json").json("status")
    assert [servant["state"] for servant in told["servants"]] == ["ready", "blocked", "ready"]
    assert [message["state"] for message in told["messages"]] == ["completed", "partial", "completed"]
    assert told["openCalls"] == []


def test_a_run_is_named_by_option_or_by_environment(finished: Shell) -> None:
    for done in (
        finished.run("status", "--run", run_id(finished)),
        finished.run("status", OVERLORD_RUN=run_id(finished)),
        finished.run("status", "--state-dir", ".overlord"),
        finished.run("status", OVERLORD_STATE_DIR=".overlord"),
    ):
        assert done.exit == 0
        assert run_id(finished) in done.out


def test_an_id_that_a_script_left_empty_is_no_run_and_not_the_newest(finished: Shell) -> None:
    done = finished.run("status", "--run", "")
    assert (done.exit, done.out) == (11, "")
    assert done.err.startswith("error: there is no run '' here\n")


@pytest.mark.parametrize("command", ["status", "show", "verify"])
def test_a_run_that_does_not_exist_is_exit_11(finished: Shell, command: str) -> None:
    assert finished.run(command, "--run", "none").exit == 11
    told = finished.run(command, "--run", "none", "--format", "json").json("error")["error"]
    assert (told["code"], told["exit"]) == ("run-not-found", 11)
    assert told["next"]


def test_a_conversation_is_shown_with_its_failure(finished: Shell) -> None:
    done = finished.run("show", "birch")
    assert done.exit == 0
    assert "    Overlord:\n      What can go wrong with this plan: Ship on Friday.\n" in done.out
    assert done.out.endswith("    birch failed: the answer has no text\n")
    assert "alder" not in done.out
    assert "system message" not in done.out
    in_detail = finished.run("show", "birch", "-v").out
    assert "    system message:\n" in in_detail
    assert "      You criticise plans.\n" in in_detail


def test_all_conversations_are_shown_and_their_exact_texts_are_in_the_json(finished: Shell) -> None:
    done = finished.run("show")
    assert [line.partition(",")[0] for line in done.out.splitlines() if line.endswith(("ready", "blocked"))] == [
        "alder",
        "birch",
        "oak",
    ]
    told = finished.run("show", "--format", "json").json("show")
    assert [len(servant["exchanges"]) for servant in told["servants"]] == [2, 2, 1]
    assert told["servants"][0]["exchanges"][0]["text"] == "What can go wrong with this plan: Ship on Friday."


def test_a_slot_that_does_not_exist_gets_the_nearest_one(finished: Shell) -> None:
    done = finished.run("show", "brich")
    assert done.exit == 2
    assert done.err == (
        "error: the run has no servant 'brich'; did you mean 'birch'?\nnext: The slots are: 'alder', 'birch', 'oak'.\n"
    )


def test_a_run_verifies_and_one_changed_byte_is_told_with_its_place(shell: Shell) -> None:
    done = shell.run("verify")
    assert (done.exit, done.out) == (0, f"{run_id(shell)}: the log is whole, and every view is what it says\n")
    assert shell.run("verify", "--format", "json").json("verify")["differences"] == []
    registry = shell.folder / ".overlord" / "runs" / run_id(shell) / "run.json"
    registry.write_bytes(registry.read_bytes().replace(b"partial", b"perfect", 1))
    done = shell.run("verify")
    assert done.exit == 1
    assert done.out.startswith("run.json: ")
    (difference,) = shell.run("verify", "--format", "json").json("verify")["differences"]
    assert difference["file"] == "run.json"


def test_the_done_line_of_a_failure_names_it(finished: Shell) -> None:
    done = finished.run("council.yml", "--rehearse", "script.yml", "--state-dir", "other", "--format", "json")
    end = done.json("done")
    assert (done.exit, end["exit"], end["state"]) == (1, 1, "partial")
    assert end["servants"][1] == {
        "slot": "birch",
        "state": "blocked",
        "llmModel": "fugu",
        "sent": 2,
        "answered": 1,
        "failed": 1,
        "skipped": 0,
        "usage": end["servants"][1]["usage"],
    }
    assert end["next"] == f"overlord-run recover birch --run {end['runId']} --state-dir other"


def test_the_schemas_are_listed_and_printed(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    names = shell.run("schema").out.split()
    assert names == shell.run("schema", "--format", "json").json("schema")["schemas"]
    shipped = Path(__file__).parents[2] / "schemas"
    assert sorted(names) == sorted(path.name.removesuffix(".schema.json") for path in shipped.glob("*.json"))
    for name in names:
        printed = json.loads(shell.run("schema", name).out)
        assert printed == json.loads((shipped / f"{name}.schema.json").read_text(encoding="utf-8"))
