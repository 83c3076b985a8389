import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.host.detect import detect
from overlord_run.host.shell import Host

MACHINES_MODULES = (
    "C:\\Program Files\\WindowsPowerShell\\Modules;C:\\WINDOWS\\system32\\WindowsPowerShell\\v1.0\\Modules"
)
PWSH_MODULES = f"C:\\Users\\a\\Documents\\PowerShell\\Modules;C:\\Program Files\\PowerShell\\Modules;{MACHINES_MODULES}"
POWERSHELL_MODULES = f"C:\\Users\\a\\OneDrive\\Dokumente\\WindowsPowerShell\\Modules;{MACHINES_MODULES}"


@pytest.mark.parametrize(
    ("platform", "ancestors", "host"),
    [
        ("linux", ["bash", "sshd"], Host("linux", "bash", "posix")),
        ("linux", ["uv", "zsh"], Host("linux", "zsh", "posix")),
        ("linux", ["-fish"], Host("linux", "fish", "posix")),
        ("linux", ["dash", "make", "zsh"], Host("linux", "sh", "posix")),
        ("linux", ["pwsh"], Host("linux", "pwsh", "posix")),
        ("freebsd14", ["ksh"], Host("linux", "sh", "posix")),
        ("darwin", ["/bin/zsh", "login"], Host("macos", "zsh", "posix")),
        ("darwin", ["-bash"], Host("macos", "bash", "posix")),
        ("win32", ["overlord-run.exe", "pwsh.exe", "WindowsTerminal.exe"], Host("windows", "pwsh", "windows")),
        ("win32", ["powershell.exe", "explorer.exe"], Host("windows", "powershell", "windows")),
        ("win32", ["C:\\Windows\\System32\\CMD.EXE"], Host("windows", "cmd", "windows")),
        ("win32", ["pwsh.exe", "powershell.exe"], Host("windows", "pwsh", "windows")),
        ("win32", ["bash.exe", "mintty.exe"], Host("windows", "git-bash", "posix")),
        ("win32", ["sh.exe"], Host("windows", "git-bash", "posix")),
        ("win32", ["zsh.exe"], Host("windows", "zsh", "posix")),
        ("cygwin", ["bash"], Host("windows", "git-bash", "posix")),
    ],
)
def test_the_nearest_ancestor_that_is_a_shell_is_the_shell(platform, ancestors, host):
    assert detect(platform=platform, environ={}, ancestors=ancestors) == host


@pytest.mark.parametrize(
    ("platform", "environ", "shell"),
    [
        ("linux", {"SHELL": "/usr/bin/zsh"}, "zsh"),
        ("linux", {"SHELL": "/usr/bin/nu"}, "sh"),
        ("linux", {}, "sh"),
        ("darwin", {"SHELL": "/opt/homebrew/bin/fish"}, "fish"),
        ("win32", {"MSYSTEM": "MINGW64", "PSModulePath": PWSH_MODULES}, "git-bash"),
        ("win32", {"PSModulePath": PWSH_MODULES}, "pwsh"),
        ("win32", {"PSMODULEPATH": POWERSHELL_MODULES}, "powershell"),
        ("win32", {"PSModulePath": MACHINES_MODULES}, "cmd"),
        ("win32", {}, "cmd"),
    ],
)
def test_without_a_shell_among_the_ancestors_the_environment_tells(platform, environ, shell):
    assert detect(platform=platform, environ=environ, ancestors=["explorer.exe", "init"]).shell == shell


def test_an_ancestor_is_believed_before_an_inherited_variable():
    environ = {"MSYSTEM": "MINGW64", "PSModulePath": POWERSHELL_MODULES, "SHELL": "/usr/bin/fish"}
    assert detect(platform="win32", environ=environ, ancestors=["cmd.exe"]).shell == "cmd"
    assert detect(platform="linux", environ=environ, ancestors=["bash"]).shell == "bash"


@given(
    platform=st.sampled_from(["linux", "darwin", "win32"]) | st.text(),
    environ=st.dictionaries(st.sampled_from(["SHELL", "MSYSTEM", "PSModulePath"]), st.text()),
    ancestors=st.lists(st.text()),
)
def test_a_host_is_always_found(platform, environ, ancestors):
    host = detect(platform=platform, environ=environ, ancestors=ancestors)
    assert (host.path_style == "windows") == (
        host.platform == "windows" and host.shell in ("pwsh", "powershell", "cmd")
    )


def test_here_names_the_shell_that_started_the_program_and_starts_no_other():
    code = (
        "import sys; started = []; "
        "starts = ('subprocess.Popen', 'os.fork', 'os.exec'); "
        "sys.addaudithook(lambda event, _: event in starts and started.append(event)); "
        "from overlord_run.host import here; print(here({'SHELL': '/bin/zsh'}).shell, started)"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    script = f'"{sys.executable}" -c "{code}"; exit $?'
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, check=True, text=True, env=environ, encoding="utf-8"
    )
    assert done.stdout == "sh []\n"
