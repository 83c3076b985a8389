import stat

import pytest

from overlord_run.errors import StoreError
from overlord_run.store.inbox import Check, Inbox, Recover, Send, Stop
from overlord_run.store.notation import encode

REQUESTS = [
    Send("1", "all", "Größe?\n"),
    Recover("2", "alder", replace=True),
    Check("3", ping=False),
    Stop("4"),
]
NAME = "00000000000000000001-0123456789abcdef.json"
STOP = {"v": 1, "kind": "stop", "request_id": "4"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "inbox"


def test_requests_come_out_as_they_were_put_in_the_oldest_first(folder):
    inbox = Inbox(folder)
    for request in REQUESTS:
        inbox.put(request)
    letters = sorted(inbox.letters(), key=lambda letter: letter.request.request_id)
    assert [letter.request for letter in letters] == REQUESTS
    assert [letter.path for letter in inbox.letters()] == sorted(letter.path for letter in letters)


def test_the_inbox_is_its_owners_alone(folder):
    letter = Inbox(folder).put(Stop("4"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(letter.path.stat().st_mode) == 0o600


def test_an_inbox_that_is_not_there_is_empty(folder):
    assert Inbox(folder).letters() == []


def test_a_request_that_was_taken_out_is_gone_also_the_second_time(folder):
    inbox = Inbox(folder)
    letter = inbox.put(Stop("4"))
    inbox.discard(letter)
    inbox.discard(letter)
    assert inbox.letters() == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        encode(STOP | {"v": 2}).encode(),
        encode(STOP | {"kind": "burn"}).encode(),
        encode(STOP | {"kind": ["stop"]}).encode(),
        encode(STOP | {"more": 1}).encode(),
        encode(STOP | {"request_id": 4}).encode(),
        encode({"v": 1, "kind": "check", "request_id": "3", "ping": 1}).encode(),
    ],
)
def test_what_is_no_request_is_put_aside_and_never_looked_at_again(folder, content):
    inbox = Inbox(folder)
    folder.mkdir()
    (folder / NAME).write_bytes(content)
    assert inbox.letters() == []
    assert [path.name for path in folder.iterdir()] == [NAME + ".refused"]
    assert inbox.letters() == []


@pytest.mark.parametrize("name", ["note.txt", "1-2.json", ".x.tmp", NAME + ".refused"])
def test_files_of_other_names_are_left_alone(folder, name):
    folder.mkdir()
    (folder / name).write_bytes(encode(STOP).encode())
    assert Inbox(folder).letters() == []
    assert [path.name for path in folder.iterdir()] == [name]


def test_an_inbox_that_cannot_be_read_or_written_is_told(tmp_path):
    path = tmp_path / "inbox"
    path.write_text("a file", "utf-8")
    letter = Inbox(tmp_path / "other").put(Stop("4"))
    with pytest.raises(StoreError):
        Inbox(path).letters()
    with pytest.raises(StoreError):
        Inbox(path).put(Stop("4"))
    with pytest.raises(StoreError):
        Inbox(path / "deeper").put(Stop("4"))
    letter.path.unlink()
    letter.path.mkdir()
    with pytest.raises(StoreError):
        Inbox(tmp_path / "other").discard(letter)


def test_a_folder_or_link_in_a_requests_place_is_put_aside_and_ends_no_run(tmp_path):
    inbox = Inbox(tmp_path)
    letters = [inbox.put(Stop("one")), inbox.put(Stop("two")), inbox.put(Stop("three"))]
    letters[0].path.unlink()
    letters[0].path.mkdir()
    letters[1].path.unlink()
    letters[1].path.symlink_to(letters[2].path)
    assert inbox.letters() == letters[2:]
    assert len(list(tmp_path.glob("*.refused"))) == 2


def test_a_request_that_is_taken_back_while_the_inbox_is_read_is_not_found(tmp_path):
    letter = Inbox(tmp_path).put(Stop("one"))
    letter.path.unlink()
    assert Inbox(tmp_path)._read(letter.path) is None


def test_a_request_that_may_not_be_read_is_told(tmp_path):
    letter = Inbox(tmp_path).put(Stop("one"))
    with pytest.raises(StoreError, match="its name is too long"):
        Inbox(tmp_path)._read(letter.path.with_name("x" * 300))
