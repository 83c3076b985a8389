"""What is looked at while a run goes on."""

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the benchmarks read Linux's /proc")


def test_the_replies_of_a_log_are_counted_up_to_the_size_it_had(tmp_path: Path) -> None:
    from benchmarks.watch import Look, Watch  # noqa: PLC0415 - it cannot be imported without /proc

    log = tmp_path / "runs" / "one" / "events.jsonl"
    log.parent.mkdir(parents=True)
    lines = ['{"type":"request_sent"}\n', '{"seq":2,"type":"reply_received"}\n', '{"seq":3,"type":"reply_received"}\n']
    log.write_text("".join(lines), encoding="utf-8")
    sizes = [0, len(lines[0]), sum(map(len, lines[:2])) - 1, sum(map(len, lines[:2])), log.stat().st_size]
    watch = Watch(tmp_path, [Look(size, 0.0, 0) for size in sizes])
    assert watch.replies() == [0, 0, 0, 1, 2]


def test_a_look_sees_what_the_process_has_spent(tmp_path: Path) -> None:
    from benchmarks.watch import Watch  # noqa: PLC0415 - as above

    log = tmp_path / "runs" / "one" / "events.jsonl"
    watch = Watch(tmp_path)
    watch(os.getpid())
    log.parent.mkdir(parents=True)
    log.write_text("{}\n", encoding="utf-8")
    watch(os.getpid())
    assert [look.log_size for look in watch.looks] == [3]
    assert watch.looks[0].cpu_s > 0
    assert watch.looks[0].written_bytes > 0
