"""Ask Windows about processes, through kernel32 and the registry; what it does not tell raises a bare `OSError`."""

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import wintypes
from typing import ClassVar

if sys.platform == "win32":
    import winreg

_SNAPSHOT_OF_PROCESSES = 0x2
_INVALID_HANDLE = ctypes.c_void_p(-1).value
_QUERY_LIMITED_INFORMATION = 0x1000
_LONGEST_PATH = 32_768
_BOOT_KEY = r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters"


class ProcessEntry(ctypes.Structure):
    """PROCESSENTRY32W of tlhelp32.h."""

    _fields_: ClassVar = [
        ("size", wintypes.DWORD),
        ("usage", wintypes.DWORD),
        ("pid", wintypes.DWORD),
        ("heap", ctypes.c_size_t),
        ("module", wintypes.DWORD),
        ("threads", wintypes.DWORD),
        ("parent", wintypes.DWORD),
        ("priority", wintypes.LONG),
        ("flags", wintypes.DWORD),
        ("name", wintypes.WCHAR * 260),
    ]


def family() -> Callable[[int], tuple[int, str]]:
    """Return the lookup from a pid to its parent's pid and its own file name."""
    return processes(_kernel32()).__getitem__


def processes(kernel32: ctypes.CDLL) -> dict[int, tuple[int, str]]:
    """Return the parent's pid and the file name of every process, by its pid."""
    kernel32.CreateToolhelp32Snapshot.restype = wintypes.HANDLE
    snapshot = kernel32.CreateToolhelp32Snapshot(_SNAPSHOT_OF_PROCESSES, 0)
    if snapshot == _INVALID_HANDLE:
        raise OSError
    entry = ProcessEntry(size=ctypes.sizeof(ProcessEntry))
    rows = {}
    try:
        found = kernel32.Process32FirstW(wintypes.HANDLE(snapshot), ctypes.byref(entry))
        while found:
            rows[entry.pid] = (entry.parent, entry.name)
            found = kernel32.Process32NextW(wintypes.HANDLE(snapshot), ctypes.byref(entry))
    finally:
        kernel32.CloseHandle(wintypes.HANDLE(snapshot))
    return rows


def boot_id() -> str:
    """Return the number that Windows counts up with every boot."""
    if sys.platform == "win32":
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _BOOT_KEY) as key:
            return str(winreg.QueryValueEx(key, "BootId")[0])
    raise OSError


def start_time(pid: int) -> str:
    """Return when a process started, in 100 ns since 1601, UTC."""
    return creation_time(_kernel32(), pid)


def creation_time(kernel32: ctypes.CDLL, pid: int) -> str:
    """Return what kernel32 says of a process's start, as a decimal number."""
    created, exited, kernel, user = (wintypes.FILETIME() for _ in range(4))
    times = [ctypes.byref(time) for time in (created, exited, kernel, user)]
    with _opened(kernel32, pid) as process:
        if not kernel32.GetProcessTimes(process, *times):
            raise OSError
    return str(created.dwHighDateTime << 32 | created.dwLowDateTime)


def executable(pid: int) -> str:
    """Return the path of the program that a process runs."""
    return image_path(_kernel32(), pid)


def image_path(kernel32: ctypes.CDLL, pid: int) -> str:
    """Return what kernel32 says of a process's program."""
    path = ctypes.create_unicode_buffer(_LONGEST_PATH)
    length = wintypes.DWORD(_LONGEST_PATH)
    with _opened(kernel32, pid) as process:
        if not kernel32.QueryFullProcessImageNameW(process, 0, path, ctypes.byref(length)):
            raise OSError
    return path.value


@contextmanager
def _opened(kernel32: ctypes.CDLL, pid: int) -> Iterator[wintypes.HANDLE]:
    kernel32.OpenProcess.restype = wintypes.HANDLE
    handle = kernel32.OpenProcess(_QUERY_LIMITED_INFORMATION, 0, pid)
    if not handle:
        raise OSError
    try:
        yield wintypes.HANDLE(handle)
    finally:
        kernel32.CloseHandle(wintypes.HANDLE(handle))


def _kernel32() -> ctypes.CDLL:
    if sys.platform == "win32":
        return ctypes.WinDLL("kernel32")
    raise OSError
