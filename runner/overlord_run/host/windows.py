"""Ask Windows about processes, through kernel32 and the registry, and hold one; what it refuses raises `OSError`."""

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import wintypes
from math import ceil
from typing import ClassVar

from overlord_run.host.handle import Handle

if sys.platform == "win32":
    import winreg

_SNAPSHOT_OF_PROCESSES = 0x2
_INVALID_HANDLE = ctypes.c_void_p(-1).value
_TERMINATE = 0x1
_QUERY_LIMITED_INFORMATION = 0x1000
_SYNCHRONIZE = 0x10_0000
_REFUSALS = {5: PermissionError, 87: ProcessLookupError}  # ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER
_SIGNALED = 0
_LONGEST_WAIT_MS = 0xFFFF_FFFE
_EXIT_CODE = 1
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


def hold(pid: int) -> Handle:
    """Return a handle of the process that has this pid now.

    Raises:
        ProcessLookupError: There is none.
        PermissionError: It may not be ended.
    """
    return Held(_kernel32(), pid)


class Held:
    """A process, held by a handle: while that is open, Windows gives the pid to no other process."""

    def __init__(self, kernel32: ctypes.CDLL, pid: int) -> None:
        self._kernel32 = kernel32
        self._handle = _open(kernel32, pid, _TERMINATE | _QUERY_LIMITED_INFORMATION | _SYNCHRONIZE)

    def ask(self) -> bool:
        """Return False: Windows has no way to ask a process that does not share this one's console."""
        return False

    def kill(self) -> None:
        """End it.

        Raises:
            ProcessLookupError: It has ended.
            PermissionError: Windows refuses it.
        """
        if not self._kernel32.TerminateProcess(self._handle, _EXIT_CODE):
            raise ProcessLookupError if self.has_ended(0) else PermissionError

    def has_ended(self, within_s: float) -> bool:
        """Wait for its end."""
        wait_ms = min(ceil(within_s * 1000), _LONGEST_WAIT_MS)
        return bool(self._kernel32.WaitForSingleObject(self._handle, wait_ms) == _SIGNALED)

    def close(self) -> None:
        """Let go of it."""
        self._kernel32.CloseHandle(self._handle)


@contextmanager
def _opened(kernel32: ctypes.CDLL, pid: int) -> Iterator[wintypes.HANDLE]:
    handle = _open(kernel32, pid, _QUERY_LIMITED_INFORMATION)
    try:
        yield handle
    finally:
        kernel32.CloseHandle(handle)


def _open(kernel32: ctypes.CDLL, pid: int, rights: int) -> wintypes.HANDLE:
    kernel32.OpenProcess.restype = wintypes.HANDLE
    handle = kernel32.OpenProcess(rights, 0, pid)
    if not handle:
        raise _REFUSALS.get(kernel32.GetLastError(), OSError)
    return wintypes.HANDLE(handle)


def _kernel32() -> ctypes.CDLL:
    if sys.platform == "win32":
        return ctypes.WinDLL("kernel32", use_last_error=True)  # else ctypes itself may change what GetLastError tells
    raise OSError
