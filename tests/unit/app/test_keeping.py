"""A recording is made once and gone on with by its run alone; where it cannot be written, no more is paid for."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from overlord_run.app.history import inspect
from overlord_run.app.inputs import Given
from overlord_run.app.keeping import Kept, keeping, kept_at, require_free, same_recording
from overlord_run.app.own import Audience
from overlord_run.app.prepare import Prepared, RunRequest, prepare
from overlord_run.app.run import run
from overlord_run.app.start import start
from overlord_run.engine.exchange import header_line
from overlord_run.engine.replay import parse_recording
from overlord_run.errors import ChangedError, PreflightError, StoreError, UsageError
from overlord_run.settings.model import Flags
from overlord_run.store import events as ev
from overlord_run.store.folder import folder_of
from overlord_run.store.state import State

COUNCIL = """\
overlord: 1
name: one
roles: {critic: {system: You criticise., task: What can go wrong?}}
assignments: [{slot: alder, role: critic}]
"""
AUDIENCE = Audience(lambda _event, _state: None, lambda: None)


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    (tmp_path / "council.yml").write_text(COUNCIL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return prepare(
        RunRequest("council.yml", Given((), (), (), bytes), Flags(), engine="rehearsal", record_path="run.jsonl")
    )


def standing(prepared: Prepared) -> State:
    return inspect(folder_of(prepared.state_dir, "one")).state


def test_a_run_is_recorded_where_its_settings_say(prepared: Prepared, tmp_path: Path) -> None:
    finished = run(prepared, AUDIENCE, run_id="one")
    lines = (tmp_path / "run.jsonl").read_bytes().splitlines(keepends=True)
    assert finished.exit == 0
    assert len(lines) == 3
    created = standing(prepared).created
    assert created is not None
    kept = same_recording(created.settings, "rehearsal")
    assert prepared.kept is not None
    assert kept == replace(prepared.kept, is_new=False)
    assert kept.header == lines[0]


def test_nothing_is_sent_once_an_exchange_could_not_be_kept(prepared: Prepared, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"somebody else's\n")
    heard: list[ev.Body] = []
    audience = Audience(lambda event, _state: heard.append(event.body), lambda: None)
    with pytest.raises(StoreError) as caught:
        run(
            replace(prepared, kept=Kept(path, "7f3a", header_line("7f3a", "chat"), is_new=False)),
            audience,
            run_id="one",
        )
    assert (caught.value.code, caught.value.exit) == ("recording", 74)
    assert caught.value.message == (
        f"the recording misses an exchange, so nothing more was sent: {path} is another file now"
    )
    assert caught.value.next == (
        "put the one back that was there; what was answered is kept in the run's folder: overlord-run resume goes on"
    )
    assert not any(isinstance(body, ev.RequestSent) for body in heard)
    assert heard[-1] == ev.RunStopped("the recording could not be written")
    assert standing(prepared).state == "stopped"
    assert path.read_bytes() == b"somebody else's\n"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (None, "the recording misses an exchange, so nothing more was sent: cannot write it"),
        (PreflightError("no such host"), "the recording misses an exchange, so nothing more was sent: cannot write it"),
        (StoreError("cannot write the log"), "cannot write the log"),
        (ZeroDivisionError("a bug"), "a bug"),
    ],
)
def test_what_else_went_wrong_is_told_where_it_is_worse(tmp_path: Path, error: Exception | None, told: str) -> None:
    def go() -> None:
        with keeping(kept_at(str(tmp_path / "run.jsonl"), "chat"), lambda: None) as keeper:
            assert keeper is not None
            keeper.fault = StoreError("cannot write it")
            if error is not None:
                raise error

    with pytest.raises((StoreError, ZeroDivisionError)) as caught:
        go()
    assert str(caught.value) == told


def test_a_run_that_cannot_be_begun_leaves_no_recording_behind(prepared: Prepared, tmp_path: Path) -> None:
    run(replace(prepared, kept=None), AUDIENCE, run_id="one")
    with pytest.raises(UsageError, match="there is a run"):
        run(prepared, AUDIENCE, run_id="one")
    assert not (tmp_path / "run.jsonl").exists()


def test_what_took_the_name_at_the_last_moment_is_not_written_over(tmp_path: Path) -> None:
    kept = kept_at(str(tmp_path / "run.jsonl"), "chat")
    require_free(kept)
    kept.path.symlink_to(tmp_path / "nowhere")
    for _ in range(2):
        with pytest.raises(UsageError, match="exists already"), keeping(kept, lambda: None):
            pytest.fail("it was opened")


def test_a_run_that_is_not_recorded_keeps_nothing() -> None:
    assert same_recording({"record": None}, "chat") is None
    with keeping(None, lambda: None) as keeper:
        assert keeper is None


def test_only_the_recording_that_a_run_made_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    settings = {"record": {"path": str(path), "id": "7f3a"}}
    moved = same_recording(settings, "chat")
    assert moved == Kept(path, "7f3a", header_line("7f3a", "chat"), is_new=False)
    path.write_bytes(header_line("7f3a", "chat") + b"{}")
    assert same_recording(settings, "chat") == moved
    path.write_bytes(header_line("7f3b", "chat"))
    with pytest.raises(ChangedError, match="is not the recording that this run made"):
        same_recording(settings, "chat")
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreError, match="cannot read"):
        same_recording(settings, "chat")


def test_a_start_under_the_id_of_a_run_that_is_answered_or_recorded_otherwise_is_refused(
    prepared: Prepared, tmp_path: Path
) -> None:
    def refusal(**changed: Any) -> str:
        with pytest.raises(ChangedError) as caught:
            start(replace(prepared, **changed), "one", Flags(), AUDIENCE, lambda _calls: None)
        return caught.value.message

    def replay(digest: str) -> dict[str, Any]:
        return {"engine": "recording", "recording_file": {"path": "run.jsonl", "digest": digest}, "kept": None}

    start(prepared, "one", Flags(), AUDIENCE, lambda _calls: None)
    assert start(prepared, "one", Flags(), AUDIENCE, lambda _calls: None).exit == 0
    assert start(replace(prepared, kept=None), "one", Flags(), AUDIENCE, lambda _calls: None).exit == 0
    assert refusal(engine="chat") == "the run one is answered by the rehearsal, not by the API"
    assert refusal(kept=kept_at("other.jsonl", "rehearsal")) == "the run one is not recorded in this file"
    recording = parse_recording((tmp_path / "run.jsonl").read_bytes(), "run.jsonl")
    start(replace(prepared, recording=recording, **replay("sha256:1")), "two", Flags(), AUDIENCE, lambda _calls: None)
    with pytest.raises(ChangedError, match="the run two is answered by another recording"):
        start(replace(prepared, **replay("sha256:2")), "two", Flags(), AUDIENCE, lambda _calls: None)
