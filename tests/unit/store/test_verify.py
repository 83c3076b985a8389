import asyncio
import json
import os
import stat
import threading

import pytest

from overlord_run.errors import StoreError
from overlord_run.store import events as ev
from overlord_run.store.compare import Difference
from overlord_run.store.fold import fold
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import read
from overlord_run.store.recorder import Recorder
from overlord_run.store.registry import registry_parts
from overlord_run.store.verify import Verification, verify
from store_kit import OWNER, PLAN, RUN_ID, SLOTS, clock, created, lines, queued, replied, sent, story, tell

EMPTY = "the log is empty: the run ended before it began"


@pytest.fixture
def new(tmp_path):
    return RunFolder.create(tmp_path / ".overlord", RUN_ID)


@pytest.fixture
def run(new):
    """A finished run."""
    asyncio.run(tell(new, story()))
    return new


@pytest.fixture
def long_run(new):
    """A finished run whose first journal has had three files."""
    rounds = [[queued(f"m{at}", "alder", f"{at} " + "x" * 60_000)] for at in range(26)]
    asyncio.run(tell(new, [*rounds, [ev.RunStopped("interrupted")]]))
    return new


def differences(folder):
    return [str(difference) for difference in verify(folder).differences]


def test_a_finished_run_is_as_its_log_gives_it(run):
    assert verify(run) == Verification((), ())


def test_a_run_with_long_journals_is_as_its_log_gives_it(long_run):
    assert len(list(long_run.journals_dir.iterdir())) == 2
    assert verify(long_run) == Verification((), ())


def test_a_run_that_is_gone_is_told(run):
    with pytest.raises(StoreError) as caught:
        verify(RunFolder(run.path.with_name("gone")))
    assert caught.value.message == f"cannot read {run.path.with_name('gone')}: it does not exist"


@pytest.mark.parametrize("name", ["plan.json", "run.json", "ledger.jsonl", "owner.lock"])
def test_a_missing_file_is_told(run, name):
    (run.path / name).unlink()
    assert Difference(name, "", "is missing") in verify(run).differences


def test_a_missing_log_is_told(run):
    run.log_path.unlink()
    assert differences(run) == ["events.jsonl: is missing"]


def test_a_missing_log_is_told_by_the_other_views_where_the_registry_is_gone_too(run):
    run.log_path.unlink()
    run.registry_path.unlink()
    assert differences(run) == [
        "ledger.jsonl: line 1: the log gives no such line",
        "journals/alder.jsonl: the log gives no such journal",
        "journals/birch.jsonl: the log gives no such journal",
    ]


def test_a_missing_journal_is_told(run):
    (run.journals_dir / "birch.jsonl").unlink()
    assert differences(run) == ["journals/birch.jsonl: line 1: is missing, or cut off: event 6 gives it"]


def test_missing_journals_are_told(run):
    for path in run.journals_dir.iterdir():
        path.unlink()
    run.journals_dir.rmdir()
    assert differences(run) == [
        "journals/alder.jsonl: line 1: is missing, or cut off: event 5 gives it",
        "journals/birch.jsonl: line 1: is missing, or cut off: event 6 gives it",
    ]


@pytest.mark.parametrize(
    ("path", "mode", "message"),
    [
        (".", 0o755, ".: its mode is 0755, not 0700: others may get at it"),
        ("journals", 0o750, "journals: its mode is 0750, not 0700: others may get at it"),
        ("events.jsonl", 0o644, "events.jsonl: its mode is 0644, not 0600: others may get at it"),
        ("run.json", 0o640, "run.json: its mode is 0640, not 0600: others may get at it"),
        ("journals/alder.jsonl", 0o604, "journals/alder.jsonl: its mode is 0604, not 0600: others may get at it"),
    ],
)
def test_what_others_may_get_at_is_told(run, path, mode, message):
    (run.path / path).chmod(mode)
    assert differences(run) == [message]


def test_what_is_no_file_of_the_run_is_noted(run):
    (run.path / "notes.txt").touch(0o600)
    (run.path / ".run.json.12ab34cd.tmp").touch(0o600)
    assert verify(run) == Verification(
        (), (".run.json.12ab34cd.tmp was left by a crash, or is being written now", "notes.txt is no file of this run")
    )


@pytest.mark.parametrize("name", ["oak.jsonl", "alder.1.jsonl", "alder.2.jsonl", "alder.jsonl.bak"])
def test_a_journal_that_the_log_does_not_give_is_told(run, name):
    path = run.journals_dir / name
    path.touch(0o600)
    assert differences(run) == [f"journals/{name}: the log gives no such journal"]


@pytest.mark.parametrize("name", ["events.jsonl", "run.json", "ledger.jsonl", "plan.json", "journals/alder.jsonl"])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_something_else_in_a_files_place_is_told_without_waiting(run, name, kind):
    path = run.path / name
    aside = run.path.parent / "aside"
    path.rename(aside)
    if kind == "link":
        path.symlink_to(aside)
    elif kind == "pipe":
        os.mkfifo(path, 0o600)
    else:
        path.mkdir()
    assert f"{name}: is not a regular file" in differences(run)


def test_something_else_in_the_journals_place_is_told(run):
    run.journals_dir.rename(run.path.parent / "aside")
    run.journals_dir.symlink_to(run.path.parent / "aside")
    assert "journals: is not a folder" in differences(run)


def edit(path, was, put):
    """Replace the first of a text that must be there."""
    content = path.read_bytes()
    assert was in content
    path.write_bytes(content.replace(was, put, 1))


@pytest.mark.parametrize(
    ("name", "was", "put", "message"),
    [
        ("run.json", b'"state": "partial"', b'"state": "failed"', "run.json: state: is 'failed', not 'partial'"),
        ("run.json", b'"llmMessages":5', b'"llmMessages":6', "run.json: servants[0].llmMessages: is 6, not 5"),
        (
            "run.json",
            b'"branch": "main"',
            b'"branch":  "main"',
            "run.json: line 16: the same values are written in another way",
        ),
        ("run.json", b'"lastSeq": 28', b'"lastSeq": 0', "run.json: lastSeq: is not the number of an event"),
        ("run.json", b'"lastSeq": 28', b'"lastSeq": true', "run.json: lastSeq: is not the number of an event"),
        ("run.json", b'"lastSeq": 28', b'"lastSeq": 27', "run.json: state: is 'partial', not 'working'"),
        (
            "run.json",
            b'"state": "partial"',
            b'"state": \'partial"',
            "run.json: line 8: it is no JSON of ours: Expecting value: ",
        ),
        ("ledger.jsonl", b'"attempts":2', b'"attempts":1', "ledger.jsonl: line 2: attempts: is 1, not 2"),
        ("ledger.jsonl", b'"attempts":2}\n', b'"attempts":2} ', "ledger.jsonl: line 2: it is no JSON of ours"),
        ("journals/alder.jsonl", b"Begin.", b"Began.", "journals/alder.jsonl: line 2: text: is 'Began.', not 'Begin.'"),
        ("plan.json", b"question", b"answered", "plan.json: digest: is "),
        ("events.jsonl", b"4711", b"4712", "events.jsonl: line 2: its hash is not that of its bytes"),
    ],
)
def test_a_change_is_told_with_its_place(run, name, was, put, message):
    edit(run.path / name, was, put)
    assert [text for text in differences(run) if text.startswith(message)]


def test_a_registry_that_is_no_object_is_told(run):
    run.registry_path.write_bytes(b"[]\n")
    assert differences(run) == ["run.json: lastSeq: is not the number of an event"]


@pytest.mark.parametrize("name", ["ledger.jsonl", "journals/alder.jsonl"])
def test_a_line_too_many_is_told(run, name):
    path = run.path / name
    count = len(lines(path))
    with path.open("ab") as file:
        file.write(b'{"seq":29}\n')
    assert differences(run) == [f"{name}: line {count + 1}: the log gives no such line"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ledger.jsonl", "ledger.jsonl: line 5: is missing, or cut off: event 24 gives it"),
        ("journals/alder.jsonl", "journals/alder.jsonl: line 6: is missing, or cut off: event 24 gives it"),
    ],
)
@pytest.mark.parametrize("left", [0, 20, -1])
def test_a_cut_view_that_the_registry_vouches_for_is_told(run, name, message, left):
    path = run.path / name
    *whole, last = lines(path)
    path.write_bytes(b"".join(whole) + last[:left])
    assert differences(run) == [message]


def test_the_log_cut_at_any_lines_end_is_told(run):
    whole = lines(run.log_path)
    for kept in range(1, len(whole)):
        run.log_path.write_bytes(b"".join(whole[:kept]))
        assert (
            f"events.jsonl: line {kept}: the log ends here, but run.json is of event {len(whole)}: "
            "lines were cut off, or run.json changed"
        ) in differences(run)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda older, current: (None, current), "journals/alder.1.jsonl: is missing"),
        (lambda older, current: (older.replace(b"x", b"y", 1), current), "journals/alder.1.jsonl: line 1: text: is "),
        (
            lambda older, current: (older[: older.index(b"\n") + 1], current),
            "journals/alder.1.jsonl: line 2: is missing",
        ),
        (lambda older, current: (older + b"x", current), "journals/alder.1.jsonl: line 9: the log gives no such line"),
        (lambda older, current: (older, current.replace(b"x", b"y", 1)), "journals/alder.jsonl: line 1: text: is "),
        (lambda older, current: (older, b"x" * 600_000), "journals/alder.jsonl: line 1: it is no JSON of ours"),
        (lambda older, current: (current, older), "journals/alder.1.jsonl: line 1: seq: is 28, not 19"),
        (lambda older, current: (current, current), "journals/alder.1.jsonl: line 1: seq: is 28, not 19"),
        (
            lambda older, current: (older, b""),
            "journals/alder.jsonl: line 1: is missing, or cut off: event 28 gives it",
        ),
    ],
    ids=[
        "older gone",
        "older changed",
        "older cut",
        "older longer",
        "changed",
        "too large",
        "swapped",
        "copied",
        "emptied",
    ],
)
def test_a_changed_file_of_a_long_journal_is_told(long_run, change, message):
    older_path, path = long_run.journals_dir / "alder.1.jsonl", long_run.journals_dir / "alder.jsonl"
    older, current = change(older_path.read_bytes(), path.read_bytes())
    path.write_bytes(current)
    older_path.write_bytes(older) if older is not None else older_path.unlink()
    found = differences(long_run)
    assert len(found) == 1
    assert found[0].startswith(message)


def test_a_journal_that_a_crash_left_between_its_files_only_lags(new):
    """The current file has become the older one; the line that began the next is in the log alone."""
    rounds = [[queued(f"m{at}", "alder", f"{at} " + "x" * 60_000)] for at in range(9)]
    asyncio.run(tell(new, rounds))
    (new.journals_dir / "alder.jsonl").unlink()
    new.registry_path.write_bytes(registry_at(new, 10))
    assert verify(new) == Verification(
        (),
        (
            "journals/alder.jsonl lags behind the log: it lacks event 11, which run.json does not vouch for",
            "run.json lags behind the log: it is of event 10 of 11",
        ),
    )


def test_of_many_journals_that_lag_behind_a_crashed_run_three_are_named(new):
    slots = [f"s{at}" for at in range(5)]
    asyncio.run(tell(new, [[queued("rank", slot) for slot in slots]], slots=slots))
    for slot in slots:
        (new.journals_dir / f"{slot}.jsonl").unlink()
    new.registry_path.write_bytes(registry_at(new, 2))
    name = "journals/s{}.jsonl lags behind the log: it lacks event {}, which run.json does not vouch for"
    assert verify(new).notes == (
        *(name.format(at, 3 + at) for at in range(3)),
        "journals: 2 more lag behind the log like that",
        "run.json lags behind the log: it is of event 2 of 7",
    )


def registry_at(folder, seq):
    """Return the registry as it was when an event was the last."""
    return b"".join(registry_parts(fold(event for event in read(folder.log_path) if event.seq <= seq)))


def test_views_that_lag_behind_a_crashed_run_are_noted(run):
    """Put the views back to an earlier event, as a crash would leave them."""
    run.registry_path.write_bytes(registry_at(run, 8))
    run.ledger_path.write_bytes(b"")
    for path in run.journals_dir.iterdir():
        path.write_bytes(b"".join(lines(path)[:2]))
    assert verify(run) == Verification(
        (),
        (
            "ledger.jsonl lags behind the log: it lacks event 9, which run.json does not vouch for",
            "journals/alder.jsonl lags behind the log: it lacks event 9, which run.json does not vouch for",
            "journals/birch.jsonl lags behind the log: it lacks event 13, which run.json does not vouch for",
            "run.json lags behind the log: it is of event 8 of 28",
        ),
    )


def test_a_ledger_whose_end_a_power_cut_left_as_zeros_is_noted_where_nothing_vouches_for_it(run):
    whole = run.ledger_path.read_bytes()
    first = len(lines(run.ledger_path)[0])
    run.ledger_path.write_bytes(whole[:first] + bytes(len(whole) - first))
    assert differences(run) == [
        "ledger.jsonl: line 2: it is no JSON of ours: Expecting value: line 1 column 1 (char 0)",
    ]
    run.registry_path.write_bytes(registry_at(run, 8))
    assert verify(run) == Verification(
        (),
        (
            "ledger.jsonl: line 2 is torn, and run.json does not vouch for it",
            "run.json lags behind the log: it is of event 8 of 28",
        ),
    )


def test_a_torn_end_is_noted(run):
    with run.log_path.open("ab") as file:
        file.write(b'{"v":1')
    assert verify(run) == Verification(
        (), ("events.jsonl: line 29 is torn (6 bytes): a crash cut it off, or it is being written now",)
    )


def test_a_run_that_ended_before_its_first_event_is_noted(new):
    assert verify(new) == Verification((), (EMPTY,))
    new.log_path.touch(0o600)
    assert verify(new) == Verification((), (EMPTY,))


def test_a_run_that_ended_before_its_first_registry_is_whole(run):
    whole = lines(run.log_path)
    run.log_path.write_bytes(b"".join(whole[:2]))
    run.ledger_path.write_bytes(b"")
    for path in (run.registry_path, *run.journals_dir.iterdir()):
        path.unlink()
    assert verify(run) == Verification((), ())


def test_a_damaged_log_is_told_and_the_rest_as_far_as_it_goes(run):
    edit(run.log_path, b"Nothing.", b"Something")
    edit(run.ledger_path, b"Gr", b"gr")
    (run.journals_dir / "oak.jsonl").touch(0o600)
    assert [text.split(":")[:2] for text in differences(run)] == [
        ["events.jsonl", " line 13"],
        ["ledger.jsonl", " line 1"],
    ]


@pytest.mark.parametrize("has_registry", [True, False])
def test_a_log_whose_first_line_is_damaged_is_told(run, *, has_registry):
    edit(run.log_path, b"sakana", b"sahana")
    if not has_registry:
        run.registry_path.unlink()
    assert differences(run) == ["events.jsonl: line 1: its hash is not that of its bytes"]


def test_an_event_about_nobody_is_told_with_its_line(new):
    with pytest.raises(KeyError):
        asyncio.run(tell(new, [[ev.ServantReady("oak")]]))
    assert "events.jsonl: line 3: no line before it names 'oak'" in differences(new)


def test_a_newer_log_is_refused(new):
    new.log_path.write_bytes(b'{"v":2}\n')
    with pytest.raises(StoreError) as caught:
        verify(new)
    assert caught.value.code == "log-newer"


def test_a_live_run_is_as_its_log_gives_it(new):
    """Verify over and over while a run is recorded, with journals that turn over."""
    found, ended, looked = [], threading.Event(), threading.Event()

    def look():
        while not ended.is_set():
            found.append(verify(new).differences)
            looked.set()

    async def scenario():
        recorder = await Recorder.create(
            new, PLAN, created(new), OWNER, clock=clock(), listen=lambda _event, _state: None
        )
        looking = asyncio.create_task(asyncio.to_thread(look))
        await recorder.record(ev.StartupBegan(list(SLOTS)))
        at = 0
        while len(found) < 25 or at < 40:
            at += 1
            for slot in SLOTS:
                await recorder.record(queued(f"m{at}", slot, "x" * 30_000), sent(f"m{at}", slot))
                await recorder.record(replied(f"m{at}", slot, "y" * 5_000))
            if at % 8 == 0:  # on a busy machine a look must not take longer than a journal takes to turn over twice
                looked.clear()
                await asyncio.to_thread(looked.wait, 60)
        await recorder.record(ev.RunFinished("completed", None, {}, {}))
        ended.set()
        await looking
        await recorder.aclose()

    asyncio.run(scenario())
    assert set(found) == {()}
    assert verify(new) == Verification((), ())


def test_reading_changes_nothing(run):
    before = {path: (path.stat().st_mtime_ns, stat.S_IMODE(path.stat().st_mode)) for path in run.path.rglob("*")}
    verify(run)
    after = {path: (path.stat().st_mtime_ns, stat.S_IMODE(path.stat().st_mode)) for path in run.path.rglob("*")}
    assert after == before


def test_a_registry_is_json_that_others_read(run):
    assert json.loads(run.registry_path.read_text("ascii"))["runId"] == RUN_ID
