"""Completion as a shell asks for it, and the scripts in the real shells where they are installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from acceptance.invocation import COUNCIL, Done, Shell
from overlord_run.cli import main

SHELLS = ("bash", "zsh", "fish", "pwsh")

# Each loads the script and asks for one completion, as the shell itself would after a Tab. What a shell has only while
# it reads a line from a terminal is told instead of done.
ASK = {
    "bash": r"""
        compopt() { :; }
        source <(overlord-run completion bash)
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _overlord_run_completion overlord-run
        printf '%s\n' "${COMPREPLY[@]}"
    """,
    "zsh": r"""
        compdef() { :; }
        _path_files() { print -r -- files; }
        compadd() { print -rl -- $completions; }
        _describe() { print -rl -- ${completions_with_descriptions%%:*}; }
        source <(overlord-run completion zsh)
        words=("$@") CURRENT=$#
        _overlord_run_completion
    """,
    "fish": r"""
        overlord-run completion fish | source
        complete --do-complete "$argv" | string replace --regex '\t.*' ''
    """,
}
START = {"bash": ("--norc", "-c"), "zsh": ("-f", "-c"), "fish": ("--no-config", "-c")}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Return a folder with a playbook and a rehearsal of it in which birch failed at the second message."""
    shell = Shell(tmp_path_factory.mktemp("finished"))
    shell.write("council.yml", COUNCIL)
    shell.write("script.yaml", "overlord: 1\nanswers:\n  birch: {rank: {fault: empty}}\n")
    shell.write("notes.txt", "")
    shell.write("with blanks.yml", COUNCIL)
    (shell.folder / "more").mkdir()
    shell.write("more/second.yml", COUNCIL)
    assert shell.run("council.yml", "--rehearse", "script.yaml", "-q").exit == 1
    return shell


def run_id(shell: Shell) -> str:
    (folder,) = (shell.folder / ".overlord" / "runs").iterdir()
    return folder.name


def completed(shell: Shell, line: str, *, kind: str = "bash", **environ: str) -> list[str]:
    """Return what a shell is told for a line, the word at its end incomplete, without the hints to complete a path."""
    words = line.split(" ")
    said = {"_OVERLORD_RUN_COMPLETE": f"{kind}_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = shell.run(**said, **environ)
    assert (done.exit, done.err) == (0, "")
    return [value for kind, _, value in (item.partition(",") for item in done.out.splitlines()) if kind == "plain"]


COMMANDS = " ".join(main.COMMANDS)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("overlord-run ", f"{COMMANDS} council.yml script.yaml"),
        ("overlord-run s", "send stop status show schema script.yaml"),
        ("overlord-run more/", "more/second.yml"),
        ("overlord-run missing/", ""),
        ("overlord-run --v", "--version"),
        ("overlord-run council.yml --reh", "--rehearse"),
        ("overlord-run run --format ", "text json mermaid github gitlab sarif junit"),
        ("overlord-run run co", "council.yml"),
        ("overlord-run validate ", "council.yml script.yaml"),
        ("overlord-run show ", "alder birch oak"),
        ("overlord-run show b", "birch"),
        ("overlord-run reply ", "startup rank verdict"),
        ("overlord-run reply rank ", "alder"),
        ("overlord-run reply none ", ""),
        ("overlord-run status --run ", "RUN"),
        ("overlord-run status --run=", "RUN"),
        ("overlord-run show --run RUN o", "oak"),
        ("overlord-run show --run none ", ""),
        ("overlord-run ledger --message v", "verdict"),
        ("overlord-run ledger --slot o", "oak"),
        ("overlord-run diff ", "RUN council.yml script.yaml"),
        ("overlord-run diff RUN s", "script.yaml"),
        ("overlord-run list --state-dir nowhere --format j", "json"),
        ("overlord-run status --state-dir nowhere --run ", ""),
        ("overlord-run roles n", "new"),
        ("overlord-run roles new --f", "--format"),
        ("overlord-run schema re", "rehearsal recording registry"),
        ("overlord-run send ", "alder birch oak role:critic role:judge all"),
        ("overlord-run recover b", "birch"),
        ("overlord-run resume --from ", "rank verdict"),
        ("overlord-run wait --for ", "ready done message:rank message:verdict"),
        ("overlord-run completion z", "zsh"),
        ("overlord-run nonsense --", "--version --help"),
        ("overlord-run show 'alder", "alder"),
    ],
)
def test_what_could_stand_next_is_told(finished: Shell, line: str, told: str) -> None:
    found = " ".join(completed(finished, line.replace("RUN", run_id(finished))))
    assert found.replace(run_id(finished), "RUN") == told


def test_the_run_that_the_environment_names_is_the_one(finished: Shell) -> None:
    assert completed(finished, "overlord-run show ", OVERLORD_RUN="none") == []
    assert completed(finished, "overlord-run show a", OVERLORD_STATE_DIR=".overlord") == ["alder"]


DAMAGE = {
    "no JSON": b"{",
    "another shape": b"[1]",
    "members of other kinds": b'{"servants":[{}],"messages":[{}]}',
    "nothing": b"",
    "null": b"null",
}


@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE)
def test_a_registry_that_cannot_be_read_completes_nothing_and_tells_nothing(tmp_path: Path, content: bytes) -> None:
    shell = Shell(tmp_path)
    folder = tmp_path / ".overlord" / "runs" / "damaged"
    folder.mkdir(parents=True)
    (folder / "run.json").write_bytes(content)
    before = sorted(tmp_path.rglob("*"))
    for line in ("overlord-run show ", "overlord-run reply ", "overlord-run reply rank "):
        assert completed(shell, line) == []
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("instruction", ["bash_complete", "bash_nonsense", "nonsense", "x_y_z"])
def test_an_instruction_that_makes_no_sense_ends_without_a_word(finished: Shell, instruction: str) -> None:
    done = finished.run("list", _OVERLORD_RUN_COMPLETE=instruction, COMP_CWORD="many", COMP_WORDS="")
    assert (done.out, done.err) == ("", "")
    assert done.exit != 0


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_printed_alone_and_its_json_says_how_to_install_it(finished: Shell, shell: str) -> None:
    done = finished.run("completion", shell)
    assert (done.exit, done.err) == (0, "")
    assert "_OVERLORD_RUN_COMPLETE" in done.out
    told = finished.run("completion", shell, "--format", "json").json("completion")
    assert (told["shell"], told["script"]) == (shell, done.out)
    assert all(f"overlord-run completion {shell}" in line or "the same line" in line for line in told["install"])


def test_a_shell_that_is_not_known_is_refused(finished: Shell) -> None:
    done = finished.run("completion", "tcsh")
    assert done.exit == 2
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish', 'pwsh'" in done.err


def typed_in(shell: str, folder: Shell) -> Done:
    """Return how `overlord-run completion` ends that a shell has started."""
    done = subprocess.run(
        [shell, "-c", f'"{sys.executable}" -m overlord_run completion; exit $?'],
        cwd=folder.folder,
        env=folder.environ(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(os.name == "nt", reason="bash and sh are no programs of Windows")
def test_without_a_shell_the_script_is_the_running_ones(finished: Shell) -> None:
    assert typed_in("bash", finished) == finished.run("completion", "bash")
    assert typed_in("sh", finished) == Done(
        2,
        "",
        "error: there is no completion for sh, the running shell\n"
        "next: For another one: overlord-run completion bash|zsh|fish|pwsh\n",
    )


@pytest.mark.parametrize("shell", ASK)
@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["overlord-run", "reply", "rank", ""], ["alder"]),
        (["overlord-run", "sh"], ["show"]),
        (["overlord-run", "status", "--run", ""], ["RUN"]),
    ],
)
def test_the_script_completes_in_the_shell_itself(
    finished: Shell, shell: str, line: list[str], told: list[str]
) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed here")
    bin_dir = finished.folder / "bin"
    bin_dir.mkdir(exist_ok=True)
    entry = bin_dir / "overlord-run"
    entry.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m overlord_run "$@"\n', encoding="utf-8")
    entry.chmod(0o755)
    environ = finished.environ(PATH=f"{bin_dir}{os.pathsep}{os.environ['PATH']}")
    words = [" ".join(line)] if shell == "fish" else [shell, *line]
    done = subprocess.run(
        [program, *START[shell], ASK[shell], *words],
        cwd=finished.folder,
        env=environ,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stderr == ""
    found = [line for line in done.stdout.splitlines() if line not in ("", "files")]
    assert [line.replace(run_id(finished), "RUN") for line in found] == told
