from typing import Any

import pytest

from overlord_run.engine.nearest import difference, likeness

LONG = "x" * 100


def body(*contents: str, model: str = "fugu", **params: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": content} for content in contents], **params}


@pytest.mark.parametrize(
    ("recorded", "asked", "told"),
    [
        (body("a"), body("a", model="fugu-ultra"), "model differs: recorded is 'fugu', asked 'fugu-ultra'"),
        (body("a"), body("b"), "messages[0].content differs: recorded is 'a', asked 'b'"),
        (
            body("a", f"{LONG}Review the code, {LONG}"),
            body("a", f"{LONG}Review the docs, {LONG}"),
            (
                "messages[1].content differs from character 112 on: "
                f"recorded is '…{'x' * 9}Review the code, {'x' * 33}…', asked '…{'x' * 9}Review the docs, {'x' * 33}…'"
            ),
        ),
        (
            body(LONG),
            body(f"{LONG}\n\x1b"),
            (
                f"messages[0].content differs from character 101 on: recorded is '…{'x' * 20}', its end, "
                f"asked '…{'x' * 20}\\n\\x1b'"
            ),
        ),
        (
            body(""),
            body(LONG),
            f"messages[0].content differs from character 1 on: recorded is an empty text, asked '{'x' * 60}…'",
        ),
        (body("a"), body("a", "b"), "messages[1].role differs: recorded is nothing, asked 'user'"),
        (body("a", temperature=1), body("a"), "temperature differs: recorded is '1', asked nothing"),
        (body("a", stop=["x"]), body("a", stop=["y"]), "stop differs: recorded is '[\"x\"]', asked '[\"y\"]'"),
        ({"messages": 1}, {"messages": 2}, "the order of its parts differs"),
        ({"messages": [1]}, body("a"), "model differs: recorded is 'null', asked 'fugu'"),
    ],
)
def test_the_first_place_where_two_requests_part_is_shown(
    recorded: dict[str, Any], asked: dict[str, Any], told: str
) -> None:
    assert difference(recorded, asked) == told


def test_requests_are_the_more_alike_the_longer_they_are_the_same() -> None:
    asked = body("You advise.", "Rank the flaws of the plan.")
    others = [body("You advise.", "Rank the flaws."), body("You advise."), body("You judge.", "Rank the flaws of it.")]
    assert [likeness(other, asked) for other in others] == [25, 11, 4]
