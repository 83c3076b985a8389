"""What a role file includes stands in its own folder: no path leads out of it, and none in a circle."""

import os
from functools import partial
from pathlib import Path

import pytest

import pack_kit
from overlord_run.errors import InvalidPlaybookError
from overlord_run.files import FileError, read_beside
from overlord_run.playbook.rolefile import parse_role
from overlord_run.playbook.texts import Place, Text
from overlord_run.roles import builtin
from overlord_run.roles.includes import MOST_TEXTS, Included, closure, include
from overlord_run.roles.origins import Origins, of_role_file

HEAD = "---\noverlord: 1\nrole: critic\n---\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a role's folder; beside it stands a secret."""
    (tmp_path / "secret.md").write_text("A secret.\n", encoding="utf-8")
    roles = tmp_path / "roles"
    (roles / "parts").mkdir(parents=True)
    (roles / "parts" / "tone.md").write_bytes(b"\xef\xbb\xbfBe plain.\r\n")
    return roles


def included(folder: Path, body: str) -> Included:
    text = parse_role(f"{HEAD}{body}".encode(), "roles/critic.md").system
    return include(text, of_role_file("roles/critic.md", partial(read_beside, folder)))


def told(folder: Path, body: str) -> list[str]:
    return [f"{one.file}:{one.line}: {one.message} [{one.rule}]" for one in included(folder, body).problems]


def test_a_text_is_read_as_texts_are_and_its_bytes_are_kept(folder: Path) -> None:
    found = included(folder, "Begin.\n{% include 'parts/tone.md' %}")
    assert found.problems == ()
    assert found.files == {"parts/tone.md": b"\xef\xbb\xbfBe plain.\r\n"}
    assert found.text.included == (("parts/tone.md", Text("Be plain.\n", Place("roles/parts/tone.md", 1, 1))),)


def test_a_text_that_is_included_twice_is_read_once(folder: Path) -> None:
    (folder / "a.md").write_text("{% include 'parts/tone.md' %}", encoding="utf-8")
    found = included(folder, "{% include 'a.md' %}{% include 'parts/tone.md' %}")
    assert list(found.files) == ["a.md", "parts/tone.md"]


OUTSIDE = [
    ("dots", "../secret.md", "the path '../secret.md' holds an empty part, '.' or '..'", "file-path"),
    ("dots-inside", "parts/../../secret.md", "the path 'parts/../../secret.md' holds an empty part", "file-path"),
    ("dots-that-stay", "parts/../parts/tone.md", "the path 'parts/../parts/tone.md' holds an empty part", "file-path"),
    ("absolute", "/etc/passwd", "the path '/etc/passwd' is absolute, not relative", "file-path"),
    ("drive", "C:/secret.md", "the path 'C:/secret.md' is absolute, not relative", "file-path"),
    ("drive-relative", "c:secret.md", "the path 'c:secret.md' is absolute, not relative", "file-path"),
    ("share", "//host/share/a.md", "the path '//host/share/a.md' is absolute, not relative", "file-path"),
    ("backslashes", "..\\\\secret.md", "the path '..\\secret.md' holds a backslash", "file-path"),
    ("device", "parts/NUL", "the path 'parts/NUL' holds the name of a Windows device", "file-path"),
    ("device-with-suffix", "con.md", "the path 'con.md' holds the name of a Windows device", "file-path"),
    ("stream", "parts/tone.md::$DATA", "the path 'parts/tone.md::$DATA' holds a character that Windows", "file-path"),
    ("trailing-dot", "parts./tone.md", "the path 'parts./tone.md' has a part that begins with a dot, or", "file-path"),
    ("trailing-blank", "parts /tone.md", "the path 'parts /tone.md' has a part that begins with a dot", "file-path"),
    ("gits-own", ".git/config", "the path '.git/config' has a part that begins with a dot", "file-path"),
    ("environment", ".env", "the path '.env' has a part that begins with a dot", "file-path"),
    ("nothing", "", "the path '' is empty", "file-path"),
    ("empty-part", "parts//tone.md", "the path 'parts//tone.md' holds an empty part", "file-path"),
    ("zero", "parts\\0.md", "the path 'parts\\x00.md' holds a character that cannot be printed", "file-path"),
    ("direction", "\u202emd.enot", "the path '\\u202emd.enot' holds a character that cannot be printed", "file-path"),
    ("url", "https://example.com/a.md", "the path 'https://example.com/a.md' holds an empty part", "file-path"),
    ("home", "~/secret.md", "'~/secret.md' does not exist", "file-missing"),
    ("variable", "$HOME/secret.md", "'$HOME/secret.md' does not exist", "file-missing"),
    ("percent", "%2e%2e/secret.md", "'%2e%2e/secret.md' does not exist", "file-missing"),
    ("folder", "parts", "'parts' is a folder, not a file", "file-unreadable"),
    ("linked-file", "link.md", "'link.md' is outside of the role's folder", "file-outside"),
    ("linked-folder", "up/secret.md", "'up/secret.md' is outside of the role's folder", "file-outside"),
    ("absolute-link", "passwd.md", "'passwd.md' is outside of the role's folder", "file-outside"),
    ("circle-of-links", "loop.md", "'loop.md' cannot be read: its links lead in a circle", "file-unreadable"),
    ("pipe", "pipe.md", "'pipe.md' is a named pipe, not a file", "file-unreadable"),
    ("bytes", "bytes.md", "'bytes.md' is not UTF-8: byte 0xff at offset 0", "encoding"),
    ("large", "large.md", "'large.md' is larger than 1,048,576 bytes", "too-large"),
]


@pytest.mark.parametrize(("path", "message", "rule"), [row[1:] for row in OUTSIDE], ids=[row[0] for row in OUTSIDE])
def test_no_path_leads_out_of_the_folder(folder: Path, path: str, message: str, rule: str) -> None:
    (folder / "link.md").symlink_to("../secret.md")
    (folder / "up").symlink_to("..")
    (folder / "passwd.md").symlink_to("/etc/passwd")
    (folder / "loop.md").symlink_to("loop.md")
    os.mkfifo(folder / "pipe.md")
    (folder / "bytes.md").write_bytes(b"\xff")
    (folder / "large.md").write_bytes(b"x" * (1024 * 1024 + 1))
    found = included(folder, f"Begin.\n{{% include '{path}' %}}")
    (problem,) = found.problems
    assert (problem.file, problem.line, problem.rule) == ("roles/critic.md", 6, rule)
    assert problem.message.startswith(message)
    assert problem.hint
    assert found.files == {}
    assert [text.source for _, text in found.text.included] == [""]


def test_a_circle_is_told_where_it_closes(folder: Path) -> None:
    (folder / "a.md").write_text("A.\n{% include 'b.md' %}", encoding="utf-8")
    (folder / "b.md").write_text("{% include 'a.md' %}", encoding="utf-8")
    assert told(folder, "{% include 'a.md' %}") == [
        "roles/b.md:1: 'a.md' includes 'b.md' includes 'a.md': a circle [template-include]"
    ]
    assert told(folder, "{% include 'critic.md' %}") == [
        "roles/critic.md:5: 'critic.md' includes 'critic.md': a circle [template-include]"
    ]


def test_so_many_texts_are_included_at_most(folder: Path) -> None:
    for number in range(MOST_TEXTS + 1):
        (folder / f"n{number:03}.md").write_text(f"{number}\n", encoding="utf-8")
    body = "\n".join(f"{{% include 'n{number:03}.md' %}}" for number in range(MOST_TEXTS + 1))
    assert told(folder, body) == ["roles/critic.md:105: a role includes more than 100 texts [template-limit]"]


def test_a_role_of_the_runner_could_include_what_ships_with_it() -> None:
    origin = Origins("council.yml", partial(read_beside, Path()), {}).of_role("builtin/judge")
    found = include(Text("{% include 'planner.md' %}", Place("builtin/judge", 1, 1)), origin)
    assert found.problems == ()
    assert found.files == {"planner.md": builtin.read("planner")}
    assert found.text.included[0][1].place == Place("builtin/planner.md", 1, 1)


def read_kit(path: str) -> bytes:
    if path not in pack_kit.TEXTS:
        raise FileError(path, "is not there", rule="pack-file", hint="look again")
    return pack_kit.TEXTS[path].encode()


def test_what_is_to_be_locked_of_a_role_is_it_and_all_that_it_includes() -> None:
    found = closure("critic.md", read_kit)
    assert found == {path: pack_kit.TEXTS[path].encode() for path in ("critic.md", "tone/plain.md")}
    with pytest.raises(FileError, match="is not there"):
        closure("gone.md", read_kit)
    with pytest.raises(InvalidPlaybookError) as caught:
        closure("README.md", read_kit)
    assert [problem.rule for problem in caught.value.problems] == ["front-matter"]
    with pytest.raises(InvalidPlaybookError) as caught:
        closure("a.md", lambda path: f"{HEAD}{{% include 'gone.md' %}}".encode() if path == "a.md" else read_kit(path))
    assert [problem.rule for problem in caught.value.problems] == ["pack-file"]
