"""docs/faults.md and the harnesses say the same."""

import re
from pathlib import Path

from faults.network import FAULTS
from faults.storage import DISK_FAULTS
from faults.table import PAGE, written

HERE = Path(__file__).parent
HARNESSES = {path.name for path in HERE.glob("test_*.py")} - {"test_table.py"}


def test_the_tables_are_the_rows_that_are_run() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "PYTHONPATH=tests python -m faults.table puts the rows there"


def test_there_are_many_rows_and_each_is_a_mechanism_of_its_own() -> None:
    names = [fault.name for fault in (*FAULTS, *DISK_FAULTS)]
    assert len(set(names)) == len(names) > 170


def test_every_harness_is_told() -> None:
    told = re.findall(r"^\| `(test_\w+\.py)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(HARNESSES)
