import asyncio

import pytest

from overlord_run.errors import LogDamagedError
from overlord_run.store.fold import fold
from overlord_run.store.folder import RunFolder
from overlord_run.store.following import Following
from overlord_run.store.log import read
from store_kit import RUN_ID, lines, queued, sent, story, tell


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / ".overlord", RUN_ID)


def test_a_run_is_followed_line_by_line_to_the_state_that_its_log_gives(folder):
    asyncio.run(tell(folder, story()))
    whole = lines(folder.log_path)
    following = Following(folder)
    for count in range(1, len(whole) + 1):
        folder.log_path.write_bytes(b"".join(whole[:count]))
        assert following.catch_up().last_seq == count
    assert following.state == fold(read(folder.log_path))


def test_a_line_that_speaks_of_what_no_line_named_is_damage(folder):
    asyncio.run(tell(folder, [[queued("rank", "alder")], [sent("rank", "alder")]]))
    following = Following(folder)
    looking = following.look()
    next(looking)
    following.state.servants.clear()  # as if the first line had named none
    with pytest.raises(LogDamagedError, match="no line before it names"):
        list(looking)
