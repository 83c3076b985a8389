import errno

import pytest

from overlord_run.errors import StoreError
from overlord_run.store.atomic import replace
from overlord_run.store.disk import SystemDisk
from store_kit import FaultyDisk


def test_a_file_is_made_and_replaced_and_its_size_told(tmp_path):
    path = tmp_path / "run.json"
    assert replace(path, [b"old"]) == 3
    assert replace(path, [b"new", b" and ", b"longer"]) == 14
    assert path.read_bytes() == b"new and longer"
    assert [found.name for found in tmp_path.iterdir()] == ["run.json"]


def test_many_small_parts_go_out_in_few_writes(tmp_path):
    disk = FaultyDisk("none")
    size = replace(tmp_path / "run.json", (b"x" * 1000 for _ in range(300)), disk=disk)
    assert size == 300_000
    assert [operation for operation, _ in disk.done] == [
        "open",
        "write",
        "write",
        "write",
        "sync",
        "replace",
        "sync_folder",
    ]


@pytest.mark.parametrize("operation", ["open", "write", "short", "sync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, operation):
    path = tmp_path / "run.json"
    replace(path, [b"old"])
    with pytest.raises(StoreError) as caught:
        replace(path, [b"new"], disk=FaultyDisk(operation, error=errno.ENOSPC))
    assert caught.value.message == f"cannot write {path}: no space is left on the disk"
    assert {found.name: found.read_bytes() for found in tmp_path.iterdir()} == {"run.json": b"old"}


def test_a_rename_whose_folder_cannot_be_synced_is_told(tmp_path):
    path = tmp_path / "run.json"
    with pytest.raises(StoreError) as caught:
        replace(path, [b"new"], disk=FaultyDisk("sync_folder"))
    assert caught.value.message == f"cannot write {path}: the disk reported an error"
    assert [found.name for found in tmp_path.iterdir()] == ["run.json"]


class HeldByReader(SystemDisk):
    """A disk that refuses the first renames, as Windows does while a reader holds the file."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals

    def replace(self, source, target):
        self.refusals -= 1
        if self.refusals >= 0:
            raise PermissionError(errno.EACCES, "held")
        super().replace(source, target)


def test_a_rename_is_tried_again_while_a_reader_holds_the_file(tmp_path):
    replace(tmp_path / "run.json", [b"new"], disk=HeldByReader(2), patience_s=1.0)
    assert (tmp_path / "run.json").read_bytes() == b"new"


def test_a_rename_is_given_up_when_patience_ends(tmp_path):
    with pytest.raises(StoreError) as caught:
        replace(tmp_path / "run.json", [b"new"], disk=HeldByReader(1), patience_s=0.0)
    assert caught.value.message == f"cannot write {tmp_path / 'run.json'}: permission denied"
    assert list(tmp_path.iterdir()) == []
