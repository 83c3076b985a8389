import pytest

from overlord_run.plan.targets import Roll, parse_targets, required

ROLL = Roll([("alder", "critic"), ("birch", "judge"), ("cedar", "critic")])


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
    assert ROLL.called(to) == slots
    assert ROLL.called(to) is ROLL.called(to)


def test_who_calls_nobody_is_a_stranger() -> None:
    assert ROLL.strangers(["oak", "all", "role:judge", "alder", "role:oak", "oak"]) == ["oak", "role:oak", "oak"]
    assert Roll([]).strangers(["all"]) == ["all"]


def test_servants_are_called_by_everything_that_names_one_of_them() -> None:
    assert ROLL.names() == ("all", "alder", "birch", "cedar", "role:critic", "role:judge")


@pytest.mark.parametrize(
    ("target", "names"),
    [("all", ("all",)), (" alder , role:judge,alder", ("alder", "role:judge")), ("", ()), (" , ", ())],
)
def test_several_names_are_joined_by_commas(target: str, names: tuple[str, ...]) -> None:
    assert parse_targets(target) == names


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
