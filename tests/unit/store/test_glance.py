import asyncio

import pytest

from overlord_run.errors import LogDamagedError, StoreError
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.glance import Glance, glance
from overlord_run.store.recorder import Recorder
from overlord_run.store.rehydrate import rehydrate
from store_kit import OWNER, RUN_ID, HastyDisk, clock, lines, queued, replied, sent, story, tell

CHECKED = ev.OwnerChanged(4711, {"boot": "b00t"}, "check")


def unheard(_event, _state):
    pass


@pytest.fixture
def new(tmp_path):
    return RunFolder.create(tmp_path / ".overlord", RUN_ID)


def folded(folder):
    """Return what a list shows of a run, from all of its log."""
    state = rehydrate(folder).state
    return Glance(state.created, state.state, state.created_at, state.updated_at)


async def go_on(folder, owner, *bodies):
    recorder = await Recorder.open(
        folder, owner, clock=clock(900), listen=lambda _event, _state: None, disk=HastyDisk()
    )
    await recorder.record(*bodies)
    await recorder.aclose()


ENDS = {
    "finished": ev.RunFinished("partial", None, {}, {}),
    "stopped": ev.RunStopped("interrupted"),
    "paused": ev.RunPaused(["sign"]),
    "not proved": ev.PreflightFailed("no-key", "there is no key"),
    "under way": ev.PreflightPassed(["fugu"]),
    "finished with an output longer than what is looked at": ev.RunFinished("partial", None, {"all": "x" * 40_000}, {}),
}
LATER = {
    "nothing": [],
    "a check": [CHECKED, ev.LeaseChecked(["alder"], "models")],
    "a release": [ev.OwnerChanged(1, {}, "stop"), ev.ServantsReleased(["alder"])],
    "a repair": [ev.LogRepaired(3, 7, "torn-3.jsonl"), CHECKED],
    "a message": [
        ev.OwnerChanged(1, {}, "send"),
        ev.MessageAccepted("asked", "alder", ["alder"], "And?", "r1"),
        queued("asked", "alder"),
        sent("asked", "alder"),
        replied("asked", "alder"),
    ],
    "a resume": [ev.OwnerChanged(1, {}, "resume")],
}


@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_glance_shows_what_the_whole_log_comes_to(new, end, later):
    asyncio.run(tell(new, [[end], later] if later else [[end]], disk=HastyDisk()))
    assert glance(new) == folded(new)


def test_a_run_at_rest_is_not_read_between_its_ends(new):
    asyncio.run(tell(new, story(), disk=HastyDisk()))
    before = glance(new)
    new.log_path.write_bytes(new.log_path.read_bytes().replace(b"Begin.", b"Begun."))
    assert glance(new) == before


def test_a_run_that_a_repair_was_told_of_is_shown_as_it_rested(new):
    asyncio.run(tell(new, story(), disk=HastyDisk()))
    with new.log_path.open("ab") as file:
        file.write(b'{"v":1,')
    assert glance(new) == folded(new)
    asyncio.run(go_on(new, CHECKED, ev.LeaseChecked([], "models", None, "no answer")))
    assert glance(new) == folded(new)
    assert glance(new).state == "partial"


def test_a_run_without_an_event_is_shown_as_one(new):
    assert glance(new) == Glance(None, "loading", None, None)
    new.log_path.touch()
    assert glance(new) == Glance(None, "loading", None, None)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b'"partial"', b'"perfect"'),
        lambda text: text.replace(b'"council"', b'"dungeon"'),
        lambda text: b"{}\n" + text,
        lambda text: text.replace(b'"seq":28', b'"seq":"x"'),
    ],
    ids=["last line", "first line", "no first line", "no number"],
)
def test_damage_at_an_end_is_told(new, change):
    asyncio.run(tell(new, story(), disk=HastyDisk()))
    new.log_path.write_bytes(change(new.log_path.read_bytes()))
    with pytest.raises(LogDamagedError):
        glance(new)


def test_a_log_that_begins_with_another_events_line_is_damaged(new):
    asyncio.run(tell(new, story(), disk=HastyDisk()))
    new.log_path.write_bytes(b"".join(lines(new.log_path)[1:]))
    with pytest.raises(LogDamagedError):
        glance(new)


def test_a_log_that_is_gone_is_told(new):
    asyncio.run(tell(new, [[OWNER]]))
    new.log_path.unlink()
    with pytest.raises(StoreError) as caught:
        glance(new)
    assert caught.value.message == f"cannot read {new.log_path}: it does not exist"
