from pathlib import Path

import pytest

from overlord_run.app.doctor.check import Check
from overlord_run.app.doctor.machine import examine_machine
from overlord_run.host import Host, Worktree


def checks(folder: Path, *, host: Host | None = None, worktree: Worktree | None = None) -> dict[str, Check]:
    found = examine_machine(
        host or Host("linux", "bash", "posix"), worktree or Worktree(folder, None, None), folder / ".overlord"
    )
    return {check.name: check for check in found}


def test_legacy_powershell_is_wrong_and_the_way_to_pwsh_is_told(tmp_path: Path) -> None:
    check = checks(tmp_path, host=Host("windows", "powershell", "windows"))["host"]
    assert (check.state, check.message) == ("wrong", "Windows PowerShell (powershell.exe) is not supported")
    assert "pwsh" in check.next


@pytest.mark.parametrize(
    ("worktree", "told"),
    [
        (Worktree(Path("w"), None, None), "w, no git worktree: runs are bound to the folder"),
        (Worktree(Path("w"), "main", None), "w, on main, at no commit"),
        (Worktree(Path("w"), None, "0123456789abcdef" * 2), "w, on no branch, at 0123456789ab"),
    ],
)
def test_the_worktree_is_told(tmp_path: Path, worktree: Worktree, told: str) -> None:
    assert checks(tmp_path, worktree=worktree)["worktree"].message == told


def test_the_versions_of_the_packages_are_told(tmp_path: Path) -> None:
    told = checks(tmp_path)["packages"].message
    assert {"click", "httpx", "jinja2", "pyyaml"} <= {one.split()[0].lower() for one in told.split(", ")}
    assert "pytest" not in told


def test_a_state_folder_that_is_not_there_is_made_by_the_first_run(tmp_path: Path) -> None:
    check = checks(tmp_path)["state-folder"]
    assert (check.state, check.message) == ("ok", f"{tmp_path / '.overlord'}, made by the first run")


@pytest.mark.parametrize("what", ["a file", "a symbolic link"])
def test_what_is_no_folder_is_wrong(tmp_path: Path, what: str) -> None:
    path = tmp_path / ".overlord"
    if what == "a file":
        path.touch()
    else:
        path.symlink_to(tmp_path)
    check = checks(tmp_path)["state-folder"]
    assert (check.state, check.message) == ("wrong", f"{path} is {what}")
