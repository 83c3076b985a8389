from pathlib import Path

import pytest

from overlord_run.app.inputs import Given, gather
from overlord_run.errors import UsageError
from overlord_run.playbook.model import Input
from overlord_run.playbook.texts import Place

PLACE = Place("playbook.yml", 1, 1)
DECLARED = {
    name: Input(name, type_, PLACE)  # type: ignore[arg-type]
    for name, type_ in {
        "text": "string",
        "count": "integer",
        "names": "array",
        "plan": "file",
        "notes": "file",
        "docs": "files",
    }.items()
}


def given(*arguments: str, files: tuple[str, ...] = (), inputs: tuple[str, ...] = (), stdin: bytes = b"") -> Given:
    def pairs(words: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        return tuple((word.split("=", 1)[0], word.split("=", 1)[1]) for word in words)

    return Given(pairs(arguments), pairs(files), inputs, lambda: stdin)


def test_the_declared_type_decides_how_a_value_is_read(tmp_path: Path) -> None:
    (tmp_path / "plan.md").write_text("Ship.\n", encoding="utf-8")
    values = gather(DECLARED, given("text=@5", "count=5", 'names=["a"]', f"plan={tmp_path / 'plan.md'}"))
    assert values == {"text": "@5", "count": 5, "names": ["a"], "plan": "Ship.\n"}


def test_a_repeated_value_of_a_list_is_one_of_its_strings() -> None:
    assert gather(DECLARED, given("names=5", "names=[")) == {"names": ["5", "["]}


def test_the_last_of_several_values_that_are_no_list_holds() -> None:
    assert gather(DECLARED, given("text=a", "text=b")) == {"text": "b"}


def test_any_types_value_can_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("5\n", encoding="utf-8")
    (tmp_path / "text").write_text("two\nlines\n", encoding="utf-8")
    values = gather(DECLARED, given(files=(f"count={tmp_path / 'count'}", f"text={tmp_path / 'text'}")))
    assert values == {"count": 5, "text": "two\nlines"}


def test_the_command_line_wins_over_inputs_files_and_a_later_file_over_an_earlier(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("{text: a, count: 1, names: [a]}", encoding="utf-8")
    (tmp_path / "b.json").write_text('{"count": 2, "text": "b"}', encoding="utf-8")
    files = (str(tmp_path / "a.yml"), str(tmp_path / "b.json"))
    assert gather(DECLARED, given("text=c", inputs=files)) == {"text": "c", "count": 2, "names": ["a"]}


def test_an_inputs_file_names_files_by_path(tmp_path: Path) -> None:
    (tmp_path / "plan.md").write_text("Ship.", encoding="utf-8")
    (tmp_path / "a.yml").write_text(f"plan: {tmp_path / 'plan.md'}", encoding="utf-8")
    assert gather(DECLARED, given(inputs=(str(tmp_path / "a.yml"),))) == {"plan": "Ship."}


def test_standard_input_is_read_for_one_file() -> None:
    assert gather(DECLARED, given("plan=-", stdin=b"Ship.")) == {"plan": "Ship."}


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (
            given("plan=-", "notes=-"),
            "standard input can be read once, and 'plan', 'notes' all ask for it",
        ),
        (
            given("plan=-", files=("text=-",)),
            "standard input can be read once, and 'text', 'plan' all ask for it",
        ),
        (
            given("tekst=a", "plan=nowhere.md", "text=fine"),
            "the playbook declares no input 'tekst'; 'nowhere.md' does not exist",
        ),
        (
            given("plan=nowhere.md", inputs=("nowhere.yml",)),
            "'nowhere.yml' does not exist; 'nowhere.md' does not exist",
        ),
        (given("plan=-", stdin=b"\xff"), "input 'plan' is not UTF-8: byte 0xff at offset 0"),
    ],
    ids=["twice", "twice-by-two-flags", "several", "several-files", "no-text"],
)
def test_what_cannot_be_read_is_told_all_at_once(one: Given, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        gather(DECLARED, one)
    assert caught.value.message == message
    assert caught.value.next


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[a]", " holds no mapping of input names to values"),
        (
            "{a: 1, a: 2}",
            ":1:8: error: the key 'a' stands here twice, first on line 1 (keep one of them) [duplicate-key]",
        ),
    ],
    ids=["no-mapping", "no-yaml"],
)
def test_an_inputs_file_that_is_none_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "inputs.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        gather(DECLARED, given(inputs=(str(path),)))
    assert caught.value.message == f"{path}{message}"


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two documents, which is the current one."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("one", encoding="utf-8")
    (tmp_path / "docs" / "b.md").write_text("two", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


A = {"path": "docs/a.md", "name": "a.md", "text": "one"}
B = {"path": "docs/b.md", "name": "b.md", "text": "two"}


def test_files_are_given_by_globs_and_a_repeated_one_adds(docs: Path) -> None:
    assert gather(DECLARED, given("docs=docs/*.md")) == {"docs": [A, B]}
    assert gather(DECLARED, given("docs=docs/b.md", "docs=docs/a*")) == {"docs": [A, B]}


def test_a_list_of_globs_can_stand_in_a_file_one_on_a_line(docs: Path) -> None:
    values = gather(DECLARED, given(files=("docs=-",), stdin=b"docs/b.md\n\ndocs/a.md\n"))
    assert values == {"docs": [A, B]}


@pytest.mark.parametrize(
    ("content", "found"), [("docs/*", [A, B]), ("[docs/b.md]", [B]), ("[docs/b.md, docs/a.md]", [A, B]), ("[]", [])]
)
def test_an_inputs_file_names_files_by_globs(docs: Path, content: str, found: object) -> None:
    (docs / "in.yml").write_text(f"docs: {content}", encoding="utf-8")
    assert gather(DECLARED, given(inputs=("in.yml",))) == {"docs": found}


@pytest.mark.parametrize("content", ["5", "{path: a, name: a, text: a}", "[{path: a, name: a, text: a}]"])
def test_an_inputs_file_gives_no_files_itself(docs: Path, content: str) -> None:
    (docs / "in.yml").write_text(f"docs: {content}", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        gather(DECLARED, given(inputs=("in.yml",)))
    assert caught.value.message == "input 'docs' must be a glob or a list of globs"
    assert caught.value.next == "Write it like docs/**/*.md, from the current folder."
