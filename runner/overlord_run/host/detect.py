"""Find out the platform and the shell: from the processes that started this one, else from the environment."""

import sys
from collections.abc import Mapping, Sequence

from overlord_run.host.process import ancestors
from overlord_run.host.shell import Host, PathStyle, Platform, Shell

_SHELLS: Mapping[str, Shell] = {
    "bash": "bash",
    "rbash": "bash",
    "zsh": "zsh",
    "fish": "fish",
    "sh": "sh",
    "dash": "sh",
    "ash": "sh",
    "ksh": "sh",
    "mksh": "sh",
    "pwsh": "pwsh",
    "pwsh-preview": "pwsh",
    "powershell": "powershell",
    "cmd": "cmd",
}
_SHELLS_OF_WINDOWS = ("pwsh", "powershell", "cmd")


def here(environ: Mapping[str, str]) -> Host:
    """Return the host of this process. It never fails; what cannot be found out is guessed from the environment."""
    return detect(platform=sys.platform, environ=environ, ancestors=ancestors())


def detect(*, platform: str, environ: Mapping[str, str], ancestors: Sequence[str]) -> Host:
    """Return the host that these facts speak for.

    Args:
        platform: As in `sys.platform`; a POSIX system of another name counts as Linux.
        environ: The environment, which tells of a shell only where no ancestor does: it is inherited, and so may speak
            of a shell further out.
        ancestors: The names or paths of the processes that started this one, nearest first.
    """
    named = _platform(platform)
    shell = _shell_among(ancestors) or _shell_from(named, environ)
    if named == "windows" and shell in ("bash", "sh"):
        shell = "git-bash"
    style: PathStyle = "windows" if named == "windows" and shell in _SHELLS_OF_WINDOWS else "posix"
    return Host(named, shell, style)


def _platform(platform: str) -> Platform:
    if platform in ("win32", "cygwin", "msys"):
        return "windows"
    return "macos" if platform == "darwin" else "linux"


def _shell_among(names: Sequence[str]) -> Shell | None:
    return next((shell for name in names if (shell := _shell_called(name))), None)


def _shell_called(name: str) -> Shell | None:
    """Return the shell that a program's name or path says; a login shell's begins with `-`."""
    last = name.replace("\\", "/").rpartition("/")[2].lower()
    return _SHELLS.get(last.removeprefix("-").removesuffix(".exe"))


def _shell_from(platform: Platform, environ: Mapping[str, str]) -> Shell:
    if platform != "windows":
        return _shell_called(environ.get("SHELL", "")) or "sh"
    known = {name.upper(): value for name, value in environ.items()}
    if known.get("MSYSTEM"):
        return "git-bash"
    return _shell_from_modules(known.get("PSMODULEPATH", "").lower().split(";"))


def _shell_from_modules(folders: Sequence[str]) -> Shell:
    """Tell the two PowerShells, which add their user's module folders, from cmd, which has the machine's alone.

    Source: PowerShell RFC 0049, by which `powershell.exe` also takes away what pwsh has added.
    """
    if any("\\powershell\\" in folder for folder in folders):
        return "pwsh"
    if any(folder.endswith("\\windowspowershell\\modules") and "\\program files" not in folder for folder in folders):
        return "powershell"
    return "cmd"
