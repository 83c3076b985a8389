"""Fuzz one target in this process: `python -m fuzz.one TARGET SECONDS`.

With atheris, a file that reaches new code is changed further; without it, the cases are those of `loop.cases`.
"""

import importlib.util
import os
import sys
import time
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

from fuzz.mutations import LONGEST, cross, mutate

FOUND = Path(__file__).parents[2] / "build" / "fuzz"

_SLOWED = 4.0
"""How much slower the program is where its coverage is counted; ample."""

_BLIND = 0.1
"""How often libFuzzer changes bytes in its own way, which knows what was compared with what."""


def by_numbers(name: str, seconds: float) -> int:
    """Try numbered cases until the time is up; return 1 where something failed."""
    targets, loop = import_module("fuzz.targets"), import_module("fuzz.loop")
    target = targets.TARGETS[name]
    trial = loop.Trial(target.attempt)
    began = time.monotonic()
    with targets.workplace():
        for content in loop.cases(name, target.seeds(), seconds):
            trial.take(content)
    return tell(name, trial, time.monotonic() - began)


def by_coverage(name: str, seconds: float) -> int:
    """Have atheris choose what is changed further until the time is up; the process ends then."""
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["overlord_run"], enable_loader_override=False):
        import_module("overlord_run.cli.run")  # these a command would import when it runs
        import_module("overlord_run.cli.live")
        targets, loop = import_module("fuzz.targets"), import_module("fuzz.loop")
    target = targets.TARGETS[name]
    seeds = target.seeds()
    trial = loop.Trial(target.attempt, slowness=_SLOWED)
    place = targets.workplace()
    began = time.monotonic()

    def take(content: bytes) -> None:
        trial.take(content)
        if time.monotonic() - began > seconds:  # `Fuzz` ends the process without a word to Python
            place.__exit__(None, None, None)
            os._exit(tell(name, trial, time.monotonic() - began))

    def change(content: bytes, longest: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < _BLIND:
            return bytes(atheris.Mutate(content, longest))
        return mutate(content, random, seeds)[:longest]

    def combine(one: bytes, other: bytes, longest: int, seed: int) -> bytes:
        return cross(one, other, Random(seed))[:longest]

    FOUND.mkdir(parents=True, exist_ok=True)
    place.__enter__()
    corpus = Path("corpus")
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)
    options = (f"-max_len={LONGEST}", "-timeout=60", "-rss_limit_mb=1024", f"-artifact_prefix={FOUND / name}-")
    words = [sys.argv[0], *options, str(corpus.absolute())]
    atheris.Setup(words, take, custom_mutator=change, custom_crossover=combine)
    atheris.Fuzz()
    return 0


def tell(name: str, trial: Any, seconds: float) -> int:
    """Print what was tried, keep what failed, and return 1 where something did."""
    worst = f"at most {trial.worst.seconds:.2f} s of CPU and {trial.worst.mib} MiB more"
    counts = f"{trial.tried:,} cases in {seconds:.0f} s, {trial.tried / seconds:.0f} a second"
    lines = [f"{name}: {counts}, {worst}; {len(trial.findings)} failures"]
    FOUND.mkdir(parents=True, exist_ok=True)
    for failure, content in trial.findings.items():
        path = FOUND / f"{name}-{sha256(failure.encode()).hexdigest()[:12]}"
        path.write_bytes(content)
        lines.append(f"  {failure}: {path}")
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()
    return int(bool(trial.findings))


if __name__ == "__main__":
    drive = by_coverage if importlib.util.find_spec("atheris") else by_numbers
    sys.exit(drive(sys.argv[1], float(sys.argv[2])))
