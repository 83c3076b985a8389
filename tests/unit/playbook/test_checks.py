"""The parts of the checks that no example shows; most rules are shown by tests/examples/invalid."""

import pytest

from overlord_run.playbook.checks import check, warnings
from overlord_run.playbook.schema import check as check_schema
from overlord_run.playbook.source import read_yaml
from playbook_kit import parse

PLAYBOOK = """\
overlord: 1
name: example
roles:
  critic: {system: You find faults., task: Begin.}
assignments:
  - {slot: alder, role: critic}
"""


def told(content: str) -> list[str]:
    document = read_yaml(content, "f")
    return [str(problem) for problem in check(document, check_schema(document, "playbook"))]


def test_a_sound_playbook_passes() -> None:
    assert told(PLAYBOOK) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://api.sakana.ai/v1",
        "http://localhost:8080/v1",
        "http://127.0.0.1/",
        "http://[::1]:80/v1",
        "HTTPS://A.example",
    ],
)
def test_a_base_url_is_http_or_https_with_a_host(url: str) -> None:
    assert told(f"{PLAYBOOK}engine: {{base_url: '{url}'}}\n") == []


def test_a_secret_in_a_base_url_is_not_repeated() -> None:
    problems = told(f"{PLAYBOOK}engine: {{base_url: 'https://user:canary@example.org'}}\n")
    assert problems == [
        (
            "f:7:20: error: the base URL holds a user or a password "
            "(write http or https, a host and a path, such as https://api.sakana.ai/v1) [base-url]"
        )
    ]


@pytest.mark.parametrize("timeout", ["5s", "5.0s", "90s", "0.1m", "10m", "600s"])
def test_a_timeout_is_from_5_seconds_to_10_minutes(timeout: str) -> None:
    assert told(f"{PLAYBOOK}engine: {{timeout: {timeout}}}\n") == []


@pytest.mark.parametrize("timeout", ["4.999s", "0s", "600.1s", "10.001m", "999999m"])
def test_a_timeout_out_of_range_is_a_problem(timeout: str) -> None:
    assert told(f"{PLAYBOOK}engine: {{timeout: {timeout}}}\n") == [
        f"f:7:19: error: 'timeout' is '{timeout}'; it must be from 5s to 10m (for example 90s) [out-of-range]"
    ]


def test_beside_mistakes_that_the_schema_finds_the_rest_is_looked_at() -> None:
    content = """\
roles: {critic: 5, judge: {model: nobody}}
assignments: [5, {role: judge}, {slot: oak, role: jugde}]
redirects: [{to: [oka]}, 7]
models: []
inputs: {a: {type: string, minimum: x, default: 5}, b: {type: integer, default: x}}
"""
    assert told(content) == [
        "f:5:81: error: the default must be a whole number, not text (change it, or the declaration) [bad-default]",
        "f:1:35: error: there is no model 'nobody' (declared are 'normal', 'ultra') [unknown-model]",
        "f:2:51: error: there is no role 'jugde' (did you mean 'judge'?) [unknown-role]",
        "f:3:19: error: there is no slot 'oka' (did you mean 'oak'?) [unknown-slot]",
    ]


def test_where_no_roles_or_slots_are_declared_nothing_is_said_of_their_names() -> None:
    assert told("assignments: [{slot: oak, role: judge}]\n") == []
    assert told("redirects: [{id: rank, to: oak, message: Rank.}]\n") == []


def test_a_document_that_is_no_mapping_has_no_names() -> None:
    assert told("[]") == []


def test_what_is_declared_and_not_used_is_a_warning() -> None:
    content = PLAYBOOK.replace("roles:", "roles:\n  poet: {system: You write., model: small}") + (
        "models: {small: fugu-mini, normal: fugu}\n"
    )
    assert [str(problem) for problem in warnings(parse(content.encode(), "f"))] == [
        "f:4:3: warning: the role 'poet' is not used (assign it, or remove it) [unused-role]",
        "f:8:10: warning: the model 'small' is not used (choose it for a role, or remove it) [unused-model]",
    ]


def test_a_model_is_used_by_a_role_or_an_assignment() -> None:
    content = PLAYBOOK.replace("Begin.}", "Begin., model: small}") + (
        "  - {slot: oak, role: critic, model: large}\nmodels: {small: fugu-mini, large: fugu-max}\n"
    )
    assert warnings(parse(content.encode(), "f")) == []


def test_very_many_problems_are_cut() -> None:
    content = PLAYBOOK + "".join(f"  - {{slot: alder, role: r{number}}}\n" for number in range(1000))
    assert len(told(content)) == 201
