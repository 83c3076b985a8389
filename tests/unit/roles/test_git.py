"""What git is told of this machine and of whoever runs it, and what it is not."""

import os
from pathlib import Path

import pytest

from canary import CANARY
from overlord_run.host.supervised import OverrunError
from overlord_run.roles.git import Git
from overlord_run.roles.refusal import first_complaint, unreachable

CONFIG = """\
[user]
	name = Jo
[credential]
	helper = ""
	helper = store
[credential "https://git.example"]
	username = jo
[http]
	proxy = http://proxy.example:3128
[url "https://jo:hunter2@git.example/"]
	insteadOf = https://git.example/
[core]
	hooksPath = /hooks
	fsmonitor = program
	sshCommand = ssh -i key
[include]
	path = more
"""


def made(tmp_path: Path, config: str = "", **environ: str) -> Git:
    for name in ("home", "scratch"):
        (tmp_path / name).mkdir()
    (tmp_path / "home" / ".gitconfig").write_text(config, encoding="utf-8")
    (tmp_path / "home" / "more").write_text("[http]\n\tsslCAInfo = ca.pem\n", encoding="utf-8")
    return Git.make(tmp_path / "scratch", {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), **environ})


def configured(git: Git) -> list[tuple[str, str]]:
    count = int(git.environ["GIT_CONFIG_COUNT"])
    found = [
        (git.environ[f"GIT_CONFIG_KEY_{index}"], git.environ[f"GIT_CONFIG_VALUE_{index}"]) for index in range(count)
    ]
    return [(name, value) for name, value in found if not name.startswith("credential.https://source")]


def test_of_what_is_configured_git_gets_what_leads_to_a_repository(tmp_path: Path) -> None:
    machine = configured(made(tmp_path / "bare" if (tmp_path / "bare").mkdir() is None else tmp_path))
    assert configured(made(tmp_path, CONFIG))[len(machine) :] == [
        ("credential.helper", ""),
        ("credential.helper", "store"),
        ("credential.https://git.example.username", "jo"),
        ("http.proxy", "http://proxy.example:3128"),
        ("url.https://jo:hunter2@git.example/.insteadof", "https://git.example/"),
        ("core.sshcommand", "ssh -i key"),
        ("http.sslcainfo", "ca.pem"),
    ]


def test_of_the_environment_git_gets_what_is_named(tmp_path: Path) -> None:
    git = made(tmp_path, SAKANA_API_KEY=CANARY, GIT_DIR="elsewhere", SSH_ASKPASS="ask", SSH_AUTH_SOCK="agent")
    assert CANARY not in git.environ.values()
    assert "GIT_DIR" not in git.environ
    assert "SSH_ASKPASS" not in git.environ
    assert git.environ["SSH_AUTH_SOCK"] == "agent"
    assert git.environ["GIT_CONFIG_GLOBAL"] == "/dev/null"


@pytest.mark.parametrize(
    ("config", "environ", "command"),
    [
        ("", {}, "ssh -oBatchMode=yes"),
        ("[core]\n\tsshCommand = ssh -i key\n", {}, "ssh -i key -oBatchMode=yes"),
        ("[core]\n\tsshCommand = ssh -i key\n", {"GIT_SSH_COMMAND": "/bin/ssh -v"}, "/bin/ssh -v -oBatchMode=yes"),
        ("", {"GIT_SSH_COMMAND": "plink"}, "plink"),
        ("", {"GIT_SSH": "plink"}, None),
    ],
)
def test_ssh_may_not_ask(tmp_path: Path, config: str, environ: dict[str, str], command: str | None) -> None:
    assert made(tmp_path, config, **environ).environ.get("GIT_SSH_COMMAND") == command


def test_ssh_is_called_as_the_user_says_and_told_not_to_ask(tmp_path: Path) -> None:
    program = tmp_path / "ssh"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\nexit 1\n', encoding="utf-8")
    program.chmod(0o755)
    git = made(tmp_path, f"[core]\n\tsshCommand = {program} -i key\n")
    assert git.far("ls-remote", "--", "ssh://git@git.example/roles", scheme="ssh").code != 0
    assert (tmp_path / "said").read_text(encoding="utf-8").startswith("-i key -oBatchMode=yes")
    assert "git-upload-pack '/roles'" in (tmp_path / "said").read_text(encoding="utf-8")


def test_a_helper_for_passwords_of_the_user_is_asked(tmp_path: Path) -> None:
    git = made(tmp_path, '[credential]\n\thelper = "!f() { echo username=jo; echo password=hunter2; }; f"\n')
    done = git._run(["credential", "fill"], git.environ, b"protocol=https\nhost=git.example\n\n")
    assert b"username=jo\npassword=hunter2\n" in done.output


def test_another_protocol_than_the_address_has_is_not_spoken(tmp_path: Path) -> None:
    git = made(tmp_path, '[url "file:///srv/"]\n\tinsteadOf = https://git.example/\n')
    done = git.far("ls-remote", "--", "https://git.example/roles", scheme="https")
    assert unreachable(done.errors).message == "the address leads to a protocol other than https and ssh"


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    git = made(tmp_path)
    slow = Git(git.program, git.folder, {**git.environ, "GIT_SSH_COMMAND": "sleep 60;"}, seconds=0.0)
    with pytest.raises(OverrunError, match="did not end within 0 s"):
        slow.far("ls-remote", "--", "ssh://git.example/roles", scheme="ssh")


def test_a_command_that_writes_too_much_is_ended(tmp_path: Path) -> None:
    git = made(tmp_path)
    (git.folder / "objects" / "pack").write_bytes(b"x" * 2000)
    small = Git(git.program, git.folder, git.environ, fetched_bytes=1000)
    with pytest.raises(OverrunError, match="is larger than 1,000 bytes"):
        small.near("ls-tree", "HEAD")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "fatal: could not read Username for 'https://git.example': terminal prompts disabled",
            "the repository asks who we are",
        ),
        ("git@git.example: Permission denied (publickey).", "the repository asks who we are"),
        ("Host key verification failed.", "the host is not one that ssh knows"),
        ("fatal: unable to access 'x': Could not resolve host: git.example", "the repository cannot be reached"),
        ("fatal: the remote end hung up unexpectedly", "the repository cannot be reached"),
        (
            "fatal: detected dubious ownership in repository at '/srv/git'",
            "the repository's folder belongs to somebody else, so git does not read it",
        ),
        ("remote: Repository not found.", "there is no such repository, or it is not shown to us"),
        (
            "fatal: mismatched algorithms: client sha1; server sha256",
            "the repository names its commits by SHA-256, which is not supported",
        ),
        ("fatal: SSL certificate problem: self-signed", "the host's certificate is not trusted"),
        ("fatal: transport 'ext' not allowed", "the address leads to a protocol other than https and ssh"),
        (
            "warning: x\nfatal: odd https://jo:hunter2@git.example/x?token=hunter2 \x1b[31m",
            "git refuses: 'odd https://…@git.example/x?… \\x1b[31m'",
        ),
        ("", "git refuses: 'nothing'"),
    ],
)
def test_what_git_complains_of_is_told_in_our_words_and_without_passwords(said: str, message: str) -> None:
    error = unreachable(said.encode())
    assert error.message == message
    assert error.exit == 1
    assert error.next.endswith(".")
    assert "hunter2" not in f"{error.message}{error.next}"


def test_a_complaint_that_is_long_is_cut() -> None:
    assert first_complaint("fatal: " + "x" * 300) == f"'{'x' * 200}…'"
