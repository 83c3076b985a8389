import pytest

from overlord_run.errors import Exit, SettingsError, UsageError
from overlord_run.settings.timeout import Timeout, timeout_asked


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("5m", 300), ("1.5m", 90), ("5000ms", 5), ("10m", 600), ("7.25", 7.25)],
)
def test_a_flag_is_a_duration_and_a_bare_number_is_seconds(text, seconds):
    assert timeout_asked(text, {"OVERLORD_TIMEOUT_MS": "6000"}) == Timeout(seconds, "--timeout")


@pytest.mark.parametrize(
    "text", ["", "4.9", "601", "11m", "1h", "0.1h", "0", "-5", "abc", "5 m", "1e2", "nan", "inf", "٩٠"]
)
def test_a_flag_out_of_range_is_a_mistake_of_the_command_line(text):
    with pytest.raises(UsageError) as caught:
        timeout_asked(text, {})
    assert caught.value.message == f"--timeout takes a duration from 5s to 10m, not '{text}'"
    assert caught.value.next == "write it like 90s or 5m; a bare number is seconds"


def test_without_flag_and_variable_nothing_is_asked():
    assert timeout_asked(None, {"OVERLORD_TIMEOUT_MS": ""}) is None


@pytest.mark.parametrize("name", ["MMI_OVERLORD_LLM_TIMEOUT_MS", "OVERLORD_TIMEOUT_MS"])
@pytest.mark.parametrize(("text", "seconds"), [("5000", 5), ("90000", 90), ("600000", 600), ("7500.5", 7.5005)])
def test_a_variable_is_a_number_of_milliseconds(name, text, seconds):
    assert timeout_asked(None, {name: text}) == Timeout(seconds, name)


def test_the_name_of_the_seed_wins_over_the_neutral_one():
    environ = {"OVERLORD_TIMEOUT_MS": "6000", "MMI_OVERLORD_LLM_TIMEOUT_MS": "7000"}
    assert timeout_asked(None, environ) == Timeout(7, "MMI_OVERLORD_LLM_TIMEOUT_MS")


@pytest.mark.parametrize(
    ("text", "seconds", "note"),
    [
        ("0", 5, "OVERLORD_TIMEOUT_MS asks for 0 s; a request may take from 5 s to 10 min, so it is 5 s"),
        ("4999", 5, "OVERLORD_TIMEOUT_MS asks for 4.999 s; a request may take from 5 s to 10 min, so it is 5 s"),
        ("700000", 600, "OVERLORD_TIMEOUT_MS asks for 700 s; a request may take from 5 s to 10 min, so it is 600 s"),
    ],
)
def test_a_variable_out_of_range_is_clamped_and_told(text, seconds, note):
    assert timeout_asked(None, {"OVERLORD_TIMEOUT_MS": text}) == Timeout(seconds, "OVERLORD_TIMEOUT_MS", note)


@pytest.mark.parametrize("text", ["90s", "-1", "abc", " 90000", "1e5", "nan", "9" * 19])
def test_a_variable_that_is_no_number_is_told_by_its_name(text):
    with pytest.raises(SettingsError) as caught:
        timeout_asked(None, {"OVERLORD_TIMEOUT_MS": text})
    assert caught.value.message == f"OVERLORD_TIMEOUT_MS is '{text}', which is no number of milliseconds"
    assert caught.value.next == "set OVERLORD_TIMEOUT_MS to a number like 90000, or unset it"
    assert (caught.value.code, caught.value.exit) == ("timeout-malformed", Exit.NOT_PROVED)
