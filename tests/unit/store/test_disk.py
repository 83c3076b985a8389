import errno
import os
import stat
from pathlib import Path

import pytest

from overlord_run.store.disk import (
    SYSTEM_DISK,
    SystemDisk,
    make_folder,
    open_to_read,
    patiently,
    read_start,
    unreadable,
    unwritable,
    write_parts,
    write_whole,
)

WRITE_BYTES = 128 * 1024


@pytest.fixture
def strange_umask():
    before = os.umask(0o777)
    yield
    os.umask(before)


@pytest.mark.usefixtures("strange_umask")
def test_a_new_file_is_its_owners_only_whatever_the_umask(tmp_path):
    fd = SYSTEM_DISK.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY)
    os.close(fd)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


@pytest.mark.usefixtures("strange_umask")
def test_a_new_folder_is_its_owners_only_whatever_the_umask(tmp_path):
    make_folder(tmp_path / "folder")
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700


def test_what_is_refused_for_a_moment_is_tried_again_and_gives_what_it_gives():
    refusals = [PermissionError(errno.EACCES, "held"), PermissionError(errno.EACCES, "held")]

    def act():
        if refusals:
            raise refusals.pop()
        return "done"

    assert patiently(act, patience_s=1.0) == "done"


def test_what_is_refused_for_good_and_what_fails_otherwise_is_not_tried_again_for_ever():
    def refuse():
        raise PermissionError(errno.EACCES, "held")

    with pytest.raises(PermissionError):
        patiently(refuse, patience_s=0.0)
    with pytest.raises(FileNotFoundError):
        patiently(Path("missing").stat, patience_s=1000.0)


def test_a_link_is_not_followed_when_a_file_is_opened(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"):
        SYSTEM_DISK.open(tmp_path / "link", os.O_CREAT | os.O_WRONLY)
    assert not (tmp_path / "target").exists()


def test_a_pipe_in_a_files_place_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is not a regular file"):
        open_to_read(tmp_path / "pipe")


def test_a_regular_file_is_read(tmp_path):
    (tmp_path / "file").write_bytes(b"one\r\ntwo")
    with open_to_read(tmp_path / "file") as file:
        assert file.read() == b"one\r\ntwo"


def test_the_start_of_a_regular_file_is_read(tmp_path):
    (tmp_path / "file").write_bytes(b"one\r\ntwo")
    assert read_start(str(tmp_path / "file"), 4) == b"one\r"
    assert read_start(str(tmp_path / "file"), 400) == b"one\r\ntwo"
    with pytest.raises(OSError, match="it is not a regular file"):
        read_start(str(tmp_path), 4)


def test_bytes_that_are_synced_and_renamed_are_there(tmp_path):
    fd = SYSTEM_DISK.open(tmp_path / "new", os.O_CREAT | os.O_WRONLY)
    write_whole(SYSTEM_DISK, fd, b"content")
    SYSTEM_DISK.sync(fd)
    os.close(fd)
    SYSTEM_DISK.replace(tmp_path / "new", tmp_path / "file")
    SYSTEM_DISK.sync_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"content"


@pytest.mark.parametrize(
    ("sizes", "written"),
    [
        ([], []),
        ([10, 20], [30]),
        ([WRITE_BYTES - 1, 2, 3], [WRITE_BYTES + 1, 3]),
        ([2 * WRITE_BYTES, WRITE_BYTES], [2 * WRITE_BYTES, WRITE_BYTES]),
    ],
)
def test_parts_go_out_together_and_none_is_divided(tmp_path, sizes, written):
    class NotingDisk(SystemDisk):
        def write(self, fd, data):
            noted.append(len(data))
            return super().write(fd, data)

    noted: list[int] = []
    fd = SYSTEM_DISK.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY)
    assert write_parts(NotingDisk(), fd, [b"x" * size for size in sizes]) == sum(sizes)
    os.close(fd)
    assert (noted, (tmp_path / "file").stat().st_size) == (written, sum(sizes))


@pytest.mark.parametrize(
    ("code", "message", "remedy"),
    [
        (errno.ENOSPC, "cannot write run.json: no space is left on the disk", "free some space"),
        (errno.EDQUOT, "cannot write run.json: the disk quota is used up", "free some space"),
        (
            errno.EROFS,
            "cannot write run.json: the file system is read-only",
            "name another folder with --state-dir",
        ),
        (errno.EACCES, "cannot write run.json: permission denied", "check who owns it and its mode"),
        (errno.EIO, "cannot write run.json: the disk reported an error", "check the disk"),
        (errno.EXDEV, "cannot write run.json: Invalid cross-device link", ""),
    ],
)
def test_what_the_disk_refused_is_told_in_words_with_what_to_do(code, message, remedy):
    error = unwritable(Path("run.json"), OSError(code, os.strerror(code)))
    assert (error.message, error.next, error.exit) == (message, remedy, 74)


def test_an_error_without_a_number_is_told_by_its_name():
    assert unreadable(Path("run.json"), OSError()).message == "cannot read run.json: OSError"
