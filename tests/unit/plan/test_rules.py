from pathlib import Path

from overlord_run.plan import rules
from overlord_run.playbook.rules import RULES


def test_every_rule_is_told_somewhere_and_no_other() -> None:
    modules = Path(rules.__file__).parent.rglob("*.py")
    text = "".join(module.read_text("utf-8") for module in modules if module.name != "rules.py")
    assert {rule for rule in rules.RULES if f'"{rule}"' in text} == rules.RULES.keys()


def test_no_rule_stands_in_both_tables() -> None:
    assert rules.RULES.keys().isdisjoint(RULES)


def test_every_rule_is_a_sentence() -> None:
    assert [rule for rule, text in rules.RULES.items() if not (text[0].isupper() and text.endswith("."))] == []
