"""A repository is asked and fetched from by the git of this machine, and nothing in it has a say."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from git_kit import SUBMODULE, Entry, Repository, link
from overlord_run.errors import OverlordError
from overlord_run.roles.cache import Contents
from overlord_run.roles.remote import Remote, Resolved

SERVERS = {
    "a server that gives a part": "[uploadpack]\n\tallowFilter = true\n",
    "a server that gives all": "",
}
GONE = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    (tmp_path / "home").mkdir()
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}


@pytest.fixture(params=SERVERS)
def repository(tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    return Repository.make(tmp_path / "up", SERVERS[request.param])


def resolve(repository: Repository, rev: str, environ: Mapping[str, str]) -> Resolved:
    with Remote.opened(repository.url, environ) as remote:
        return remote.resolve(rev)


def fetch(repository: Repository, commit: str, folder: str, environ: Mapping[str, str], rev: str = "main") -> Contents:
    with Remote.opened(repository.url, environ) as remote:
        return remote.fetch(commit, rev, folder)


def told(error: OverlordError) -> str:
    return f"{error.message}. {error.next}"


def test_a_tag_a_branch_and_a_commit_are_told_apart(repository: Repository, environ: Mapping[str, str]) -> None:
    first = repository.commit({"critic.md": "one"})
    second = repository.commit({"critic.md": "two"}, parent=first)
    repository.tag("v1", first)
    repository.tag("v2", first, annotated=True)
    assert resolve(repository, "v1", environ) == Resolved("v1", "tag", first)
    assert resolve(repository, "v2", environ) == Resolved("v2", "tag", first)
    assert resolve(repository, "main", environ) == Resolved("main", "branch", second)
    assert resolve(repository, "refs/heads/main", environ) == Resolved("refs/heads/main", "branch", second)
    assert resolve(repository, first, environ) == Resolved(first, "commit", first)


def test_only_the_texts_below_the_folder_are_taken(repository: Repository, environ: Mapping[str, str]) -> None:
    files = {"critic.md": b"\xef\xbb\xbfYou look.\r\n", "parts": {"shape.md": "One line each.\n"}}
    commit = repository.commit({"README.md": "Roles\n", "council": {"roles": files}})
    assert fetch(repository, commit, "council/roles", environ) == Contents(
        {"critic.md": b"\xef\xbb\xbfYou look.\r\n", "parts/shape.md": b"One line each.\n"}, {}
    )
    assert set(fetch(repository, commit, "", environ).texts) == {
        "README.md",
        "council/roles/critic.md",
        "council/roles/parts/shape.md",
    }


def test_what_is_no_text_is_left_out_and_remembered_with_its_reason(
    repository: Repository, environ: Mapping[str, str]
) -> None:
    commit = repository.commit(
        {
            "critic.md": "You look.",
            "same.md": "You look.",
            "judge.md": link("critic.md"),
            "other": Entry(SUBMODULE, GONE),
            "whole.bin": os.urandom(1024 * 1024),
            "large.bin": os.urandom(1024 * 1024 + 1),
            "stored.md": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        }
    )
    contents = fetch(repository, commit, "", environ)
    assert set(contents.texts) == {"critic.md", "same.md", "whole.bin"}
    assert contents.left_out == {
        "judge.md": "is a symbolic link",
        "other": "is a submodule",
        "large.bin": "is larger than 1,048,576 bytes",
        "stored.md": "is a pointer of Git LFS, not the text",
    }


def test_a_commit_that_no_ref_leads_to_directly_is_fetched(repository: Repository, environ: Mapping[str, str]) -> None:
    first = repository.commit({"critic.md": "one"})
    repository.commit({"critic.md": "two"}, parent=first)
    assert fetch(repository, first, "", environ).texts == {"critic.md": b"one"}


@pytest.mark.parametrize(
    ("rev", "message"),
    [
        (
            "mian",
            "there is no tag or branch 'mian' in the repository. Did you mean 'main'?.",
        ),
        (
            "0123456",
            "there is no tag or branch '0123456' in the repository. A commit is named by all its 40 characters.",
        ),
        (
            "zzz",
            (
                "there is no tag or branch 'zzz' in the repository. "
                "Name a tag, a branch, or a commit by its 40 characters."
            ),
        ),
        (
            "both",
            "the repository has a tag and a branch 'both'. Write 'refs/tags/both' or 'refs/heads/both'.",
        ),
        (
            "--upload-pack=touch canary",
            (
                "the revision '--upload-pack=touch canary' begins with '-', which git would take for an option. "
                "Name a tag, a branch, or a commit by its 40 characters."
            ),
        ),
    ],
)
def test_a_revision_that_names_no_one_commit_is_refused(
    tmp_path: Path, environ: Mapping[str, str], rev: str, message: str
) -> None:
    repository = Repository.make(tmp_path / "up")
    commit = repository.commit({"critic.md": "one"})
    repository.branch("both", commit)
    repository.tag("both", commit)
    with pytest.raises(OverlordError) as caught:
        resolve(repository, rev, environ)
    assert told(caught.value) == message
    assert caught.value.exit == 3


def test_a_commit_that_is_gone_is_told_with_why_that_may_be(repository: Repository, environ: Mapping[str, str]) -> None:
    first = repository.commit({"critic.md": "one"})
    repository.commit({"critic.md": "two"})
    repository.forget(first)
    with pytest.raises(OverlordError) as caught:
        fetch(repository, first, "", environ)
    assert told(caught.value) == (
        f"the commit {first[:8]} is not in the repository, which 'main' named. Its history may have been rewritten."
    )


def test_an_address_is_refused_before_git_sees_it(environ: Mapping[str, str]) -> None:
    with pytest.raises(OverlordError) as caught, Remote.opened("ext::sh -c canary", environ):
        pass
    assert told(caught.value) == (
        "the repository's address holds a blank or a character that cannot be printed. "
        "Write it like https://github.com/acme/roles, and a blank as %20."
    )


def test_without_git_it_is_told_what_to_install(repository: Repository) -> None:
    with pytest.raises(OverlordError) as caught, Remote.opened(repository.url, {"PATH": ""}):
        pass
    assert told(caught.value) == (
        "git is not installed, or not in PATH. Install it: packs are fetched by the git of this machine."
    )


def test_a_repository_of_sha_256_is_refused(tmp_path: Path, environ: Mapping[str, str]) -> None:
    path = Repository.make(tmp_path / "up").path
    config = (path / "config").read_text(encoding="utf-8").replace("formatversion = 0", "formatversion = 1")
    (path / "config").write_text(f"{config}[extensions]\n\tobjectFormat = sha256\n", encoding="utf-8")
    repository = Repository(path, "sha256")
    repository.commit({"critic.md": "one"})
    with pytest.raises(OverlordError) as caught:
        resolve(repository, "main", environ)
    assert told(caught.value) == (
        "the repository names its commits by SHA-256, which is not supported. "
        "Use a repository whose commits have 40 characters."
    )
    assert caught.value.exit == 3
