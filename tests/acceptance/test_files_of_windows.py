"""Files as Windows' editors and shells leave them: line ends, byte order marks, other encodings, names in capitals."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acceptance.invocation import Shell

FILES = {
    "council.yml": """\
overlord: 1
name: council
inputs:
  plan: {type: file}
  notes: {type: string}
  risks: {type: array}
roles:
  critic:
    from: ./roles/critic.md
    task_file: texts/task.md
assignments:
  - {slot: alder, role: critic}
redirects:
  - id: rank
    to: alder
    message: |
      Rank them.
      {{ inputs.notes }}

      {{ inputs.risks | to_json }}
""",
    "roles/critic.md": "---\noverlord: 1\nrole: critic\n---\n\nYou review.\n\nQuote the line.\n",
    "texts/task.md": "Look at this:\n\n{{ inputs.plan }}\n",
    "plan.md": "# Plan\n\nShip on Friday.\n",
    "notes.txt": "One.\nTwo.\n",
    "inputs.yml": "plan: plan.md\nrisks: [a, b]\n",
    "script.yml": 'overlord: 1\nanswers:\n  "*":\n    rank:\n      text: |\n        First.\n        Second.\n',
}
WORDS = ("council.yml", "--inputs", "inputs.yml", "-I", "notes=notes.txt")

Change = Callable[[bytes], bytes]

CHANGES: dict[str, Change] = {
    "line ends of Windows": lambda data: data.replace(b"\n", b"\r\n"),
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "both": lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"),
}


def laid(folder: Path, change: Change) -> Shell:
    """Return a folder with the files, each changed in its bytes."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(change(text.encode()))
    return Shell(folder)


def unchanged(data: bytes) -> bytes:
    return data


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the plan of the files as they are on Linux."""
    shell = laid(tmp_path_factory.mktemp("plain"), unchanged)
    return shell.run(*WORDS, "--dry-run", "--format", "json").json("plan")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_sent_is_the_same_to_the_byte(tmp_path: Path, plain: dict[str, Any], change: Change) -> None:
    shell = laid(tmp_path, change)
    assert shell.run(*WORDS, "--dry-run", "--format", "json").json("plan")["planDigest"] == plain["planDigest"]
    done = shell.run(*WORDS, "--rehearse", "script.yml", "-q", "--outputs", "out")
    assert (done.exit, done.out, done.err) == (0, "First.\nSecond.\n", "")
    assert (tmp_path / "out" / "alder.txt").read_bytes() == b"First.\nSecond.\n"


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_folder_of_them_is_checked_like_any_other(tmp_path: Path, change: Change) -> None:
    done = laid(tmp_path, change).run("validate", ".")
    assert (done.exit, done.out, done.err) == (0, "", "3 files checked: no problems\n")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_as_a_legacy_shell_writes_it_is_refused_with_what_to_do(tmp_path: Path, encoding: str) -> None:
    shell = laid(tmp_path, lambda data: f"\ufeff{data.decode()}".encode(encoding))
    done = shell.run("validate", ".")
    assert done.exit == 3
    told = [line for line in done.out.replace(os.sep, "/").splitlines() if "error" in line]
    assert told == [
        f"{name}:1:1: error: the file is UTF-16, not UTF-8 (save the file as UTF-8) [encoding]"
        for name in ("council.yml", "roles/critic.md", "script.yml")
    ]
    for name in "council.yml", "roles/critic.md", "texts/task.md", "inputs.yml":
        assert "[encoding]" in shell.run(*WORDS, "--dry-run").err
        (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    done = shell.run(*WORDS, "--dry-run")
    assert (done.exit, done.err) == (
        2,
        "error: plan.md is UTF-16, not UTF-8; notes.txt is UTF-16, not UTF-8\nnext: Save it as UTF-8.\n",
    )


def test_names_in_capitals_are_playbooks_and_roles_too(tmp_path: Path) -> None:
    shell = laid(tmp_path, unchanged)
    (tmp_path / "council.yml").rename(tmp_path / "COUNCIL.YML")
    (tmp_path / "MORE.MD").write_text(FILES["roles/critic.md"], encoding="utf-8")
    assert shell.run("validate", ".").err == "4 files checked: no problems\n"
    assert shell.run("validate", "MORE.MD").err == "1 file checked: no problems\n"


def test_paths_with_blanks_and_quotes_are_read_and_told_as_they_are_typed(tmp_path: Path) -> None:
    shell = laid(tmp_path / "a 'b' & c", unchanged)
    (shell.folder / "plan.md").rename(shell.folder / "the plan's $1.md")
    inputs = ("-i", "plan=the plan's $1.md", "-i", "notes=x", "-i", "risks=[]")
    done = shell.run("council.yml", *inputs, "--rehearse", "--state-dir", "my runs")
    assert done.exit == 0
    assert "--state-dir 'my runs'" in done.err or '--state-dir "my runs"' in done.err
