"""The playbooks to steal: the commands at their heads work, and their scripts look at every prompt.

A new playbook, or one more script for it, is a new file in `playbooks/`; nothing here has to be told of it.
"""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from acceptance.invocation import Shell
from canary import CANARY
from fake_api import FakeApi
from overlord_run.app import init
from overlord_run.app.validate import load, validate

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
COUNCIL = Path(init.__file__).with_name("council.yml")
SCRIPTS = sorted(PLAYBOOKS.glob("*.rehearsal.yml"))
BOOKS = sorted(set(PLAYBOOKS.glob("*.yml")) - set(SCRIPTS))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shutil.copytree(PLAYBOOKS, tmp_path / "playbooks")
    return Shell(tmp_path)


@dataclass(frozen=True)
class Shown:
    """A command of ours at the head of a file, from its playbook on, and the exit code that is told above it."""

    words: list[str]
    exit: int


def shown(path: Path) -> list[Shown]:
    """Return the commands at the head of a file; one ends with exit code 0 unless the line above says otherwise."""
    head = path.read_text(encoding="utf-8").partition("\noverlord:")[0].replace("\\\n#", "")
    found = re.findall(r"^(#.*)\n#.* {3}overlord-run (.+)$", head, re.MULTILINE)
    ends = [re.search(r"ends with exit code (\d+)", above) for above, _ in found]
    return [
        Shown(shlex.split(command), int(end[1]) if end else 0) for (_, command), end in zip(found, ends, strict=True)
    ]


def own_command(script: Path) -> list[str]:
    """Return the command at the head of a script that rehearses it, the only one there."""
    (words,) = (one.words for one in shown(script) if "--rehearse" in one.words)
    return words


def script_of(stem: str) -> Path:
    """Return a script by the first part of its name."""
    return PLAYBOOKS / f"{stem}.rehearsal.yml"


def calls(shell: Shell, words: list[str]) -> list[tuple[str, str]]:
    """Return slot and message of each call that a command would make."""
    done = shell.run(*words, "--dry-run", "-v", "--format", "json")
    assert done.exit == 0, done.err
    return [(each["slot"], each["message"]) for each in done.json("plan")["requests"]]


def entry(answers: Mapping[str, Any], slot: str, message: str) -> Any:
    """Return what a script says of a call, or None; of one in rounds, what it says of the first."""
    names = (message, f"{message}.1", "*")
    places = [(one, name) for one in (slot, "*") for name in names]
    return next((answers[one][other] for one, other in places if other in answers.get(one, {})), None)


def scenes(answers: Mapping[str, Any], slot: str, message: str) -> list[Any]:
    """Return what a script says of a call, and of each repair after it."""
    found = entry(answers, slot, message) or {}
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("book", BOOKS, ids=lambda path: path.stem)
def test_a_playbook_and_its_inputs_are_described_and_editors_find_the_schema(book: Path) -> None:
    playbook, _ = load(str(book))
    assert book.read_text(encoding="utf-8").startswith(
        "# yaml-language-server: $schema=../schemas/playbook.schema.json\n"
    )
    assert playbook.name == book.stem
    assert playbook.description.endswith(".")
    assert [name for name, declared in playbook.inputs.items() if not declared.description] == []


def test_what_ships_passes_where_a_warning_is_an_error_and_silences_none() -> None:
    found = validate([str(PLAYBOOKS), str(COUNCIL)], strict=True)
    assert found.problems == ()
    assert found.silenced == 0
    assert {str(path) for path in (*BOOKS, *SCRIPTS, COUNCIL)} < set(found.files)


@pytest.mark.parametrize("book", BOOKS, ids=lambda path: path.stem)
def test_the_commands_at_the_head_of_a_playbook_work(book: Path, shell: Shell) -> None:
    commands = shown(book)
    assert any("--rehearse" in one.words for one in commands)
    for one in commands:
        words = one.words
        assert words[0] in {f"playbooks/{book.name}", "approve"}
        for file in re.findall(r"=((?:\w+/)?[\w*]+\.(?:md|diff))$", "\n".join(words), re.MULTILINE):  # the reader's own
            own = shell.folder / file.replace("*", "any")
            own.parent.mkdir(exist_ok=True)
            own.write_text("Something to look at.\n", encoding="utf-8")
        done = shell.run(*words) if one.exit or {"--rehearse", "approve"} & {*words} else shell.run(*words, "--dry-run")
        assert done.exit == one.exit, done.err


@pytest.mark.parametrize("book", BOOKS, ids=lambda path: path.stem)
def test_a_playbook_has_a_script(book: Path) -> None:
    assert [script for script in SCRIPTS if own_command(script)[0] == f"playbooks/{book.name}"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_passes_by_the_command_at_its_head(script: Path, shell: Shell) -> None:
    words = own_command(script)
    assert words[-2:] == ["--rehearse", f"playbooks/{script.name}"]
    assert script.stem.startswith(f"{Path(words[0]).stem}.")
    for one in shown(script):
        done = shell.run(*one.words, "--quiet")
        assert done.exit == one.exit, done.err
        assert (done.err == "") == (one.exit == 0)
        assert "the script wants" not in done.err
        assert done.out or one.exit


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_says_of_every_prompt_what_it_must_contain(script: Path, shell: Shell) -> None:
    answers = yaml.safe_load(script.read_text(encoding="utf-8"))["answers"]
    made = calls(shell, own_command(script)[:-2])
    assert made
    unseen = [call for call in made for one in scenes(answers, *call) if "contains" not in one]
    assert unseen == []


def test_the_page_tells_every_playbook_with_the_calls_that_it_makes(shell: Shell) -> None:
    page = (PLAYBOOKS.parent / "docs" / "playbooks.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| \[(\S+)\]\(#\1\) \|.*\| (\d+) \|$", page, re.MULTILINE)
    assert sorted(name for name, _ in told) == [book.stem for book in BOOKS]
    for name, count in told:
        plan = shell.run(*own_command(script_of(name))[:-2], "--dry-run").out
        assert re.findall(r"^In all (?:at most )?(\d+) calls;", plan, re.MULTILINE) == [count]


@pytest.mark.parametrize("kind", ["tenant-container", "registry-package", "solo-container"])
def test_the_release_councils_script_for_a_hub_refuses_what_other_kinds_are_told(kind: str, shell: Shell) -> None:
    words = [f"kind={kind}" if word == "kind=hub" else word for word in own_command(script_of("release-council.hub"))]
    done = shell.run(*words, "--quiet")
    assert done.exit == 1
    assert "alder failed: the script wants the request to contain" in done.err


def test_the_release_council_has_a_script_for_each_kind_of_repository() -> None:
    kinds = load(str(PLAYBOOKS / "release-council.yml"))[0].inputs["kind"].checks["enum"]
    rehearsed = [
        word.removeprefix("kind=") for script in SCRIPTS for word in own_command(script) if word.startswith("kind=")
    ]
    assert sorted(rehearsed) == sorted(kinds)


def test_the_code_review_writes_a_decision_that_a_script_can_act_on(shell: Shell) -> None:
    done = shell.run(*own_command(script_of("code-review")), "--quiet", "--outputs", "review")
    assert done.exit == 0
    assert {path.name for path in (shell.folder / "review").iterdir()} == {"decision.txt", "findings.md", "verdict.md"}
    assert (shell.folder / "review" / "decision.txt").read_text(encoding="utf-8") == "request-changes"


def test_the_triage_hands_over_its_groups_for_people_and_for_programs(shell: Shell) -> None:
    done = shell.run(*own_command(script_of("triage")), "--quiet", "--outputs", "triage")
    assert done.exit == 0
    assert (shell.folder / "triage" / "triage.md").read_text(encoding="utf-8").splitlines()[:4] == [
        "1. **Sessions are refused by a server whose clock is behind** (blocker, operations)",
        "   - 02-signed-out-at-once.md",
        "   - 03-worker.log.txt",
        "   The log shows a session that web-3 refuses as not valid yet, and that web-1 accepts.",
    ]
    groups = json.loads((shell.folder / "triage" / "groups.json").read_text(encoding="utf-8"))
    assert [group["severity"] for group in groups] == ["blocker", "major", "minor"]


def test_the_local_model_is_the_only_one_that_is_needed_and_gets_no_key(shell: Shell) -> None:
    book = shell.folder / "playbooks" / "local-model.yml"
    with FakeApi(models=("local",)) as api:
        text = book.read_text(encoding="utf-8").replace("http://127.0.0.1:8080/v1", api.base_url)
        book.write_text(text, encoding="utf-8")
        words = ("playbooks/local-model.yml", "-i", "proposal=playbooks/samples/proposal.md")
        done = shell.run(*words, SAKANA_API_KEY=CANARY)
    assert (done.exit, done.out) == (0, "Answer 3 of local.\n")
    assert [request.body["model"] for request in api.requests if request.body] == ["local"] * 3
    assert [request for request in api.requests if "authorization" in request.headers] == []


def test_the_sample_diff_is_one_that_git_reads() -> None:
    diff = str(PLAYBOOKS / "samples" / "change.diff")
    done = subprocess.run(
        ["git", "apply", "--numstat", diff], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert (done.returncode, done.stderr) == (0, "")
    files = [line.split()[-1] for line in done.stdout.splitlines()]
    assert files == ["invoices/export.py", "invoices/web.py", "tests/test_export.py"]
