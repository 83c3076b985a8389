import os
from pathlib import Path

import pytest

from overlord_run.errors import UsageError
from overlord_run.globs import read_files

FILES = {
    "a.md": "one\r\n",
    "B.MD": "two",
    ".hidden.md": "no",
    "docs/c.md": "three",
    "docs/[id].md": "four",
    "docs/deep/d.md": "five",
    "docs/deep/er/e.txt": "six",
    "docs/.git/f.md": "no",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "here"
    for name, text in FILES.items():
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    (tmp_path / "outside.md").write_text("secret", encoding="utf-8")
    monkeypatch.chdir(here)
    return here


def paths(*globs: str, **bounds: int) -> list[str]:
    return [file["path"] for file in read_files(globs, **bounds)]


def refusal(*globs: str, **options: object) -> tuple[str, str | None]:
    with pytest.raises(UsageError) as caught:
        read_files(globs, **options)  # type: ignore[arg-type]
    return caught.value.message, caught.value.next


@pytest.mark.parametrize(
    ("globs", "found"),
    [
        (["*.md"], ["a.md"]),
        (["a.md"], ["a.md"]),
        (["./docs//*.md"], ["docs/[id].md", "docs/c.md"]),
        (["docs/[id].md"], ["docs/[id].md"]),
        (["docs/[a-c].md"], ["docs/c.md"]),
        (["docs/?.md"], ["docs/c.md"]),
        (["*/deep/*"], ["docs/deep/d.md"]),
        (["**/*.md"], ["a.md", "docs/[id].md", "docs/c.md", "docs/deep/d.md"]),
        (["**/**/d.md"], ["docs/deep/d.md"]),
        (["docs/**"], ["docs/[id].md", "docs/c.md", "docs/deep/d.md", "docs/deep/er/e.txt"]),
        (["**/deep/**/*.txt"], ["docs/deep/er/e.txt"]),
        ([".*.md"], [".hidden.md"]),
        (["docs/.git/*"], ["docs/.git/f.md"]),
        (["docs/c.md", "*.md", "docs/*"], ["a.md", "docs/[id].md", "docs/c.md"]),
        (["../here/a.md", "../*.md"], ["../here/a.md", "../outside.md"]),
        ([], []),
    ],
)
def test_files_that_globs_match_are_found_once_and_sorted(globs: list[str], found: list[str]) -> None:
    assert paths(*globs) == found


def test_a_file_has_its_path_as_it_was_matched_its_name_and_its_text() -> None:
    assert read_files(["docs/deep/*.md", "a.md"]) == [
        {"path": "a.md", "name": "a.md", "text": "one\n"},
        {"path": "docs/deep/d.md", "name": "d.md", "text": "five"},
    ]


def test_on_windows_a_backslash_is_a_slash() -> None:
    assert [file["path"] for file in read_files(["docs\\deep\\*.md"], platform="win32")] == ["docs/deep/d.md"]
    assert refusal("docs\\deep\\*.md", platform="linux")[0] == "no file matches 'docs\\deep\\*.md'"
    assert refusal("C:docs/*", platform="win32")[0].startswith("the glob 'C:docs/*' is absolute")


WRITE_IT = "Write a glob from the current folder, such as 'docs/**/*.md'."


@pytest.mark.parametrize(
    ("glob", "message", "remedy"),
    [
        ("docs/*.rst", "no file matches 'docs/*.rst'", f"Check it. {WRITE_IT}"),
        ("nowhere/*", "no file matches 'nowhere/*'", f"Check it. {WRITE_IT}"),
        ("a.md/*", "no file matches 'a.md/*'", f"Check it. {WRITE_IT}"),
        ("docs", "no file matches 'docs'", "It is a folder: docs/** is all that it holds."),
        ("", "the glob '' names no file", WRITE_IT),
        ("../.", "the glob '../.' names no file", WRITE_IT),
        ("docs/../a.md", "the glob 'docs/../a.md' has '..' behind a folder", WRITE_IT),
        ("a\0", "the glob 'a\\x00' holds a NUL", WRITE_IT),
        (
            "/etc/*",
            "the glob '/etc/*' is absolute, and would put this machine's folders into the plan",
            WRITE_IT,
        ),
    ],
)
def test_a_glob_that_leads_to_no_file_is_refused(glob: str, message: str, remedy: str) -> None:
    assert refusal("a.md", glob) == (message, remedy)


def test_files_are_bounded_one_by_one_and_together(folder: Path) -> None:
    assert refusal("docs/**", most_files=3) == ("more than 3 files are matched", "Give a narrower glob.")
    assert paths("docs/*.md", most_files=2, most_bytes=9) == ["docs/[id].md", "docs/c.md"]
    assert refusal("docs/*.md", most_bytes=8) == (
        "the files are larger than 8 bytes together",
        "Give a narrower glob, or smaller files.",
    )
    (folder / "big.md").write_bytes(b"x" * (1024 * 1024 + 1))
    assert refusal("big.*") == ("'big.md' is larger than 1,048,576 bytes", "Make it smaller.")


def test_what_is_no_text_is_refused_by_its_path(folder: Path) -> None:
    (folder / "bad.md").write_bytes(b"\xff")
    assert refusal("b*.md")[0] == "'bad.md' is not UTF-8: byte 0xff at offset 0"


def test_a_link_that_leads_out_of_the_folder_is_refused(folder: Path) -> None:
    (folder / "docs" / "out.md").symlink_to("../../outside.md")
    assert refusal("docs/*.md") == (
        "'docs/out.md' is a link that leads out of 'docs'",
        "Leave it out of the glob, or put the file itself there.",
    )
    (folder / "out").symlink_to("..")
    assert refusal("*/outside.md")[0] == "'out/outside.md' is a link that leads out of the current folder"
    assert paths("out/outside.md") == ["out/outside.md"]  # the folder is named, so it is meant


def test_links_within_the_folder_are_followed_but_not_by_two_stars(folder: Path) -> None:
    (folder / "docs" / "again.md").symlink_to("deep/d.md")
    (folder / "docs" / "circle").symlink_to(".")
    (folder / "docs" / "nothing.md").symlink_to("nowhere")
    assert paths("docs/a*.md") == ["docs/again.md"]
    assert paths("docs/**/d.md") == ["docs/deep/d.md"]
    assert paths("docs/circle/c.md", "docs/*/c.md") == ["docs/circle/c.md"]
    assert refusal("docs/n*")[0] == "no file matches 'docs/n*'"


def test_what_is_no_regular_file_is_passed_over(folder: Path) -> None:
    os.mkfifo(folder / "docs" / "pipe.md")
    assert paths("docs/*") == ["docs/[id].md", "docs/c.md"]


def test_a_name_that_is_no_text_is_refused(folder: Path) -> None:
    try:
        (folder / "docs" / os.fsdecode(b"caf\xe9.md")).write_text("x", encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes only names that are UTF-8")
    assert refusal("docs/caf*") == (
        "'docs/caf\\udce9.md' has a name that is not UTF-8",
        "Rename it, or leave it out of the glob.",
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_read_is_told(folder: Path) -> None:
    (folder / "docs" / "deep").chmod(0)
    try:
        assert refusal("docs/**/*.md") == (
            "'docs/deep' cannot be read: Permission denied",
            "Leave the folder out of the glob, or let it be read.",
        )
    finally:
        (folder / "docs" / "deep").chmod(0o755)
