from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from overlord_run.app.diff.compare import ABSENT, Change, Difference, Facts, Subject, compare, count

NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from([0.0, 1.0, "", "x", "1"])
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(NAMES, SCALARS, max_size=2)
SUBJECTS = st.builds(Subject, st.sampled_from(["servant", "message"]), NAMES)
FACTS = st.dictionaries(SUBJECTS, st.dictionaries(NAMES, VALUES, max_size=2), max_size=3)
ALDER = Subject("servant", slot="alder")
MIRRORED = {"changed": "changed", "added": "removed", "removed": "added"}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what differs about one subject that both have."""
    return tuple(change for difference in compare({ALDER: before}, {ALDER: after}) for change in difference.changes)


def mirror(difference: Difference) -> tuple[Any, ...]:
    turned = frozenset((change.fact, repr(change.after), repr(change.before)) for change in difference.changes)
    return difference.subject, MIRRORED[difference.outcome], turned


def plain(difference: Difference) -> tuple[Any, ...]:
    told = frozenset((change.fact, repr(change.before), repr(change.after)) for change in difference.changes)
    return difference.subject, difference.outcome, told


@settings(max_examples=50)
@given(FACTS)
def test_what_is_compared_with_itself_does_not_differ(facts: Facts) -> None:
    assert compare(facts, facts) == ()
    assert count(facts, facts) == {"same": len(facts), "changed": 0, "added": 0, "removed": 0}


@settings(max_examples=50)
@given(FACTS, FACTS)
def test_the_other_way_round_the_same_differs_the_other_way_round(before: Facts, after: Facts) -> None:
    assert {mirror(one) for one in compare(before, after)} == {plain(one) for one in compare(after, before)}
    there, back = count(before, after), count(after, before)
    assert (there["same"], there["changed"], there["added"]) == (back["same"], back["changed"], back["removed"])
    assert sum(there.values()) == len({*before, *after})


def test_a_mapping_is_compared_member_by_member() -> None:
    before = {"model": {"id": "fugu", "params": {"seed": 1, "top_p": 1}}}
    after = {"model": {"id": "fugu", "params": {"seed": 2, "stop": None}}}
    assert changes(before, after) == (
        Change("model.params.seed", 1, 2),
        Change("model.params.top_p", 1, ABSENT),
        Change("model.params.stop", ABSENT, None),
    )


def test_numbers_that_are_sent_otherwise_differ_and_the_order_of_keys_does_not() -> None:
    assert changes({"seed": 1}, {"seed": 1.0}) == (Change("seed", 1, 1.0),)
    assert [change.after for change in changes({"seed": 1}, {"seed": True})] == [True]
    assert changes({"x": [{"a": 1, "b": 2}]}, {"x": [{"b": 2, "a": 1}]}) == ()


def test_nothing_and_an_empty_mapping_differ() -> None:
    assert changes({}, {"plan": {}}) == (Change("plan", ABSENT, {}),)
    assert changes({"plan": None}, {"plan": {"a": 1}}) == (Change("plan", None, {"a": 1}),)


def test_of_what_is_new_all_that_says_something_is_told() -> None:
    new = {"name": "Alder", "note": "", "timeoutS": None, "with": {}, "model": {"id": "fugu"}, "seed": 0}
    assert compare({}, {ALDER: new}) == (
        Difference(
            ALDER,
            "added",
            (Change("name", ABSENT, "Alder"), Change("model.id", ABSENT, "fugu"), Change("seed", ABSENT, 0)),
        ),
    )


def test_what_lies_too_deep_is_compared_whole() -> None:
    before: Any = 1
    after: Any = 2
    for _ in range(500):
        before, after = {"in": before}, {"in": after}
    (change,) = changes(before, after)
    assert change.fact == ".".join(["in"] * 17)


def test_what_is_gone_stands_behind_what_it_followed() -> None:
    before: Facts = {Subject("message", name): {"x": 1} for name in ("first", "gone", "last", "end")}
    after: Facts = {Subject("message", name): {"x": 2} for name in ("new", "first", "last")}
    assert [difference.subject.name for difference in compare(before, after)] == ["new", "first", "gone", "last", "end"]
