"""The exit codes in the docs are those of the code, in the same order."""

import re
from pathlib import Path

from overlord_run.errors import PRECEDENCE, Exit

DOCS = Path(__file__).parents[2] / "docs" / "exit-codes.md"


def test_the_table_has_every_exit_code_and_no_other() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(code) for code, _ in rows] == sorted(Exit)
    assert all(meaning for _, meaning in rows)


def test_the_order_is_the_one_that_the_code_uses() -> None:
    order = re.search(r"wins: ([\d, ]+)\.", DOCS.read_text(encoding="utf-8"))
    assert order is not None
    assert [int(code) for code in order[1].split(", ")] == list(PRECEDENCE)
