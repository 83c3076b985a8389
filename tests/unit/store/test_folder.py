import os
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.errors import RunNotFoundError, StoreError, UsageError
from overlord_run.store.folder import (
    RunFolder,
    folder_of,
    is_ignored,
    is_torn_name,
    new_run_id,
    run_folders,
    run_ids,
    torn_name,
)
from store_kit import contents

NOW = datetime(2026, 11, 22, 13, 25, 1, tzinfo=UTC)


@pytest.fixture
def state_dir(tmp_path):
    return tmp_path / ".overlord"


def begun(state_dir, run_id, made_at):
    """Make a run whose plan is of a time."""
    folder = RunFolder.create(state_dir, run_id)
    folder.plan_path.touch()
    os.utime(folder.plan_path, (made_at, made_at))
    return folder


def test_a_new_run_has_its_folder_for_its_owner_only(state_dir):
    folder = RunFolder.create(state_dir, "one")
    assert folder.path == state_dir / "runs" / "one"
    assert folder.run_id == "one"
    for path in (state_dir, state_dir / "runs", folder.path, folder.journals_dir):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name == "nt", reason="the limit is a setting there")
def test_a_run_whose_files_would_have_too_long_paths_is_refused_and_leaves_nothing(tmp_path):
    room = os.pathconf("/", "PC_PATH_MAX") - len("/runs/one/journals/") - 70
    state_dir = tmp_path
    while len(str(state_dir)) < room - 201:
        state_dir /= "x" * 200
    state_dir /= "x" * (room - len(str(state_dir)) - 1)
    with pytest.raises(StoreError) as caught:
        RunFolder.create(state_dir, "one")
    assert caught.value.message == f"cannot write {state_dir / 'runs' / 'one'}: its name is too long"
    assert list((state_dir / "runs").iterdir()) == []


def test_a_state_folder_says_whether_git_ignores_it(state_dir):
    assert not is_ignored(state_dir)
    RunFolder.create(state_dir, "one")
    assert is_ignored(state_dir)
    (state_dir / ".gitignore").write_text("*\n!notes.txt\n", encoding="utf-8")
    assert not is_ignored(state_dir)


def test_git_is_told_to_ignore_all_of_it(state_dir):
    RunFolder.create(state_dir, "one")
    RunFolder.create(state_dir, "two")
    assert contents(state_dir) == {".gitignore": b"*\n"}


def test_what_is_someone_elses_is_not_hidden_from_git(state_dir):
    state_dir.mkdir()
    (state_dir / "notes.txt").write_text("mine", encoding="utf-8")
    RunFolder.create(state_dir, "one")
    assert contents(state_dir) == {"notes.txt": b"mine"}


def test_git_is_told_after_a_crash_that_came_first(state_dir):
    (state_dir / "runs").mkdir(parents=True)
    (state_dir / "..gitignore.12ab.tmp").touch()
    RunFolder.create(state_dir, "one")
    assert (state_dir / ".gitignore").read_bytes() == b"*\n"


def test_the_files_of_a_run_have_their_names(state_dir):
    folder = RunFolder(state_dir / "runs" / "one")
    names = [
        path.name
        for path in (
            folder.log_path,
            folder.registry_path,
            folder.ledger_path,
            folder.journals_dir,
            folder.plan_path,
            folder.lock_path,
        )
    ]
    assert names == ["events.jsonl", "run.json", "ledger.jsonl", "journals", "plan.json", "owner.lock"]


def test_a_run_is_made_once(state_dir):
    folder = RunFolder.create(state_dir, "one")
    with pytest.raises(UsageError) as caught:
        RunFolder.create(state_dir, "one")
    assert caught.value.message == f"there is a run one already, in {folder.path}"
    assert caught.value.next == "run the same command again: it will have another id"


def test_a_state_folder_that_is_a_link_is_refused(state_dir, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    state_dir.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError) as caught:
        RunFolder.create(state_dir, "one")
    assert caught.value.message == f"{state_dir} is a symbolic link, not a folder"
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_state_folder_that_is_a_file_is_refused(state_dir):
    state_dir.touch()
    with pytest.raises(StoreError) as caught:
        RunFolder.create(state_dir, "one")
    assert caught.value.message == f"{state_dir} is a file, not a folder"
    assert caught.value.next == "move it away, or name another folder with --state-dir"


@pytest.mark.parametrize("place", ["runs", "parent"])
def test_a_file_in_a_folders_place_is_told(state_dir, place):
    state_dir.mkdir()
    (state_dir / place).touch()
    asked = state_dir if place == "runs" else state_dir / "parent" / "state"
    with pytest.raises(StoreError) as caught:
        RunFolder.create(asked, "one")
    assert caught.value.message.startswith(f"cannot write {asked / 'runs' / 'one'}: ")
    assert caught.value.exit == 74


def test_a_state_folder_may_be_deep(tmp_path):
    assert RunFolder.create(tmp_path / "a" / "b" / "c", "one").path.is_dir()


def test_runs_are_listed_oldest_first_by_their_plans(state_dir):
    begun(state_dir, "b", 300)
    begun(state_dir, "c", 100)
    begun(state_dir, "a", 200)
    RunFolder.create(state_dir, "z-never-begun")
    assert run_ids(state_dir) == ["z-never-begun", "c", "a", "b"]


def test_what_is_no_run_is_not_listed(state_dir, tmp_path):
    RunFolder.create(state_dir, "one")
    (state_dir / "runs" / "file").touch()
    for name in (".hidden", "a.", "-a", "nul", "COM1.txt", "é", "a b", "a" * 81):
        (state_dir / "runs" / name).mkdir()
    (state_dir / "runs" / "link").symlink_to(tmp_path)
    assert run_ids(state_dir) == ["one"]


def test_where_nothing_ran_no_run_is_listed(state_dir):
    assert run_ids(state_dir) == []
    state_dir.touch()
    assert run_ids(state_dir) == []


def test_a_state_folder_that_cannot_be_read_is_told(state_dir):
    state_dir.mkdir()
    (state_dir / "runs").symlink_to("runs")
    with pytest.raises(StoreError) as caught:
        run_ids(state_dir)
    assert caught.value.message == f"cannot read {state_dir / 'runs'}: it is a symbolic link"


def test_a_run_is_found_by_its_id(state_dir):
    folder = begun(state_dir, "one", 100)
    begun(state_dir, "two", 200)
    assert RunFolder.find(state_dir, "one") == folder


def test_without_an_id_the_newest_run_is_found(state_dir):
    begun(state_dir, "b", 100)
    newest = begun(state_dir, "a", 200)
    assert RunFolder.find(state_dir, None) == newest


def test_an_unknown_run_is_told_with_the_one_that_may_be_meant(state_dir):
    RunFolder.create(state_dir, "20261122-132501-quickstart-7f3a")
    with pytest.raises(RunNotFoundError) as caught:
        RunFolder.find(state_dir, "20261122-132501-quickstart-7f3")
    assert caught.value.message == (
        "there is no run '20261122-132501-quickstart-7f3' here; did you mean '20261122-132501-quickstart-7f3a'?"
    )
    assert caught.value.next == "overlord-run list shows the runs here"
    assert caught.value.exit == 11


def test_of_very_many_runs_a_near_miss_is_looked_for_among_the_newest(state_dir):
    for number in range(501):
        (state_dir / "runs" / f"run-{number:03}").mkdir(parents=True)
    with pytest.raises(RunNotFoundError) as caught:
        RunFolder.find(state_dir, "run-500x")
    assert caught.value.message == "there is no run 'run-500x' here; did you mean 'run-500'?"


@pytest.mark.parametrize("run_id", ["other", "../runs/one"])
def test_an_unknown_run_without_a_near_miss_is_told(state_dir, run_id):
    RunFolder.create(state_dir, "20261122-132501-quickstart-7f3a")
    with pytest.raises(RunNotFoundError) as caught:
        RunFolder.find(state_dir, run_id)
    assert caught.value.message == f"there is no run {run_id!r} here"


def test_where_nothing_ran_there_is_no_newest(state_dir):
    with pytest.raises(RunNotFoundError) as caught:
        RunFolder.find(state_dir, None)
    assert caught.value.message == f"there is no run in {state_dir}"
    assert caught.value.next == "overlord-run PLAYBOOK starts one; --state-dir names another folder"


def test_a_new_id_holds_the_time_the_name_and_a_token():
    assert new_run_id(NOW, "quickstart", "7f3a99") == "20261122-132501-quickstart-7f3a"


def test_a_new_id_has_utc():
    there = NOW.astimezone(timezone(timedelta(hours=9)))
    assert new_run_id(there, "quickstart", "7f3a99") == "20261122-132501-quickstart-7f3a"


@given(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True), st.datetimes(timezones=st.just(UTC)))
def test_a_new_id_names_a_run_everywhere(name, now):
    run_id = new_run_id(now, name, "7f3a99")
    assert len(run_id) <= 80
    with TemporaryDirectory() as folder:
        assert RunFolder.create(Path(folder), run_id).run_id == run_id


@pytest.mark.parametrize(("mode", "is_private"), [(0o700, True), (0o500, True), (0o750, False), (0o702, False)])
def test_a_folder_is_private_where_nobody_else_can_have_written_in_it(state_dir, mode, is_private):
    folder = RunFolder.create(state_dir, "one")
    folder.path.chmod(mode)
    assert folder.is_private() is is_private


def test_the_folders_of_runs_come_with_the_oldest_first(state_dir):
    newer, older = begun(state_dir, "a", 2), begun(state_dir, "b", 1)
    assert run_folders(state_dir) == [older, newer]
    assert folder_of(state_dir, "a") == newer


def test_what_was_torn_off_has_a_name_of_its_own():
    assert is_torn_name(torn_name(12))
    assert not any(is_torn_name(name) for name in ("torn-.jsonl", "torn-1.jsonl.tmp", "events.jsonl"))


def test_a_state_folder_that_git_sees_is_told_from_one_that_it_ignores(state_dir):
    assert not is_ignored(state_dir)
    RunFolder.create(state_dir, "one")
    assert is_ignored(state_dir)
    (state_dir / ".gitignore").write_bytes(b"*\n!runs\n")
    assert not is_ignored(state_dir)
