import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from acceptance.invocation import Shell
from overlord_run.playbook.source import read_yaml

TEMPLATE = Path(__file__).parents[2] / "runner" / "overlord_run" / "app" / "council.yml"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_first_playbook_is_written_validates_without_a_word_and_rehearses(shell: Shell) -> None:
    done = shell.run("init")
    assert (done.exit, done.err) == (0, "")
    assert done.out == "Wrote council.yml, playbook.schema.json\nNext: overlord-run council.yml --rehearse\n"
    assert names(shell.folder) == ["council.yml", "playbook.schema.json"]
    checked = shell.run("validate", "council.yml")
    assert (checked.exit, checked.out, checked.err) == (0, "", "1 file checked: no problems\n")
    run = shell.run("council.yml", "--rehearse", "--format", "json")
    assert run.exit == 0
    end = run.json("done")
    assert (end["state"], end["playbook"], list(end["outputs"])) == ("completed", "council", ["verdict"])


def test_its_first_line_names_a_schema_that_is_there_and_that_it_fits(shell: Shell) -> None:
    shell.run("init")
    text = (shell.folder / "council.yml").read_text(encoding="utf-8")
    first = text.partition("\n")[0]
    assert first.startswith("# yaml-language-server: $schema=")
    schema = json.loads((shell.folder / first.partition("=")[2]).read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    assert list(Draft7Validator(schema).iter_errors(read_yaml(text, "council.yml").value)) == []
    assert (shell.folder / "playbook.schema.json").read_text(encoding="utf-8") == shell.run("schema", "playbook").out


def test_it_is_the_template_as_it_ships_with_bare_newlines(shell: Shell) -> None:
    shell.run("init")
    assert (shell.folder / "council.yml").read_bytes() == TEMPLATE.read_bytes()
    assert b"\r" not in (shell.folder / "playbook.schema.json").read_bytes()


@pytest.mark.parametrize(
    ("asked", "written", "name"),
    [
        ("review.yaml", "review.yaml", "review"),
        ("new/folder/Release Plan.yml", "new/folder/Release Plan.yml", "release-plan"),
        ("2026.yml", "2026.yml", "2026"),
        ("true.yml", "true.yml", "true"),
        ("Größe.yml", "Größe.yml", "gr-e"),
        ("…yml.yml", "…yml.yml", "yml"),
        (".", "council.yml", "council"),
    ],
)
def test_the_playbook_is_called_after_its_file(shell: Shell, asked: str, written: str, name: str) -> None:
    told = shell.run("init", asked, "--format", "json").json("init")
    assert told["files"][0].replace("\\", "/") == written
    assert told["notes"] == []
    path = shell.folder / written
    assert (path.parent / "playbook.schema.json").is_file()
    run = shell.run(written, "--rehearse", "--format", "json")
    assert run.json("done")["playbook"] == name


def test_nothing_is_overwritten(shell: Shell) -> None:
    shell.write("council.yml", "mine\n")
    done = shell.run("init")
    assert (done.exit, done.out) == (2, "")
    assert done.err == "error: council.yml is there already, and nothing is overwritten\nnext: Name another file.\n"
    assert names(shell.folder) == ["council.yml"]
    assert (shell.folder / "council.yml").read_text(encoding="utf-8") == "mine\n"


def test_a_schema_that_is_there_is_left_as_it_is_and_told_where_it_differs(shell: Shell) -> None:
    shell.write("playbook.schema.json", "{}\n")
    done = shell.run("init")
    assert done.exit == 0
    assert done.out.startswith("Wrote council.yml\n")
    assert done.err == (
        "note: playbook.schema.json was there and is left as it is; "
        "overlord-run schema playbook prints this version's\n"
    )
    assert (shell.folder / "playbook.schema.json").read_text(encoding="utf-8") == "{}\n"
    shell.write("playbook.schema.json", shell.run("schema", "playbook").out)
    assert shell.run("init", "second.yml").err == ""


@pytest.mark.parametrize(
    ("asked", "exit_code", "error"),
    [
        (
            "council",
            2,
            """the name of a playbook ends in .yml or .yaml, and 'council' does not
next: overlord-run init council.yml
""",
        ),
        ("aux.yml", 2, "'aux.yml' is the name of a device on Windows\nnext: Choose another name.\n"),
        (
            "a\nb.yml",
            2,
            "the name 'a\\nb.yml' holds a character that cannot be printed\nnext: Choose another name.\n",
        ),
        ("file/council.yml", 74, f"file cannot be written: {os.strerror(17)}\nnext: Name another place.\n"),
    ],
)
def test_what_cannot_be_a_playbooks_path_is_refused(shell: Shell, asked: str, exit_code: int, error: str) -> None:
    shell.write("file", "")
    done = shell.run("init", asked)
    assert (done.exit, done.out, done.err) == (exit_code, "", f"error: {error}")
    assert names(shell.folder) == ["file"]


def test_no_schema_is_left_where_the_playbook_cannot_be_written(shell: Shell) -> None:
    done = shell.run("init", f"{'n' * 300}.yml")
    assert (done.exit, done.out) == (74, "")
    assert done.err.endswith(" cannot be written: File name too long\nnext: Name another place.\n")
    assert names(shell.folder) == []


@pytest.mark.skipif(os.name == "nt", reason="a link needs a right of its own on Windows")
def test_a_link_that_leads_nowhere_is_not_written_through(shell: Shell) -> None:
    (shell.folder / "council.yml").symlink_to("elsewhere.yml")
    assert shell.run("init").exit == 2
    assert not (shell.folder / "elsewhere.yml").exists()
