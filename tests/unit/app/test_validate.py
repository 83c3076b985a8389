import os
from pathlib import Path

import pytest

from overlord_run.app.validate import validate
from overlord_run.errors import UsageError

PLAYBOOK = "overlord: 1\nname: one\nroles: {a: {system: S, task: T}}\nassignments: [{slot: alder, role: a}]\n"
ROLE = "---\noverlord: 1\nrole: critic\n---\nYou criticise.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep" / ".hidden").mkdir(parents=True)
    (tmp_path / "one.yml").write_text(PLAYBOOK, encoding="utf-8")
    (tmp_path / "deep" / "two.yaml").write_text(PLAYBOOK, encoding="utf-8")
    (tmp_path / "deep" / "critic.md").write_text(ROLE, encoding="utf-8")
    (tmp_path / "deep" / ".hidden" / "three.yml").write_text(PLAYBOOK, encoding="utf-8")
    (tmp_path / "script.yml").write_text("overlord: 1\nanswers: {}\n", encoding="utf-8")
    (tmp_path / "ci.yml").write_text("on: push\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("# Read me\n\n```yaml\noverlord: 1\n```\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text(PLAYBOOK, encoding="utf-8")
    return tmp_path


def test_a_folder_is_searched_for_playbooks_and_roles_and_nothing_else(folder: Path) -> None:
    found = validate([str(folder)])
    names = [Path(name).relative_to(folder) for name in found.files]
    assert names == [Path("deep", "critic.md"), Path("deep", "two.yaml"), Path("one.yml")]
    assert found.problems == ()


def test_a_file_that_is_named_is_checked_whatever_it_holds(folder: Path) -> None:
    found = validate([str(folder / "ci.yml")])
    assert "missing-key" in {problem.rule for problem in found.problems}


def test_a_file_that_is_named_twice_is_checked_once(folder: Path) -> None:
    path = str(folder / "one.yml")
    assert validate([path, path]).files == (path,)


def test_a_folder_without_a_playbook_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        validate([str(tmp_path)])
    assert caught.value.message == f"no playbook and no role file in {tmp_path}"


def test_a_file_in_a_folder_that_is_too_large_to_be_a_playbook_is_passed_over(folder: Path) -> None:
    with (folder / "data.yml").open("wb") as file:
        file.write(b"overlord: 1\n")
        file.truncate(5 * 1024 * 1024)
    assert str(folder / "data.yml") not in validate([str(folder)]).files


def test_a_named_file_that_is_no_file_is_a_problem_of_that_file(folder: Path) -> None:
    path = str(folder / "deep.yml")
    os.mkfifo(path)
    (problem,) = validate([path]).problems
    assert str(problem) == (
        f"{path}:1:1: error: '{path}' is a named pipe, not a file (name a regular file) [file-unreadable]"
    )


def test_a_file_that_does_not_exist_is_a_wrong_command_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        validate([str(tmp_path / "nowhere.yml")])
