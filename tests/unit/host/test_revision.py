"""Files are read as they were committed, within the rules for files on disk, and nothing of the repository's is run."""

import os
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from overlord_run.errors import UsageError
from overlord_run.files import FileError
from overlord_run.host.revision import Git, Revision

ENVIRON = {"PATH": os.environ["PATH"]}
COMMIT = ("-c", "user.name=me", "-c", "user.email=me@here", "commit", "--quiet", "--message", "x")


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, env=ENVIRON, check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a worktree whose files are not any more what they were at HEAD."""
    top = tmp_path_factory.mktemp("repository")
    book = top / "books" / "council"
    (book / "texts").mkdir(parents=True)
    (top / "books" / "shared").mkdir()
    (book / "council.yml").write_text("at HEAD\n", encoding="utf-8")
    (book / "texts" / "task.md").write_bytes(b"Begin.\r\n")
    (top / "books" / "shared" / "role.md").write_text("A role.\n", encoding="utf-8")
    (top / "secret.md").write_text("Nobody asked.\n", encoding="utf-8")
    links = {
        "inside": "texts/task.md",
        "outside": "../../secret.md",
        "absolute": "/etc/hostname",
        "dangling": "nowhere",
        "loop": "loop",
        "folder": "texts",
    }
    for name, target in links.items():
        (book / name).symlink_to(target)
    (top / "alias.yml").symlink_to("books/council/council.yml")
    git(top, "init", "--quiet", "--initial-branch", "main")
    git(top, "add", ".")
    git(top, *COMMIT)
    (book / "council.yml").write_text("now\n", encoding="utf-8")
    (book / "texts" / "task.md").unlink()
    return top


@pytest.fixture
def revision(repository: Path) -> Revision:
    return Revision.find("HEAD", repository / "books" / "council", ENVIRON)


def test_a_file_is_read_as_it_was(repository: Path, revision: Revision) -> None:
    assert revision.folder == PurePosixPath("books/council")
    assert revision.read("council.yml", limit=100) == b"at HEAD\n"
    assert Revision.find("main~0", repository, ENVIRON).read("alias.yml", limit=100) == b"at HEAD\n"


@pytest.mark.parametrize(
    "path", ["texts/task.md", "./texts/task.md", "texts/../texts/task.md", "inside", "folder/task.md"]
)
def test_what_stood_beside_it_is_read_to_the_byte(revision: Revision, path: str) -> None:
    assert revision.read_beside(path, limit=100) == b"Begin.\r\n"


def test_a_path_may_climb_where_that_is_allowed(revision: Revision) -> None:
    assert revision.read_beside("../shared/role.md", limit=100, may_climb=True) == b"A role.\n"
    assert revision.read_beside("../../secret.md", limit=100, may_climb=True) == b"Nobody asked.\n"


def test_what_a_role_includes_stays_in_its_own_folder(revision: Revision) -> None:
    assert revision.read_beside("texts/task.md", limit=100, may_climb=True, within="texts") == b"Begin.\r\n"
    assert revision.read_beside("../shared/role.md", limit=100, may_climb=True, within="../shared") == b"A role.\n"
    assert revision.read_beside("inside", limit=100, may_climb=True, within=".") == b"Begin.\r\n"
    for path, within in (("../council/outside", "../council"), ("outside", "."), ("texts/../council.yml", "texts")):
        with pytest.raises(FileError):
            revision.read_beside(path, limit=100, may_climb=True, within=within)


REFUSED = [
    ("../shared/role.md", False, "'../shared/role.md' is outside of the playbook's folder", "file-outside"),
    ("texts/../../shared/role.md", False, "'texts/../../shared/role.md' is outside of", "file-outside"),
    ("../../../secret.md", True, "'../../../secret.md' is outside of the playbook's folder", "file-outside"),
    ("../shared/../../secret.md", True, "'../shared/../../secret.md' is outside of", "file-outside"),
    ("outside", False, "'outside' is outside of the playbook's folder", "file-outside"),
    ("../council/outside", True, "'../council/outside' is outside of the playbook's folder", "file-outside"),
    ("absolute", False, "'absolute' is outside of the playbook's folder", "file-outside"),
    ("dangling", False, "'dangling' does not exist", "file-missing"),
    ("loop", False, "'loop' does not exist", "file-missing"),
    ("none.md", False, "'none.md' does not exist", "file-missing"),
    ("council.yml/more", False, "'council.yml/more' does not exist", "file-missing"),
    ("texts", False, "'texts' is a folder, not a file", "file-unreadable"),
    ("folder", False, "'folder' is a folder, not a file", "file-unreadable"),
    ("council.yml", False, "'council.yml' is larger than 7 bytes", "too-large"),
    ("/etc/hostname", False, "the path '/etc/hostname' is absolute, not relative", "file-path"),
    ("a\nb", False, "the path 'a\\nb' holds a character that cannot be printed", "file-path"),
]


@pytest.mark.parametrize(("path", "may_climb", "message", "rule"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_read_now_could_not_be_read_then(
    revision: Revision, path: str, message: str, rule: str, *, may_climb: bool
) -> None:
    with pytest.raises(FileError) as caught:
        revision.read_beside(path, limit=7, may_climb=may_climb)
    assert caught.value.message.startswith(message)
    assert caught.value.rule == rule


def test_a_folder_that_is_gone_is_still_in_the_revision(repository: Path) -> None:
    gone = Revision.find("HEAD", repository / "books" / "gone" / "deeper", ENVIRON)
    assert gone.folder == PurePosixPath("books/gone/deeper")
    with pytest.raises(FileError) as caught:
        gone.read_beside("role.md", limit=100)
    assert caught.value.message == "'role.md' does not exist"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("v2", "there is no revision 'v2' in this repository"),
        ("HEAD:books", "there is no revision 'HEAD:books' in this repository"),
        ("main..HEAD", "there is no revision 'main..HEAD' in this repository"),
        ("", "there is no revision '' in this repository"),
        ("--output=x", "'--output=x' is no revision: it begins with -"),
        ("HEAD\n", "'HEAD\\n' is no revision: it cannot be printed"),
    ],
)
def test_what_is_no_commit_is_refused(repository: Path, name: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Revision.find(name, repository, ENVIRON)
    assert caught.value.message == message


def test_without_a_repository_or_a_git_there_is_no_revision(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        Revision.find("HEAD", tmp_path, ENVIRON)
    assert caught.value.message == f"'{tmp_path}' is in no git repository"
    for environ in ({}, {"PATH": f"{tmp_path}{os.pathsep}."}):
        with pytest.raises(UsageError) as caught:
            Revision.find("HEAD", tmp_path, environ)
        assert caught.value.message == "git is not installed, or not in PATH"
    (tmp_path / "git.exe").touch(mode=0o755)
    assert Git.find(tmp_path, {"PATH": str(tmp_path)}, platform="win32").program == tmp_path / "git.exe"


def test_what_git_says_of_its_refusal_is_told(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        Revision.find("HEAD", tmp_path, ENVIRON)
    assert caught.value.message == f"{str(tmp_path)!r} is in no git repository"
    git(tmp_path.parent, "init", "--quiet", str(tmp_path / "broken"))
    (tmp_path / "broken" / ".git" / "config").write_text("[core\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        Revision.find("HEAD", tmp_path / "broken", ENVIRON)
    assert caught.value.message.startswith("git refuses: fatal: bad config line 1")


def test_an_object_that_is_damaged_is_told(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--no-hardlinks", str(repository), "copy")
    found = Revision.find("HEAD", tmp_path / "copy" / "books" / "council", ENVIRON)
    (tmp_path / "copy" / ".git" / "HEAD").unlink()
    with pytest.raises(FileError) as caught:
        found.read("council.yml", limit=100)
    assert (caught.value.message, caught.value.rule) == (
        "'council.yml' cannot be read from git's objects",
        "file-unreadable",
    )


def test_a_git_that_does_not_start_is_told(tmp_path: Path) -> None:
    program = tmp_path / "git"
    program.write_bytes(b"\0no program")
    program.chmod(0o755)
    with pytest.raises(UsageError) as caught:
        Git.find(tmp_path, {"PATH": str(tmp_path)}).run("rev-parse")
    assert (caught.value.message, caught.value.code) == ("git cannot be started", "git")


def test_nothing_of_the_repositorys_is_run_and_no_variable_leads_elsewhere(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(repository), "copy")
    copy = tmp_path / "copy"
    trap = tmp_path / "sprung"
    script = tmp_path / "trap"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> {trap}\ncat\n', encoding="utf-8")
    script.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "diff.x.textconv",
        "diff.external",
        "filter.x.smudge",
    ):
        git(copy, "config", key, str(script))
    git(copy, "config", "core.hooksPath", str(tmp_path))
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        (tmp_path / hook).symlink_to(script)
    (copy / ".gitattributes").write_text("* diff=x filter=x text eol=crlf export-subst\n", encoding="utf-8")
    led = {name: str(tmp_path / "nowhere") for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE")}
    found = Revision.find("HEAD", copy / "books" / "council", {**ENVIRON, **led, "GIT_EXTERNAL_DIFF": str(script)})
    assert found.read("council.yml", limit=100) == b"at HEAD\n"
    assert found.read_beside("texts/task.md", limit=100) == b"Begin.\r\n"
    assert not trap.exists()


def test_a_clone_without_all_objects_fetches_none(repository: Path, tmp_path: Path) -> None:
    git(repository, "config", "uploadpack.allowFilter", "true")
    words = ("clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{repository}", "partial")
    git(tmp_path, *words)
    found = Revision.find("HEAD", tmp_path / "partial", ENVIRON)
    packs = sorted((tmp_path / "partial" / ".git" / "objects").rglob("*"))
    with pytest.raises(FileError) as caught:
        found.read("secret.md", limit=100)
    assert caught.value.message == "'secret.md' cannot be read from git's objects"
    assert sorted((tmp_path / "partial" / ".git" / "objects").rglob("*")) == packs


def test_a_linked_worktree_has_the_revisions_of_its_repository(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    found = Revision.find("main", tmp_path / "linked" / "books" / "council", ENVIRON)
    assert found.read("council.yml", limit=100) == b"at HEAD\n"
