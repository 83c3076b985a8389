from datetime import UTC, datetime
from pathlib import Path

from overlord_run.app.history import Inspection, RunSummary
from overlord_run.app.status import Standing
from overlord_run.cli.report.listing import runs_text, status_text
from overlord_run.store.folder import RunFolder
from overlord_run.store.lease import Facts, proofs
from overlord_run.store.state import State
from unit.cli import example_run as example

FOLDER = RunFolder(Path("runs") / "20260701-120000-council-ab12")


def standing_of(state: State, found: Inspection) -> Standing:
    models = {"alder": "fugu", "oak": "fugu-ultra"}
    facts = Facts("20260701-120000-council-ab12", "token", models, datetime(2026, 7, 1, 12, 10, tzinfo=UTC))
    return Standing(found, {slot: proofs(state, servant, facts) for slot, servant in state.servants.items()})


def status(state: State, *, is_owned: bool = False, notes: tuple[str, ...] = ()) -> str:
    return status_text(standing_of(state, Inspection(FOLDER, state, is_owned, notes)), next_command="overlord-run show")


def test_runs_are_a_row_each_and_say_which_were_rehearsed_and_which_were_interrupted() -> None:
    times = {"created_at": "2026-07-01T12:00:00.000Z", "updated_at": "2026-07-01T12:00:09.000Z"}
    runs = [
        RunSummary("r1", "council", "completed", "rehearsal", servants=2, **times),
        RunSummary("r2", "council", "working", "chat", servants=10, is_owned=True, **times),
        RunSummary("r3", "council", "working", "chat", servants=10, **times),
        RunSummary("r4", problem="line 3 does not fit"),
    ]
    assert runs_text(runs) == (
        "run  state                 playbook  engine     servants  created\n"
        "r1   completed             council   rehearsal         2  2026-07-01 12:00:00 UTC\n"
        "r2   working               council   chat             10  2026-07-01 12:00:00 UTC\n"
        "r3   working, interrupted  council   chat             10  2026-07-01 12:00:00 UTC\n"
        "r4 cannot be read: line 3 does not fit"
    )


def test_runs_that_cannot_be_read_need_no_table() -> None:
    assert runs_text([RunSummary("r4", problem="line 3 does not fit")]) == "r4 cannot be read: line 3 does not fit"


def test_the_status_of_a_run_that_ended_tells_servants_messages_and_failures() -> None:
    assert status(example.state(*example.partial()), notes=("the last line was torn",)) == (
        "Run 20260701-120000-council-ab12 of council: partial (not all servants answered: verdict, close)\n"
        "answered by the API; no process owns it\n"
        f"folder   {FOLDER.path}\n"
        "created  2026-07-01 12:00:01 UTC\n"
        "updated  2026-07-01 12:00:20 UTC\n"
        "\n"
        "slot   role    model       state    ready  messages          tokens      cost  last sign\n"
        "alder  critic  fugu        ready    no            4  at least 1,123  unpriced  2026-07-01 12:00:17 UTC\n"
        "oak    judge   fugu-ultra  blocked  no            0               0  unpriced  none\n"
        "alder is not proved ready: messages: its messages are not a system message and answered questions; "
        "identity: its scope token is not of this run, slot and assignment\n"
        "oak is not proved ready: conversation: it is blocked; messages: no messages are stored; "
        "identity: its scope token is not of this run, slot and assignment; signal: it has not answered yet\n"
        "\n"
        "message  to   state      answered\n"
        "startup  all  completed  1 of 1\n"
        "verdict  oak  failed     0 of 1\n"
        "close    all  partial    1 of 2\n"
        "verdict: oak failed: it did not answer within 90 s\n"
        "close: oak skipped: the servant is blocked\n"
        "\n"
        "note: the last line was torn\n"
        "\n"
        "Next: overlord-run show"
    )


def test_the_status_of_an_interrupted_run_names_the_calls_whose_end_is_not_known() -> None:
    state = example.state(*example.begun("rehearsal"), *example.asked("startup", "alder"))
    assert status(state) == (
        "[rehearsal] Run 20260701-120000-council-ab12 of council: preflight\n"
        "answered by the rehearsal, no model was asked; interrupted: its process is gone\n"
        f"folder   {FOLDER.path}\n"
        "created  2026-07-01 12:00:01 UTC\n"
        "updated  2026-07-01 12:00:05 UTC\n"
        "\n"
        "slot   role    model       state     ready  messages  tokens      cost  last sign\n"
        "alder  critic  fugu        starting  no            0       0  0.00 USD  none\n"
        "oak    judge   fugu-ultra  pending   no            0       0  0.00 USD  none\n"
        "alder is not proved ready: conversation: it is starting; messages: no messages are stored; "
        "identity: its scope token is not of this run, slot and assignment; signal: it has not answered yet\n"
        "oak is not proved ready: conversation: it is pending; messages: no messages are stored; "
        "identity: its scope token is not of this run, slot and assignment; signal: it has not answered yet\n"
        "\n"
        "message  to   state    answered\n"
        "startup  all  started  0 of 1\n"
        "\n"
        "It is not known how these calls ended, and they may have been billed: startup to alder\n"
        "\n"
        "Next: overlord-run show"
    )


def test_the_status_of_a_living_run_names_its_process() -> None:
    lines = status(example.state(*example.begun(), *example.asked("startup", "alder")), is_owned=True).splitlines()
    assert lines[1] == "answered by the API; process 4711 owns it"
    assert not any("billed" in line for line in lines)


def test_a_run_that_ended_before_it_began_has_a_status() -> None:
    lines = status(State(), is_owned=True).splitlines()
    assert lines[:2] == ["A run that was not begun", "answered by the API; a process owns it"]


def test_the_status_of_a_run_that_waits_for_a_person_tells_its_question_whole() -> None:
    told = status(example.state(*example.gated()))
    assert "no process owns it" in told
    assert told.partition("\n\nmessage ")[2] == (
        "  to   state      answered\n"
        "argue.1   all  completed  1 of 1\n"
        "debate         completed  2 rounds\n"
        "argue.2   all  skipped\n"
        "gate           completed\n"
        "sign_off       started    not yet\n"
        "argue.2: skipped: its 'when' is false\n"
        "\n"
        "Waits for a person's word:\n"
        "  sign_off:\n"
        "    Read it.\n"
        "    Shall it go out?\n"
        "\n"
        "Next: overlord-run show"
    )


def test_the_status_of_a_rejected_run_tells_who_said_no_and_what_that_left_out() -> None:
    told = status(example.state(*example.rejected()))
    assert "sign_off       failed     by ada\n" in told
    assert "sign_off: failed: rejected by ada: no\n" in told
    assert "last: skipped: 'sign_off' was not approved: rejected by ada: no\n" in told
    assert "Waits for" not in told


def test_a_question_that_nobody_answers_any_more_waits_for_none() -> None:
    bodies = example.gated(ends=(example.ev.RedirectSkipped("sign_off", "", None, "it was left out"),))
    assert "sign_off       skipped\n" in status(example.state(*bodies))
