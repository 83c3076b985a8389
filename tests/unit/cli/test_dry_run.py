"""What a dry run prints: the same on every machine, and problems as validate tells them."""

import json
from pathlib import Path

import pytest

from overlord_run.cli.main import execute

KEY = "sk-canary-000000000001"
COUNCIL = """\
overlord: 1
name: council
inputs:
  plan: {type: string, default: Ship on Friday.}
roles:
  critic: {system: "You criticise. 批評.", task: "What can go wrong: {{ inputs.plan }}"}
assignments: [{slot: alder, role: critic}]
"""
INVALID = COUNCIL.replace("{slot: alder, role: critic}", "{slot: alder, roll: critic}")
UNREAD = COUNCIL.replace("{{ inputs.plan }}", "all")
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("GITHUB_ACTIONS", "SAKANA_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "council.yml").write_text(COUNCIL, encoding="utf-8")
    (tmp_path / "invalid.yml").write_text(INVALID, encoding="utf-8")
    (tmp_path / "unread.yml").write_text(UNREAD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_as_json_it_is_the_same_bytes_on_every_machine(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: Captured, folder: Path
) -> None:
    assert execute(["unread.yml", "--dry-run", "--format", "json"]) == 0
    here = capsys.readouterr()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "renamed.pem").write_text("", encoding="utf-8")
    for name, value in {
        "SAKANA_API_KEY": KEY,
        "SSL_CERT_FILE": str(elsewhere / "renamed.pem"),
        "OVERLORD_STATE_DIR": str(elsewhere),
        "TZ": "Asia/Tokyo",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(elsewhere)
    assert execute([str(folder / "unread.yml"), "--dry-run", "--format", "json"]) == 0
    assert capsys.readouterr() == here
    assert here.err == ""
    assert json.loads(here.out)["warnings"][0]["file"] == "unread.yml"
    assert [*folder.glob(".overlord"), *elsewhere.glob("runs")] == []


def test_in_the_log_of_a_step_of_github_no_prompt_is_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    command = ("council.yml", "--dry-run", "-i", "plan=x\n::add-mask::Friday\nand ##[error]more")
    assert execute(command) == 0
    elsewhere = capsys.readouterr().out
    assert "    ::add-mask::Friday\n    and ##[error]more\n" in elsewhere
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert execute(command) == 0
    assert capsys.readouterr().out == elsewhere.replace("::add", "\\u003a:add").replace("##[", "##\\u005b")


def test_as_json_an_item_is_a_line_and_a_letter_is_a_letter(capsys: Captured) -> None:
    assert execute(["council.yml", "--dry-run", "--format", "json", "-i", "plan=\u202e明日"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["{", '  "schemaVersion": 1,', '  "playbook": "council",']
    assert '        "You criticise. 批評.",' in lines
    assert '          "What can go wrong: \\u202e明日"' in lines


def test_a_comment_changes_nothing_in_it(folder: Path, capsys: Captured) -> None:
    told = []
    for text in (COUNCIL, f"# Why we ask.\n\n{COUNCIL}"):
        (folder / "council.yml").write_text(text, encoding="utf-8")
        assert execute(["council.yml", "--dry-run", "--format", "json"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]


def test_as_mermaid_it_is_the_picture_alone_and_warnings_stand_beside_it(capsys: Captured) -> None:
    assert execute(["unread.yml", "--dry-run", "--format", "mermaid"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith('flowchart TD\n  subgraph servants["council: 1 servant"]\n')
    assert told.err.startswith("unread.yml:4:3: warning: no template reads the input 'plan' ")


@pytest.mark.parametrize("name", ["github", "gitlab", "sarif", "junit"])
@pytest.mark.parametrize(("file", "code"), [("council.yml", 0), ("unread.yml", 0), ("invalid.yml", 3)])
def test_for_a_ci_problems_are_told_as_validate_tells_them(name: str, file: str, code: int, capsys: Captured) -> None:
    assert execute(["validate", file, "--format", name, "-q"]) == code
    validated = capsys.readouterr()
    assert execute([file, "--dry-run", "--format", name]) == code
    dry = capsys.readouterr()
    assert dry.out == validated.out
    assert dry.err == ("error: 1 problem found\n" if code else "")


EXCERPT = """\
invalid.yml:7:29: error: unknown key 'roll' in item 1 of 'assignments' (did you mean 'role'?) [unknown-key]
 7 | assignments: [{slot: alder, roll: critic}]
   |                             ^
error: 1 problem found
"""


@pytest.mark.parametrize("name", ["text", "mermaid"])
def test_for_people_the_line_that_is_wrong_is_shown(name: str, capsys: Captured) -> None:
    assert execute(["invalid.yml", "--dry-run", "--format", name]) == 3
    assert capsys.readouterr() == ("", EXCERPT)


def test_a_program_gets_an_error_with_the_problems_in_it(capsys: Captured) -> None:
    assert execute(["invalid.yml", "--dry-run", "--format", "json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert [problem["rule"] for problem in told["error"]["problems"]] == ["unknown-key"]


@pytest.mark.parametrize(("file", "code"), [("unread.yml", 0), ("invalid.yml", 3)])
def test_in_a_step_of_github_actions_problems_are_annotations_beside_the_plan(
    file: str, code: int, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert execute([file, "--dry-run"]) == code
    told = capsys.readouterr()
    assert execute(["validate", file, "-q"]) == code
    assert told.err == capsys.readouterr().out + ("error: 1 problem found\n" if code else "")
    assert told.out.startswith("Plan of council " if code == 0 else "")


@pytest.mark.parametrize("name", ["text", "github", "gitlab", "sarif", "junit"])
@pytest.mark.parametrize("words", [["{file}", "--dry-run"], ["validate", "{file}"]], ids=["dry run", "validate"])
def test_a_key_that_stands_where_a_problem_is_is_not_told(
    name: str, words: list[str], folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAKANA_API_KEY", KEY)
    (folder / "key.yml").write_text(f"{INVALID}{KEY}: 1 # {KEY}\n", encoding="utf-8")
    assert execute([*(word.format(file="key.yml") for word in words), "--format", name]) == 3
    told = capsys.readouterr()
    assert "unknown key" in told.out + told.err
    assert KEY not in told.out + told.err


def test_a_key_of_a_flag_is_not_told_either(folder: Path, capsys: Captured) -> None:
    (folder / "key").write_text(f"{KEY}\n", encoding="utf-8")
    (folder / "key.yml").write_text(f"{INVALID}{KEY}: 1\n", encoding="utf-8")
    assert execute(["key.yml", "--dry-run", "--format", "github", "--api-key-file", "key"]) == 3
    assert KEY not in capsys.readouterr().out


def test_a_recording_that_is_none_is_a_problem_too(folder: Path, capsys: Captured) -> None:
    (folder / "run.jsonl").write_text('{"x": 1}\n', encoding="utf-8")
    assert execute(["council.yml", "--dry-run", "--replay", "run.jsonl", "--format", "sarif"]) == 3
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert result["ruleId"] == "recording"


@pytest.mark.parametrize("name", ["mermaid", "github", "gitlab", "sarif", "junit"])
def test_a_run_has_no_such_format(name: str, folder: Path, capsys: Captured) -> None:
    assert execute(["council.yml", "--rehearse", "--format", name]) == 2
    assert capsys.readouterr() == (
        "",
        (
            f"error: --format {name} tells of a plan, and a run prints text or json\n"
            "next: Add --dry-run, which sends nothing, or leave the format out.\n"
        ),
    )
    assert not (folder / ".overlord").exists()


def test_what_was_asked_for_and_is_not_done_so_is_a_note_beside_the_json(capsys: Captured) -> None:
    words = ["council.yml", "--dry-run", "--format", "json", "--rehearse", "--proxy", "http://p:1"]
    assert execute(words) == 0
    told = capsys.readouterr()
    assert "note: " in told.err
    assert "notes" not in json.loads(told.out)["settings"]
    assert execute([*words, "-q"]) == 0
    assert capsys.readouterr() == (told.out, "")
