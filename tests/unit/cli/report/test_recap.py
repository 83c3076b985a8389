from collections.abc import Mapping, Sequence

from overlord_run.cli.report.recap import MEANINGS, recap
from overlord_run.cli.report.styled import plain
from overlord_run.errors import Exit
from overlord_run.store.state import State
from unit.cli import example_run as example


def text(
    state: State,
    exit_code: Exit,
    *,
    next_command: str = "x",
    details: Mapping[tuple[str, str], str] | None = None,
    written: Sequence[str] = (),
) -> str:
    return plain(recap(state, exit_code, next_command=next_command, details=details or {}, written=written))


def test_a_run_that_completed_is_a_table_its_exit_code_and_the_next_command() -> None:
    told = text(example.state(*example.completed()), Exit.OK, next_command="overlord-run show")
    assert told == (
        "Run 20260701-120000-council-ab12 of council: completed\n"
        "\n"
        "slot    sent  answered  failed  skipped  tokens                   cost\n"
        "alder      1         1       0        0   1,123               unpriced\n"
        "oak        1         1       0        0   1,123             0.0123 USD\n"
        "in all     2         2       0        0   2,246  0.0123 USD + unpriced\n"
        "\n"
        "Exit 0: done, and nothing failed\n"
        "Record: /srv/.overlord/runs/20260701-120000-council-ab12\n"
        "Next: overlord-run show"
    )


def test_a_run_in_which_something_failed_names_each_failure() -> None:
    told = text(
        example.state(*example.partial()),
        Exit.FAILED,
        next_command="overlord-run show oak",
        details={("verdict", "oak"): "overloaded,\ntry later", ("close", "alder"): ""},
        written=["out/verdict.txt"],
    )
    assert told == (
        "Run 20260701-120000-council-ab12 of council: partial (not all servants answered: verdict, close)\n"
        "\n"
        "slot    sent  answered  failed  skipped          tokens      cost\n"
        "alder      2         2       0        0  at least 1,123  unpriced\n"
        "oak        1         0       1        1               0  unpriced\n"
        "in all     3         2       1        1  at least 1,123  unpriced\n"
        "\n"
        "Cut at the token limit:\n"
        "  startup: alder\n"
        "\n"
        "Not answered:\n"
        "  verdict: oak failed: it did not answer within 90 s\n"
        "  close: oak skipped: the servant is blocked\n"
        "\n"
        "Outputs without a value:\n"
        "  verdict: oak did not answer\n"
        "\n"
        "Outputs written:\n"
        "  out/verdict.txt\n"
        "\n"
        "The API's words on verdict, oak:\n"
        "    overloaded,\n"
        "    try later\n"
        "\n"
        "Exit 1: the run ended, and something failed\n"
        "Record: /srv/.overlord/runs/20260701-120000-council-ab12\n"
        "Next: overlord-run show oak"
    )


def test_a_rehearsal_cannot_be_taken_for_the_real_thing() -> None:
    lines = text(example.state(*example.completed("rehearsal")), Exit.OK).splitlines()
    assert lines[0] == "[rehearsal] Run 20260701-120000-council-ab12 of council: completed"
    assert lines[-3] == "Exit 0: done, and nothing failed (a rehearsal: no model was asked)"


def test_a_replay_cannot_either_and_says_which_recording_answered() -> None:
    settings = {"record": None, "replay": {"path": "/srv/run.jsonl", "digest": "sha256:0"}}
    lines = text(example.state(example.created("recording", settings=settings)), Exit.FAILED).splitlines()
    assert lines[0].startswith("[replay] Run 20260701-120000-council-ab12 of council: ")
    assert lines[-4] == "Exit 1: the run ended, and something failed (a replay: no model was asked)"
    assert lines[-2] == "Replayed from: /srv/run.jsonl"


def test_what_a_newer_version_lets_answer_is_called_by_its_name_and_not_taken_for_the_api() -> None:
    lines = text(example.state(example.created("oracle")), Exit.OK).splitlines()
    assert lines[0].startswith("[oracle] Run ")
    assert lines[-3] == "Exit 0: done, and nothing failed (answered by oracle)"


def test_where_a_run_was_recorded_is_told() -> None:
    created = example.created(settings={"record": {"path": "/srv/run.jsonl", "id": "7f3a"}})
    assert text(example.state(created), Exit.OK).splitlines()[-2] == "Recorded in: /srv/run.jsonl"


def test_what_won_over_the_playbook_is_told() -> None:
    created = example.created(slots=("alder",), settings={"overrides": ["the model normal is m1, by --model"]})
    told = text(example.state(created), Exit.INTERRUPTED)
    assert told == (
        "Run 20260701-120000-council-ab12 of council: loading\n"
        "\n"
        "slot   sent  answered  failed  skipped  tokens      cost\n"
        "alder     0         0       0        0       0  0.00 USD\n"
        "\n"
        "Settings that won over the playbook's:\n"
        "  the model normal is m1, by --model\n"
        "\n"
        "Exit 130: interrupted; what was answered is kept\n"
        "Record: /srv/.overlord/runs/20260701-120000-council-ab12\n"
        "Next: x"
    )


LIMITS = {"usd": 2.5, "tokens": 9000, "requests": 9, "timeS": 1800.0}


def test_a_budget_is_told_with_what_is_used_of_it_and_what_nobody_can_tell() -> None:
    settings = example.SETTINGS | {"budget": LIMITS}
    asked = [example.ev.MessageQueued("rank", "all", slot, "Rank.") for slot in ("alder", "oak")]
    sent = [example.ev.RequestSent("rank", slot, 1, "fugu", "sha256:2", 500, 700_000_000) for slot in ("alder", "oak")]
    ended = [example.answered("rank", "alder", cost_nano_usd=120_000_000), example.failed("rank", "oak")]
    told = text(example.state(*example.begun(settings=settings), *asked, *sent, *ended), Exit.FAILED)
    assert (
        "Budget: 0.12 USD of 2.50 USD, and 0.70 USD that may have been billed\n"
        "Budget: 1,123 tokens of 9,000 tokens, and 500 tokens that may have been billed\n"
        "Budget: 2 requests of 9 requests\n"
        "Budget: 8 s of 30 min\n"
    ) in told


def test_a_long_list_is_cut_and_says_so() -> None:
    slots = tuple(f"s{number}" for number in range(23))
    bodies = [example.created(slots=slots), *(example.ev.RedirectFailed("rank", "all", slot, "why") for slot in slots)]
    told = text(example.state(*bodies), Exit.FAILED)
    assert told.count("  rank: s") == 20
    assert "  and 3 more; the command below tells them\n" in told


def test_a_message_that_went_to_nobody_is_told() -> None:
    bodies = [*example.begun(), example.ev.RedirectSkipped("close", "all", None, "redirect 'rank' failed")]
    told = text(example.state(*bodies), Exit.FAILED)
    assert "Skipped:\n  close: redirect 'rank' failed\n" in told


def test_a_run_without_events_has_a_recap_too() -> None:
    assert text(State(), Exit.STORE).startswith("A run that was not begun\n\nslot")


def test_every_exit_code_has_its_meaning() -> None:
    assert set(MEANINGS) == set(Exit)


def test_a_servant_that_failed_and_the_exit_code_stand_out() -> None:
    lines = recap(example.state(*example.partial()), Exit.FAILED, next_command="x", details={})
    styles = {plain([one]).split(" ")[0]: one.parts[0].style for one in lines if one.parts}
    assert {word: styles[word] for word in ("slot", "alder", "oak", "in", "Exit")} == {
        "slot": "faint",
        "alder": "",
        "oak": "bad",
        "in": "strong",
        "Exit": "bad",
    }


def test_what_a_person_is_asked_and_what_the_playbook_left_out_is_told() -> None:
    told = text(example.state(*example.gated()), Exit.WAITING, next_command="overlord-run approve sign_off")
    assert told.partition("\n\n")[2].partition("\n\n")[2] == (
        "Skipped:\n"
        "  argue.1: its 'only' leaves out 'oak'\n"
        "  argue.2: its 'when' is false\n"
        "\n"
        "Waits for a person's word:\n"
        "  sign_off: Read it. Shall it go out?\n"
        "\n"
        "Exit 6: the run waits for a person\n"
        "Record: /srv/.overlord/runs/20260701-120000-council-ab12\n"
        "Next: overlord-run approve sign_off"
    )


def test_a_no_is_told_as_that_and_not_as_a_servants_failure() -> None:
    told = text(example.state(*example.rejected()), Exit.REJECTED)
    assert told.startswith(
        "Run 20260701-120000-council-ab12 of council: rejected ('sign_off' was not approved: rejected by ada: no)\n"
    )
    assert told.partition("\n\n")[2].partition("\n\n")[2] == (
        "Failed:\n"
        "  sign_off: rejected by ada: no\n"
        "\n"
        "Skipped:\n"
        "  argue.1: its 'only' leaves out 'oak'\n"
        "  argue.2: its 'when' is false\n"
        "  last: 'sign_off' was not approved: rejected by ada: no\n"
        "\n"
        "Outputs without a value:\n"
        "  last: 'oak' gave no reply to 'last'\n"
        "\n"
        "Exit 8: a check, or a person, said no\n"
        "Record: /srv/.overlord/runs/20260701-120000-council-ab12\n"
        "Next: x"
    )


def test_a_message_that_failed_as_a_whole_and_a_block_are_told_where_they_belong() -> None:
    bodies = [
        *example.begun(),
        example.ev.RedirectFailed("rank", "all", None, "its 'when' cannot be evaluated: why"),
        example.ev.RoundEnded("debate", 3, "failed", "its 'until' does not hold after 3 rounds"),
    ]
    told = text(example.state(*bodies), Exit.FAILED)
    assert "Not answered:\n  rank: failed: its 'when' cannot be evaluated: why\n\n" in told
    assert "Failed:\n  debate: its 'until' does not hold after 3 rounds\n\n" in told
