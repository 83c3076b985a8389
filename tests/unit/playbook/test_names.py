import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.playbook.names import did_you_mean, is_device, is_reserved, listed, next_name, path_fault, shown


@pytest.mark.parametrize(
    "name",
    ["all", "startup", "previous", "con", "nul", "aux", "prn", "com1", "lpt9", "com0", "com¹", "LPT³.x", "conin$"],
)
def test_words_of_the_language_and_windows_devices_are_reserved(name: str) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize("name", ["alder", "every", "console", "com", "com10", "null"])
def test_other_names_are_not_reserved(name: str) -> None:
    assert not is_reserved(name)


@pytest.mark.parametrize("part", ["con", "CON", "con.txt", "con .txt", "Nul.tar.gz", " aux"])
def test_a_device_is_known_whatever_its_ending_and_case(part: str) -> None:
    assert is_device(part)


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("texts/task.md", ""),
        ("./a b/ü.md", ""),
        ("../a.md", ""),
        ("", "is empty"),
        ("a" * 401, "is longer than 400 characters"),
        ("a\0b", "holds a character that cannot be printed"),
        ("a\u202eb", "holds a character that cannot be printed"),
        ("a\\b", "holds a backslash; folders are separated by '/'"),
        ("/etc/passwd", "is absolute, not relative"),
        ("//host/share", "is absolute, not relative"),
        ("C:a.md", "is absolute, not relative"),
        ("c:/a.md", "is absolute, not relative"),
        ("a/nul.md", "holds the name of a Windows device"),
    ],
)
def test_a_path_is_relative_and_safe_on_every_platform(path: str, fault: str) -> None:
    assert path_fault(path) == fault


@pytest.mark.parametrize(
    ("wrong", "known", "hint"),
    [
        ("aldr", ["alder", "birch"], "did you mean 'alder'?"),
        ("oak", ["alder", "birch"], ""),
        ("tasks", ["packs"], ""),
        ("ALDR", ["birch", "Alder"], "did you mean 'Alder'?"),
        ("OAK", ["alder", "birch"], ""),
        ("alder", [], ""),
        ("x" * 80, ["x" * 81], f"did you mean '{'x' * 81}'?"),
        ("x" * 81, ["x" * 80], ""),
        ("alder", [f"alder{number}" for number in range(501)], ""),
    ],
    ids=[
        "near",
        "far",
        "not near enough",
        "in capitals",
        "far in capitals",
        "nothing known",
        "told whole",
        "too long",
        "too many",
    ],
)
def test_a_near_miss_is_offered(wrong: str, known: list[str], hint: str) -> None:
    assert did_you_mean(wrong, known) == hint


@pytest.mark.parametrize(
    ("wrong", "known", "told"),
    [
        ("aldr", ["alder", "birch"], "Did you mean 'alder'?"),
        ("oak", ["alder", "birch"], "They are 'alder', 'birch'."),
        ("oak", [], "They are none."),
    ],
    ids=["near", "far", "nothing known"],
)
def test_who_gave_an_unknown_name_is_told_the_near_one_or_all(wrong: str, known: list[str], told: str) -> None:
    assert next_name(wrong, known, "They are") == told


def test_a_list_of_names_is_cut() -> None:
    assert listed(["a", "b"]) == "'a', 'b'"
    assert listed(iter("abc"), most=2) == "'a', 'b', …"
    assert listed([]) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("alder", "'alder'"),
        ("x" * 40, "'" + "x" * 40 + "'"),
        ("x" * 41, "'" + "x" * 40 + "…'"),
        ("a\nb\x1b[31m\u202e\u200b", r"'a\nb\x1b[31m\u202e\u200b'"),
        (5, "5"),
        (0.5, "0.5"),
        (True, "true"),
        (None, "nothing"),
        ({"a": 1}, "a mapping"),
        ([1], "a list"),
    ],
)
def test_a_value_is_shown_short_and_harmless(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_value_is_shown_as_long_as_asked() -> None:
    assert shown("x" * 50, longest=60) == "'" + "x" * 50 + "'"


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_shown(text: str) -> None:
    assert shown(text).isprintable()
