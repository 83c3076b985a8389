import pytest

from overlord_run.playbook.slots import MOST_SHAPES, Shape, Slots


@pytest.mark.parametrize(
    ("template", "slot", "may_be"),
    [
        ("reader", "reader", True),
        ("reader", "reader_1", False),
        ("reader_{{ index }}", "reader_1", True),
        ("reader_{{ index }}", "reader_", True),
        ("reader_{{ index }}", "scout_1", False),
        ("{{ item }}_x\n", "a_x", True),
        ("{{ item }}_x", "a_y", False),
        ("a{{ item }}a", "a", False),
        ("{% if item %}a{% endif %}_x{# why #}", "b_x", True),
        ("r_{{ '}}' }}_x", "r_a_x", True),
        ("{{ open", "anything", True),
    ],
)
def test_a_slots_template_tells_how_slots_begin_and_end(template: str, slot: str, may_be: bool) -> None:  # noqa: FBT001
    assert Shape.of(template).may_be(slot) is may_be


SLOTS = Slots([("oak", "judge", False), ("reader_{{ index }}", "reader", True), ("{{ item }}_x", "scout", True)])


def test_a_slot_is_there_when_it_is_written_or_may_be_made() -> None:
    assert [slot in SLOTS for slot in ("oak", "reader_1", "a_x", "elm")] == [True, True, True, False]
    assert [SLOTS.may_make(slot) for slot in ("oak", "Reader_x", "role:a_x", "reader_1")] == [False, False, False, True]
    assert not Slots([("{{ item }}", "reader", True)]).may_make("all")


def test_roles_are_told_by_who_is_written_and_who_is_made() -> None:
    assert (SLOTS.roles, SLOTS.made_roles) == ({"oak": "judge"}, {"reader", "scout"})


def test_slots_are_named_with_a_gap_for_what_is_not_known() -> None:
    assert list(SLOTS.told()) == ["oak", "reader_…", "…_x"]
    assert list(Slots([("deep", "scout", True)]).told()) == ["deep"]


def test_with_very_many_shapes_any_slot_may_be_made() -> None:
    shapes = [(f"s{number}_{{{{ item }}}}", "reader", True) for number in range(MOST_SHAPES + 1)]
    assert not Slots(shapes[:MOST_SHAPES]).may_make("elm")
    assert Slots(shapes).may_make("elm")


def test_there_may_be_no_slots_at_all() -> None:
    assert not Slots([])
    assert Slots([("oak", "judge", False)])
