import json

import pytest

from overlord_run.cli.report.formats import FORMATS
from overlord_run.cli.validate import FORMATS as NAMES
from unit.cli.report import validations as kit


def test_the_formats_of_the_command_line_are_those_that_there_are() -> None:
    assert tuple(FORMATS) == NAMES


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_can_be_written_whatever_a_file_is_called_and_ends_its_last_line(name: str) -> None:
    text = FORMATS[name](kit.FOUND)
    assert text.encode().endswith(b"\n")
    assert not set(text) & {"\u202e", "\x07"}


def test_where_nothing_is_wrong_people_read_nothing_and_programs_a_whole_report() -> None:
    told = {name: report(kit.NOTHING) for name, report in FORMATS.items()}
    assert (told.pop("text"), told.pop("github")) == ("", "")
    assert json.loads(told.pop("json"))["problems"] == json.loads(told.pop("gitlab")) == []
    assert json.loads(told.pop("sarif"))["runs"][0]["results"] == []
    assert told.keys() == {"junit"}
    assert '<testcase name="valid" classname="c.yml" time="0" />' in told["junit"]


def test_as_text_each_place_is_shown_below_its_problems() -> None:
    assert FORMATS["text"](kit.FOUND).splitlines()[:6] == [
        "./a/council.yml:3:5: error: unknown key 'rols' (did you mean 'roles'?) [unknown-key]",
        " 3 |     rols: {}",
        "   |     ^",
        "./a/council.yml:9:1: warning: nothing reads the input 'plan' [unused-input]",
        " 9 | plan: {type: string}",
        "   | ^",
    ]
