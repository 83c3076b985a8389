"""What `for_each` makes, told by the plan and its problems."""

from typing import Any

import pytest

from overlord_run.errors import InvalidPlaybookError
from overlord_run.plan.draft import Draft
from overlord_run.plan.seats import MOST_SERVANTS, Seat, seats
from unit.plan.councils import plan, playbook

FAN = """\
overlord: 1
name: fan
inputs:
  topics: {type: array, default: [Login, The API]}
  more: {type: array, default: [x]}
roles:
  reader:
    system: You read about {{ inputs.topic }}.
    inputs: {topic: {type: string, default: all}}
    task: Read.
  judge: {system: You judge., task: Get ready.}
assignments:
  - for_each: inputs.topics
    slot: "SLOT"
    role: reader
    WITH
  - {for_each: inputs.more, slot: "more_{{ item }}", role: reader}
  - {slot: oak, role: judge}
redirects:
  - {id: rank, to: "role:reader", message: "Rank, {{ servant.with.topic }}."}
"""


def fan(slot: str = "{{ item | slug }}", with_: str = 'with: {topic: "{{ item }}"}') -> str:
    return FAN.replace("SLOT", slot).replace("WITH", with_)


def problems_of(source: str, **inputs: Any) -> list[str]:
    with pytest.raises(InvalidPlaybookError) as caught:
        plan(source, **inputs)
    return [str(problem) for problem in caught.value.problems]


def test_a_servant_is_made_for_each_element_in_its_order() -> None:
    name_and_task = 'with: {topic: "{{ item }} {{ index }}"}\n    name: No. {{ index }}\n    task: Read {{ item }}.'
    made = plan(fan(with_=name_and_task)).servants
    assert [(one.slot, one.name, one.values, one.task) for one in made] == [
        ("login", "No. 0", {"topic": "Login 0"}, "Read Login."),
        ("the_api", "No. 1", {"topic": "The API 1"}, "Read The API."),
        ("more_x", "more_x", {"topic": "all"}, "Read."),
        ("oak", "oak", {}, "Get ready."),
    ]


def test_redirects_go_to_all_that_were_made_and_see_what_they_were_given() -> None:
    rank = plan(fan()).by_id["rank"]
    assert rank.targets == ("login", "the_api", "more_x")
    assert rank.texts == {"login": "Rank, Login.", "the_api": "Rank, The API.", "more_x": "Rank, all."}


@pytest.mark.parametrize(
    ("elements", "slots"),
    [
        ("range(2)", ("s_0", "s_1")),
        ("vars.pairs | items", ("s_a", "s_b")),
        ("vars.pairs | items | map('first')", ("s_a", "s_b")),
        ("['x'] if inputs.topics else []", ("s_x",)),
        ("inputs.topics | map('slug') | list", ("s_login", "s_the_api")),
    ],
)
def test_any_expression_that_gives_a_list_will_do(elements: str, slots: tuple[str, ...]) -> None:
    slot = "s_{{ item[0] if item is sequence and item is not string else item }}"
    source = fan(slot, "").replace("for_each: inputs.topics", f'for_each: "{elements}"')
    made = plan(source.replace("roles:", "vars: {pairs: {a: 1, b: 2}}\nroles:", 1)).servants
    assert tuple(one.slot for one in made if one.slot.startswith("s_")) == slots


def test_a_plan_made_of_an_empty_list_has_the_others_and_a_warning() -> None:
    made = plan(fan(), topics=[])
    assert [one.slot for one in made.servants] == ["more_x", "oak"]
    assert [str(warning) for warning in made.warnings] == [
        (
            "council.yml:13:15: warning: the list is empty, so it makes no servant "
            "(look at what the list is made of, unless this is meant) [empty-list]"
        )
    ]
    assert made == plan(fan(), topics=[])
    assert plan(fan()).warnings == ()


def test_where_every_list_is_empty_there_is_nobody_to_ask() -> None:
    source = fan().replace("  - {slot: oak, role: judge}\n", "")
    assert problems_of(source, topics=[], more=[]) == [
        (
            "council.yml:12:1: error: every 'for_each' gives an empty list, so there is nobody to ask "
            "(give a list that holds something) [no-servant]"
        )
    ]


@pytest.mark.parametrize(
    ("topics", "slot", "told"),
    [
        (["a", "B c"], "{{ item }}", ("14:11: error: index 1: 'B c' cannot be a slot (make an id of it, such as "
         "{{ item.name | slug }}) [bad-name]")),
        (["a", "con"], "{{ item }}", ("14:11: error: index 1: the name 'con' is reserved "
         "(put something before it) [reserved-name]")),
        (["a", "b", "a"], "{{ item }}", ("14:11: error: index 2: the slot 'a' is that of index 0 "
         "(make it another one for each element, for example with {{ index }}) [duplicate-slot]")),
        (["oak"], "{{ item }}", ("14:11: error: index 0: the slot 'oak' is taken, on line 18 "
         "(make it another one for each element, for example with {{ index }}) [duplicate-slot]")),
        ([{"name": "a"}, {}], "{{ item.name }}", ("14:11: error: index 1: the mapping has no 'name' "
         "(give a fallback: … | default('none')) [template-undefined]")),
        (["!"], "{{ item | slug }}", ("14:11: error: index 0: `slug` found no letter or digit to make an id of "
         "(correct what stands between the braces) [template-error]")),
    ],
)  # fmt: skip
def test_a_slot_that_cannot_be_is_told_with_the_element_that_it_is_made_of(
    topics: list[Any], slot: str, told: str
) -> None:
    assert problems_of(fan(slot, ""), topics=topics) == [f"council.yml:{told}"]


def test_a_slot_that_another_list_made_is_taken() -> None:
    assert problems_of(fan(), topics=["more x"]) == [
        (
            "council.yml:17:35: error: index 0: the slot 'more_x' is taken, on line 14 "
            "(make it another one for each element, for example with {{ index }}) [duplicate-slot]"
        )
    ]


def test_a_name_that_cannot_be_is_told_with_the_element() -> None:
    assert problems_of(fan(with_='name: " {{ item }}"')) == [
        f"council.yml:16:11: error: index {index}: ' {topic}' cannot be the name of a servant "
        "(make it one line of 100 characters at most, without blanks around it) [bad-value]"
        for index, topic in enumerate(["Login", "The API"])
    ]


def test_what_is_wrong_with_a_value_or_a_task_is_told_with_the_element() -> None:
    many = 'with: {topic: "{{ item[0] }}"}\n    task: "{{ item.text }}"'
    assert problems_of(fan("s_{{ index }}", many), topics=[["a"], []]) == [
        (
            "council.yml:16:19: error: index 1: a list of 0 has no element 0 (give a fallback: … | default('none')) "
            "[template-undefined]"
        ),
        (
            "council.yml:17:11: error: index 0: a list has no 'text' (give a fallback: … | default('none')) "
            "[template-undefined]"
        ),
    ]


@pytest.mark.parametrize(
    ("elements", "told"),
    [
        ("inputs.topics[0]", "a list is needed here, and this is text"),
        ("{'a': 1}", "a list is needed here, and this is a mapping"),
    ],
)
def test_what_is_no_list_makes_no_servants(elements: str, told: str) -> None:
    source = fan().replace("for_each: inputs.topics", f'for_each: "{elements}"')
    assert problems_of(source) == [
        (
            f"council.yml:13:15: error: {told} "
            "(of a mapping take its pairs: … | items; of one value make a list: [value]) "
            "[not-a-list]"
        )
    ]


def test_what_is_not_there_makes_no_servants() -> None:
    source = fan().replace("for_each: inputs.topics", "for_each: inputs.topics[5]")
    assert problems_of(source) == [
        (
            "council.yml:13:15: error: a list of 2 has no element 5 (give a fallback: … | default('none')) "
            "[template-undefined]"
        )
    ]


def test_there_are_10_000_servants_at_most() -> None:
    most = MOST_SERVANTS
    source = fan("s_{{ index }}", "").replace("for_each: inputs.topics", f"for_each: range({most + 1})")
    assert problems_of(source) == [
        (
            "council.yml:13:15: error: the list has 10,001 elements; at most 10,000 are allowed (make it shorter) "
            "[template-limit]"
        )
    ]
    source = source.replace(f"range({most + 1})", "range(2)").replace("inputs.more", f"range({most - 1})")
    draft, book = Draft(), playbook(source)
    with pytest.raises(InvalidPlaybookError) as caught:
        seats(draft, book, {})
    assert [str(problem) for problem in caught.value.problems] == [
        (
            "council.yml:17:16: error: there are more than 10,000 servants with those of this list "
            "(make it shorter) [too-long]"
        )
    ]


def test_elements_may_hold_whole_files_but_not_lists_without_end() -> None:
    text = "x" * 1024 * 1024
    source = fan("s_{{ index }}", "").replace("for_each: inputs.topics", "for_each: inputs.topics + inputs.topics")
    assert len(plan(source, topics=[{"text": text}] * 50).servants) == 102
    assert problems_of(source, topics=[list(range(10_000))] * 60) == [
        (
            "council.yml:13:15: error: the template does more work than the 64,000,000 units that a render may do "
            "(loop over less, or do less in the loop) [template-limit]"
        )
    ]


def test_a_seat_of_its_own_has_nothing_to_tell() -> None:
    assert (Seat(0, "oak", "oak", "judge").told, Seat(0, "a", "a", "b", {"index": 3}).told) == ("", "index 3: ")
