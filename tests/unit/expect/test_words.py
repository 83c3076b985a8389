import pytest

from overlord_run.expect.words import asking_for, repair, response_format, with_ending


def test_a_message_ends_with_its_schema_in_a_fence_that_nothing_in_it_closes() -> None:
    assert asking_for({"type": "string", "description": "Größe in ```"}) == (
        "Answer with one JSON value that fits this JSON Schema, and with nothing else:\n\n"
        "````json\n"
        '{\n  "type": "string",\n  "description": "Größe in ```"\n}\n'
        "````"
    )


@pytest.mark.parametrize(("ending", "message"), [("E", "Rank.\n\nE"), ("", "Rank.\n")])
def test_an_ending_stands_behind_a_blank_line(ending: str, message: str) -> None:
    assert with_ending("Rank.\n", ending) == message


def test_a_repair_names_what_does_not_fit() -> None:
    assert repair(["$.a: must be null, not 1", "it holds no JSON"]) == (
        "Your answer does not fit the JSON Schema:\n\n"
        "- $.a: must be null, not 1\n"
        "- it holds no JSON\n\n"
        "Answer again, with one JSON value that fits it, and with nothing else."
    )


def test_a_request_says_of_the_answers_form_what_the_endpoint_takes() -> None:
    schema = {"type": "object"}
    assert response_format("none", "verdict", schema) is None
    assert response_format("object", "verdict", schema) == {"type": "json_object"}
    assert response_format("schema", "verdict", schema) == {
        "type": "json_schema",
        "json_schema": {"name": "verdict", "schema": {"type": "object"}},
    }
