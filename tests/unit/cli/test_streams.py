import io
import json
import os
import sys
from pathlib import Path
from typing import TextIO

import pytest

from overlord_run.cli.lines import write_note_lines
from overlord_run.cli.report.styled import line
from overlord_run.cli.streams import (
    is_on_terminal,
    prepare,
    terminal_facts,
    write_data,
    write_exactly,
    write_json,
    write_note,
    write_report,
)
from overlord_run.errors import StoreError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def left_by_its_reader() -> TextIO:
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w", encoding="utf-8")


@pytest.fixture
def not_writable(tmp_path: Path) -> TextIO:
    (tmp_path / "file").write_text("", encoding="utf-8")
    return os.fdopen(os.open(tmp_path / "file", os.O_RDONLY), "w", encoding="utf-8")


def test_data_in_a_pipe_is_exact_and_ends_with_a_newline(capsys: pytest.CaptureFixture[str]) -> None:
    write_data("one\x1b[31m\u200b")
    write_data("two\n")
    assert capsys.readouterr().out == "one\x1b[31m\u200b\ntwo\n"


def test_data_on_a_terminal_is_made_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    write_data("one\x1b[31m")
    assert terminal.getvalue() == "one\\u001b[31m\n"


def test_what_is_handed_over_exactly_has_no_newline_of_ours_but_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_exactly("one\x1b\r\n")
    write_exactly("two")
    assert capsys.readouterr().out == "one\x1b\r\ntwo"
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    write_exactly("one\x1b")
    assert terminal.getvalue() == "one\\u001b\n"


def test_where_standard_output_goes_is_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (terminal_facts(), is_on_terminal()) == ("standard output is a file or a pipe, UTF-8", False)
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "72")
    assert (terminal_facts(), is_on_terminal()) == ("standard output is a terminal, None, 72 columns", True)
    monkeypatch.setattr("sys.stdout", None)
    assert (terminal_facts(), is_on_terminal()) == ("standard output is closed", False)
    assert capsys.readouterr().out == ""


def test_reports_and_notes_are_made_visible_wherever_they_go(capsys: pytest.CaptureFixture[str]) -> None:
    write_report("one\x1b")
    write_note("two\u202e")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("one\\u001b\n", "two\\u202e\n")


def test_what_people_read_commands_nothing_in_the_log_of_a_step_of_github(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for said in ("false", "true"):
        monkeypatch.setenv("GITHUB_ACTIONS", said)
        write_report("::error::one")
        write_note("##[error]two")
        write_note_lines([line("::debug::three", indent=2)])
        write_data("::error::four")
    told = capsys.readouterr()
    assert told.out.splitlines() == ["::error::one", "::error::four", "\\u003a:error::one", "::error::four"]
    assert told.err.splitlines() == [
        *("##[error]two", "  ::debug::three"),
        *("##\\u005berror]two", "  \\u003a:debug::three"),
    ]


def test_json_commands_nothing_in_any_log(capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"text": "##[error]one"})
    line = capsys.readouterr().out
    assert line == '{"text":"##\\u005berror]one"}\n'
    assert json.loads(line) == {"text": "##[error]one"}


def test_json_is_one_line_of_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"text": "grün\n\ud800"})
    line = capsys.readouterr().out
    assert line == '{"text":"gr\\u00fcn\\n\\ud800"}\n'
    assert json.loads(line) == {"text": "grün\n\ud800"}


def test_a_reader_that_left_ends_nothing(monkeypatch: pytest.MonkeyPatch, left_by_its_reader: TextIO) -> None:
    monkeypatch.setattr("sys.stdout", left_by_its_reader)
    assert write_report("one") is False
    write_data("two")
    left_by_its_reader.close()
    assert left_by_its_reader.closed


def test_an_output_that_cannot_be_written_is_an_error(monkeypatch: pytest.MonkeyPatch, not_writable: TextIO) -> None:
    monkeypatch.setattr("sys.stdout", not_writable)
    with pytest.raises(StoreError) as refused:
        write_data("one")
    assert refused.value.message == "standard output cannot be written: Bad file descriptor"
    not_writable.close()
    assert not_writable.closed


def test_a_note_that_cannot_be_written_is_dropped(monkeypatch: pytest.MonkeyPatch, not_writable: TextIO) -> None:
    monkeypatch.setattr("sys.stderr", not_writable)
    write_note("one")
    not_writable.close()
    assert not_writable.closed


def test_a_stream_that_does_not_exist_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.setattr("sys.stderr", None)
    prepare()
    write_data("one")
    write_note("two")
    assert sys.stdout is None


def test_a_pipe_takes_any_text_with_bare_newlines(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii", newline="\r\n"))
    prepare()
    write_data("grün\ud800\n")
    assert raw.getvalue() == b"gr\xc3\xbcn\\ud800\n"


def test_a_terminal_keeps_its_encoding_and_gets_escapes_for_what_it_has_no_sign_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = io.BytesIO()

    class Console(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdout", Console(raw, encoding="ascii"))
    prepare()
    write_data("grün")
    assert raw.getvalue() == b"gr\\xfcn\n"
