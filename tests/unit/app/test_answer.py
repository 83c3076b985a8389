"""An answer goes to the question that is meant, is taken once, and what is on record decides what follows."""

from functools import partial
from pathlib import Path

import pytest

from canary import CANARY
from council_kit import Record, carry_out, run_folder
from overlord_run.app.answer import Verdict, _answer, answer
from overlord_run.app.own import Audience, Finished
from overlord_run.errors import (
    Exit,
    OverlordError,
    ReleasedError,
    RunBusyError,
    RunNotFoundError,
    SettingsError,
    UnknownOutcomeError,
    UsageError,
)
from overlord_run.executor.council import Council
from overlord_run.settings.model import Flags
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.inbox import Answer
from store_kit import RUN_ID

HEAD = """\
overlord: 1
name: asks
roles: {critic: {system: You criticise.}}
assignments: [{slot: alder, role: critic}]
redirects:
"""
ONE = HEAD + "  - {id: ask, pause: Ship?}\n  - {id: more, to: alder, message: More.}\n"
TWO = ONE + "  - {id: other, pause: And now?, after: []}\n"
ROUNDS = HEAD + (
    "  - {id: both, redirects: [{id: ask, pause: Again?}, {id: go, to: alder, message: Go.}], repeat: {max: 2}}\n"
)
NOBODY = Audience(lambda _event, _state: None, lambda: None)


def said(pause: str, *, approved: bool = True) -> ev.PauseAnswered:
    return ev.PauseAnswered(pause, approved, "ada", "", f"of {pause}")


def asked(folder: Path, playbook: str, *after: ev.Body, purpose: str = "send") -> RunFolder:
    """Return a run that asks a person, once these events have come after that and nobody owns it any more."""

    async def deed(council: Council, _mailbox: object) -> None:
        await council.recorder.record(*after)

    carry_out(folder, playbook)
    if after:
        carry_out(folder, playbook, deed=deed, purpose=purpose)
    return run_folder(folder)


def answered(folder: RunFolder, *, approved: bool = True, pause: str | None = None, note: str = "") -> Finished:
    return answer(folder, Verdict(Flags(), approved, pause, note), NOBODY)


CALL = ev.RequestSent("send.1", "alder", 1, "fugu", "")
SENT = [
    ev.MessageAccepted("send.1", "alder", ["alder"], "Why?", "k"),
    ev.MessageQueued("send.1", "alder", "alder", "W"),
]
REJECTED = ev.RunFinished("rejected", "no", {}, {})
NO_OTHER = ev.RedirectSkipped("other", "", None, "'ask' was not approved: rejected by ada")
STANDS = "overlord-run status shows how the run stands"
REFUSED = [
    (ONE, [], "aks", UsageError("the run has reached no pause 'aks'", next="Did you mean 'ask'?")),
    (ONE, [], "more", UsageError("the run has reached no pause 'more'", next="These wait: 'ask'.")),
    (
        ONE,
        [said("ask"), REJECTED],
        "aks",
        UsageError("the run has reached no pause 'aks'", next="overlord-run status shows how it stands"),
    ),
    (TWO, [], None, UsageError("several questions wait: 'ask', 'other'", next="Name one, such as: ask")),
    (ROUNDS, [], "ask", UsageError("the run has reached no pause 'ask'", next="Did you mean 'ask.1'?")),
    (
        ONE,
        [said("ask"), REJECTED],
        None,
        UsageError("nothing in this run waits for a person's word", next="overlord-run status shows how it stands"),
    ),
    (
        ONE,
        [said("ask", approved=False), REJECTED],
        "ask",
        UsageError("'ask' was rejected already by ada", next=STANDS),
    ),
    (
        TWO,
        [said("ask", approved=False), NO_OTHER, REJECTED],
        "other",
        UsageError(
            "'other' waits for nobody's word any more: 'ask' was not approved: rejected by ada",
            next=STANDS,
        ),
    ),
    (
        ONE,
        [ev.ServantsReleased(["alder"])],
        "ask",
        ReleasedError(
            "the leases of this run were given up, so nothing more is sent to its servants", next="start a new run"
        ),
    ),
    (
        ONE,
        [*SENT, CALL],
        "ask",
        UnknownOutcomeError(
            "it is not known how these calls ended, and they may have been billed: 'send.1 to alder'",
            next="overlord-run resume --resend-unknown sends them again; --skip-unknown counts them as failed",
        ),
    ),
]


@pytest.mark.parametrize(("playbook", "after", "pause", "error"), REFUSED)
def test_what_cannot_be_approved_is_refused_and_nothing_is_recorded(
    tmp_path: Path, playbook: str, after: list[ev.Body], pause: str | None, error: OverlordError
) -> None:
    folder = asked(tmp_path, playbook, *after)
    before = folder.log_path.read_bytes()
    with pytest.raises(type(error)) as caught:
        answered(folder, pause=pause)
    assert (caught.value.message, caught.value.next) == (error.message, error.next)
    assert folder.log_path.read_bytes() == before
    assert list(folder.inbox_dir.glob("*.json")) == []


def test_a_run_that_never_began_has_no_questions(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError):
        answered(RunFolder.create(tmp_path / ".overlord", RUN_ID))


def test_a_note_with_the_key_is_refused_before_any_of_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAKANA_API_KEY", CANARY)
    folder = asked(tmp_path, ONE)
    with pytest.raises(SettingsError) as caught:
        answered(folder, note=f"see {CANARY}")
    assert caught.value.code == "key-in-message"
    assert caught.value.message == "the API key of SAKANA_API_KEY stands in the note"
    assert CANARY.encode() not in folder.log_path.read_bytes()


@pytest.mark.parametrize(("approved", "code"), [(True, Exit.OK), (False, Exit.REJECTED)])
def test_the_same_answer_again_tells_how_the_run_ended(tmp_path: Path, approved: bool, code: Exit) -> None:  # noqa: FBT001
    end = ev.RunFinished("completed", None, {}, {}) if approved else REJECTED
    folder = asked(tmp_path, ONE, said("ask", approved=approved), end)
    before = folder.log_path.read_bytes()
    assert answered(folder, approved=approved, pause="ask").exit is code
    assert folder.log_path.read_bytes() == before


@pytest.mark.parametrize(
    ("after", "error"), [([], RunBusyError), ([*SENT, CALL], UnknownOutcomeError)], ids=["left", "with a call out"]
)
def test_the_same_answer_again_to_a_run_that_a_crash_left_says_so(
    tmp_path: Path, after: list[ev.Body], error: type[OverlordError]
) -> None:
    folder = asked(tmp_path, ONE, said("ask"), *after, purpose="approve")
    with pytest.raises(error):
        answered(folder, pause="ask")


def done(folder: Path, *, approved: bool) -> Record:
    """Have an answer given by a process that has the lock, and so sees what another one did before."""
    request = Answer("mine", "ask", approved, "bob", "")
    deed = partial(_answer, request)
    purpose = "approve" if approved else "reject"
    return carry_out(folder, ONE, deed=deed, purpose=purpose)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("theirs", "mine", "state", "calls"),
    [(True, False, "completed", 1), (False, True, "rejected", 0), (True, True, "completed", 1)],
)
def test_an_answer_that_was_on_record_before_the_lock_was_ours_decides(
    tmp_path: Path,
    theirs: bool,  # noqa: FBT001
    mine: bool,  # noqa: FBT001
    state: str,
    calls: int,
) -> None:
    asked(tmp_path, ONE, said("ask", approved=theirs))
    record = done(tmp_path, approved=mine)
    assert record.of(ev.PauseAnswered) == []
    assert (record.state.state, len(record.of(ev.RequestSent))) == (state, calls)
    assert len(record.of(ev.PreflightPassed)) == calls  # whoever rejects asks the API nothing


def test_a_call_of_another_process_whose_end_is_not_known_stops_us(tmp_path: Path) -> None:
    asked(tmp_path, ONE, said("ask"), *SENT, CALL)
    with pytest.raises(UnknownOutcomeError):
        done(tmp_path, approved=True)


def test_an_answer_is_recorded_with_who_gave_it(tmp_path: Path) -> None:
    asked(tmp_path, ONE)
    record = done(tmp_path, approved=True)
    assert record.of(ev.PauseAnswered) == [ev.PauseAnswered("ask", approved=True, by="bob", note="", request_id="mine")]
    assert record.state.state == "completed"
