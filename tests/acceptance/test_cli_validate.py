from pathlib import Path

import pytest

from acceptance.invocation import COUNCIL, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.write("council.yml", COUNCIL)
    return shell


def test_a_valid_playbook_is_told_on_standard_error_only(shell: Shell) -> None:
    done = shell.run("validate", "council.yml")
    assert (done.exit, done.out, done.err) == (0, "", "1 file checked: no problems\n")
    assert shell.run("validate", "council.yml", "-q").err == ""


def test_every_problem_of_every_file_is_told_at_once(shell: Shell) -> None:
    shell.write("bad.yml", COUNCIL.replace("redirects:", "redirect:"))
    shell.write("worse.yml", COUNCIL.replace("name: council", "nmae: council"))
    done = shell.run("validate", ".")
    assert done.exit == 3
    assert done.out.startswith("bad.yml:16:1: error: ")
    assert "worse.yml:2:1: error: " in done.out
    assert done.err.startswith("3 files checked: ")


def test_problems_as_json_have_their_places(shell: Shell) -> None:
    shell.write("bad.yml", COUNCIL.replace("redirects:", "redirect:"))
    done = shell.run("validate", "council.yml", "bad.yml", "--format", "json")
    told = done.json("validate")
    assert (done.exit, told["exit"], told["files"]) == (3, 3, ["council.yml", "bad.yml"])
    assert (told["problems"][0]["file"], told["problems"][0]["line"]) == ("bad.yml", 16)
    assert done.err == ""


def test_a_warning_alone_is_exit_0(shell: Shell) -> None:
    shell.write("council.yml", COUNCIL.replace("{{ inputs.plan }}", "none"))
    done = shell.run("validate", "council.yml")
    assert done.exit == 0
    assert ": warning: " in done.out
    assert done.err == "1 file checked: 1 warning\n"


def test_a_folder_without_a_playbook_is_exit_2(shell: Shell) -> None:
    (shell.folder / "empty").mkdir()
    done = shell.run("validate", "empty")
    assert done.exit == 2
    assert done.err.startswith("error: no playbook and no role file in empty\n")
