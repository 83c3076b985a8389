"""Run the program as a person does: as a process of its own, in a folder of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from canary import leaks, leaks_under
from overlord_run.playbook.schema import load

PROGRAM = (sys.executable, "-m", "overlord_run")
OURS = ("OVERLORD_", "MMI_OVERLORD_", "SAKANA_", "FORCE_COLOR", "NO_COLOR", "GITHUB_ACTIONS")

COUNCIL = """\
overlord: 1
name: council
inputs:
  plan: {type: string, default: Ship on Friday.}
roles:
  critic:
    system: You criticise plans.
    task: "What can go wrong with this plan: {{ inputs.plan }}"
  judge:
    model: ultra
    system: You decide.
assignments:
  - {slot: alder, role: critic}
  - {slot: birch, role: critic}
  - {slot: oak, role: judge} # overlord: ignore[no-budget]
redirects:
  - id: rank
    to: role:critic
    message: Rank your findings.
  - id: verdict
    to: oak
    message: "{% for slot, reply in replies.rank | items %}{{ reply | as_data(slot) }}{% endfor %}Decide."
outputs:
  verdict: {value: replies.verdict.oak.text, file: verdict.md}
"""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    exit: int
    out: str
    err: str

    def json(self, name: str) -> Any:
        """Return the last line of standard output, which must fit the definition of this name in output.schema.json.

        Only a plan has many lines.
        """
        return fitting(self.out if name == "plan" else self.out.splitlines()[-1], name)


@dataclass(frozen=True)
class Shell:
    """A folder to run commands in."""

    folder: Path

    def environ(self, **said: str) -> dict[str, str]:
        """Return the environment of a person who set nothing of ours but `said`."""
        known = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        home = {"HOME": str(self.folder / "home"), "XDG_CONFIG_HOME": str(self.folder / "home")}
        return {**known, **home, **said}

    def run(self, *words: str, stdin: str = "", **environ: str) -> Done:
        """Run a command, wait for its end, and find the canary nowhere in what it printed and left."""
        ended = subprocess.run(
            [*PROGRAM, *words],
            cwd=self.folder,
            env=self.environ(**environ),
            input=stdin.encode(),
            capture_output=True,
            check=False,
        )
        done = Done(ended.returncode, ended.stdout.decode(), ended.stderr.decode())
        assert [*leaks(done.out, done.err), *leaks_under(self.folder)] == []
        return done

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [*PROGRAM, *words],
            cwd=self.folder,
            env=self.environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def write(self, name: str, text: str) -> str:
        """Write a file into the folder and return its name."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return name


def fitting(text: str, name: str) -> Any:
    """Return a text's JSON, which must fit the definition of this name in output.schema.json."""
    value = json.loads(text)
    schema = load("output")
    validator = Draft7Validator({"definitions": schema["definitions"], "$ref": f"#/definitions/{name}"})
    assert [error.message for error in validator.iter_errors(value)] == []
    return value
