"""Fuzz the program: `python -m fuzz [TARGET ...]`, ten minutes for all of them together unless `--seconds` says else.

Each target has a process of its own. What fails stays in `build/fuzz/`, one small file for each failure.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from fuzz.targets import TARGETS

TESTS = Path(__file__).parents[1]


def main() -> int:
    """Fuzz each target that the command line names, for its share of the time."""
    parser = argparse.ArgumentParser(prog="python -m fuzz")
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=float, default=600)
    asked = parser.parse_args()
    names = asked.targets or list(TARGETS)
    if unknown := sorted(set(names) - set(TARGETS)):
        parser.error(f"no such target: {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    codes = [_fuzz(name, asked.seconds / len(names)) for name in names]
    return int(any(codes))


def _fuzz(name: str, seconds: float) -> int:
    """Fuzz a target; what atheris writes on its way is shown only where it ends otherwise than it should."""
    words = [sys.executable, "-m", "fuzz.one", name, str(seconds)]
    environ = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(words, env=environ, stderr=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1):
        told = done.stderr.decode(errors="replace")[-4000:]
        sys.stdout.write(f"{name}: the process ended with {done.returncode}\n{told}\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
