from overlord_run.cli.report.github import github
from unit.cli.report import validations as kit


def test_a_problem_is_an_annotation_and_its_message_tells_the_place_for_the_log() -> None:
    error, warning, _ = github(kit.FOUND).splitlines()
    assert error == f"::error title=overlord-run (unknown-key),file=a/council.yml,line=3,col=5::{kit.UNKNOWN}"
    assert warning == f"::warning title=overlord-run (unused-input),file=a/council.yml,line=9,col=1::{kit.UNUSED}"


def test_nothing_of_somebody_elses_ends_a_property_or_begins_a_command() -> None:
    *_, hostile = lines = github(kit.FOUND).splitlines()
    assert len(lines) == 3
    assert hostile.startswith("::error title=overlord-run (yaml-syntax),file=b%2C%3A%25")
    assert "%0A%3A%3Aerror%3A%3A.yml,line=1,col=1::" in hostile
    assert hostile.count("::set-env") == hostile.count("100%25 %0A::set-env%0A<&>") == 1
