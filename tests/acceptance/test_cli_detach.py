"""Let a process of its own carry a run out: it outlives who started it and the terminal, and is ended by its record."""

import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from acceptance.invocation import COUNCIL, PROGRAM, Shell, fitting
from overlord_run.host import Ending, end
from overlord_run.host.system import HERE
from overlord_run.store.folder import RunFolder
from overlord_run.store.owner import is_owned, owned
from overlord_run.store.rehydrate import rehydrate

LONG_S = 60.0
QUICK = 'overlord: 1\nanswers: {"*": {startup: {slow: 0.1s}}}\n'
STUCK = 'overlord: 1\nanswers: {"*": {startup: {slow: 60s}}}\n'

# Start a run as `--detach` does, and be killed before anything of it can be heard.
DIE_AT_ONCE = """
import os, sys, tempfile
from overlord_run.app.detach import Detached
Detached(["run", *sys.argv[1:], "--format", "json"], b"Ship on Sunday.")
os.kill(os.getpid(), 9)
"""

# Take the orphans of children for one's own (PR_SET_CHILD_SUBREAPER), and wait until there are none.
WAIT_FOR_ORPHANS = f"""
import ctypes, os, subprocess, sys
assert ctypes.CDLL(None).prctl(36, 1) == 0
killed = subprocess.run([sys.executable, "-c", {DIE_AT_ONCE!r}, *sys.argv[1:]]).returncode
print(killed, os.waitstatus_to_exitcode(os.wait()[1]))
"""

# Be the first on a terminal of one's own, and stay there after the command.
ON_A_TERMINAL = """
import fcntl, signal, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
subprocess.run(sys.argv[1:], check=True)
signal.alarm(60)
signal.pause()
"""


class Detaching(Shell):
    """A folder to start runs in that processes of their own carry out."""

    def detach(self, script: str, *words: str) -> RunFolder:
        """Return the folder of a rehearsal that goes on."""
        done = self.run("council.yml", "--rehearse", self.write("script.yml", script), "--detach", *words, *AS_JSON)
        assert (done.exit, done.err) == (0, "")
        return folder_of(done.json("launch"))

    def folders(self) -> list[RunFolder]:
        return [RunFolder(path) for path in sorted((self.folder / ".overlord" / "runs").glob("*"))]


AS_JSON = ("--format", "json")


def folder_of(launch: dict[str, Any]) -> RunFolder:
    return RunFolder(Path(launch["runDir"]))


def end_owner(folder: RunFolder) -> Ending:
    """End the process that carries a run out, by its record."""
    owner = rehydrate(folder).state.owner
    assert owner is not None
    return end(owner.pid, owner.fingerprint, grace_s=LONG_S)


def wait_for_its_process(folder: RunFolder) -> None:
    """Wait until the process that carries a run out has ended, which is some time after the run's end."""
    owner = rehydrate(folder).state.owner
    assert owner is not None
    with suppress(ProcessLookupError), closing(HERE.hold(owner.pid)) as process:
        assert process.has_ended(LONG_S)


def state_at_its_end(folder: RunFolder) -> str:
    with owned(folder.lock_path, patience_s=LONG_S):
        return rehydrate(folder).state.state


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Detaching]:
    shell = Detaching(tmp_path)
    shell.write("council.yml", COUNCIL)
    yield shell
    for folder in shell.folders():
        if is_owned(folder.lock_path):
            end_owner(folder)


def test_a_run_of_its_own_is_addressed_at_once_and_ends_as_any_other(shell: Detaching) -> None:
    folder = shell.detach(QUICK)
    assert state_at_its_end(folder) == "completed"
    assert shell.run("verify", "--run", folder.run_id).exit == 0


@pytest.mark.parametrize("waits", [False, True], ids=["left", "waited for"])
def test_a_run_of_its_own_writes_the_outputs_into_their_folder(shell: Detaching, *, waits: bool) -> None:
    how = ("--wait", "60s") if waits else ("--detach",)
    script = shell.write("script.yml", QUICK)
    done = shell.run("council.yml", "--rehearse", script, "--outputs", "out", *how, *AS_JSON)
    folder = folder_of(fitting(done.out.splitlines()[0], "launch"))
    if waits:
        assert done.json("done")["outputFiles"] == [str(Path("out", "verdict.md"))]
    else:
        wait_for_its_process(folder)
    outputs = rehydrate(folder).state.outputs
    assert outputs is not None
    assert (shell.folder / "out" / "verdict.md").read_text(encoding="utf-8").strip() == outputs["verdict"].strip()


def test_a_playbook_whose_name_looks_like_an_option_is_carried_out_too(shell: Detaching) -> None:
    shell.write("-x.yml", COUNCIL)
    done = shell.run("run", "--rehearse", "--detach", *AS_JSON, "--", "-x.yml")
    assert state_at_its_end(folder_of(done.json("launch"))) == "completed"


def test_a_run_of_its_own_is_ended_by_its_record(shell: Detaching) -> None:
    folder = shell.detach(STUCK)
    assert is_owned(folder.lock_path)
    assert end_owner(folder) is Ending.TERMINATED
    status = shell.run("status", *AS_JSON).json("status")
    assert (status["state"], status["reason"], status["isOwned"]) == ("stopped", "terminated", False)
    assert end_owner(folder) is Ending.GONE


def test_a_run_goes_on_with_its_input_when_who_started_it_is_killed_at_once(shell: Detaching) -> None:
    words = ("council.yml", "--rehearse", "-I", "plan=-")
    command = [PROGRAM[0], "-c", WAIT_FOR_ORPHANS, *words]
    done = subprocess.run(command, cwd=shell.folder, env=shell.environ(), capture_output=True, check=True)
    assert done.stdout == b"-9 0\n"
    assert shell.run("status", *AS_JSON).json("status")["state"] == "completed"
    assert "Ship on Sunday." in shell.run("show").out


def test_a_run_goes_on_when_the_terminal_is_closed(shell: Detaching) -> None:
    ours, theirs = pty.openpty()
    script = shell.write("script.yml", STUCK)
    command = [PROGRAM[0], "-c", ON_A_TERMINAL, *PROGRAM, "council.yml", "--rehearse", script, "--detach", *AS_JSON]
    with subprocess.Popen(
        command,
        cwd=shell.folder,
        env=shell.environ(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        with os.fdopen(ours, "rb") as terminal:
            folder = folder_of(fitting(terminal.readline().decode(), "launch"))
        assert process.wait(LONG_S) == -signal.SIGHUP
    assert is_owned(folder.lock_path)
    assert end_owner(folder) is Ending.TERMINATED


def test_an_error_of_the_process_of_its_own_is_told_as_its_own(shell: Detaching) -> None:
    words = ("council.yml", "--rehearse", "--run-id", "task-1", *AS_JSON)
    assert shell.run(*words).exit == 0
    shell.write("council.yml", COUNCIL.replace("You decide.", "You advise."))
    done = shell.run(*words, "--detach")
    told = done.json("error")
    assert told == shell.run(*words).json("error")
    assert (told["error"]["code"], done.exit) == ("changed", 11)


def test_no_module_of_the_current_folder_is_imported(shell: Detaching) -> None:
    for name in ("click", "json", "overlord_run", "signal"):
        shell.write(f"{name}.py", "raise SystemExit(99)\n")
    command = ["-P", *PROGRAM[1:], "council.yml", "--rehearse", "--detach", *AS_JSON]
    done = subprocess.run(
        [PROGRAM[0], *command], cwd=shell.folder, env=shell.environ(), capture_output=True, check=True, encoding="utf-8"
    )
    assert state_at_its_end(folder_of(fitting(done.stdout, "launch"))) == "completed"
