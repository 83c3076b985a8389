import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from filelock import lock_descriptor, unlock_descriptor

from overlord_run.errors import RunBusyError, StoreError
from overlord_run.store.owner import is_owned, owned

HOLDER = """
import sys
from pathlib import Path
from overlord_run.store.owner import owned
with owned(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def lock(tmp_path):
    folder = tmp_path / "20261122-132501-council-7f3a"
    folder.mkdir()
    return folder / "owner.lock"


@pytest.fixture
def holder(lock):
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.usefixtures("holder")
def test_a_run_that_another_process_owns_is_busy(lock):
    with pytest.raises(RunBusyError) as caught, owned(lock):
        pass
    assert caught.value.message == "another process owns the run 20261122-132501-council-7f3a"
    assert caught.value.next == (
        "overlord-run status --run 20261122-132501-council-7f3a shows it; try again when it has ended"
    )
    assert (caught.value.exit, caught.value.retryable) == (7, True)
    assert is_owned(lock)


def test_a_killed_process_frees_its_run(lock, holder):
    holder.kill()
    holder.wait()
    with owned(lock):
        assert is_owned(lock)


def test_two_owners_in_one_process_exclude_each_other_too(lock):
    with owned(lock), pytest.raises(RunBusyError), owned(lock, patience_s=0.0):
        pass


def test_the_file_stays_empty_and_its_owners_only(lock):
    for _ in range(2):
        with owned(lock):
            assert is_owned(lock)
        assert not is_owned(lock)
    assert (lock.read_bytes(), stat.S_IMODE(lock.stat().st_mode)) == (b"", 0o600)


def test_asking_makes_no_file(lock):
    assert not is_owned(lock)
    assert list(lock.parent.iterdir()) == []


def test_a_run_is_free_after_an_error_of_its_owner(lock):
    with pytest.raises(ZeroDivisionError), owned(lock):
        raise ZeroDivisionError
    assert not is_owned(lock)


def test_a_lock_that_cannot_be_opened_is_told(lock):
    lock.mkdir()
    with pytest.raises(StoreError) as caught, owned(lock):
        pass
    assert caught.value.message == f"cannot write {lock}: Is a directory"
    with pytest.raises(StoreError) as caught:
        is_owned(lock)
    assert caught.value.message == f"cannot read {lock}: it is not a regular file"


def test_a_taker_waits_for_a_reader_that_looks(lock):
    with ThreadPoolExecutor(1) as pool, lock.open("wb") as reader:
        lock_descriptor(reader.fileno(), blocking=False)
        taker = pool.submit(hold, lock, 30.0)
        with pytest.raises(TimeoutError):
            taker.result(timeout=0.05)
        unlock_descriptor(reader.fileno())
        assert taker.result(timeout=30.0) == "held"


def hold(lock, patience_s):
    with owned(lock, patience_s=patience_s):
        return "held"
