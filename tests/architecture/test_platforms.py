"""What one platform lacks is used behind a guard only, with its counterpart beside it."""

from pathlib import Path

import pytest

from platform_kit import PLATFORMS, missing

PACKAGE = Path(__file__).parents[2] / "runner" / "overlord_run"
# Imported on their own platform alone, by host/system.py.
OF_ONE_PLATFORM = {"host/linux.py": "linux", "host/macos.py": "darwin", "host/windows.py": "win32"}
MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_uses_what_each_platform_has_on_which_it_runs(name: str) -> None:
    source = MODULES[name].read_text(encoding="utf-8")
    platforms = [OF_ONE_PLATFORM[name]] if name in OF_ONE_PLATFORM else PLATFORMS
    assert {platform: missing(source, platform) for platform in platforms} == {platform: [] for platform in platforms}


@pytest.mark.parametrize(
    ("source", "platform", "found"),
    [
        ("import fcntl", "win32", ["fcntl"]),
        ("import winreg", "linux", ["winreg"]),
        ("def lock():\n    import msvcrt", "darwin", ["msvcrt"]),
        ("import pwd, resource, termios, os", "win32", ["pwd", "resource", "termios"]),
        ("from os import fchmod, open", "win32", ["os.fchmod"]),
        ("os.fchmod(1, 2)", "win32", ["os.fchmod"]),
        ("os.fdatasync(1)", "darwin", ["os.fdatasync"]),
        ("flags = os.O_RDONLY | os.O_NOFOLLOW", "win32", ["os.O_NOFOLLOW"]),
        ("os.kill(1, signal.SIGKILL)", "win32", ["signal.SIGKILL"]),
        ("owner = lambda: [os.getuid() for _ in x if y]", "win32", ["os.getuid"]),
        ("if sys.platform == 'linux':\n    pass\nelse:\n    os.fdatasync(1)", "darwin", ["os.fdatasync"]),
        ("if x or sys.platform != 'win32':\n    os.fchmod(1, 2)", "win32", ["os.fchmod"]),
        ("x = os.geteuid() if y else 0", "win32", ["os.geteuid"]),
        ("class A:\n    def b(self):\n        with x:\n            os.getpgrp()", "win32", ["os.getpgrp"]),
        (
            "try:\n    pass\nexcept A:\n    os.getpgrp()\nfinally:\n    os.getsid(1)",
            "win32",
            ["os.getpgrp", "os.getsid"],
        ),
    ],
)
def test_what_a_platform_lacks_is_found(source: str, platform: str, found: list[str]) -> None:
    assert missing(source, platform) == found


@pytest.mark.parametrize(
    "source",
    [
        "import os, signal, json, overlord_run.files\nos.open('x', os.O_RDONLY)",
        "flag = getattr(os, 'O_NOFOLLOW', 0)",
        "if sys.platform == 'win32':\n    import winreg\nelse:\n    import fcntl",
        "def f():\n    if sys.platform == 'win32':\n        return 0\n    return os.geteuid()",
        "assert sys.platform == 'linux'\nos.pidfd_open(1)",
        "user = 0 if sys.platform == 'win32' else os.geteuid()",
        "if new and sys.platform != 'win32':\n    os.fchmod(1, 2)",
        "ok = sys.platform == 'win32' or os.geteuid() == 0",
    ],
)
def test_what_is_behind_a_guard_is_not(source: str) -> None:
    assert [missing(source, platform) for platform in PLATFORMS] == [[], [], []]
