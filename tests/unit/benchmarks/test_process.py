"""A process is measured from its start to its end, and must end as the case needs."""

import os
import sys
from pathlib import Path

import pytest

from benchmarks.process import WrongEndError, spend
from benchmarks.rounds import Contestant, compared, take_turns

pytestmark = pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the benchmarks read Linux's /proc")


def test_what_a_process_spent_is_told(tmp_path: Path) -> None:
    seen: list[int] = []
    code = "import os, sys; os.write(1, bytes(100_000)); sys.exit(3)"
    spent = spend([sys.executable, "-S", "-c", code], tmp_path, os.environ, exit_code=3, look=seen.append)
    assert spent.cpu_s > 0
    assert spent.wall_s > 0
    assert spent.peak_bytes > 1_000_000
    assert spent.written_bytes >= 100_000
    assert seen


def test_another_end_than_the_case_needs_is_an_error_with_the_last_words(tmp_path: Path) -> None:
    with pytest.raises(WrongEndError, match="ended with 1, not 0:\nno key"):
        spend([sys.executable, "-S", "-c", "import sys; sys.exit('no key')"], tmp_path, os.environ)


def test_contestants_take_turns_and_the_first_round_does_not_count(tmp_path: Path) -> None:
    def writes(word: str) -> list[str]:
        return ["/bin/sh", "-c", f"echo {word} >> turns"]

    prepared: list[None] = []
    contestants = [
        Contestant("ours", writes("ours"), prepare=lambda: prepared.append(None)),
        Contestant("bare", writes("bare")),
    ]
    turns = take_turns(contestants, tmp_path, os.environ, 2)
    assert (tmp_path / "turns").read_text("ascii").split() == ["ours", "bare"] * 3
    assert (list(map(len, turns.values())), len(prepared)) == ([2, 2], 3)
    time, cpu = compared("case", turns, wall_bar=2.0)
    assert (time.what, time.bar, cpu.what, cpu.bar) == ("time, over bare", 2.0, "CPU, over bare", None)
    assert time.values == tuple(a.wall_s / b.wall_s for a, b in zip(turns["ours"], turns["bare"], strict=True))
