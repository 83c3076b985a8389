import json
import os
import re
import sys
import tempfile
from pathlib import Path

import click
import pytest

from command_kit import EVERY, ROWS
from overlord_run.cli.lazy import LazyGroup
from overlord_run.cli.main import COMMANDS, asks_for_json, execute, means_run, tell_bug
from overlord_run.errors import Exit

OWN = {"--version", "-h", "--help"}


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("list", False),
        ("--help", False),
        ("-h", False),
        ("--version", False),
        ("council.yml", True),
        ("missing.YAML", True),
        ("--rehearse", True),
        ("-i", True),
        ("--", True),
        ("lst", False),
    ],
)
def test_words_that_begin_with_a_playbook_or_an_option_of_run_mean_run(word: str, *, meant: bool) -> None:
    assert means_run(word, OWN) is meant


def test_a_file_of_any_name_is_a_playbook(tmp_path: Path) -> None:
    (tmp_path / "council").write_text("", encoding="utf-8")
    assert means_run(str(tmp_path / "council"), OWN)
    assert not means_run(str(tmp_path), OWN)


@pytest.mark.parametrize(
    ("args", "asked"),
    [
        (["run", "--format", "json"], True),
        (["run", "--format=json", "x.yml"], True),
        (["run", "--format", "text"], False),
        (["run", "--format"], False),
        (["run", "--", "--format", "json"], False),
    ],
)
def test_json_is_asked_for_by_the_words_even_where_they_do_not_parse(args: list[str], *, asked: bool) -> None:
    assert asks_for_json(args) is asked


def test_a_value_that_is_none_of_the_choices_gets_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["list", "--format", "jsn"]) == Exit.USAGE
    assert capsys.readouterr().err == (
        "error: Invalid value for '--format': 'jsn' is not one of 'text', 'json'; did you mean 'json'?\n"
        "next: overlord-run list --help tells what is understood\n"
    )


def test_a_word_that_is_no_command_gets_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["lsit"]) == Exit.USAGE
    assert capsys.readouterr().err == (
        "error: 'lsit' is neither a command nor a playbook file\n"
        f"next: Did you mean 'list'? The commands are: {', '.join(COMMANDS)}.\n"
    )


@pytest.mark.parametrize("name", EVERY)
def test_every_command_is_meant_by_a_word_near_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    *words, last = name.split(" ")
    assert execute([*words, f"{last}s"]) == Exit.USAGE
    assert f"next: Did you mean '{last}'? " in capsys.readouterr().err


GROUPS = {name: command for name, command in EVERY.items() if isinstance(command, LazyGroup)}


@pytest.mark.parametrize(("name", "group"), GROUPS.items())
def test_a_word_that_is_no_command_of_a_group_gets_those_of_the_group(
    name: str, group: LazyGroup, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute([name, "frobnicate"]) == Exit.USAGE
    commands = ", ".join(group.table)
    assert capsys.readouterr().err == f"error: '{name} frobnicate' is no command\nnext: The commands are: {commands}.\n"


@pytest.mark.parametrize(("name", "group"), GROUPS.items())
def test_a_group_without_words_tells_its_help(name: str, group: LazyGroup, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute([name]) == Exit.USAGE
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"Usage: overlord-run {name} [OPTIONS] COMMAND [ARGS]...")
    assert re.findall(r"^  (\w+)  ", told.err.partition("Commands:")[2], re.MULTILINE) == list(group.table)


def test_a_word_that_is_like_no_command_gets_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["frobnicate"]) == Exit.USAGE
    assert capsys.readouterr().err.endswith(f"next: The commands are: {', '.join(COMMANDS)}.\n")


def test_the_command_lines_own_errors_are_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["schema", "--format", "json", "--frmat"]) == Exit.USAGE
    told = json.loads(capsys.readouterr().out)["error"]
    assert told["message"].startswith("No such option")
    assert told["next"] == "overlord-run schema --help tells what is understood"
    assert (told["code"], told["exit"], told["retryable"]) == ("usage", 2, False)


def test_an_error_that_cannot_be_told_as_json_is_told_on_standard_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setattr("sys.stdout", os.fdopen(os.open(tmp_path / "file", os.O_RDONLY), "w", encoding="utf-8"))
    assert execute(["lst", "--format", "json"]) == Exit.USAGE
    sys.stdout.close()
    assert capsys.readouterr().err == (
        "error: 'lst' is neither a command nor a playbook file\n"
        f"next: Did you mean 'list'? The commands are: {', '.join(COMMANDS)}.\n"
    )


def test_without_words_the_help_is_told_and_nothing_counts_as_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute([]) == Exit.USAGE
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("Usage: overlord-run [OPTIONS] PLAYBOOK|COMMAND [ARGS]...")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["--version"]) == Exit.OK
    assert capsys.readouterr().out == "overlord-run 0.1.0\n"


def test_a_bug_ends_with_the_path_of_its_crash_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert tell_bug(ValueError("odd"), ["run", "--format", "json", "--debug"]) == Exit.BUG
    told = capsys.readouterr()
    (log,) = tmp_path.iterdir()
    assert json.loads(told.out)["error"] == {
        "code": "bug",
        "message": "this is a bug in overlord-run, and nothing that you did wrong",
        "exit": 70,
        "retryable": False,
        "next": f"tell its makers, with the crash log {log}",
    }
    assert told.err == log.read_text(encoding="utf-8")
    assert told.err.endswith("ValueError: odd\n")


@pytest.mark.parametrize(("name", "command"), EVERY.items())
def test_a_commands_help_begins_with_its_line_in_the_table(name: str, command: click.Command) -> None:
    assert command.name == name.rsplit(" ", maxsplit=1)[-1]
    assert (command.help or "").partition("\n")[0] == ROWS[name][1]


@pytest.mark.parametrize("command", EVERY.values(), ids=EVERY)
def test_every_option_says_what_it_is_for(command: click.Command) -> None:
    assert all(option.help for option in command.params if isinstance(option, click.Option))
