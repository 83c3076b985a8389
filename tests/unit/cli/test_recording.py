"""What `--record` and `--replay` cannot do is refused before there is a run, and a dry run says what they would do."""

from pathlib import Path

import pytest

from overlord_run.cli.main import execute
from overlord_run.engine.exchange import header_line

COUNCIL = """\
overlord: 1
name: one
roles: {critic: {system: You criticise., task: What can go wrong?}}
assignments: [{slot: alder, role: critic}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "council.yml").write_text(COUNCIL, encoding="utf-8")
    (tmp_path / "run.jsonl").write_bytes(header_line("7f3a", "chat"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


TAKEN = "'{run}' exists already, and a recording is never written over\nnext: Name another file, or move this one away."


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ["--replay", "run.jsonl", "--record", "new.jsonl"],
            (
                "--replay and --record cannot both be given\n"
                "next: A replay sends nothing that could be recorded: leave one out."
            ),
        ),
        (
            ["--replay", "run.jsonl", "--rehearse"],
            "--replay and --rehearse cannot both be given\nnext: Only one of them can answer: leave one out.",
        ),
        (["--replay="], "--replay names no file\nnext: Write the path of a file behind it."),
        (["--replay", "nope"], "'nope' does not exist\nnext: Check the path."),
        (["--rehearse", "--record", "{run}"], TAKEN),
        (["--dry-run", "--record", "{run}"], TAKEN),
        (
            ["--rehearse", "--record", "{no}"],
            "there is no folder for the recording '{no}'\nnext: Make the folder, or name another file.",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_before_there_is_a_run(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], error: str
) -> None:
    places = {"run": str(folder / "run.jsonl"), "no": str(folder / "no" / "run.jsonl")}
    assert execute(["council.yml", *(word.format(**places) for word in words)]) == 2
    assert capsys.readouterr() == ("", f"error: {error.format(**places)}\n")
    assert not (folder / ".overlord").exists()


def test_a_dry_run_says_what_would_answer_and_where_it_would_be_recorded(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["council.yml", "--dry-run", "--replay", "run.jsonl"]) == 0
    assert f"\nengine   the recording {folder / 'run.jsonl'}: no key, no network\n" in capsys.readouterr().out
    assert execute(["council.yml", "--dry-run", "--record", "new.jsonl"]) == 0
    assert f"\nrecord   {folder / 'new.jsonl'}\n" in capsys.readouterr().out
    assert not (folder / "new.jsonl").exists()
