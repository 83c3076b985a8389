import asyncio

import pytest

from overlord_run.errors import LogDamagedError, StoreError
from overlord_run.store.folder import RunFolder
from overlord_run.store.tail import Tail
from store_kit import RUN_ID, lines, story, tell


@pytest.fixture
def whole(tmp_path):
    """Return the lines of a whole log."""
    folder = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    asyncio.run(tell(folder, story()))
    return lines(folder.log_path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.jsonl"


def seqs(tail):
    return [line.event.seq for line in tail.look()]


def test_each_look_gives_what_was_appended_since_the_last_one(whole, path):
    tail = Tail(path)
    for count in range(len(whole)):
        path.write_bytes(b"".join(whole[:count]))
        assert seqs(tail) == ([count] if count else [])
    path.write_bytes(b"".join(whole))
    assert [line.data for line in tail.look()] == whole[-1:]
    assert tail.last.seq == len(whole)


def test_a_log_that_is_not_there_yet_has_no_lines(whole, path):
    tail = Tail(path)
    assert seqs(tail) == []
    path.write_bytes(whole[0])
    assert seqs(tail) == [1]


@pytest.mark.parametrize("size", [1, 50, -1])
def test_a_line_that_is_being_written_is_given_once_it_is_whole(whole, path, size):
    tail = Tail(path)
    path.write_bytes(whole[0] + whole[1][:size])
    assert seqs(tail) == [1]
    assert tail.has_rest
    path.write_bytes(whole[0] + whole[1])
    assert seqs(tail) == [2]
    assert not tail.has_rest


def test_nul_bytes_that_a_power_cut_leaves_are_a_rest_too(whole, path):
    tail = Tail(path)
    path.write_bytes(whole[0] + b"\0\0\0\n")
    assert seqs(tail) == [1]
    assert tail.has_rest


@pytest.mark.parametrize("bad", [b"{}\n", b"x" * 100 + b"\n"])
def test_a_line_that_does_not_follow_is_damage_at_its_place(whole, path, bad):
    tail = Tail(path)
    path.write_bytes(whole[0] + bad)
    with pytest.raises(LogDamagedError, match=r"events\.jsonl:2: the log is damaged"):
        seqs(tail)


def test_a_log_without_a_first_line_is_damaged_at_line_1(path):
    path.write_bytes(b"{}\n")
    with pytest.raises(LogDamagedError, match=r"events\.jsonl:1: the log is damaged"):
        seqs(Tail(path))


def test_a_line_without_an_end_is_damage_and_not_waited_for(path):
    with path.open("wb") as file:
        file.truncate(32 * 1024 * 1024 + 2)
    with pytest.raises(LogDamagedError):
        seqs(Tail(path))


def test_a_log_that_got_shorter_than_what_was_read_is_told(whole, path):
    tail = Tail(path)
    path.write_bytes(whole[0] + whole[1])
    assert seqs(tail) == [1, 2]
    path.write_bytes(whole[0])
    with pytest.raises(LogDamagedError, match="shorter than what was read of it"):
        seqs(tail)


def test_a_torn_end_that_is_cut_off_for_the_next_owner_is_no_damage(whole, path):
    tail = Tail(path)
    path.write_bytes(whole[0] + b'{"v":1,"se')
    assert seqs(tail) == [1]
    path.write_bytes(whole[0])
    assert seqs(tail) == []
    path.write_bytes(b"".join(whole[:3]))
    assert seqs(tail) == [2, 3]


def test_another_log_in_its_place_does_not_follow(whole, path, tmp_path):
    other = RunFolder.create(tmp_path / "other", "20261122-132501-other-0000")
    asyncio.run(tell(other, story("Another.")))
    tail = Tail(path)
    path.write_bytes(b"".join(whole[:3]))
    assert seqs(tail) == [1, 2, 3]
    path.write_bytes(other.log_path.read_bytes())
    with pytest.raises(LogDamagedError):
        seqs(tail)


def test_a_log_that_is_deleted_while_it_is_read_is_told(whole, path):
    tail = Tail(path)
    path.write_bytes(whole[0])
    assert seqs(tail) == [1]
    path.unlink()
    with pytest.raises(StoreError, match="it does not exist"):
        seqs(tail)


def test_a_folder_that_is_gone_is_told_also_before_the_first_line(tmp_path):
    with pytest.raises(StoreError, match="it does not exist"):
        seqs(Tail(tmp_path / "gone" / "events.jsonl"))


def test_what_is_no_file_is_refused(path):
    path.mkdir()
    with pytest.raises(StoreError):
        seqs(Tail(path))
