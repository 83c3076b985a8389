"""Run the system's git against a repository that may be anyone's, and let nothing in it have a say.

- It works in an empty bare repository of its own that is thrown away: there is no file to check out, so no filter, no
  attribute, no line end, no link and no Git LFS; no hook, no template, no submodule, no helper of the repository's.
- It gets no environment but what is named here, and no variable of git's own but those that say how ssh is called.
- Of what the user and the machine configured it gets what leads to a repository: credential helpers, proxies,
  certificates, `insteadOf`, the command of ssh. It gets them in its environment, which no other user can read.
- It may speak https and ssh, or to a folder where the address is a folder's; it may ask nobody; it has a time, a number
  of bytes to say and a number of bytes to write.

Why git itself and why so: docs/decisions/0028-packs-are-fetched-by-git.md.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from overlord_run.errors import UsageError
from overlord_run.host.git import NO_GIT, find_git
from overlord_run.host.supervised import Done, Limits, run

FETCHED_BYTES = 256 * 1024 * 1024
"""That a repository may take on the disk while it is fetched."""

_SECONDS = 300.0
_SAID_BYTES = 32 * 1024 * 1024
# Where things are and who one is, the way to a host, and what agents and credential helpers need.
_HANDED_ON = re.compile(
    r"PATH|HOME|XDG_CONFIG_HOME|USER|LOGNAME|TMPDIR|"
    r"USERPROFILE|USERNAME|HOMEDRIVE|HOMEPATH|SYSTEM(?:ROOT|DRIVE)|COMSPEC|PATHEXT|TE?MP|(?:LOCAL)?APPDATA|"
    r"PROGRAMDATA|PROGRAMFILES(?:\(X86\))?|"
    r"(?:HTTPS|ALL|NO)_PROXY|(?:https|all|no)_proxy|SSL_CERT_(?:FILE|DIR)|CURL_CA_BUNDLE|"
    r"SSH_AUTH_SOCK|SSH_AGENT_PID|DBUS_SESSION_BUS_ADDRESS|XDG_RUNTIME_DIR|"
    r"GH_(?:TOKEN|HOST|CONFIG_DIR)|GITHUB_TOKEN|GIT_SSH(?:_COMMAND|_VARIANT)?"
)
# A trace that a file of the user's asks for would tell what stands in addresses.
_UNTRACED = {"GIT_TRACE2": "0", "GIT_TRACE2_EVENT": "0", "GIT_TRACE2_PERF": "0"}
_FIXED = {
    **_UNTRACED,
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",  # git knows it on Windows too
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOC_LIMIT": "256m",  # of one piece of memory: what unpacks to more is refused
}
# On the command line, which wins over the environment and over every file.
_SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.attributesFile": "/dev/null",
    "core.bigFileThreshold": "1m",  # what is larger is streamed, not held in memory
    "credential.interactive": "false",
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "protocol.ssh.allow": "always",
    "protocol.file.allow": "always",
    "transfer.bundleURI": "false",
    "fetch.recurseSubmodules": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
    "gc.auto": "0",
    "maintenance.auto": "false",
}
_CHOSEN = re.compile(rb"(?:credential|http|ssh)\..+|url\..+\.insteadof|core\.sshcommand", re.DOTALL | re.IGNORECASE)
_IS_SSH = re.compile(r"[\"']?(?:[^\"' ]*[/\\])?ssh(?:\.exe)?[\"']?(?: |$)", re.IGNORECASE)
_BARE = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"


class Git(Struct, frozen=True):
    """The system's git in an empty repository.

    Attributes:
        program: Its absolute path.
        folder: The repository.
        environ: Its whole environment.
        seconds: How long one command may take.
        fetched_bytes: How large the repository may grow.
    """

    program: Path
    folder: Path
    environ: Mapping[str, str]
    seconds: float = _SECONDS
    fetched_bytes: int = FETCHED_BYTES

    @classmethod
    def make(cls, folder: Path, environ: Mapping[str, str]) -> "Git":
        """Return git in a repository that is made in an empty folder.

        Raises:
            UsageError: git is not installed.
            OSError: The folder cannot be written.
        """
        program = find_git(environ)
        if program is None:
            raise UsageError(NO_GIT, next="Install it: packs are fetched by the git of this machine.", code="git")
        for name in ("objects", "refs"):
            (folder / name).mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/none\n", "ascii")
        (folder / "config").write_text(_BARE, "ascii")
        handed_on = {name: value for name, value in environ.items() if _HANDED_ON.fullmatch(name)}
        git = cls(program, folder, handed_on)
        return cls(program, folder, _environ(handed_on, tuple(git._configured())))

    def far(self, *words: str, scheme: str) -> Done:
        """Run a command that speaks to another repository.

        Args:
            words: The command; what comes from a playbook stands behind `--`.
            scheme: Of the repository's address.

        Raises:
            OverrunError: It took too long, or too much.
        """
        allowed = "file" if scheme == "file" else "https:ssh"
        return self._run(words, {**self.environ, "GIT_ALLOW_PROTOCOL": allowed})

    def near(self, *words: str, stdin: bytes = b"") -> Done:
        """Run a command that looks at what was fetched, and may fetch no more.

        Raises:
            OverrunError: It took too long, or said too much.
        """
        # A partial fetch wrote down where the rest is. What is not here is not wanted, and is told as missing.
        (self.folder / "config").write_text(_BARE, "ascii")
        return self._run(words, {**self.environ, "GIT_ALLOW_PROTOCOL": "none"}, stdin)

    def _run(self, words: Sequence[str], environ: Mapping[str, str], stdin: bytes = b"") -> Done:
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = [str(self.program), f"--git-dir={self.folder}", *settings, *words]
        limits = Limits(self.seconds, _SAID_BYTES, self.fetched_bytes)
        return run(command, self.folder, environ, limits, stdin=stdin)

    def _configured(self) -> Iterator[tuple[str, str]]:
        """Yield what the user and the machine configured and git is to know, in git's order."""
        command = [str(self.program), "config", "--null", "--list", "--show-scope", "--includes"]
        limits = Limits(self.seconds, _SAID_BYTES, self.fetched_bytes)
        done = run(command, self.folder, {**self.environ, **_UNTRACED}, limits)
        fields = done.output.split(b"\0") if done.code == 0 else []
        for scope, told in zip(fields[::2], fields[1::2], strict=False):
            name, found, value = told.partition(b"\n")
            if found and scope in (b"system", b"global") and _CHOSEN.fullmatch(name):
                yield name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape")


def _environ(handed_on: Mapping[str, str], configured: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return git's environment: what is handed on, what was configured, and what is fixed."""
    environ = {**handed_on, **_FIXED, "GIT_CONFIG_COUNT": str(len(configured))}
    for index, (name, value) in enumerate(configured):
        environ[f"GIT_CONFIG_KEY_{index}"] = name
        environ[f"GIT_CONFIG_VALUE_{index}"] = value
    said = [value for name, value in configured if name.lower() == "core.sshcommand"]
    if "GIT_SSH" not in environ or "GIT_SSH_COMMAND" in environ:
        command = environ.get("GIT_SSH_COMMAND") or (said[-1] if said else "ssh")
        environ["GIT_SSH_COMMAND"] = f"{command} -oBatchMode=yes" if _IS_SSH.match(command) else command
    return environ
