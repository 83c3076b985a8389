"""What a run's servants were asked and answered, as `reply`, `ledger` and `show --max-chars` hand it over."""

import json
import subprocess
from pathlib import Path

import pytest

from acceptance.invocation import COUNCIL, PROGRAM, Shell, fitting

# What a pipe must not change: line ends of Windows, blanks at the end, an escape, a sign beyond the first plane.
ODD = "Nö.\r\nTwo\t\u202e \x1b[31m🦉\n\n"
SCRIPT = f"""\
overlord: 1
answers:
  alder: {{startup: {{text: {json.dumps(ODD, ensure_ascii=False)}}}, rank: {{text: A bare end}}}}
  birch: {{rank: {{fault: empty}}}}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Return a folder with a rehearsal in which birch failed at the second message."""
    shell = Shell(tmp_path_factory.mktemp("finished"))
    shell.write("council.yml", COUNCIL)
    shell.write("script.yml", SCRIPT)
    assert shell.run("council.yml", "--rehearse", "script.yml", "-q").exit == 1
    return shell


def run_id(shell: Shell) -> str:
    (folder,) = (shell.folder / ".overlord" / "runs").iterdir()
    return folder.name


def raw(shell: Shell, *words: str) -> bytes:
    return subprocess.run(
        [*PROGRAM, *words], cwd=shell.folder, env=shell.environ(), capture_output=True, check=True
    ).stdout


def test_a_reply_is_exact_to_the_byte(finished: Shell) -> None:
    assert raw(finished, "reply", "startup", "alder") == ODD.encode()
    assert raw(finished, "reply", "rank", "alder") == b"A bare end"


def test_a_replys_json_has_the_text_and_where_it_stands_whole(finished: Shell) -> None:
    told = finished.run("reply", "startup", "alder", "--format", "json").json("reply")
    assert (told["text"], told["truncated"], told["chars"]) == (ODD, False, len(ODD))
    log = Path(told["path"]).read_text(encoding="ascii").splitlines()
    assert json.loads(log[told["seq"] - 1])["text"] == ODD


def test_a_reply_is_cut_where_that_is_asked_for_and_says_so(finished: Shell) -> None:
    done = finished.run("reply", "rank", "alder", "--max-chars", "6")
    assert (done.exit, done.out) == (0, "A bare")
    assert done.err.startswith("note: cut: 6 of 10 characters; whole in ")
    told = finished.run("reply", "rank", "alder", "--max-chars", "6", "--format", "json").json("reply")
    assert (told["text"], told["truncated"], told["chars"]) == ("A bare", True, 10)
    assert finished.run("reply", "rank", "alder", "--max-chars", "10").err == ""


@pytest.mark.parametrize(
    ("words", "exit_code", "error"),
    [
        (
            ["rnak", "alder"],
            2,
            """error: the run has no message 'rnak'; did you mean 'rank'?
next: The messages are: 'startup', 'rank', 'verdict'.
""",
        ),
        (
            ["rank", "aldr"],
            2,
            """error: the run has no servant 'aldr'; did you mean 'alder'?
next: The slots are: 'alder', 'birch', 'oak'.
""",
        ),
        (
            ["alder", "rank"],
            2,
            """error: reply takes the message first, then the slot, and 'alder' is a slot
next: overlord-run reply rank alder
""",
        ),
        (["rank", "oak"], 2, "error: rank was not sent to oak\nnext: It went to: 'alder', 'birch'.\n"),
        (
            ["rank", "birch"],
            1,
            "error: birch did not answer rank: the answer has no text\nnext: overlord-run show birch --run RUN\n",
        ),
    ],
)
def test_where_there_is_no_reply_it_says_why(finished: Shell, words: list[str], exit_code: int, error: str) -> None:
    done = finished.run("reply", *words)
    assert (done.exit, done.out, done.err.replace(run_id(finished), "RUN")) == (exit_code, "", error)
    told = finished.run("reply", *words, "--format", "json").json("error")["error"]
    assert (told["exit"], told["retryable"]) == (exit_code, False)


def test_the_ledger_is_a_table_and_its_json_the_ledgers_own_lines(finished: Shell) -> None:
    done = finished.run("ledger")
    assert done.exit == 0
    assert [line.split()[3:5] for line in done.out.splitlines()[1:]] == [
        ["UTC", "startup"],
        ["UTC", "startup"],
        ["UTC", "rank"],
        ["UTC", "rank"],
        ["UTC", "verdict"],
    ]
    assert "failed: the answer has no text\n" in done.out
    assert "answered, 10 characters\n" in done.out
    own = finished.folder / ".overlord" / "runs" / run_id(finished) / "ledger.jsonl"
    lines = raw(finished, "ledger", "--format", "json")
    assert lines == own.read_bytes()
    assert [fitting(line, "ledger")["slot"] for line in lines.decode().splitlines()][-1] == "oak"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--slot", "birch"], [("startup", "birch"), ("rank", "birch")]),
        (["--message", "verdict"], [("verdict", "oak")]),
        (["--message", "rank", "--slot", "alder"], [("rank", "alder")]),
        (["--message", "rank", "--slot", "oak"], []),
    ],
)
def test_the_ledger_can_be_narrowed(finished: Shell, words: list[str], found: list[tuple[str, str]]) -> None:
    lines = [json.loads(line) for line in finished.run("ledger", *words, "--format", "json").out.splitlines()]
    assert [(line["messageId"], line["slot"]) for line in lines] == found
    done = finished.run("ledger", *words)
    assert len(done.out.splitlines()) == (len(found) + 1 if found else 0)
    assert done.err == ("" if found else "No answer and no failure is on record.\n")


def test_a_ledger_of_a_name_that_does_not_exist_gets_the_nearest(finished: Shell) -> None:
    assert "did you mean 'birch'?" in finished.run("ledger", "--slot", "brich").err
    assert "did you mean 'rank'?" in finished.run("ledger", "--message", "rnak").err


def test_the_texts_of_a_conversation_are_cut_where_that_is_asked_for(finished: Shell) -> None:
    done = finished.run("show", "alder", "--max-chars", "4")
    assert "      Rank\n    (cut: 4 of 19 characters)\n" in done.out
    told = finished.run("show", "alder", "--max-chars", "19", "--format", "json").json("show")
    first, second = told["servants"][0]["exchanges"]
    assert (first["truncated"], len(first["system"]), first["chars"]["reply"]) == (True, 19, len(ODD))
    assert (second["truncated"], second["text"], second["system"]) == (False, "Rank your findings.", None)
    assert second["chars"] == {"system": None, "text": 19, "reply": 10}


def test_of_a_run_that_never_began_there_is_nothing_to_hand_over(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    (tmp_path / ".overlord" / "runs" / "empty").mkdir(parents=True)
    assert shell.run("ledger").err == (
        "No answer and no failure is on record.\nnote: the log is empty: the run ended before it began\n"
    )
    done = shell.run("reply", "startup", "alder")
    assert (done.exit, done.err) == (
        2,
        "error: the run has no message 'startup' yet\nnext: There are no messages yet.\n",
    )
