import asyncio

import pytest

from overlord_run.errors import LogDamagedError, StoreError
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import Torn
from overlord_run.store.rehydrate import rehydrate
from overlord_run.store.state import State
from store_kit import RUN_ID, contents, story, tell


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / ".overlord", RUN_ID)


def test_reading_back_changes_nothing(folder):
    asyncio.run(tell(folder, story()))
    before = contents(folder.path)
    assert rehydrate(folder).notes == ()
    assert contents(folder.path) == before


def test_a_torn_end_is_told_and_left_out(folder):
    state = asyncio.run(tell(folder, story()))
    whole = folder.log_path.read_bytes()
    folder.log_path.write_bytes(whole + b'{"v":1,')
    found = rehydrate(folder)
    assert found.state == state
    assert found.torn == Torn(state.last_seq + 1, len(whole), 7)
    assert found.notes == ("events.jsonl: line 29 is torn (7 bytes): a crash cut it off, or it is being written now",)


def test_a_run_that_ended_before_its_first_event_is_empty(folder):
    folder.log_path.touch()
    found = rehydrate(folder)
    assert (found.state, found.notes) == (State(), ("the log is empty: the run ended before it began",))


def test_a_run_that_a_crash_ended_before_its_log_was_made_is_empty(folder):
    found = rehydrate(folder)
    assert (found.state, found.notes) == (State(), ("the log is empty: the run ended before it began",))


def test_a_run_whose_folder_is_gone_is_told(tmp_path):
    gone = RunFolder(tmp_path / RUN_ID)
    with pytest.raises(StoreError) as caught:
        rehydrate(gone)
    assert caught.value.message == f"cannot read {gone.path}: it does not exist"


def test_a_run_without_a_log_is_told(folder):
    folder.registry_path.touch()
    with pytest.raises(StoreError) as caught:
        rehydrate(folder)
    assert caught.value.message == f"cannot read {folder.log_path}: it does not exist"


def test_an_event_about_nobody_is_damage_with_its_line(folder):
    with pytest.raises(KeyError):
        asyncio.run(tell(folder, [[ev.ServantReady("oak")]]))
    with pytest.raises(LogDamagedError) as caught:
        rehydrate(folder)
    assert caught.value.message == f"{folder.log_path}:3: the log is damaged: no line before it names 'oak'"
