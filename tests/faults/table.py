"""Write the tables of docs/faults.md from the rows that the harnesses run: `python -m faults.table` puts them there."""

import re
from collections.abc import Iterator
from pathlib import Path

from faults.network import FAULTS, Fault
from faults.storage import DISK_FAULTS, DiskFault
from faults.test_second_writers import MEDDLERS

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
_MARKED = re.compile(r"(<!-- faults: (\w+) -->\n\n)(?:\|.*\n)+")


def lines(name: str) -> Iterator[str]:
    """Yield the lines of a table: its head, and a row a mechanism."""
    match name:
        case "disk":
            yield from ("| what the disk does | the command |", "| --- | --- |")
            yield from (_disk_row(fault) for fault in DISK_FAULTS)
        case "writers":
            yield from ("| another process | the run |", "| --- | --- |")
            yield from (f"| {name} | ends, exit 7; nothing more is written |" for name in MEDDLERS)
        case "network":
            yield from ("| what happens to the call | on record | asked again |", "| --- | --- | --- |")
            yield from (_network_row(fault) for fault in FAULTS)


def written(page: str) -> str:
    """Return a page with its tables as they should be."""
    return _MARKED.sub(lambda found: found[1] + "".join(f"{line}\n" for line in lines(found[2])), page)


def _disk_row(fault: DiskFault) -> str:
    return f"| {fault.name} | exit 74; {'the run never began' if fault.is_early else '`resume` carries on'} |"


def _network_row(fault: Fault) -> str:
    if fault.kind is None:
        return f"| {fault.name} | an answer | |"
    status = "" if fault.status is None else f", {fault.status}"
    return f"| {fault.name} | failed: `{fault.kind}`{status} | {'yes' if fault.unbilled else 'no'} |"


def main() -> None:
    """Put the tables into the page."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
