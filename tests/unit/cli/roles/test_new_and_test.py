"""The words that `roles test` is told in, as text, JSON and JUnit XML."""

import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
import xmlschema

from acceptance.invocation import fitting
from overlord_run.cli.main import execute
from overlord_run.errors import Exit

JUNIT = Path(__file__).parents[3] / "formats" / "junit.xsd"
ROLE = """\
---
overlord: 1
role: {name}
inputs: {{focus: {{type: string, default: all}}}}
---
You review {{{{ inputs.focus }}}}.
"""
CRITIC = """\
overlord: 1
examples:
  by default: {text_file: critic.txt}
  focused: {with: {focus: "<logs>\\u202e"}, contains: logs}
  wrong: {contains: speed, lacks: all}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder `roles` with a role whose examples fail, one without, and one whose examples are invalid."""
    monkeypatch.chdir(tmp_path)
    roles = tmp_path / "roles"
    roles.mkdir()
    for name in ("bare", "critic", "judge"):
        (roles / f"{name}.md").write_text(ROLE.format(name=name), encoding="utf-8")
    (roles / "critic.examples.yml").write_text(CRITIC, encoding="utf-8")
    (roles / "critic.txt").write_text("You judge all.\n", encoding="utf-8")
    (roles / "judge.examples.yml").write_text("overlord: 1\nexamples: {one: {with: {fokus: x}}}\n", encoding="utf-8")
    return roles


WRONG = """\
roles/judge.examples.yml:2:25: error: the role 'judge' has no input 'fokus' (did you mean 'focus'?) [unknown-input]
 2 | examples: {one: {with: {fokus: x}}}
   |                         ^
"""
FAILED = """\
roles/critic.md: 3 examples, 1 passed and 2 failed
  roles/critic.examples.yml:3:3: by default: the prompt is not that of critic.txt; --update writes it
    @@ -1 +1 @@
    -You judge all.
    +You review all.
  roles/critic.examples.yml:5:3: wrong: the prompt does not contain "speed"
  roles/critic.examples.yml:5:3: wrong: the prompt contains "all"
"""


def slashed(text: str) -> str:
    return text.replace("roles\\", "roles/")


def test_each_role_is_a_line_and_below_it_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["roles", "test"]) == Exit.INVALID
    told = capsys.readouterr()
    assert slashed(told.out) == f"{WRONG}roles/bare.md: no examples\n{FAILED}roles/judge.md: not tried\n"
    assert told.err == "3 roles: 1 error, 3 examples, 1 passed and 2 failed, 1 role without examples\n"


def test_quietly_only_what_is_wrong_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("roles/judge.examples.yml").write_text("overlord: 1\nexamples: {one: {}}\n", encoding="utf-8")
    assert execute(["roles", "test", "-q", "roles/critic.md", "roles/judge.md"]) == Exit.FAILED
    told = capsys.readouterr()
    assert (slashed(told.out), told.err) == (FAILED, "")
    assert execute(["roles", "test", "-q", "roles/judge.md"]) == Exit.OK
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")


def test_json_has_every_example_and_every_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["roles", "test", "--format", "json"]) == Exit.INVALID
    told = capsys.readouterr()
    found = fitting(told.out, "roles-test")
    assert told.err == ""
    assert [(role["examplesFile"] is None, len(role["examples"])) for role in found["roles"]] == [
        (True, 0),
        (False, 3),
        (False, 0),
    ]
    assert [(one["name"], one["line"], one["state"]) for one in found["roles"][1]["examples"]] == [
        ("by default", 3, "failed"),
        ("focused", 4, "passed"),
        ("wrong", 5, "failed"),
    ]
    assert found["roles"][1]["examples"][0]["failures"] == [
        {
            "message": "the prompt is not that of critic.txt; --update writes it",
            "diff": ["@@ -1 +1 @@", "-You judge all.", "+You review all."],
        }
    ]
    assert [problem["rule"] for problem in found["problems"]] == ["unknown-input"]
    assert found["exit"] == 3


def test_junit_is_what_cis_read(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert execute(["roles", "test", "--format", "junit", "--output", "report.xml"]) == Exit.INVALID
    told = capsys.readouterr()
    report = Path("report.xml").read_text(encoding="utf-8")
    assert told.out == ""
    xmlschema.XMLSchema(JUNIT).validate(report)
    bare, critic, judge = fromstring(report)
    assert [(suite.get("tests"), suite.get("failures")) for suite in (bare, critic, judge)] == [
        ("0", "0"),
        ("3", "2"),
        ("1", "1"),
    ]
    assert [(test.get("name"), [child.get("message") for child in test]) for test in critic] == [
        ("by default", ["the prompt is not that of critic.txt; --update writes it"]),
        ("focused", []),
        ("wrong", ['the prompt does not contain "speed"; the prompt contains "all"']),
    ]


def test_text_goes_into_a_file_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["roles", "test", "--output", "report.txt", "roles/critic.md"]) == Exit.FAILED
    assert slashed(Path("report.txt").read_text(encoding="utf-8")) == FAILED
    assert capsys.readouterr().out == ""


def test_update_tells_what_it_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    Path("roles/critic.examples.yml").write_text(CRITIC.partition("  wrong")[0], encoding="utf-8")
    assert execute(["roles", "test", "--update", "roles/critic.md"]) == Exit.OK
    told = capsys.readouterr()
    assert slashed(told.out) == "roles/critic.md: 2 examples, 1 passed and 1 updated\n"
    assert told.err == "1 role: 2 examples, 1 passed and 1 updated\n"


def test_what_a_role_says_reaches_no_terminal_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    text = 'overlord: 1\nexamples: {one: {with: {focus: "\\u202elogs"}, text: x}}\n'
    Path("roles/critic.examples.yml").write_text(text, encoding="utf-8")
    for format_ in ("text", "json", "junit"):
        assert execute(["roles", "test", "--format", format_, "roles/critic.md"]) == Exit.FAILED
        assert "\u202e" not in capsys.readouterr().out


# roles new


def test_a_new_role_is_valid_and_its_examples_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["roles", "new", "wording_critic", "new/"]) == Exit.OK
    told = capsys.readouterr()
    assert slashed(told.out.replace("new\\", "new/")) == (
        "Wrote new/wording_critic.md, new/wording_critic.examples.yml\n"
        "Next: overlord-run roles test new/wording_critic.md\n"
    )
    for path in Path("new").iterdir():
        text = path.read_text(encoding="utf-8")
        assert "wording_critic" in text
        assert " critic" not in text.replace(" critic: ", "")
    assert execute(["validate", "--strict", "new"]) == Exit.OK
    assert execute(["roles", "test", "--strict", "new"]) == Exit.OK
    assert capsys.readouterr().out == f"{Path('new/wording_critic.md')}: 4 examples, 4 passed\n"


def test_a_new_role_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["roles", "new", "planner", "--format", "json"]) == Exit.OK
    found = fitting(capsys.readouterr().out, "roles-new")
    assert [Path(file).as_posix() for file in found["files"]] == ["roles/planner.md", "roles/planner.examples.yml"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ["Critic of Words"],
            (
                "error: a role's name begins with a small letter, and holds small letters, digits and '_', at most 64; "
                "'Critic of Words' is none\nnext: Did you mean 'critic_of_words'?\n"
            ),
        ),
        (["con"], "error: 'con' is a name that is taken\nnext: Choose another name.\n"),
        (["all"], "error: 'all' is a name that is taken\nnext: Choose another name.\n"),
        (
            ["7"],
            (
                "error: a role's name begins with a small letter, and holds small letters, digits and '_', at most 64; "
                "'7' is none\nnext: Choose another name.\n"
            ),
        ),
        (
            ["critic", "critic.txt"],
            (
                "error: the name of a role file ends in .md, and 'critic.txt' does not\n"
                "next: overlord-run roles new critic critic.txt.md\n"
            ),
        ),
        (["critic"], "error: roles/critic.md is there already, and nothing is overwritten\nnext: Name another file.\n"),
        (
            ["critic", "roles/aux.md"],
            "error: 'aux.md' is the name of a device on Windows\nnext: Choose another name.\n",
        ),
    ],
)
def test_a_role_that_cannot_be_is_refused(words: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(Path().rglob("*"))
    assert execute(["roles", "new", *words]) == Exit.USAGE
    assert slashed(capsys.readouterr().err) == error
    assert sorted(Path().rglob("*")) == before


def test_examples_that_are_there_are_not_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "critic.md").unlink()
    assert execute(["roles", "new", "critic"]) == Exit.USAGE
    assert "critic.examples.yml is there already" in capsys.readouterr().err
    assert not (folder / "critic.md").exists()
    assert json.dumps(CRITIC) == json.dumps((folder / "critic.examples.yml").read_text(encoding="utf-8"))
