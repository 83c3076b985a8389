from functools import partial
from pathlib import Path

import pytest

from overlord_run.errors import InvalidPlaybookError
from overlord_run.files import read_beside
from overlord_run.plan.build import build
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.texts import Place, Schema, Text
from overlord_run.roles.builtin import read as read_builtin
from overlord_run.roles.cache import Cache
from overlord_run.roles.resolve import read
from playbook_kit import parse, resolve

ROLE_FILE = """\
---
overlord: 1
role: critic
description: Finds faults.
model: ultra
profile: implementation
inputs: {focus: {type: string}}
---
You look at {{ inputs.focus }}.
"""

PLAYBOOK = """\
overlord: 1
name: example
roles:
  critic: {from: ./roles/critic.md, with: {focus: all}, task_file: task.md}
assignments:
  - {slot: alder, role: critic}
  - {slot: oak, role: critic, task_file: task.md}
redirects:
  - {id: rank, to: all, message_file: texts/rank.md}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "roles").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "roles" / "critic.md").write_text(ROLE_FILE, encoding="utf-8")
    (tmp_path / "task.md").write_bytes(b"\xef\xbb\xbfBegin\r\nhere.\r\n")
    (tmp_path / "texts" / "rank.md").write_text("Rank.\n", encoding="utf-8")
    return tmp_path


def load(folder: Path, content: str = PLAYBOOK, file: str = "books/council.yml") -> Playbook:
    return resolve(parse(content.encode(), file), folder)


def problems_of(folder: Path, content: str) -> list[str]:
    with pytest.raises(InvalidPlaybookError) as caught:
        load(folder, content, "council.yml")
    return [str(problem) for problem in caught.value.problems]


def test_a_role_is_filled_from_its_file(folder: Path) -> None:
    role = load(folder).roles["critic"]
    assert role.system == Text("You look at {{ inputs.focus }}.", Place("books/roles/critic.md", 9, 1))
    assert (role.description, role.model, role.profile) == ("Finds faults.", "ultra", "implementation")
    assert [(each.name, each.place) for each in role.inputs.values()] == [
        ("focus", Place("books/roles/critic.md", 7, 10))
    ]


def test_what_the_playbook_says_of_a_role_wins(folder: Path) -> None:
    content = PLAYBOOK.replace("{from", "{description: Mine., model: normal, profile: consultation, from")
    role = load(folder, content).roles["critic"]
    assert (role.description, role.model, role.profile) == ("Mine.", "normal", "consultation")


def test_every_text_knows_the_file_it_came_from(folder: Path) -> None:
    playbook = load(folder)
    task = Text("Begin\nhere.\n", Place("books/task.md", 1, 1))
    assert playbook.roles["critic"].task == task
    assert [assignment.task for assignment in playbook.assignments] == [None, task]
    assert playbook.redirects[0].message == Text("Rank.\n", Place("books/texts/rank.md", 1, 1))


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("council.yml", "roles/critic.md"),
        ("./council.yml", "roles/critic.md"),
        ("../a/council.yml", "../a/roles/critic.md"),
        ("/tmp/council.yml", "/tmp/roles/critic.md"),
    ],
)
def test_a_file_is_named_as_the_user_would_write_it(folder: Path, file: str, shown: str) -> None:
    system = load(folder, file=file).roles["critic"].system
    assert isinstance(system, Text)
    assert system.place.file == shown


def test_a_playbook_without_files_stays_as_it_is(folder: Path) -> None:
    content = "overlord: 1\nname: a\nroles: {b: {system: You., task: Go.}}\nassignments: [{slot: c, role: b}]\n"
    playbook = parse(content.encode(), "council.yml")
    assert resolve(playbook, folder) == playbook


def test_a_role_file_elsewhere_is_reached_by_climbing(folder: Path) -> None:
    (folder / "book").mkdir()
    content = (
        PLAYBOOK.replace("./roles", "../roles")
        .replace("_file: task.md", ": Go.")
        .replace("_file: texts/rank.md", ": Go.")
    )
    system = load(folder / "book", content, "book/council.yml").roles["critic"].system
    assert isinstance(system, Text)
    assert system.place.file == "book/../roles/critic.md"


def test_all_problems_of_all_files_are_told_at_once(folder: Path) -> None:
    (folder / "roles" / "poet.md").write_text("---\noverlord: 1\nrole: Poet\n---\n", encoding="utf-8")
    (folder / "task.md").write_bytes(b"\xff")
    content = (
        PLAYBOOK.replace(
            "roles:", "roles:\n  poet: {from: ./roles/poet.md, with: {any: thing}}\n  bard: {from: ./bard.md}"
        )
        .replace("texts/rank.md", "../rank.md")
        .replace("focus: all", "fokus: all")
    )
    assert problems_of(folder, content) == [
        "council.yml:5:16: error: './bard.md' does not exist (check the path) [file-missing]",
        "council.yml:6:44: error: the role 'critic' has no input 'fokus' (did you mean 'focus'?) [unknown-input]",
        "council.yml:6:68: error: 'task.md' is not UTF-8: byte 0xff at offset 0 (save it as UTF-8) [encoding]",
        (
            "council.yml:8:5: error: 'alder' lacks a value for the input 'focus' of its role 'critic' "
            "(give it one: with: {focus: …}) [missing-input]"
        ),
        (
            "council.yml:9:5: error: 'oak' lacks a value for the input 'focus' of its role 'critic' "
            "(give it one: with: {focus: …}) [missing-input]"
        ),
        "council.yml:9:42: error: 'task.md' is not UTF-8: byte 0xff at offset 0 (save it as UTF-8) [encoding]",
        "council.yml:11:39: error: '../rank.md' does not exist (check the path) [file-missing]",
        (
            "roles/poet.md:3:7: error: 'Poet' cannot be a name "
            "(write small letters, digits, '.', '_' or '-', 64 characters at most) [bad-name]"
        ),
        "roles/poet.md:4:1: error: the file holds no prompt (write it below this line) [empty-role]",
    ]


def test_what_could_not_be_read_is_an_empty_text(folder: Path) -> None:
    (folder / "roles" / "critic.md").unlink()
    (folder / "task.md").unlink()
    playbook, problems = read(
        parse(PLAYBOOK.encode(), "council.yml"), partial(read_beside, folder), lambda: Cache(folder / "cache")
    )
    assert [problem.rule for problem in problems] == ["file-missing"] * 3
    assert playbook.roles["critic"].system == Text("", Place("council.yml", 4, 3))
    assert playbook.roles["critic"].task == Text("", Place("council.yml", 4, 68))


def test_a_model_that_a_role_file_asks_for_must_be_declared_unless_the_playbook_chooses(folder: Path) -> None:
    (folder / "roles" / "critic.md").write_text(ROLE_FILE.replace("ultra", "large"), encoding="utf-8")
    assert problems_of(folder, PLAYBOOK) == [
        (
            "council.yml:4:18: error: the role 'critic' in './roles/critic.md' asks for the model 'large', "
            "which is not declared (declare it, or choose one here: 'normal', 'ultra') [unknown-model]"
        )
    ]
    assert load(folder, PLAYBOOK.replace("{from", "{model: normal, from")).roles["critic"].model == "normal"
    assert load(folder, PLAYBOOK + "models: {large: fugu-max}\n").roles["critic"].model == "large"


BUILTIN = """\
overlord: 1
name: example
roles:
  critic: {from: builtin/judge, task: Begin.}
assignments:
  - {slot: alder, role: critic}
"""


def test_a_builtin_role_is_filled_from_the_file_that_ships_with_the_runner(folder: Path) -> None:
    role = load(folder, BUILTIN).roles["critic"]
    assert isinstance(role.system, Text)
    assert role.system.source.startswith("You decide.")
    assert role.system.place.file == "builtin/judge"
    assert (role.model, role.inputs["verdicts"].default) == ("ultra", ["accept", "reject"])


def test_a_folder_that_is_called_builtin_is_reached_by_its_path(folder: Path) -> None:
    (folder / "builtin").mkdir()
    (folder / "builtin" / "judge").write_text(ROLE_FILE, encoding="utf-8")
    content = BUILTIN.replace("roles:", "roles:\n  mine: {from: ./builtin/judge, with: {focus: all}}")
    roles = load(folder, content, "council.yml").roles
    assert (roles["mine"].description, roles["mine"].model) == ("Finds faults.", "ultra")
    assert roles["critic"].description.startswith("Weighs what advisers claim")


def test_what_is_wrong_with_a_value_for_a_builtin_role_names_the_role(folder: Path) -> None:
    assert problems_of(folder, BUILTIN.replace("task", "with: {verdicts: ship, verdict: ship}, task")) == [
        (
            "council.yml:4:40: error: 'verdicts' must be a list, not text "
            "(it is declared in builtin/judge, on line 7) [bad-input-value]"
        ),
        (
            "council.yml:4:56: error: the role 'critic' has no input 'verdict' "
            "(did you mean 'verdicts'?) [unknown-input]"
        ),
    ]


def test_what_a_builtin_role_cannot_print_is_told_at_its_own_line(folder: Path) -> None:
    playbook = load(folder, BUILTIN.replace("task", "with: {verdicts: []}, task"))
    with pytest.raises(InvalidPlaybookError) as caught:
        build(playbook, {}, model_ids={}, host={})
    (problem,) = caught.value.problems
    body = read_builtin("judge").decode().splitlines()
    assert (problem.file, problem.rule) == ("builtin/judge", "template-undefined")
    assert "inputs.verdicts | last" in body[problem.line - 1]


def test_a_builtin_role_that_is_not_there_is_told_where_it_is_named(folder: Path) -> None:
    (problem,) = problems_of(folder, BUILTIN.replace("judge", "juge"))
    assert problem.startswith(
        "council.yml:4:18: error: 'builtin/juge' is not a role that ships with the runner (did you mean 'judge'? "
    )


EXPECTING = (
    PLAYBOOK
    + """\
  - {id: verdict, to: all, message: Ship?, expect: {schema_file: texts/verdict.json, repairs: 2}}
  - {id: again, to: all, message: Ship?, expect: {schema_file: texts/verdict.json}}
"""
)


@pytest.mark.parametrize("content", ['{\n\t"type":\n\t\t"object"\n}\n', "type: object\n"])
def test_a_schema_is_read_from_json_or_yaml_once(folder: Path, content: str) -> None:
    (folder / "texts" / "verdict.json").write_text(content, encoding="utf-8")
    one, two = (each.expect for each in load(folder, EXPECTING).redirects[1:])
    assert one is not None
    assert two is not None
    assert (one.repairs, two.repairs) == (2, 1)
    assert one.schema is two.schema
    assert isinstance(one.schema, Schema)
    assert one.schema.content == {"type": "object"}
    assert one.schema.place(("type",)).file == "books/texts/verdict.json"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            None,
            "council.yml:10:66: error: 'texts/verdict.json' does not exist (check the path) [file-missing]",
        ),
        (
            "[1]",
            (
                "texts/verdict.json:1:1: error: the schema must be a mapping, not a list "
                "(for example {type: object}) [wrong-type]"
            ),
        ),
        ("", "texts/verdict.json:1:1: error: the file holds nothing (write it) [empty-file]"),
        (
            '{"type": "object", "type": "array"}',
            (
                "texts/verdict.json:1:20: error: the key 'type' stands here twice, first on line 1 "
                "(keep one of them) [duplicate-key]"
            ),
        ),
    ],
)
def test_a_schema_that_cannot_be_read_is_told_once(folder: Path, content: str | None, problem: str) -> None:
    if content is not None:
        (folder / "texts" / "verdict.json").write_text(content, encoding="utf-8")
    assert problems_of(folder, EXPECTING) == [problem]
