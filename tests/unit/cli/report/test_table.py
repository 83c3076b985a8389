from overlord_run.cli.report.table import table


def test_columns_are_as_wide_as_their_widest_cell_and_lines_have_no_blanks_at_their_end() -> None:
    told = table(("slot", "sent", "note"), [("alder", "2", ""), ("oak", "10", "cut")], right=("sent",))
    assert told == "slot   sent  note\nalder     2\noak      10  cut"


def test_a_table_without_rows_is_its_header() -> None:
    assert table(("slot", "sent"), []) == "slot  sent"
