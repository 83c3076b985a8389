"""Run command lines of the program, each in a copy of one process that has imported it, and measure each.

A process for each would take half a second to start; a copy starts at once, and its CPU time and its largest size are
its own all the same. As a program it reads a JSON list of jobs from standard input, and prints what came of each.
"""

import contextlib
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from overlord_run.cli.main import execute, prepare

TESTS = Path(__file__).parents[1]
OURS = ("OVERLORD_", "MMI_OVERLORD_", "SAKANA_", "FORCE_COLOR", "NO_COLOR", "GITHUB_ACTIONS")

_CPU_S = 30
_ADDRESSES = 4 * 1024**3
"""Bounds that keep the machine usable where a bound of the program's fails."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How a command ended, and what it took.

    Attributes:
        exit: Its exit code; the signal that ended it as a negative number.
        told: What it printed, on both streams.
        seconds: Of CPU.
        mib: The size that it had at most, with the program's code and libraries.
    """

    exit: int
    told: str
    seconds: float
    mib: float


def run_all(jobs: Sequence[tuple[Path, Sequence[str]]], home: Path) -> list[Measured]:
    """Run commands one after the other, each in its folder, with nothing of ours set but a config file in `home`."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environ = {**known, "PYTHONPATH": str(TESTS), "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    asked = json.dumps([[str(folder), [os.fsencode(word).hex() for word in words]] for folder, words in jobs])
    done = subprocess.run(
        [sys.executable, "-m", "hostile.forking"], input=asked.encode(), env=environ, stdout=subprocess.PIPE, check=True
    )
    return [Measured(**one) for one in json.loads(done.stdout)]


def _carry_out(folder: str, words: Sequence[str]) -> Measured:
    with tempfile.TemporaryFile() as told:
        if (pid := os.fork()) == 0:
            _be_the_program(folder, words, told.fileno())
        _, status, used = os.wait4(pid, 0)
        told.seek(0)
        text = told.read().decode("utf-8", "backslashreplace")
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Measured(os.waitstatus_to_exitcode(status), text, used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


def _be_the_program(folder: str, words: Sequence[str], told: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    os.chdir(folder)
    os.dup2(told, 1)
    os.dup2(told, 2)
    code = 255
    with contextlib.suppress(BaseException):
        prepare()
        code = execute(words)
        sys.stdout.flush()
    os._exit(code)


def _import_all() -> None:
    """Import what the commands import when they run, and have what they make once made."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.yml")
        path.write_text(
            "overlord: 1\nname: a\nroles: {a: {system: '{{ 1 }}', task: T}}\nassignments: [{slot: a, role: a}]\n",
            encoding="utf-8",
        )
        words = ["run", str(path), "--rehearse", "--dry-run", "--quiet"]
        with contextlib.redirect_stdout(io.StringIO()):
            execute(words)
            execute(["validate", "--quiet", str(path)])


def _answer(asked: Sequence[Any]) -> list[Mapping[str, Any]]:
    _import_all()
    return [asdict(_carry_out(folder, [os.fsdecode(bytes.fromhex(word)) for word in words])) for folder, words in asked]


if __name__ == "__main__":
    json.dump(_answer(json.load(sys.stdin)), sys.stdout)
