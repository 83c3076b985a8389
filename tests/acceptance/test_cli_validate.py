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
    assert (done.exit, done.out, done.err) == (0, "", "1 file checked: no problems (1 not told)\n")
    assert shell.run("validate", "council.yml", "-q").err == ""


UNREAD = COUNCIL.replace("{{ inputs.plan }}", "none")


def test_the_line_that_a_problem_points_at_is_shown_below_it(shell: Shell) -> None:
    shell.write("council.yml", UNREAD)
    assert shell.run("validate", "council.yml").out == (
        "council.yml:4:3: warning: no template reads the input 'plan' "
        "(remove it, or read it as inputs.plan) [unused-input]\n"
        " 4 |   plan: {type: string, default: Ship on Friday.}\n"
        "   |   ^\n"
    )
    painted = shell.run("validate", "council.yml", FORCE_COLOR="1").out
    assert painted.startswith("\x1b[1mcouncil.yml:4:3: \x1b[0m\x1b[33mwarning\x1b[0m: no template")


def test_strict_makes_a_warning_an_error_unless_its_rule_is_ignored(shell: Shell) -> None:
    shell.write("council.yml", UNREAD)
    strict = shell.run("validate", "council.yml", "--strict", "-q")
    assert (strict.exit, strict.out.partition(": no")[0]) == (3, "council.yml:4:3: error")
    ignored = shell.run("validate", "council.yml", "--strict", "--ignore", "unused-var, unused-input")
    assert (ignored.exit, ignored.out) == (0, "")
    assert ignored.err == "1 file checked: no problems (2 not told)\n"
    wrong = shell.run("validate", "council.yml", "--select", "unused-inptu")
    assert (wrong.exit, wrong.err) == (
        2,
        "error: there is no rule 'unused-inptu'\nnext: Did you mean 'unused-input'?\n",
    )


def test_in_a_step_of_github_actions_problems_are_annotations_unless_another_format_is_asked_for(shell: Shell) -> None:
    shell.write("council.yml", UNREAD)
    start = "::warning title=overlord-run (unused-input),file=council.yml,line=4,col=3::council.yml:4:3: warning: "
    assert shell.run("validate", "council.yml", GITHUB_ACTIONS="true").out.startswith(start)
    as_text = shell.run("validate", "council.yml", "--format", "text", GITHUB_ACTIONS="true")
    assert as_text.out.startswith("council.yml:4:3: ")
    shell.run("validate", "council.yml", "--output", "told.txt", GITHUB_ACTIONS="true")
    assert (shell.folder / "told.txt").read_text("utf-8").startswith("council.yml:4:3: ")


@pytest.mark.parametrize("name", ["text", "sarif"])
def test_a_report_in_a_file_is_what_would_be_printed(shell: Shell, name: str) -> None:
    shell.write("council.yml", UNREAD)
    printed = shell.run("validate", "council.yml", "--format", name)
    written = shell.run("validate", "council.yml", "--format", name, "--output", "report")
    assert (written.exit, written.out, written.err) == (0, "", printed.err)
    assert (shell.folder / "report").read_text("utf-8") == printed.out != ""


def test_a_report_that_cannot_be_written_is_an_error(shell: Shell) -> None:
    done = shell.run("validate", "council.yml", "--output", "nowhere/report")
    assert (done.exit, done.out) == (2, "")
    assert done.err == "error: the folder of 'nowhere/report' does not exist\nnext: Make it, or name another file.\n"
    (shell.folder / "folder").mkdir()
    taken = shell.run("validate", "council.yml", "--output", "folder")
    assert (taken.exit, taken.out) == (74, "")
    assert taken.err.startswith("error: cannot write folder: ")


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
    assert done.err == "1 file checked: 1 warning (1 not told)\n"


def test_a_folder_without_a_playbook_is_exit_2(shell: Shell) -> None:
    (shell.folder / "empty").mkdir()
    done = shell.run("validate", "empty")
    assert done.exit == 2
    assert done.err.startswith("error: no playbook, role file, examples or script in empty\n")
