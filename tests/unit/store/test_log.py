import errno
from pathlib import Path

import pytest

from overlord_run.errors import LogDamagedError, RunBusyError, StoreError
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import MAX_LINE_BYTES, make_entry
from overlord_run.store.log import Log, Torn, read
from store_kit import OWNER, FaultyDisk, clock, created, story

FOLDER = RunFolder(Path("/runs/one"))
BATCHES: list[list[ev.Body]] = [[created(FOLDER), OWNER], *story()]


def entries(bodies):
    now = clock()
    return [make_entry(now(), body) for body in bodies]


def written(path, batches=BATCHES):
    """Write a log and return its lines."""
    log = Log(path)
    for batch in batches:
        log.append(entries(batch))
    log.close()
    return path.read_bytes().splitlines(keepends=True)


def test_what_was_appended_is_read_back(tmp_path):
    log = Log(tmp_path / "log")
    events = [event for batch in BATCHES for event in log.append(entries(batch))]
    log.close()
    found = read(tmp_path / "log")
    assert list(found) == events
    assert found.torn is None
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert log.size == (tmp_path / "log").stat().st_size


def test_events_appended_together_are_one_batch_with_one_write_and_one_sync(tmp_path):
    disk = FaultyDisk("none")
    log = Log(tmp_path / "log", disk=disk)
    events = log.append(entries([created(FOLDER), OWNER, ev.ServantReady("alder")]))
    assert [event.batch for event in events] == [1, 1, 1]
    assert log.append(entries([ev.ServantReady("birch")]))[0].batch == 2
    log.close()
    assert [operation for operation, _ in disk.done] == ["open", "write", "sync", "write", "sync"]


def test_a_log_is_never_written_over(tmp_path):
    (tmp_path / "log").write_bytes(b"precious")
    with pytest.raises(StoreError) as caught:
        Log(tmp_path / "log")
    assert caught.value.message == f"cannot write {tmp_path / 'log'}: something else has its name"
    assert (tmp_path / "log").read_bytes() == b"precious"


@pytest.mark.parametrize("operation", ["write", "short", "sync"])
def test_after_a_failure_no_line_is_written_any_more(tmp_path, operation):
    log = Log(tmp_path / "log", disk=FaultyDisk(operation, at=2, error=errno.ENOSPC))
    log.append(entries([created(FOLDER)]))
    with pytest.raises(StoreError) as first:
        log.append(entries([OWNER]))
    size = (tmp_path / "log").stat().st_size
    with pytest.raises(StoreError) as second:
        log.append(entries([ev.ServantReady("alder")]))
    log.close()
    assert first.value.message == f"cannot write {tmp_path / 'log'}: no space is left on the disk"
    assert second.value is first.value
    assert (tmp_path / "log").stat().st_size == size


def test_a_second_writer_ends_this_one_before_its_next_batch(tmp_path):
    path = tmp_path / "log"
    log = Log(path)
    log.append(entries([created(FOLDER)]))
    own = path.stat().st_size
    with path.open("ab") as other:
        other.write(b"sneaked in\n")
    with pytest.raises(RunBusyError) as caught:
        log.append(entries([OWNER]))
    log.close()
    assert caught.value.message == f"{path} was changed by another process: it has {own + 11:,} bytes, not {own:,}"
    assert caught.value.exit == 7
    assert path.stat().st_size == own + 11


def test_a_second_writer_after_the_last_batch_is_noticed_at_the_end(tmp_path):
    log = Log(tmp_path / "log")
    log.append(entries([created(FOLDER)]))
    with (tmp_path / "log").open("ab") as other:
        other.write(b"x")
    with pytest.raises(RunBusyError):
        log.close()


def test_a_log_that_was_put_in_the_place_of_this_one_ends_it(tmp_path):
    path = tmp_path / "log"
    log = Log(path)
    log.append(entries([created(FOLDER)]))
    (tmp_path / "other").write_bytes(path.read_bytes())
    (tmp_path / "other").replace(path)
    with pytest.raises(RunBusyError):
        log.append(entries([OWNER]))
    log.close()


def test_a_log_that_is_gone_at_the_end_is_told(tmp_path):
    log = Log(tmp_path / "log")
    (tmp_path / "log").unlink()
    with pytest.raises(StoreError) as caught:
        log.close()
    assert caught.value.message == f"cannot read {tmp_path / 'log'}: it does not exist"


def test_an_empty_log_holds_nothing(tmp_path):
    (tmp_path / "log").touch()
    found = read(tmp_path / "log")
    assert (list(found), found.torn) == ([], None)


def test_a_log_that_is_not_there_is_told(tmp_path):
    with pytest.raises(StoreError) as caught:
        list(read(tmp_path / "log"))
    assert caught.value.message == f"cannot read {tmp_path / 'log'}: it does not exist"


def test_every_cut_through_the_last_line_is_torn_and_tolerated(tmp_path):
    lines = written(tmp_path / "log")
    whole, last = b"".join(lines[:-1]), lines[-1]
    for size in range(1, len(last)):
        (tmp_path / "log").write_bytes(whole + last[:size])
        found = read(tmp_path / "log")
        assert len(list(found)) == len(lines) - 1
        assert found.torn == Torn(len(lines), len(whole), size)


def test_a_torn_end_is_told_in_words():
    assert str(Torn(12, 4000, 1234)) == (
        "line 12 is torn (1,234 bytes): a crash cut it off, or it is being written now"
    )


THREE = [[created(FOLDER), OWNER], [ev.ServantReady("alder")], [ev.ServantReady("birch"), ev.RunStopped("interrupted")]]


@pytest.mark.parametrize(
    ("change", "torn_line"),
    [
        (lambda lines: [*lines[:3], bytes(len(lines[3])), lines[4]], 4),
        (lambda lines: [*lines[:3], lines[3][:200] + bytes(20) + lines[3][220:], lines[4]], 4),
        (lambda lines: [*lines[:4], bytes(5000)], 5),
        (lambda lines: [*lines[:4], lines[4][:-1]], 5),
        (lambda lines: [*lines[:3], lines[3][:-1]], 4),
        (lambda lines: [lines[0][:50]], 1),
    ],
    ids=[
        "a hole before a whole line",
        "a hole in a line",
        "a hole at the end",
        "no newline",
        "less of the last batch",
        "the first line",
    ],
)
def test_a_rest_of_the_last_batch_that_a_crash_can_leave_is_torn(tmp_path, change, torn_line):
    lines = written(tmp_path / "log", THREE)
    (tmp_path / "log").write_bytes(b"".join(change(lines)))
    found = read(tmp_path / "log")
    assert len(list(found)) == torn_line - 1
    assert found.torn is not None
    assert found.torn.line == torn_line


@pytest.mark.parametrize(
    ("change", "line", "reason"),
    [
        (
            lambda lines: [*lines[:3], lines[3].replace(b"birch", b"alder"), lines[4]],
            4,
            "its hash is not that of its bytes",
        ),
        (
            lambda lines: [*lines[:3], lines[3].replace(b"birch", b"alder"), lines[4][:9]],
            4,
            "its hash is not that of its bytes",
        ),
        (lambda lines: [lines[0], lines[1].replace(b"4711", b"4\x0011"), *lines[2:]], 2, "it holds NUL bytes"),
        (lambda lines: [*lines[:2], lines[2].replace(b"alder", b"al\x00er"), *lines[3:]], 3, "it holds NUL bytes"),
        (lambda lines: [*lines[:4], b'{"v":1,"seq":5,"epoch":1,"batch":9,\0'], 5, "its final newline is missing"),
        (lambda lines: [lines[0], *lines[2:]], 2, "its prev is not the hash of the line before"),
        (lambda lines: [*lines, lines[-1]], 6, "its prev is not the hash of the line before"),
        (lambda lines: [*lines, b"\n"], 6, "it is no JSON of ours: Expecting value: line 2 column 1 (char 1)"),
        (lambda lines: [*lines, b"x" * (MAX_LINE_BYTES + 1)], 6, "its final newline is missing"),
        (lambda lines: lines[1:], 1, "its prev is not the hash of the line before"),
    ],
    ids=[
        "a changed line of the last batch",
        "a changed line before a torn one",
        "a hole in the first batch",
        "a hole in a batch before the last",
        "a torn line of a batch that cannot be",
        "a line taken out",
        "a line twice",
        "an empty line",
        "a line without end",
        "no first line",
    ],
)
def test_anything_else_that_does_not_fit_is_damage_with_its_line(tmp_path, change, line, reason):
    lines = written(tmp_path / "log", THREE)
    (tmp_path / "log").write_bytes(b"".join(change(lines)))
    with pytest.raises(LogDamagedError) as caught:
        list(read(tmp_path / "log"))
    assert caught.value.message == f"{tmp_path / 'log'}:{line}: the log is damaged: {reason}"
    assert (caught.value.line, caught.value.reason, caught.value.exit) == (line, reason, 74)
