import pytest

from overlord_run.cli.report.guidance import command, next_command
from overlord_run.host import Host
from overlord_run.store.state import State
from unit.cli import example_run as example

BASH = Host("linux", "bash", "posix")
PWSH = Host("windows", "pwsh", "windows")


def test_after_a_run_in_which_nothing_failed_all_conversations_come_next() -> None:
    state = example.state(*example.completed())
    assert next_command(state, BASH) == "overlord-run show --run 20260701-120000-council-ab12"


def test_a_blocked_servant_is_recovered_next() -> None:
    state = example.state(*example.partial())
    assert next_command(state, BASH) == "overlord-run recover oak --run 20260701-120000-council-ab12"


def test_one_that_was_asked_again_in_vain_is_replaced_next() -> None:
    again = (example.ev.ServantRecovered("oak", "verdict"), *example.asked("verdict", "oak"))
    state = example.state(*example.partial(), *again, example.failed("verdict", "oak"), *example.partial()[-2:])
    assert next_command(state, BASH) == "overlord-run recover oak --replace --run 20260701-120000-council-ab12"


def test_of_a_run_that_failed_without_a_blocked_servant_the_conversation_of_the_first_that_failed_comes_next() -> None:
    bodies = [
        body for body in example.partial() if not isinstance(body, example.ev.RequestFailed | example.ev.ServantBlocked)
    ]
    unfit = example.ev.RedirectFailed("verdict", "oak", "oak", "it has no value")
    state = example.state(*bodies[:-4], unfit, *bodies[-4:])
    assert next_command(state, BASH) == "overlord-run show oak --run 20260701-120000-council-ab12"


@pytest.mark.parametrize(("is_live", "word"), [(True, "wait"), (False, "resume")])
def test_a_run_that_is_on_its_way_is_waited_for_and_one_that_was_interrupted_is_resumed(
    word: str, *, is_live: bool
) -> None:
    state = example.state(*example.begun())
    assert next_command(state, BASH, is_live=is_live) == f"overlord-run {word} --run 20260701-120000-council-ab12"


def test_a_run_whose_startup_failed_is_resumed() -> None:
    failed = example.ev.RunFinished("failed", "startup was not proved", {}, {})
    state = example.state(*example.begun(), failed)
    assert next_command(state, BASH) == "overlord-run resume --run 20260701-120000-council-ab12"


def test_of_a_run_that_was_released_all_conversations_are_left() -> None:
    stopped = example.ev.RunStopped("stopped on request")
    state = example.state(*example.completed()[:-1], stopped, example.ev.ServantsReleased(["alder", "oak"]))
    assert next_command(state, BASH) == "overlord-run show --run 20260701-120000-council-ab12"


def test_the_folder_that_was_asked_for_is_part_of_the_command_in_the_shells_own_quotes() -> None:
    told = next_command(State(), PWSH, state_dir="D:\\all runs")
    assert told == 'overlord-run show --state-dir "D:\\all runs"'
    assert command(BASH, "show", "it's") == "overlord-run show 'it'\"'\"'s'"


@pytest.mark.parametrize(
    "ends",
    [
        (),
        (example.ev.OwnerChanged(4712, {}, "resume"),),
        (example.ev.OwnerChanged(4712, {}, "approve"), example.ev.PreflightFailed("key-missing", "no API key is set")),
    ],
)
def test_a_question_that_waits_is_what_comes_next(ends: tuple[example.ev.Body, ...]) -> None:
    state = example.state(*example.gated(ends=ends))
    assert next_command(state, BASH) == "overlord-run approve sign_off --run 20260701-120000-council-ab12"


def test_a_run_that_was_stopped_is_resumed_though_a_question_waits() -> None:
    state = example.state(*example.gated(ends=(example.ev.RunStopped("stopped on request"),)))
    assert next_command(state, BASH) == "overlord-run resume --run 20260701-120000-council-ab12"


def test_after_a_no_all_conversations_come_next() -> None:
    assert next_command(example.state(*example.rejected()), BASH).startswith("overlord-run show --run ")
