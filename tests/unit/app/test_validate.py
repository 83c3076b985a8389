import os
from pathlib import Path

import pytest
from msgspec.structs import replace

import pack_kit
from overlord_run.app.validate import found_in, load, unsilenced, validate
from overlord_run.errors import Exit, UsageError
from overlord_run.plan.build import build
from overlord_run.roles.cache import Cache, Contents
from overlord_run.roles.lock import Lock

PLAYBOOK = "overlord: 1\nname: one\nroles: {a: {system: S, task: T}}\nassignments: [{slot: alder, role: a}]\n"
OF_A_LIST = '- {for_each: vars.areas, slot: "a_{{ index }}", role: a}\n'
ROLE = "---\noverlord: 1\nrole: critic\n---\nYou criticise.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep" / ".hidden").mkdir(parents=True)
    (tmp_path / "one.yml").write_text(PLAYBOOK, encoding="utf-8")
    (tmp_path / "deep" / "two.yaml").write_text(PLAYBOOK, encoding="utf-8")
    (tmp_path / "deep" / "critic.md").write_text(ROLE, encoding="utf-8")
    (tmp_path / "deep" / ".hidden" / "three.yml").write_text(PLAYBOOK, encoding="utf-8")
    (tmp_path / "script.yml").write_text("overlord: 1\nanswers: {}\n", encoding="utf-8")
    (tmp_path / "ci.yml").write_text("on: push\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("# Read me\n\n```yaml\noverlord: 1\n```\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text(PLAYBOOK, encoding="utf-8")
    return tmp_path


def test_a_folder_is_searched_for_playbooks_roles_and_scripts_and_nothing_else(folder: Path) -> None:
    found = validate([str(folder)])
    names = [Path(name).relative_to(folder) for name in found.files]
    assert names == [Path("deep", "critic.md"), Path("deep", "two.yaml"), Path("one.yml"), Path("script.yml")]
    assert found.problems == ()


def test_a_file_that_is_named_is_checked_whatever_it_holds(folder: Path) -> None:
    found = validate([str(folder / "ci.yml")])
    assert "missing-key" in {problem.rule for problem in found.problems}


def test_a_file_that_is_named_twice_is_checked_once(folder: Path) -> None:
    path = str(folder / "one.yml")
    assert validate([path, path]).files == (path,)


def test_a_folder_without_a_playbook_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        validate([str(tmp_path)])
    assert caught.value.message == f"no playbook, role file, examples or script in {tmp_path}"


def test_a_file_in_a_folder_that_is_too_large_to_be_a_playbook_is_passed_over(folder: Path) -> None:
    with (folder / "data.yml").open("wb") as file:
        file.write(b"overlord: 1\n")
        file.truncate(5 * 1024 * 1024)
    assert str(folder / "data.yml") not in validate([str(folder)]).files


def test_a_named_file_that_is_no_file_is_a_problem_of_that_file(folder: Path) -> None:
    path = str(folder / "deep.yml")
    os.mkfifo(path)
    (problem,) = validate([path]).problems
    assert str(problem) == (
        f"{path}:1:1: error: '{path}' is a named pipe, not a file (name a regular file) [file-unreadable]"
    )


def test_a_file_that_does_not_exist_is_a_wrong_command_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        validate([str(tmp_path / "nowhere.yml")])


def test_a_script_is_checked_without_its_playbook(tmp_path: Path) -> None:
    script = tmp_path / "any.yml"
    script.write_text("overlord: 1\nanswers: {nobody: {startup: {text: Ready., times: 1}}}\n", encoding="utf-8")
    assert [(one.rule, one.line) for one in validate([str(script)]).problems] == [("no-effect", 2)]
    script.write_text("answers: {nobody: {startup: [{fault: burn}]}}\n", encoding="utf-8")
    assert {one.rule for one in validate([str(script)]).problems} == {"missing-key", "not-allowed"}
    script.write_text("answers: [", encoding="utf-8")
    assert [one.rule for one in validate([str(script)]).problems] == ["yaml-syntax"]


def test_a_playbook_with_a_key_of_scripts_is_a_playbook(tmp_path: Path) -> None:
    path = tmp_path / "one.yml"
    path.write_text(f"{PLAYBOOK}answers: {{}}\n", encoding="utf-8")
    assert [one.rule for one in validate([str(tmp_path)]).problems] == ["unknown-key"]


UNUSED = PLAYBOOK.replace("name: one\n", "name: one\nvars: {v: 1}\n")


@pytest.fixture
def unused(tmp_path: Path) -> Path:
    path = tmp_path / "unused.yml"
    path.write_text(UNUSED, encoding="utf-8")
    return path


def test_where_warnings_are_errors_they_decide_the_exit_code(unused: Path) -> None:
    assert validate([str(unused)]).exit_code is Exit.OK
    strict = validate([str(unused)], strict=True)
    assert (strict.exit_code, [one.severity for one in strict.problems]) == (Exit.INVALID, ["error"])


def test_the_rules_that_are_chosen_are_told_and_the_others_counted(unused: Path) -> None:
    path = str(unused)
    told = [validate([path], select=["unused-var"]), validate([path], select=["unused-role"])]
    told += [validate([path], ignore=["unused-var"]), validate([path], select=["unused-var"], ignore=["unused-var"])]
    assert [(len(one.problems), one.silenced) for one in told] == [(1, 0), (0, 1), (0, 1), (0, 1)]


@pytest.mark.parametrize(
    ("rule", "remedy"),
    [
        ("unused-vra", "Did you mean 'unused-var'?"),
        ("", "Name one that stands at the end of a problem."),
    ],
)
def test_a_rule_that_there_is_not_is_a_wrong_command_line(unused: Path, rule: str, remedy: str) -> None:
    for chosen in ({"select": [rule]}, {"ignore": [rule]}):
        with pytest.raises(UsageError) as caught:
            validate([str(unused)], **chosen)
        assert (caught.value.message, caught.value.next) == (f"there is no rule '{rule}'", remedy)


def test_a_comment_silences_a_warning_for_a_run_too(unused: Path) -> None:
    assert len(load(str(unused))[1]) == 1
    unused.write_text(UNUSED.replace("{v: 1}", "{v: 1} # overlord: ignore[unused-var]"), encoding="utf-8")
    assert load(str(unused))[1] == ()
    found = validate([str(unused)])
    assert (found.problems, found.silenced) == ((), 1)


def test_a_comment_silences_no_error_and_none_is_told_as_unused_beside_one(tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_text(
        PLAYBOOK.replace("task: T", "task_file: made.md").replace("\nass", " # overlord: ignore[file-missing]\nass")
        + "# overlord: ignore[unused-var]\n",
        encoding="utf-8",
    )
    found = validate([str(path)])
    told = [(one.rule, one.severity, one.hint) for one in found.problems]
    assert told == [("file-missing", "error", "check the path; a comment silences warnings alone")]
    assert (found.silenced, found.exit_code) == (0, Exit.INVALID)


def test_a_comment_silences_what_only_a_run_tells_and_is_not_told_as_unused(tmp_path: Path) -> None:
    path = tmp_path / "areas.yml"
    text = PLAYBOOK.replace("[{slot: alder, role: a}]", f"\n- {{slot: alder, role: a}}\n{OF_A_LIST}vars: {{areas: []}}")
    path.write_text(text, encoding="utf-8")
    playbook, _ = load(str(path))
    warnings = build(playbook, {}, model_ids={}, host={}).warnings
    assert [str(one).partition(": ")[2] for one in unsilenced(warnings)] == [
        (
            "warning: the list is empty, so it makes no servant "
            "(look at what the list is made of, unless this is meant) [empty-list]"
        )
    ]
    path.write_text(text.replace("role: a}\nvars", "role: a} # overlord: ignore[empty-list]\nvars"), encoding="utf-8")
    assert unsilenced(warnings) == ()
    assert validate([str(path)]).problems == ()


def test_a_comment_in_a_role_file_silences_what_is_found_by_way_of_a_playbook(folder: Path) -> None:
    role, playbook = folder / "deep" / "critic.md", folder / "one.yml"
    declared = "critic\ninputs: {focus: {type: string, default: all}}"
    role.write_text(ROLE.replace("critic\n", f"{declared}\n", 1), encoding="utf-8")
    playbook.write_text(PLAYBOOK.replace("system: S", "from: ./deep/critic.md"), encoding="utf-8")
    assert {one.rule for one in validate([str(playbook)]).problems} == {"unused-input"}
    role.write_text(ROLE.replace("critic\n", f"{declared} # overlord: ignore[unused-input]\n", 1), encoding="utf-8")
    assert validate([str(playbook)]).problems == ()
    assert validate([str(role)]).problems == ()


def test_the_line_of_a_packs_text_is_shown_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, commit = ROLE.replace("You criticise.", "You read {{ nothing }}."), "0a" * 20
    Cache(tmp_path / "cache").write(commit, pack_kit.FOLDER, Contents({"critic.md": text.encode()}, {}))
    monkeypatch.setenv("OVERLORD_CACHE_DIR", str(tmp_path / "cache"))
    entry = replace(pack_kit.entry(), commit=commit, files={"critic.md": pack_kit.digest(text)})
    pack_kit.write_lock(tmp_path, Lock((entry,)))
    packs = f"packs: {{acme: {{git: {entry.git}, rev: {entry.rev}, path: {entry.path}}}}}\n"
    playbook = PLAYBOOK.replace("system: S", "from: acme/critic") + packs
    (tmp_path / "one.yml").write_text(playbook, encoding="utf-8")
    found = validate([str(tmp_path / "one.yml")])
    label = "acme/critic.md@0a0a0a0a"
    assert [(problem.file, problem.line) for problem in found.problems] == [(label, 5)]
    assert found.lines == {(label, 5): "You read {{ nothing }}."}
    (tmp_path / "overlord.lock").unlink()  # as another process may
    assert found_in(str(tmp_path / "one.yml"), found.problems).lines == {}


def test_the_line_that_a_problem_points_at_is_known_as_it_stands(unused: Path) -> None:
    found = validate([str(unused)])
    assert found.lines == {(str(unused), 3): "vars: {v: 1}"}
    unused.write_bytes("\ufeff# \u00e9\r\noverlord: \xff".encode("latin-1", "replace"))
    assert all(line <= 2 for _, line in validate([str(unused)]).lines)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://token@github.com/a/b", "https://*****@github.com/a/b"),
        ("https://me:pass@github.com/a/b", "https://*******@github.com/a/b"),
        ("ssh://git:pass@github.com/a/b", "ssh://********@github.com/a/b"),
        ("ssh://git@github.com/a/b?", "ssh://git@github.com/a/b?"),
    ],
)
def test_what_is_secret_in_a_url_is_not_in_the_line_that_is_shown(tmp_path: Path, url: str, shown: str) -> None:
    path = tmp_path / "a.yml"
    path.write_text(f"overlord: 1\nname: a\npacks:\n  b: {{git: '{url}', rev: v1}}\n", encoding="utf-8")
    found = validate([str(path)])
    assert found.lines[str(path), 4] == f"  b: {{git: '{shown}', rev: v1}}"
    assert [one for one in found.problems if "pass@" in str(one) or "token@" in str(one)] == []
