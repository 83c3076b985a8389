"""Change, cut and replace the bytes of a small run: `verify` names the file, and any bytes get a clean answer."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overlord_run.errors import OverlordError
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.rehydrate import rehydrate
from overlord_run.store.verify import verify
from store_kit import RUN_ID, contents, story, tell

SHARE = 41
"""Each SHARE-th byte is changed by `make test`; all of them by `make faults`."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished run, put right again by whoever changes it."""
    made = RunFolder.create(tmp_path_factory.mktemp("run") / ".overlord", RUN_ID)
    asyncio.run(tell(made, story()))
    return made


@pytest.fixture(scope="module")
def files(folder):
    """The run's files that hold something, by their paths in it."""
    return {name: content for name, content in contents(folder.path).items() if content}


def told(folder: RunFolder, path: Path, changed: bytes) -> set[str]:
    """Return the files that `verify` names when one has other bytes, and put that right again."""
    before = path.read_bytes()
    path.write_bytes(changed)
    try:
        return {difference.file for difference in verify(folder).differences}
    finally:
        path.write_bytes(before)


def unnamed(folder: RunFolder, files: dict[str, bytes], positions: slice) -> list[tuple[str, int, int]]:
    """Return which changes of one byte `verify` does not tell with the right file: the path, the place, the byte."""
    missed = []
    for name, content in files.items():
        for at in range(len(content))[positions]:
            for flip in (0x01, 0x20, content[at]):  # another letter, another case, NUL
                changed = bytearray(content)
                changed[at] ^= flip
                found = told(folder, folder.path / name, bytes(changed))
                # `lastSeq` names an event: with another one there, the log seems cut.
                if name not in found and not (name == "run.json" and "events.jsonl" in found):
                    missed.append((name, at, flip))
    return missed


def test_one_changed_byte_is_told_with_its_file(folder, files):
    assert set(files) == {
        "events.jsonl",
        "journals/alder.jsonl",
        "journals/birch.jsonl",
        "ledger.jsonl",
        "plan.json",
        "run.json",
    }
    assert unnamed(folder, files, slice(0, None, SHARE)) == []
    assert verify(folder).differences == ()


def test_a_change_in_any_of_the_last_bytes_is_told_with_its_file(folder, files):
    assert unnamed(folder, files, slice(-12, None)) == []


@pytest.mark.sweep
def test_any_changed_byte_is_told_with_its_file(folder, files):
    assert unnamed(folder, files, slice(None)) == []


def test_a_byte_taken_out_or_put_in_is_told_with_its_file(folder, files):
    for name, content in files.items():
        for at in range(0, len(content), SHARE):
            for changed in (content[:at] + content[at + 1 :], content[:at] + b"0" + content[at:]):
                if changed != content:
                    assert name in told(folder, folder.path / name, changed), (name, at)


def test_any_file_cut_at_any_lines_end_is_told_with_its_file(folder, files):
    for name, content in files.items():
        ends = [at + 1 for at, byte in enumerate(content) if byte == ord("\n")][:-1]
        for end in (0, *ends):
            assert name in told(folder, folder.path / name, content[:end]), (name, end)


def test_a_log_cut_at_a_lines_end_is_told_with_that_line(folder):
    whole = folder.log_path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for kept in range(1, len(lines)):
        folder.log_path.write_bytes(b"".join(lines[:kept]))
        found = {(difference.file, difference.place) for difference in verify(folder).differences}
        assert ("events.jsonl", f"line {kept}") in found
    folder.log_path.write_bytes(whole)


def test_the_check_itself_can_fail(folder, files, monkeypatch):
    """A verifier that does not look at the ledger is found out by the sweep."""
    monkeypatch.setattr("overlord_run.store.compare.LedgerComparison.follow", lambda *_: None)
    monkeypatch.setattr("overlord_run.store.compare.LedgerComparison.finish", lambda _self, _seq, **_facts: None)
    assert {name for name, _, _ in unnamed(folder, files, slice(0, None, 400))} == {"ledger.jsonl"}


def answer(folder: RunFolder) -> None:
    """Read a run in every way; only errors that are told to the user may come."""
    for read in (verify, rehydrate):
        with contextlib.suppress(OverlordError):
            read(folder)


NAMES = ["events.jsonl", "journals/alder.jsonl", "ledger.jsonl", "plan.json", "run.json"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(NAMES), st.binary(max_size=200), st.tuples(st.integers(0, 12_000), st.integers(0, 300)))
def test_any_bytes_in_any_file_get_a_clean_answer(folder, files, name, junk, place):
    at, size = place
    content = files[name]
    path = folder.path / name
    path.write_bytes(content[:at] + junk + content[at + size :])
    try:
        answer(folder)
    finally:
        path.write_bytes(content)
    assert verify(folder).differences == ()


HOSTILE = {
    "deep lists": b"[" * 1_000_000,
    "deep objects": b'{"a":' * 200_000,
    "an endless number": b'{"v":' + b"9" * 1_000_000 + b"}\n",
    "NUL bytes": bytes(1_000_000),
    "one endless line": b"x" * 40_000_000,
    "empty lines": b"\n" * 100_000,
    "no JSON numbers": b'{"v":NaN,"lastSeq":Infinity}\n',
    "no ASCII": '{"v":"é\u2028"}\n'.encode(),
    "a surrogate": b'{"v":"\\ud800"}\n',
    "a list": b"[1]\n",
    "a number": b"1\n",
    "carriage returns": b'{"v":1}\r\n' * 1000,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_bytes_in_any_file_are_told(folder, files, name, kind):
    path = folder.path / name
    path.write_bytes(HOSTILE[kind])
    try:
        found = {difference.file for difference in verify(folder).differences}
    except OverlordError as error:  # a log of another version
        found = {"events.jsonl"} if error.code == "log-newer" else set()
    finally:
        path.write_bytes(files[name])
    assert name in found


def test_a_whole_chain_of_nonsense_gets_a_clean_answer(tmp_path):
    """Whoever can write the log can hash it too: values that no run has, in a chain that is whole."""
    made = RunFolder.create(tmp_path / ".overlord", RUN_ID)
    odd: dict[str, object] = {"promptTokens": [], "cachedTokens": True, "": {"cuts": [[]]}}
    nonsense: list[list[ev.Body]] = [
        [ev.OwnerChanged(-1, odd, "run")],
        [ev.PreflightFailed("", "")],
        [ev.MessageQueued("../..", "", "alder", "\ud800", "\0")],
        [ev.RequestSent("../..", "alder", -1, "", "")],
        [ev.ReplyReceived("../..", "alder", 2**63 - 1, "", "", "\x7f", "", cut=True, usage=odd)],
        [ev.RunFinished("?", "", {"cuts": odd}, {"x": "y"})],
    ]
    asyncio.run(tell(made, nonsense))
    assert verify(made).differences == ()
