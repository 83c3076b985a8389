"""Name the platform and shell that a person types in, and write guidance in that shell's own syntax."""

import re
from typing import Literal

from msgspec import Struct

from overlord_run.errors import SettingsError

Platform = Literal["linux", "macos", "windows"]
Shell = Literal["bash", "zsh", "fish", "sh", "pwsh", "powershell", "cmd", "git-bash"]
PathStyle = Literal["posix", "windows"]

# No shell gives these a meaning, wherever in a word they stand; `@ , = ~ %` have one in some. Of options only the
# plainest are let through: PowerShell takes `-a.b` apart.
_PLAIN = re.compile(r"[\w./…][\w.:/+…-]*|--?[A-Za-z][\w-]*")
_PLAIN_ON_WINDOWS = re.compile(r"[\w.\\/…][\w.:\\/+…-]*|--?[A-Za-z][\w-]*")
# PowerShell takes typographic double quotes for plain ones.
_SPECIAL_IN_POWERSHELL_QUOTES = re.compile('([`$"“”„])')
_SPECIAL_IN_FISH_QUOTES = re.compile(r"([\\'])")
_SPECIAL_TO_CMD = re.compile(r'([()%!^"<>&|])')
# The two that stay special between the double quotes of cmd.
_SPECIAL_IN_CMD_QUOTES = re.compile(r'[%"]')


class Host(Struct, frozen=True):
    r"""The platform, and the shell that a person types in.

    Attributes:
        path_style: How a path is typed. In Git Bash `posix` on the platform `windows`: the shell says `/c/work`, and a
            Windows program is given `C:\work`.
    """

    platform: Platform
    shell: Shell
    path_style: PathStyle

    def set_env(self, name: str, value: str) -> str:
        """Return the command that sets an environment variable for this shell and what it starts."""
        if self.shell == "fish":
            return f"set -gx {name} {self.quote(value)}"
        if self.shell in ("pwsh", "powershell"):
            return f"$env:{name} = {_powershell_quoted(value)}"
        if self.shell == "cmd":
            return _cmd_set(name, value)
        return f"export {name}={self.quote(value)}"

    def quote(self, word: str) -> str:
        """Return a word as it is typed, so that a program is given exactly it; a plain word as it is.

        cmd has no way to type a line break; it becomes a blank there.
        """
        if self.shell == "cmd":
            return _cmd_quoted(word)
        if self.shell in ("pwsh", "powershell"):
            return word if _PLAIN_ON_WINDOWS.fullmatch(word) else _powershell_quoted(word)
        if _PLAIN.fullmatch(word):
            return word
        if self.shell == "fish":
            return "'" + _SPECIAL_IN_FISH_QUOTES.sub(r"\\\1", word) + "'"
        return "'" + word.replace("'", "'\"'\"'") + "'"

    def facts(self) -> dict[str, str]:
        """Return the host for templates and records: `platform`, `shell` and `paths`, which is `posix` or `windows`."""
        return {"platform": self.platform, "shell": self.shell, "paths": self.path_style}


def require_supported(host: Host) -> None:
    """Refuse legacy Windows PowerShell, whose quoting and encodings differ from every shell that guidance is for.

    Raises:
        SettingsError: The shell is `powershell.exe`; the error names the way to `pwsh`.
    """
    if host.shell == "powershell":
        message = "Windows PowerShell (powershell.exe) is not supported"
        raise SettingsError(
            message,
            next="start `pwsh` and run the command there; "
            "to install it: winget install --id Microsoft.PowerShell --source winget",
            code="shell-not-supported",
        )


def _powershell_quoted(word: str) -> str:
    return '"' + _SPECIAL_IN_POWERSHELL_QUOTES.sub(r"`\1", word) + '"'


def _cmd_quoted(word: str) -> str:
    line = _one_line(word)
    if _PLAIN_ON_WINDOWS.fullmatch(line):
        return line
    # The program's own rules: a backslash counts only before a double quote.
    argument = '"' + re.sub(r'(\\*)("|\Z)', _with_backslashes_doubled, line) + '"'
    # cmd would end its quotes at an inner one, or fill in a variable: then every special character is escaped instead.
    return _SPECIAL_TO_CMD.sub(r"^\1", argument) if _SPECIAL_IN_CMD_QUOTES.search(line) else argument


def _with_backslashes_doubled(match: re.Match[str]) -> str:
    return match[1] * 2 + ('\\"' if match[2] else "")


def _cmd_set(name: str, value: str) -> str:
    line = _one_line(value)
    if _PLAIN_ON_WINDOWS.fullmatch(line):
        return f"set {name}={line}"
    if _SPECIAL_IN_CMD_QUOTES.search(line):
        return f"set {name}=" + _SPECIAL_TO_CMD.sub(r"^\1", line)
    return f'set "{name}={line}"'


def _one_line(word: str) -> str:
    return re.sub(r"[\r\n]+", " ", word)
