import os

import pytest

from overlord_run.host.worktree import Worktree, find_worktree

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40
SHA256 = "a1" * 32


def repository(folder, *, head="ref: refs/heads/main\n", files=()):
    """Lay out a git folder by hand."""
    folder.mkdir(parents=True)
    (folder / "HEAD").write_text(head, encoding="utf-8")
    for name, text in dict(files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_without_git_the_folder_itself_is_the_worktree(tmp_path):
    assert find_worktree(tmp_path) == Worktree(tmp_path, None, None)


def test_the_worktree_is_found_from_a_folder_below_it(tmp_path):
    repository(tmp_path / ".git", files={"refs/heads/main": f"{COMMIT}\n"})
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_worktree(below) == Worktree(tmp_path, "main", COMMIT)


def test_a_symbolic_link_leads_to_the_worktree_behind_it(tmp_path):
    repository(tmp_path / "real" / ".git", files={"refs/heads/main": COMMIT})
    (tmp_path / "link").symlink_to("real")
    assert find_worktree(tmp_path / "link") == Worktree(tmp_path / "real", "main", COMMIT)


def test_a_branch_may_have_slashes(tmp_path):
    repository(tmp_path / ".git", head="ref: refs/heads/fix/a-b_c.d", files={"refs/heads/fix/a-b_c.d": COMMIT})
    assert find_worktree(tmp_path) == Worktree(tmp_path, "fix/a-b_c.d", COMMIT)


@pytest.mark.parametrize("commit", [COMMIT, SHA256])
def test_a_detached_head_has_a_commit_and_no_branch(tmp_path, commit):
    repository(tmp_path / ".git", head=f"{commit}\n")
    assert find_worktree(tmp_path) == Worktree(tmp_path, None, commit)


def test_before_the_first_commit_there_is_a_branch_and_no_commit(tmp_path):
    repository(tmp_path / ".git")
    assert find_worktree(tmp_path) == Worktree(tmp_path, "main", None)


def test_a_packed_ref_is_found_by_its_whole_name(tmp_path):
    packed = (
        f"# pack-refs with: peeled fully-peeled sorted \n{OTHER} refs/heads/main2\n{COMMIT} refs/heads/main\n^{OTHER}\n"
    )
    repository(tmp_path / ".git", files={"packed-refs": packed})
    assert find_worktree(tmp_path) == Worktree(tmp_path, "main", COMMIT)


def test_a_loose_ref_is_newer_than_a_packed_one(tmp_path):
    repository(tmp_path / ".git", files={"packed-refs": f"{OTHER} refs/heads/main\n", "refs/heads/main": COMMIT})
    assert find_worktree(tmp_path).commit == COMMIT


def test_refs_in_a_reftable_are_not_read(tmp_path):
    repository(tmp_path / ".git", head="ref: refs/heads/.invalid\n", files={"reftable/tables.list": "x"})
    assert find_worktree(tmp_path) == Worktree(tmp_path, None, None)


def test_a_head_outside_of_the_branches_has_a_commit_and_no_branch(tmp_path):
    repository(tmp_path / ".git", head="ref: refs/remotes/origin/main", files={"refs/remotes/origin/main": COMMIT})
    assert find_worktree(tmp_path) == Worktree(tmp_path, None, COMMIT)


def test_a_linked_worktree_has_its_own_head_and_the_common_refs(tmp_path):
    main = repository(
        tmp_path / "main" / ".git", files={"refs/heads/main": OTHER, "packed-refs": f"{COMMIT} refs/heads/topic\n"}
    )
    repository(main / "worktrees" / "topic", head="ref: refs/heads/topic\n", files={"commondir": "../..\n"})
    linked = tmp_path / "topic"
    linked.mkdir()
    (linked / ".git").write_text(f"gitdir: {main}/worktrees/topic\n", encoding="utf-8")
    assert find_worktree(linked) == Worktree(linked, "topic", COMMIT)
    assert find_worktree(tmp_path / "main") == Worktree(tmp_path / "main", "main", OTHER)


def test_a_submodule_is_a_worktree_of_its_own(tmp_path):
    outer = repository(tmp_path / ".git", files={"refs/heads/main": OTHER})
    repository(outer / "modules" / "sub", files={"refs/heads/main": COMMIT})
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".git").write_text("gitdir: ../.git/modules/sub\n", encoding="utf-8")
    assert find_worktree(tmp_path / "sub") == Worktree(tmp_path / "sub", "main", COMMIT)


def test_a_folder_called_git_without_a_head_is_passed_by(tmp_path):
    repository(tmp_path / ".git", files={"refs/heads/main": COMMIT})
    (tmp_path / "a" / ".git").mkdir(parents=True)
    assert find_worktree(tmp_path / "a") == Worktree(tmp_path, "main", COMMIT)


@pytest.mark.parametrize("link", ["", "not a link", "gitdir: ../nowhere", "gitdir: \0", "gitdir: " + "x" * 9000])
def test_a_git_file_that_leads_nowhere_is_passed_by(tmp_path, link):
    (tmp_path / ".git").write_text(link, encoding="utf-8")
    assert find_worktree(tmp_path) == Worktree(tmp_path, None, None)


@pytest.mark.parametrize("head", ["", "nonsense", "ref: /etc/passwd", COMMIT[:-1], COMMIT.upper(), f"{COMMIT} more"])
def test_a_head_that_git_never_writes_makes_no_worktree(tmp_path, head):
    repository(tmp_path / ".git", head=head)
    assert find_worktree(tmp_path) == Worktree(tmp_path, None, None)


@pytest.mark.parametrize(
    "ref",
    ["refs/heads/../../../secret", "refs/heads//secret", "refs/heads/a b", "refs/heads/a\x1b[2J", "refs/heads/x.lock"],
)
def test_a_ref_that_git_forbids_is_not_followed(tmp_path, ref):
    repository(tmp_path / ".git", head=f"ref: {ref}\n")
    (tmp_path / "secret").write_text(COMMIT, encoding="utf-8")
    assert find_worktree(tmp_path) == Worktree(tmp_path, None, None)


def test_what_is_not_a_commit_is_never_repeated(tmp_path):
    repository(tmp_path / ".git", files={"refs/heads/main": "a secret", "packed-refs": "a secret refs/heads/main\n"})
    assert find_worktree(tmp_path) == Worktree(tmp_path, "main", None)


def test_a_pipe_and_a_device_are_not_waited_for(tmp_path):
    repository(tmp_path / ".git", files={"refs/heads/other": COMMIT})
    os.mkfifo(tmp_path / ".git" / "refs" / "heads" / "main")
    (tmp_path / ".git" / "packed-refs").symlink_to("/dev/zero")
    assert find_worktree(tmp_path) == Worktree(tmp_path, "main", None)


def test_a_branch_that_is_not_utf8_is_shown_as_far_as_it_is(tmp_path):
    (repository(tmp_path / ".git") / "HEAD").write_bytes(b"ref: refs/heads/caf\xe9\n")
    assert find_worktree(tmp_path) == Worktree(tmp_path, "caf\ufffd", None)


def test_a_git_folder_of_another_person_above_is_passed_by(tmp_path):
    shared = repository(tmp_path / ".git", files={"refs/heads/main": COMMIT})
    mine = tmp_path / "mine"
    mine.mkdir()
    stranger = os.getuid() + 1
    assert find_worktree(mine, owner={mine: os.getuid(), shared: stranger}.get) == Worktree(mine, None, None)


def test_a_git_folder_counts_that_belongs_to_the_folders_owner(tmp_path):
    shared = repository(tmp_path / ".git", files={"refs/heads/main": COMMIT})
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    stranger = os.getuid() + 1
    assert find_worktree(theirs, owner={theirs: stranger, shared: stranger}.get) == Worktree(tmp_path, "main", COMMIT)


def test_the_environment_has_no_say(tmp_path, monkeypatch):
    repository(tmp_path / "mine" / ".git", files={"refs/heads/main": COMMIT})
    repository(tmp_path / "other" / ".git", files={"refs/heads/main": OTHER})
    for name in ("GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE"):
        monkeypatch.setenv(name, str(tmp_path / "other" / ".git"))
    assert find_worktree(tmp_path / "mine") == Worktree(tmp_path / "mine", "main", COMMIT)
