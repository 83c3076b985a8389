from hypothesis import given
from hypothesis import strategies as st

from overlord_run.plan.order import Ended, ended_before, ended_in, ordered, waits
from overlord_run.playbook.model import BlockRedirect, MessageRedirect, Redirect
from overlord_run.playbook.texts import Place, Text

PLACE = Place("council.yml", 1, 1)


def redirect(id_: str, after: tuple[str, ...] | None = None) -> Redirect:
    return MessageRedirect(id=id_, place=PLACE, to=("all",), message=Text("Go on.", PLACE), after=after)


@st.composite
def redirects(draw: st.DrawFn) -> list[Redirect]:
    """Redirects without a circle, in any order."""
    ids = [f"r{number}" for number in range(draw(st.integers(0, 8)))]
    chosen = [
        redirect(id_, tuple(draw(st.sets(st.sampled_from(ids[:index]))) if index else ()))
        for index, id_ in enumerate(ids)
    ]
    return draw(st.permutations(chosen))


def test_without_after_each_waits_for_the_one_above() -> None:
    assert waits([redirect("a"), redirect("b"), redirect("c", ("a",)), redirect("d"), redirect("e", ())]) == {
        "a": (),
        "b": ("a",),
        "c": ("a",),
        "d": ("c",),
        "e": (),
    }


def test_the_playbooks_order_is_kept_where_nothing_speaks_against_it() -> None:
    late_first = [redirect("a", ("c",)), redirect("b", ()), redirect("c", ()), redirect("d", ("a", "b"))]
    assert [one.id for one in ordered(late_first)] == ["b", "c", "a", "d"]


@given(redirects())
def test_each_stands_behind_those_it_waits_for(chosen: list[Redirect]) -> None:
    in_order = [one.id for one in ordered(chosen)]
    assert sorted(in_order) == sorted(one.id for one in chosen)
    for id_, earlier in waits(chosen).items():
        assert all(in_order.index(one) < in_order.index(id_) for one in earlier)


@given(redirects())
def test_what_has_ended_is_what_is_waited_for_closed_over_itself(chosen: list[Redirect]) -> None:
    waiting = waits(chosen)
    ended = ended_before(chosen)
    for id_, earlier in waiting.items():
        assert set(ended[id_]) == {*earlier, *(further for one in earlier for further in ended[one])}
        assert len(ended[id_]) == len(set(ended[id_]))


def test_what_has_ended_is_a_set() -> None:
    ended = Ended(0b101, {"a": 0, "b": 1, "c": 2})
    assert ended == {"a", "c"}
    assert [one in ended for one in ("a", "b", "nobody", 5)] == [True, False, False, False]


def block(id_: str, *inside: Redirect, after: tuple[str, ...] | None = None) -> BlockRedirect:
    return BlockRedirect(id=id_, place=PLACE, redirects=inside, after=after)


def test_what_is_needed_is_waited_for_once() -> None:
    needy = MessageRedirect(id="c", place=PLACE, to=("all",), message=Text("Go on.", PLACE), needs=("b", "a"))
    assert waits([redirect("a"), redirect("b"), needy])["c"] == ("b", "a")


def test_what_is_in_a_block_waits_as_the_block_does_and_behind_it_all_of_it_has_ended() -> None:
    inner = block("b", redirect("c"), redirect("d"), redirect("e", ()))
    ended = ended_before([redirect("a"), inner, redirect("f")])
    assert {name: set(before) for name, before in ended.items()} == {
        "a": set(),
        "b": {"a"},
        "c": {"a"},
        "d": {"a", "c"},
        "e": {"a"},
        "f": {"a", "b", "c", "d", "e"},
    }
    assert ended_in(inner, ended) == {"a", "c", "d", "e"}
