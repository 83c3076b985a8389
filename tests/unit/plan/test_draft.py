import pytest

from overlord_run.errors import InvalidPlaybookError
from overlord_run.plan.draft import Draft
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem
from unit.plan.councils import text


def problems_of(draft: Draft) -> list[str]:
    with pytest.raises(InvalidPlaybookError) as caught:
        draft.require_no_problems()
    return [problem.message for problem in caught.value.problems]


def test_a_draft_without_problems_is_accepted() -> None:
    draft = Draft()
    assert draft.render(text("Hello {{ who }}."), {"who": "you"}) == "Hello you."
    draft.require_no_problems()


def test_a_template_that_failed_is_not_tried_again() -> None:
    draft = Draft()
    broken = text("{{ who }}")
    assert draft.render(broken, {}) == ""
    assert draft.render(broken, {"who": "you"}) == ""
    assert problems_of(draft) == ["'who' is undefined"]


def test_a_value_that_holds_a_failed_template_is_broken() -> None:
    draft = Draft()
    broken = text("{{ who }}")
    draft.render(broken, {})
    assert draft.is_broken([{"deep": broken}])
    assert not draft.is_broken([text("other"), 5])


def test_the_same_problem_is_kept_once() -> None:
    draft = Draft()
    for _ in range(2):
        draft.add(Problem("council.yml", 1, 1, "role-input", "it does not fit"))
    assert problems_of(draft) == ["it does not fit"]


def test_texts_that_are_too_much_together_are_refused_at_once() -> None:
    draft = Draft(max_bytes=10)
    draft.render(text("12345"), {})
    with pytest.raises(InvalidPlaybookError) as caught:
        draft.render(text("123456"), {})
    assert [problem.message for problem in caught.value.problems] == [
        "the texts of all servants are more than 10 bytes together"
    ]


def test_work_that_is_too_much_together_is_refused_at_once_though_no_render_takes_too_much() -> None:
    draft = Draft(max_work=2_000)
    loop = text("{% for i in range(100) %}{% endfor %}")
    draft.render(loop, {})
    with pytest.raises(InvalidPlaybookError) as caught:
        draft.render(loop, {})
    assert [problem.message for problem in caught.value.problems] == [
        "the texts of all servants take more than 2,000 units of work together"
    ]


def test_a_problem_that_is_found_about_something_begins_with_it() -> None:
    draft = Draft()
    with draft.about("index 3: "):
        draft.render(text("{{ nothing }}"), {})
    draft.render(text("{{ less }}"), {})
    with pytest.raises(InvalidPlaybookError) as caught:
        draft.require_no_problems()
    assert [problem.message for problem in caught.value.problems] == [
        "'less' is undefined",
        "index 3: 'nothing' is undefined",
    ]


def test_messages_that_are_read_are_counted_for_each_reader_and_refused_where_they_are_too_many() -> None:
    draft = Draft(max_reads=5)
    draft.count_reads(Place("council.yml", 7, 5), 5)
    with pytest.raises(InvalidPlaybookError) as caught:
        draft.count_reads(Place("council.yml", 8, 5), 1)
    assert [str(problem) for problem in caught.value.problems] == [
        (
            "council.yml:8:5: error: the redirects up to this one read the replies to more than 5 messages together"
            " (name the messages that each reads, such as replies.rank, and not replies as a whole) [template-limit]"
        )
    ]
