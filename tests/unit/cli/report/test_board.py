from collections.abc import Sequence

import pytest

from overlord_run.cli.report.board import board
from overlord_run.cli.report.rows import Row, Rows
from overlord_run.cli.report.size import Size
from overlord_run.cli.report.styled import plain
from overlord_run.plan.pricing import Cost

WIDE = Size(80, 24)


def at(second: float) -> str:
    return f"2026-07-01T12:00:{second:06.3f}Z"


def seen(rows: Sequence[Row], *, mark: str = "") -> Rows:
    return Rows({row.slot: row for row in rows}, at(0), mark, heard=1)


def text(rows: Sequence[Row], size: Size = WIDE, now: str = at(42.5), *, mark: str = "") -> list[str]:
    return [one.rstrip() for one in plain(board(seen(rows, mark=mark), size, now)).split("\n")]


EACH = [
    Row("alder", "asking", "rebuttal", 2, at(40), tokens=440, told=1, cost=Cost(4_200_000, 1)),
    Row("birch", "ready", "rebuttal", 1, at(40), at(42.1), 1439, 2, cost=Cost(1_200_000_000, 2)),
    Row("cedar", "waiting", "rebuttal", 3, at(30), tokens=9, told=1, untold=1, cost=Cost(90_000, 1, 1)),
    Row("elder", "blocked", "startup", 1, at(2), at(32), cost=Cost(unpriced=1)),
    Row("hazel", "queued", "rebuttal", untold=1, cost=Cost(unpriced=1)),
    Row("oak"),
]


def test_a_row_tells_state_time_tokens_cost_and_message() -> None:
    assert text(EACH) == [
        "",
        "slot   state      time      tokens                   cost  message",
        "alder  asking      2 s         440             0.0042 USD  rebuttal, attempt 2",
        "birch  ready     2.1 s       1,439               1.20 USD  rebuttal",
        "cedar  waiting    12 s  at least 9  0.0001 USD + unpriced  rebuttal, attempt 3",
        "elder  blocked    30 s                           unpriced  startup",
        "hazel  queued              unknown               unpriced  rebuttal",
        "oak    pending",
        "6 servants, 42 s, at least 1,888 tokens, 1.21 USD + unpriced",
    ]


def test_each_state_has_its_colour_and_the_words_around_are_faint() -> None:
    lines = board(seen(EACH), WIDE, at(42))
    assert [line.parts[1].style for line in lines if len(line.parts) > 1] == [
        "busy",
        "good",
        "notice",
        "bad",
        "faint",
        "faint",
    ]
    assert [line.parts[0].style for line in (lines[1], lines[-1])] == ["faint", "faint"]


def test_a_rehearsal_says_so_and_nobody_has_told_a_token() -> None:
    assert text([Row("oak")], mark="[rehearsal] ")[-1] == "[rehearsal] 1 servant, 42 s, 0 tokens, 0.00 USD"
    untold = Row("oak", "ready", untold=1, cost=Cost(unpriced=1))
    assert text([untold])[-1] == "1 servant, 42 s, tokens unknown, unpriced"


def test_a_clock_that_was_set_back_gives_no_time_below_zero() -> None:
    assert text([Row("oak", "asking", "rank", began_at=at(43))])[2].split() == ["oak", "asking", "0", "s", "rank"]


def test_the_columns_hold_still_while_a_run_goes_on() -> None:
    headers = {text([Row("alder", began_at=None), Row("oak", *facts)])[1] for facts in CHANGES}
    assert headers == {"slot   state      time  tokens        cost  message"}


CHANGES = [
    (),
    ("queued", "a-message-with-a-long-name"),
    ("asking", "rank", 1, at(1)),
    ("waiting", "rank", 12, at(1)),
    ("ready", "rank", 1, at(1), at(1.04), 99_999, 1, 0, Cost(123_456_789, 1)),
]


def many(count: int) -> list[Row]:
    """Return a council in which two are busy, one failed, most have answered and the last ones wait."""
    rows = [Row(f"s{number}", "ready", "startup", 1, at(1), at(number % 40)) for number in range(count)]
    rows[50] = Row("s50", "asking", "startup", 1, at(39))
    rows[51] = Row("s51", "waiting", "startup", 2, at(39))
    rows[7] = Row("s7", "blocked", "startup", 1, at(1), at(2))
    rows[-9:] = [Row(row.slot, "queued", "startup") for row in rows[-9:]]
    return rows


def test_of_many_servants_those_are_shown_that_matter_and_the_others_are_counted() -> None:
    shown = text(many(200), Size(80, 15))
    assert len(shown) == 10
    assert [line.split()[:2] for line in shown[2:8]] == [
        ["s7", "blocked"],
        ["s39", "ready"],
        ["s50", "asking"],
        ["s51", "waiting"],
        ["s79", "ready"],
        ["s119", "ready"],
    ]
    assert shown[8:] == ["and 194 more: 185 ready, 9 queued", "200 servants, 42 s, 0 tokens, 0.00 USD"]


def test_no_row_is_left_out_for_the_line_that_would_say_so() -> None:
    rows = [Row(f"s{number}") for number in range(6)]
    assert len(text(rows, Size(80, 14))) == 9
    assert [line.split()[0] for line in text([*rows, Row("s6")], Size(80, 14))[-2:]] == ["and", "7"]


@pytest.mark.parametrize("lines", [1, 2, 3, 6, 7, 24, 50])
@pytest.mark.parametrize("count", [1, 60, 200])
def test_the_table_leaves_room_above_it_on_every_terminal(count: int, lines: int) -> None:
    rows = many(count) if count > 1 else [Row("s0")]
    shown = text(rows, Size(80, lines))
    assert len(shown) <= max(lines * 2 // 3, 1)
    assert shown[-1].startswith(f"{count} servant")


def test_on_a_narrow_terminal_a_long_slot_is_cut_and_the_message_keeps_a_little_room_before_the_cost() -> None:
    rows = [Row("a_slot_with_a_name_that_is_long", "asking", "rebuttal", 1, at(40)), Row("oak")]
    assert text(rows, Size(50, 24))[1:4] == [
        "slot             state      time  tokens  message",
        "a_slot_with_a_…  asking      2 s          rebuttal",
        "oak              pending",
    ]
    assert text(rows, Size(70, 24))[2] == "a_slot_with_a_name_tha…  asking      2 s                      rebuttal"
    assert text(rows, WIDE)[2].startswith("a_slot_with_a_name_that_is_long  asking")
