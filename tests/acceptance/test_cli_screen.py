import os
import re
import signal
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

import docs_kit
import picture_kit
from acceptance.invocation import COUNCIL, Shell

pytest.importorskip("fcntl", reason="Windows has no pseudo-terminals")

from overlord_run.cli.report.board import WIDE
from terminal_kit import Terminal, started

Start = Callable[..., AbstractContextManager[Terminal]]

HEADER = "slot   state      time  tokens        cost  message"
NARROW_HEADER = "slot   state      time  tokens  message"
SLOW = """\
overlord: 1
answers:
  "*":
    startup: {slow: 2s}
  birch:
    rank: {fault: empty, slow: 1s}
"""
STUCK = 'overlord: 1\nanswers:\n  "*":\n    startup: {slow: 5m}\n'
TOTAL = re.compile(r"\[rehearsal\] \d+ servants, ")
COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|9[0-7])[;m]")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.write("council.yml", COUNCIL)
    shell.write("slow.yml", SLOW)
    shell.write("stuck.yml", STUCK)
    return shell


@pytest.fixture
def start(shell: Shell) -> Start:
    """Return what starts the program in a terminal that can show a table, or in the one that is described."""

    def begin(
        *words: str, columns: int = 80, lines: int = 24, background: bool = False, **environ: str
    ) -> AbstractContextManager[Terminal]:
        said = shell.environ(**{"TERM": "xterm-256color", "CI": ""} | environ)
        return started(words, shell.folder, said, columns=columns, lines=lines, background=background)

    return begin


def table(terminal: Terminal) -> list[list[str]]:
    """Return the words of the table's rows; none while it is not there as a whole."""
    lines = terminal.lines
    header = next((place for place, line in enumerate(lines) if line.startswith("slot") and "time" in line), len(lines))
    is_whole = TOTAL.match(lines[-1])
    return [line.split() for line in lines[header + 1 : -1]] if is_whole else []


def states(terminal: Terminal) -> list[str]:
    """Return the servants' states; none while the table is not there as a whole."""
    return [row[1] for row in table(terminal)]


def test_a_run_is_a_table_while_it_goes_on_and_the_recap_afterwards(start: Start) -> None:
    with start("council.yml", "--rehearse", "slow.yml", lines=50) as terminal:
        terminal.wait_for(lambda seen: states(seen) == ["asking", "asking", "pending"], "for both to be asked")
        assert [line.removeprefix("[rehearsal] ") for line in terminal.lines[1:6]] == [
            "Checking the rehearsal's own /models for fugu and fugu-ultra",
            "Starting two normal Fugus",
            "Recording model, request, and conversation state",
            "Loading servant instructions",
            "Waiting for API-backed ACKs",
        ]
        assert terminal.lines[6:8] == ["", HEADER]
        assert [row[0] for row in table(terminal)] == ["alder", "birch", "oak"]
        assert terminal.end() == 1
    told = [line for line in terminal.lines if line.startswith("[rehearsal]")]
    assert [line.removeprefix("[rehearsal] ") for line in told[6:-1]] == [
        "Ready: 2 servants answered",
        "Sending rank to role:critic",
        "rank: birch failed: the answer has no text",
        "birch is blocked: later messages leave it out",
        "rank is partial: 1 of 2 servants answered",
        "Sending verdict to oak",
    ]
    assert HEADER not in terminal.lines
    output = terminal.lines.index(told[-2]) + 2
    assert terminal.lines[output - 1] == ""
    assert terminal.lines[output].startswith("This is a rehearsal: no model was asked.")
    assert "slot    sent  answered  failed  skipped  tokens                   cost" in terminal.lines
    assert terminal.lines[-1].startswith("Next: overlord-run recover birch --run ")


def test_what_went_wrong_stands_above_the_table_while_others_are_asked(shell: Shell, start: Start) -> None:
    script = "overlord: 1\nanswers:\n  birch:\n    rank: {fault: empty}\n  alder:\n    rank: {slow: 5m}\n"
    with start("council.yml", "--rehearse", shell.write("script.yml", script)) as terminal:
        terminal.wait_for(lambda seen: states(seen) == ["asking", "blocked", "pending"], "for one to fail")
        above = terminal.lines[: terminal.lines.index(HEADER)]
        assert "[rehearsal] rank: birch failed: the answer has no text" in above
        assert COLOUR.search(terminal.received)


def test_the_seconds_of_who_is_asked_go_on(start: Start) -> None:
    with start("council.yml", "--rehearse", "stuck.yml") as terminal:
        for second in ("1 s", "2 s"):
            terminal.wait_for(lambda seen, second=second: f"alder  asking      {second}" in seen.text, f"for {second}")


def test_a_table_is_whole_after_the_terminal_is_resized(start: Start) -> None:
    with start("council.yml", "--rehearse", "stuck.yml", columns=100, lines=30) as terminal:
        terminal.shows("birch  asking")
        for columns, lines in ((40, 30), (40, 16), (120, 40), (24, 12), (80, 24)):
            terminal.resize(columns, lines)
            whole = HEADER if columns >= WIDE else NARROW_HEADER
            header = whole if columns > len(whole) else whole[: columns - 2] + "…"
            terminal.wait_for(partial(is_whole, header=header), f"for a table of {columns} columns")


def is_whole(terminal: Terminal, *, header: str) -> bool:
    """Say whether there is one table, at the end of the screen, and nothing of another."""
    totals = [place for place, line in enumerate(terminal.lines) if line.startswith("[rehearsal] 3 servan")]
    return terminal.lines.count(header) == 1 and totals == [len(terminal.lines) - 1]


@pytest.mark.parametrize("columns", [10, 20, 40])
def test_a_narrow_terminal_cuts_lines_of_the_table_and_never_tears_them(start: Start, columns: int) -> None:
    with start("council.yml", "--rehearse", "stuck.yml", columns=columns, lines=40) as terminal:
        for _ in range(2):
            drawn = len(terminal.received)
            terminal.wait_for(lambda seen, drawn=drawn: len(seen.received) > drawn and has_one_table(seen), "for it")
            assert all(len(line) < columns for line in terminal.lines[-5:])


def has_one_table(terminal: Terminal) -> bool:
    """Say whether a row stands on the screen once, and the total below it, as far as a narrow terminal shows them."""
    rows = sum(line.startswith("birch ") for line in terminal.lines)
    return rows == 1 and "[rehearsal] 3 servants, ".startswith(terminal.lines[-1].removesuffix("…")[:24])


BIG = """\
overlord: 1
name: big
roles:
  critic: {system: You criticise., task: Begin.}
assignments:
"""


def test_two_hundred_servants_fit_those_are_shown_that_are_busy(shell: Shell, start: Start) -> None:
    slots = "".join(f"  - {{slot: s{number}, role: critic}}\n" for number in range(200))
    shell.write("big.yml", BIG + slots)
    with start("big.yml", "--rehearse", "stuck.yml", "--concurrency", "5") as terminal:
        terminal.wait_for(lambda seen: states(seen).count("asking") == 5, "for five to be asked")
        *shown, more = table(terminal)
        assert [row[:2] for row in shown[:5]] == [[f"s{number}", "asking"] for number in range(5)]
        assert [row[1] for row in shown[5:]] == ["queued"] * 7
        assert " ".join(more) == "and 188 more: 188 queued"


@pytest.mark.parametrize(
    ("environ", "words"), [({"TERM": "dumb"}, []), ({"CI": "true"}, []), ({}, ["--format", "json"]), ({}, ["-q"])]
)
def test_without_a_table_nothing_moves(start: Start, environ: dict[str, str], words: list[str]) -> None:
    with start("council.yml", "--rehearse", *words, lines=60, **environ) as terminal:
        assert terminal.end() == 0
    assert b"\x1b[1A" not in terminal.received
    assert ("Sending rank to role:critic" in terminal.text) == (not words)
    assert ("rank: alder answered" in terminal.text) == (not words)


def test_a_dumb_terminal_gets_no_escape_sequence(start: Start) -> None:
    with start("council.yml", "--rehearse", lines=60, TERM="dumb") as terminal:
        assert terminal.end() == 0
    assert b"\x1b" not in terminal.received


def test_no_color_keeps_the_table_and_leaves_the_colours_out(start: Start) -> None:
    with start("council.yml", "--rehearse", "slow.yml", lines=60, NO_COLOR="1") as terminal:
        terminal.shows(HEADER, "birch  asking")
        assert terminal.end() == 1
    assert not COLOUR.search(terminal.received)


def test_a_pipe_has_colours_only_where_they_are_forced(shell: Shell) -> None:
    for words in (["council.yml", "--rehearse"], ["show"]):
        plain = shell.run(*words)
        assert "\x1b" not in plain.out + plain.err
        forced = shell.run(*words, FORCE_COLOR="1", TERM="xterm-256color")
        assert "\x1b[" in forced.out + forced.err


def test_ctrl_c_is_heard_above_the_table_which_goes_on(start: Start) -> None:
    with start("council.yml", "--rehearse", "stuck.yml", columns=100, lines=50) as terminal:
        terminal.shows("birch  asking")
        terminal.type(b"\x03")
        terminal.shows("interrupted: nothing new is sent", "birch  asking")
        assert "^C" not in terminal.text
        terminal.type(b"\x03")
        assert terminal.end() == 130
    assert HEADER not in terminal.lines
    assert "Exit 130: interrupted; what was answered is kept (a rehearsal: no model was asked)" in terminal.lines


def test_a_run_that_fails_before_it_asks_leaves_the_phases_and_the_error(shell: Shell, start: Start) -> None:
    with socket.socket() as taken:  # nobody listens there, and nobody else can
        taken.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with start("council.yml", "--base-url", base_url, lines=50) as terminal:
            assert terminal.end() == 4
    assert terminal.lines[1] == f"Checking the API key and base URL {base_url}"
    assert terminal.lines[3].startswith("error: ")
    assert shell.run("status").exit == 0


def test_a_terminal_that_nobody_reads_delays_no_call(shell: Shell, start: Start) -> None:
    """Its buffer is filled with lines; the run still ends on disk, and the program waits to be read only then."""
    slots = "".join(f"  - {{slot: s{number}, role: critic}}\n" for number in range(200))
    shell.write("big.yml", BIG + slots)

    def has_finished() -> bool:
        return any(b'"run_finished"' in log.read_bytes() for log in shell.folder.glob(".overlord/runs/*/events.jsonl"))

    with start("big.yml", "--rehearse", "-v", lines=60) as terminal:
        terminal.wait_unread(has_finished)
        assert terminal.process.poll() is None
        assert terminal.end() == 0
    assert "Exit 0: done, and nothing failed (a rehearsal: no model was asked)" in terminal.lines


def test_a_run_that_is_stopped_and_carried_on_draws_its_table_anew_below(start: Start) -> None:
    with start("council.yml", "--rehearse", "stuck.yml", lines=40) as terminal:
        terminal.shows("birch  asking")
        os.kill(terminal.process.pid, signal.SIGSTOP)
        terminal.screen.draw("$ fg")
        terminal.screen.linefeed()
        terminal.screen.carriage_return()
        os.kill(terminal.process.pid, signal.SIGCONT)
        terminal.wait_for(lambda seen: seen.lines.count(HEADER) == 2, "for the second table")
        assert terminal.lines.index("$ fg") < len(terminal.lines) - 1 - terminal.lines[::-1].index(HEADER)


def test_a_job_in_the_background_writes_lines_and_draws_no_table(start: Start) -> None:
    with start("council.yml", "--rehearse", "slow.yml", lines=50, background=True) as terminal:
        assert terminal.end() == 1
    assert b"\x1b[1A" not in terminal.received
    assert "Sending rank to role:critic" in terminal.text


def test_a_conversation_is_wrapped_on_a_terminal_and_each_line_of_a_text_keeps_its_place(
    shell: Shell, start: Start
) -> None:
    said = "word " * 30 + "[red]x[/red] \\u001b[2J"
    script = f'overlord: 1\nanswers:\n  alder:\n    startup: "{said}"\n'
    assert shell.run("council.yml", "--rehearse", shell.write("script.yml", script)).exit == 0
    with start("show", "alder", columns=40, lines=60) as terminal:
        assert terminal.end() == 0
    begins = next(place for place, line in enumerate(terminal.lines) if line.startswith("    alder, after "))
    text = terminal.lines[begins + 1 : terminal.lines.index("", begins)]
    assert len(text) > 4
    assert all(line.startswith("      ") and len(line) <= 40 for line in text[1:])
    assert "".join(text).endswith("[red]x[/red] \\u001b[2J")


def test_the_picture_ends_as_the_program_does_on_a_terminal(shell: Shell, start: Start) -> None:
    (shell.folder / "playbooks").mkdir()
    for playbook in (docs_kit.REPO / "playbooks").glob("quickstart*.yml"):
        shell.write(f"playbooks/{playbook.name}", playbook.read_text(encoding="utf-8"))
    with start(*picture_kit.COMMAND.split()[1:], columns=200, lines=60) as terminal:
        assert terminal.end() == 0
    shown = picture_kit.scenes()[-1].text.partition("\n")[2]
    assert docs_kit.fits(terminal.text + "\n", shown.replace("/home/you/council", "…")), terminal.text
