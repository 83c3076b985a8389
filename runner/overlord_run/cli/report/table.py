"""Set rows in columns of plain text."""

from collections.abc import Collection, Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[str] = ()) -> str:
    """Return the header and the rows in columns, two blanks apart; the columns named in `right` end flush."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(_line(line, header, widths, right) for line in lines)


def _line(cells: Sequence[str], header: Sequence[str], widths: Sequence[int], right: Collection[str]) -> str:
    set_cells = [
        cell.rjust(width) if name in right else cell.ljust(width)
        for cell, name, width in zip(cells, header, widths, strict=True)
    ]
    return "  ".join(set_cells).rstrip()
