import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from overlord_run.errors import Exit
from overlord_run.files import FileError, decode, is_too_long, read_beside, read_bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A playbook's folder with a neighbour that it should not reach by itself."""
    (tmp_path / "book" / "texts").mkdir(parents=True)
    (tmp_path / "book" / "texts" / "task.md").write_text("Begin.\n", encoding="utf-8")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "role.md").write_text("A role.\n", encoding="utf-8")
    (tmp_path / "secret.md").write_text("Nobody asked.\n", encoding="utf-8")
    return tmp_path / "book"


def refusal(error: FileError) -> tuple[str, str, str]:
    return error.message, error.rule, error.hint


@pytest.mark.parametrize(
    ("length", "platform", "too_long"),
    [(247, "win32", False), (248, "win32", True), (4000, "linux", False), (4000, "darwin", False)],
)
def test_a_path_is_too_long_on_windows_alone(length: int, platform: str, *, too_long: bool) -> None:
    assert is_too_long(Path("/" + "x" * (length - 1)), platform=platform) is too_long


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\0\xff" * 50)
    assert read_bytes(tmp_path / "a", limit=100) == b"\0\xff" * 50
    (tmp_path / "empty").touch()
    assert read_bytes(tmp_path / "empty", limit=100) == b""


def test_a_link_that_a_user_names_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")
    assert read_bytes(tmp_path / "link", limit=100) == b"x"


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 101)
    with pytest.raises(FileError) as caught:
        read_bytes(path, limit=100)
    assert refusal(caught.value) == (f"'{path}' is larger than 100 bytes", "too-large", "make it smaller")
    assert caught.value.next == "Make it smaller."
    assert caught.value.exit is Exit.USAGE


def test_a_file_that_says_it_is_empty_and_is_not_is_bounded_too() -> None:
    with pytest.raises(FileError) as caught:
        read_bytes(Path("/proc/self/status"), limit=10)
    assert caught.value.message == "'/proc/self/status' is larger than 10 bytes"


def test_a_file_that_does_not_exist_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.yml", tmp_path / "nowhere" / "at.yml"):
        with pytest.raises(FileError) as caught:
            read_bytes(path, limit=100)
        assert refusal(caught.value) == (f"'{path}' does not exist", "file-missing", "check the path")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        read_bytes(tmp_path, limit=100)
    assert refusal(caught.value) == (f"'{tmp_path}' is a folder, not a file", "file-unreadable", "name a regular file")


@pytest.fixture
def bound_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        yield tmp_path / "s"


def test_a_pipe_a_socket_and_a_device_are_refused_at_once(tmp_path: Path, bound_socket: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    kinds = {
        tmp_path / "pipe": "a named pipe",
        tmp_path / "link": "a named pipe",
        bound_socket: "a socket",
        Path("/dev/zero"): "a device",
    }
    for path, kind in kinds.items():
        with pytest.raises(FileError) as caught:
            read_bytes(path, limit=100)
        assert caught.value.message == f"'{path}' is {kind}, not a file"


def test_what_the_system_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(FileError) as caught:
        read_bytes(tmp_path / "a", limit=100)
    assert refusal(caught.value) == (
        f"'{tmp_path / 'a'}' cannot be read: Too many levels of symbolic links",
        "file-unreadable",
        "check the path and its rights",
    )


@pytest.mark.parametrize("name", ["a\0b", "a\udc00\ud800"])
def test_a_path_that_no_file_can_have_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileError) as caught:
        read_bytes(tmp_path / name, limit=100)
    assert caught.value.reason == "cannot be read: no file can have this path"


@pytest.mark.parametrize("path", ["texts/task.md", "./texts/task.md", "texts/../texts/task.md"])
def test_a_file_beside_the_playbook_is_read(folder: Path, path: str) -> None:
    assert read_beside(folder, path, limit=100) == b"Begin.\n"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "the path '' is empty"),
        ("/etc/hosts", "the path '/etc/hosts' is absolute, not relative"),
        ("C:/hosts", "the path 'C:/hosts' is absolute, not relative"),
        ("texts\\task.md", "the path 'texts\\task.md' holds a backslash; folders are separated by '/'"),
        ("texts/nul", "the path 'texts/nul' holds the name of a Windows device"),
        ("texts/\0", r"the path 'texts/\x00' holds a character that cannot be printed"),
    ],
)
def test_a_path_that_is_not_relative_everywhere_is_refused(folder: Path, path: str, reason: str) -> None:
    with pytest.raises(FileError) as caught:
        read_beside(folder, path, limit=100)
    assert refusal(caught.value) == (
        reason,
        "file-path",
        "write a path from the playbook's folder, with / between folders",
    )


OUTSIDE = ("file-outside", "put the file beside the playbook, not behind .. or a link")


@pytest.mark.parametrize("path", ["../secret.md", "texts/../../secret.md", "../book/../secret.md"])
def test_a_path_may_not_leave_the_folder(folder: Path, path: str) -> None:
    with pytest.raises(FileError) as caught:
        read_beside(folder, path, limit=100)
    assert refusal(caught.value) == (f"'{path}' is outside of the playbook's folder", *OUTSIDE)


def test_a_link_may_not_lead_out_of_the_folder(folder: Path) -> None:
    (folder / "file").symlink_to("../secret.md")
    (folder / "dir").symlink_to("..")
    (folder / "inside").symlink_to("texts/task.md")
    assert read_beside(folder, "inside", limit=100) == b"Begin.\n"
    for path in ("file", "dir/secret.md"):
        with pytest.raises(FileError) as caught:
            read_beside(folder, path, limit=100)
        assert refusal(caught.value) == (f"'{path}' is outside of the playbook's folder", *OUTSIDE)


def test_a_role_file_may_be_reached_by_climbing(folder: Path) -> None:
    assert read_beside(folder, "../shared/role.md", limit=100, may_climb=True) == b"A role.\n"
    assert read_beside(folder, "./texts/task.md", limit=100, may_climb=True) == b"Begin.\n"


def test_climbing_leads_no_further_than_the_dots_at_its_beginning(folder: Path) -> None:
    (folder / "link.md").symlink_to("../secret.md")
    (folder.parent / "shared" / "far").symlink_to("/etc")
    for path in ("link.md", "texts/../../secret.md", "../shared/far/hosts"):
        with pytest.raises(FileError) as caught:
            read_beside(folder, path, limit=100, may_climb=True)
        assert refusal(caught.value) == (f"'{path}' is outside of the playbook's folder", *OUTSIDE)


def test_what_a_role_includes_stays_in_its_own_folder(folder: Path) -> None:
    (folder / "texts" / "link.md").symlink_to("../council.yml")
    (folder / "texts" / "inside.md").symlink_to("task.md")
    (folder / "council.yml").write_text("name: a\n", encoding="utf-8")
    for path in ("texts/task.md", "texts/inside.md"):
        assert read_beside(folder, path, limit=100, may_climb=True, within="texts") == b"Begin.\n"
    assert read_beside(folder, "../shared/role.md", limit=100, may_climb=True, within="../shared") == b"A role.\n"
    assert read_beside(folder, "council.yml", limit=100, may_climb=True, within=".") == b"name: a\n"
    for path in ("texts/link.md", "texts/../council.yml"):
        with pytest.raises(FileError) as caught:
            read_beside(folder, path, limit=100, may_climb=True, within="texts")
        assert refusal(caught.value) == (
            f"'{path}' is outside of the role's folder",
            "file-outside",
            "put the file beside the role, not behind .. or a link",
        )


def test_a_folder_that_is_itself_a_link_holds_what_is_beside_the_playbook(folder: Path) -> None:
    (folder.parent / "alias").symlink_to("book")
    assert read_beside(folder.parent / "alias", "texts/task.md", limit=100) == b"Begin.\n"


def test_what_is_beside_the_playbook_is_bounded_and_regular_too(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    reasons = {
        "texts/task.md": "'texts/task.md' is larger than 3 bytes",
        "pipe": "'pipe' is a named pipe, not a file",
        "texts": "'texts' is a folder, not a file",
        "texts/none.md": "'texts/none.md' does not exist",
        "texts/task.md/more": "'texts/task.md/more' does not exist",
    }
    for path, reason in reasons.items():
        with pytest.raises(FileError) as caught:
            read_beside(folder, path, limit=3)
        assert caught.value.message == reason
    with pytest.raises(FileError) as caught:
        read_beside(folder, "loop", limit=3)
    assert caught.value.rule == "file-unreadable"
    assert caught.value.message.startswith("'loop' cannot be read: ")


def test_text_is_utf_8_without_its_mark() -> None:
    assert decode("é😀\r\n".encode(), "plan.md") == "é😀\r\n"
    assert decode(b"\xef\xbb\xbfplan", "plan.md") == "plan"
    assert decode(b"", "plan.md") == ""


@pytest.mark.parametrize(
    ("data", "reason", "hint"),
    [
        (b"abc\xe4", "plan.md is not UTF-8: byte 0xe4 at offset 3", "save it as UTF-8"),
        ("plan".encode("utf-16"), "plan.md is UTF-16, not UTF-8", "save it as UTF-8"),
        (b"ab\0c", "plan.md is not text: it holds a NUL at offset 2", "name a text file"),
    ],
)
def test_what_is_no_text_is_told_with_its_offset(data: bytes, reason: str, hint: str) -> None:
    with pytest.raises(FileError) as caught:
        decode(data, "plan.md")
    assert refusal(caught.value) == (reason, "encoding", hint)
