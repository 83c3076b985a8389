import pytest

from overlord_run.settings.environment import (
    Said,
    environment,
    is_github_actions,
    operator,
    run_id,
    state_folder,
    variable,
)


def test_the_environment_is_the_process_s_as_it_is_now(monkeypatch):
    monkeypatch.setenv("OVERLORD_RUN", "first")
    before = environment()
    monkeypatch.setenv("OVERLORD_RUN", "second")
    assert (before["OVERLORD_RUN"], environment()["OVERLORD_RUN"]) == ("first", "second")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, None),
        ({"A": ""}, None),
        ({"A": "", "B": "b"}, Said("b", "B")),
        ({"A": "a", "B": "b"}, Said("a", "A")),
        ({"A": " "}, Said(" ", "A")),
    ],
)
def test_an_empty_variable_counts_as_unset(environ, said):
    assert variable(environ, ("A", "B")) == said


def test_a_flag_wins_over_a_variable_even_when_it_is_empty():
    assert operator("", "--a", {"A": "a"}, ("A",)) == Said("", "--a")
    assert operator(None, "--a", {"A": "a"}, ("A",)) == Said("a", "A")


def test_the_folder_of_the_runs_and_a_run_have_a_variable_each():
    assert (state_folder({}), run_id({})) == (None, None)
    assert state_folder({"OVERLORD_STATE_DIR": "/runs"}) == "/runs"
    assert run_id({"OVERLORD_RUN": "r1"}) == "r1"


@pytest.mark.parametrize(
    ("said", "expected"), [("true", True), ("1", True), ("", False), ("false", False), ("0", False)]
)
def test_a_step_of_github_actions_is_known_by_its_variable(said, expected):
    assert is_github_actions({"GITHUB_ACTIONS": said}) is expected
    assert not is_github_actions({})
