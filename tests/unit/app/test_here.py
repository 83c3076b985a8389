import pytest

from overlord_run.app.here import current_worktree
from overlord_run.errors import StoreError


def test_a_command_in_a_folder_that_was_deleted_is_told_so(tmp_path, monkeypatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(StoreError) as caught:
        current_worktree()
    assert caught.value.message == "the folder that this command runs in does not exist any more"
    assert caught.value.next == "cd to another folder"
