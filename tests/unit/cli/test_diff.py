"""What cannot be compared is refused, and says what can."""

import subprocess
from pathlib import Path

import pytest

from overlord_run.cli.main import execute
from overlord_run.errors import Exit
from overlord_run.files import PLAYBOOK_LIMIT

BOOK = """\
overlord: 1
name: council
inputs: {plan: {type: string, default: Ship it.}}
roles:
  critic: {system: You criticise., task: "{{ inputs.plan }}"}
assignments:
  - {slot: alder, role: critic}
"""
MORE = BOOK.replace("inputs: {", "inputs: {extra: {type: integer}, ").replace('"{{', '"{{ 6 // inputs.extra }}{{')


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that commands run in; it is in no repository."""
    (tmp_path / "council.yml").write_text(BOOK, encoding="utf-8")
    (tmp_path / "more.yml").write_text(MORE, encoding="utf-8")
    (tmp_path / "values.yml").write_text("extra: 2\nplan: Wait!\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


BOTH = "overlord-run diff PLAYBOOK PLAYBOOK, or overlord-run diff PLAYBOOK --against REV"
LIST = "overlord-run list shows"
FOR_PLAYBOOKS = "Leave out what is for playbooks: --against, -i, -I and --inputs."
REFUSED = {
    "first": ("'first' is no playbook, and a run is compared with another run", f"Name two runs; {LIST} those here."),
    "first council.yml": (
        "a run and a playbook cannot be compared",
        f"Name two runs, or two playbooks; {LIST} the runs here.",
    ),
    "council.yml first": (
        "a run and a playbook cannot be compared",
        f"Name two runs, or two playbooks; {LIST} the runs here.",
    ),
    "council.yml": ("a playbook is compared with another one, or with itself at a revision", BOTH),
    "council.yml more.yml --against HEAD": (
        "a playbook is compared with another one, or with itself at a revision",
        BOTH,
    ),
    "first second --against HEAD": ("runs have no revision", FOR_PLAYBOOKS),
    "first second -i plan=x": ("runs have inputs of their own", FOR_PLAYBOOKS),
    "council.yml none.yml": ("'none.yml' does not exist", "Check the path."),
    "none.yml council.yml": ("'none.yml' does not exist", "Check the path."),
    "council.yml council.yml -i pln=x": (
        "council.yml: the playbook declares no input 'pln'",
        "Did you mean 'plan'?",
    ),
    "council.yml more.yml": ("more.yml: input 'extra' is missing", "Give -i extra=VALUE"),
    "council.yml more.yml -i extra=x": (
        "more.yml: input 'extra' must be a whole number, not text",
        "Write digits only, such as 5.",
    ),
    "council.yml council.yml -i plan": (
        "-i takes NAME=VALUE, and what was given has no =",
        "Write it as -i NAME=VALUE.",
    ),
    "council.yml --against=-x": ("'-x' is no revision: it begins with -", "Name a branch, a tag or a commit."),
    "council.yml --against HEAD": (
        "'FOLDER' is in no git repository",
        "Name a playbook that is in one, or compare two playbooks.",
    ),
}


@pytest.mark.parametrize(("words", "told"), REFUSED.items(), ids=list(REFUSED))
def test_what_cannot_be_compared_is_refused(
    words: str, told: tuple[str, str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["diff", *words.split(" ")]) == Exit.USAGE
    out, err = capsys.readouterr()
    assert (out, err.replace(str(folder.resolve()), "FOLDER")) == ("", f"error: {told[0]}\nnext: {told[1]}\n")


def test_a_value_goes_to_the_playbooks_that_declare_its_input(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "extra").write_text("2\n", encoding="utf-8")
    for words in (["-i", "extra=2", "-i", "plan=Wait!"], ["-I", "extra=extra"], ["--inputs", "values.yml"]):
        assert execute(["diff", "council.yml", "more.yml", *words]) == Exit.FAILED
        text = "Ship it." if words[0] == "-I" else "Wait!"
        assert f'\nstartup to alder\ntext: "{text}" -> "3{text}"\n' in capsys.readouterr().out


def test_what_cannot_be_planned_is_a_problem_of_its_side(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["diff", "council.yml", "more.yml", "-i", "extra=0"]) == Exit.INVALID
    assert capsys.readouterr().err.startswith("more.yml:5:42: error: a number is divided by zero (")


@pytest.fixture
def repository(folder: Path) -> Path:
    """Return the same folder, all of it committed."""
    me = ("-c", "user.name=me", "-c", "user.email=me@here")
    for words in (("init", "--quiet"), ("add", "."), (*me, "commit", "--quiet", "--message", "x")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


@pytest.mark.usefixtures("repository")
def test_a_playbook_that_is_neither_there_nor_in_the_revision_does_not_exist(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert execute(["diff", "books/none.yml", "--against", "HEAD"]) == Exit.USAGE
    assert capsys.readouterr().err == "error: 'books/none.yml' does not exist\nnext: Check the path.\n"


def test_a_playbook_that_was_too_large_or_no_file_is_a_problem_of_that_side(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "council.yml").write_bytes(b"#" * (PLAYBOOK_LIMIT + 1))
    (repository / "more.yml").unlink()
    (repository / "more.yml").mkdir()
    (repository / "more.yml" / "file").touch()
    for words in (("add", "--all"), ("-c", "user.name=me", "-c", "user.email=me@here", "commit", "--quiet", "-m", "x")):
        subprocess.run(["git", *words], cwd=repository, check=True)
    (repository / "council.yml").write_text(BOOK, encoding="utf-8")
    assert execute(["diff", "council.yml", "--against", "HEAD"]) == Exit.INVALID
    assert capsys.readouterr().err.startswith("HEAD:council.yml:1:1: error: 'council.yml' is larger than ")
    (repository / "more.yml" / "file").unlink()
    (repository / "more.yml").rmdir()
    (repository / "more.yml").write_text(MORE, encoding="utf-8")
    assert execute(["diff", "more.yml", "--against", "HEAD", "-i", "extra=1"]) == Exit.INVALID
    assert capsys.readouterr().err.startswith("HEAD:more.yml:1:1: error: 'more.yml' is a folder, not a file")


def test_settings_of_the_machine_have_no_say(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OVERLORD_MODEL", "mine")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    (folder / "model.yml").write_text(BOOK + "models: {normal: fugu-3}\n", encoding="utf-8")
    assert execute(["diff", "council.yml", "model.yml"]) == Exit.FAILED
    assert "\nservant alder\nmodel.id: fugu -> fugu-3\n" in capsys.readouterr().out


def test_as_markdown_the_same_is_told_in_a_fence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "other.yml").write_text(BOOK.replace("Ship", "Keep"), encoding="utf-8")
    assert execute(["diff", "council.yml", "other.yml", "--format", "markdown"]) == Exit.FAILED
    lines = capsys.readouterr().out.splitlines()
    assert [*lines[:5], lines[-1]] == [
        "1 request: 1 changed.",
        "",
        "```diff",
        "--- council.yml",
        "+++ other.yml",
        "```",
    ]
