import re
from pathlib import Path

from overlord_run.plan.rules import RULES as TEMPLATE_RULES
from overlord_run.playbook.formats import FORMATS
from overlord_run.playbook.rules import MAX_PROBLEMS, RULES, bounded, problem
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem
from overlord_run.roles.rules import RULES as PACK_RULES

PACKAGE = Path(__file__).parents[3] / "runner" / "overlord_run"
SOURCES = [*(PACKAGE / "playbook").glob("*.py"), *(PACKAGE / "roles").glob("*.py"), PACKAGE / "files.py"]


def test_a_problem_stands_at_its_place() -> None:
    assert problem(Place("f.yml", 3, 5), "unknown-key", "unknown key 'a'", "remove it") == Problem(
        "f.yml", 3, 5, "unknown-key", "unknown key 'a'", "remove it", "error"
    )


def test_every_rule_is_used_and_every_rule_that_is_used_is_described() -> None:
    text = "\n".join(path.read_text("utf-8") for path in SOURCES if path.name != "rules.py")
    used = {rule for rule in RULES if f'"{rule}"' in text}
    assert used | {"too-many-problems"} == RULES.keys()
    assert {form.rule for form in FORMATS.values()} <= RULES.keys()
    told = re.findall(r'(?:problem|_tell|_stop)\((?:[\w.]+(?:\([^()]*\))?), "([a-z-]+)"', text)
    assert len(told) > 40
    assert set(told) <= {*RULES, *PACK_RULES, *TEMPLATE_RULES}
    assert [rule for rule in PACK_RULES if f'"{rule}"' not in text] == []


def test_rules_are_described_in_a_sentence() -> None:
    assert [rule for rule, text in RULES.items() if not (text[0].isupper() or text[0] == "'") or text[-1] != "."] == []


def test_problems_are_told_in_the_order_of_their_places() -> None:
    first, second = Problem("f", 1, 2, "a", "x"), Problem("f", 3, 1, "a", "x")
    assert bounded([second, first]) == [first, second]


def test_of_very_many_problems_the_first_are_told_and_that_there_are_more() -> None:
    problems = [Problem("f", line, 1, "unknown-key", "x", "y") for line in range(1, 500)]
    told = bounded(problems)
    assert told[:-1] == problems[:MAX_PROBLEMS]
    assert told[-1] == Problem(
        "f",
        MAX_PROBLEMS,
        1,
        "too-many-problems",
        "more than 200 problems were found; these are the first",
        "mend them, and look again",
    )
    assert bounded(problems[:MAX_PROBLEMS]) == problems[:MAX_PROBLEMS]


def test_very_many_warnings_are_no_error_unless_an_error_is_among_them_told_or_not() -> None:
    warnings = [Problem("f", line, 1, "unused", "x", "y", "warning") for line in range(1, 500)]
    assert {each.severity for each in bounded(warnings)} == {"warning"}
    told = bounded([*warnings, Problem("f", 500, 1, "unknown-key", "x", "y")])
    assert [each.severity for each in told] == ["warning"] * MAX_PROBLEMS + ["error"]
