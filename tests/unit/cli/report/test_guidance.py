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


def test_after_a_failure_the_conversation_of_the_first_servant_that_failed_comes_next() -> None:
    state = example.state(*example.partial())
    assert next_command(state, BASH) == "overlord-run show oak --run 20260701-120000-council-ab12"


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
