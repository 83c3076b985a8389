import pytest

from overlord_run.plan.targets import required, targets
from overlord_run.playbook.model import Assignment, Place

PLACE = Place("council.yml", 1, 1)
ASSIGNMENTS = [
    Assignment("alder", "critic", PLACE),
    Assignment("birch", "judge", PLACE),
    Assignment("cedar", "critic", PLACE),
]


@pytest.mark.parametrize(
    ("to", "slots"),
    [
        (("all",), ("alder", "birch", "cedar")),
        (("birch",), ("birch",)),
        (("role:critic",), ("alder", "cedar")),
        (("cedar", "alder", "cedar"), ("alder", "cedar")),
        (("role:judge", "birch", "cedar"), ("birch", "cedar")),
        (("nobody",), ()),
    ],
)
def test_a_redirect_goes_to_each_target_once_in_the_order_of_the_assignments(
    to: tuple[str, ...], slots: tuple[str, ...]
) -> None:
    assert targets(ASSIGNMENTS, to) == slots


@pytest.mark.parametrize(
    ("require", "count", "expected"),
    [
        ("any", 5, 1),
        ("all", 5, 5),
        (3, 5, 3),
        ("50%", 5, 3),
        ("100%", 7, 7),
        ("1%", 5, 1),
        ("90%", 10, 9),
        ("29%", 100, 29),
    ],
)
def test_so_many_must_answer(require: str | int, count: int, expected: int) -> None:
    assert required(require, count) == expected
