"""Stop a process of our own at each of its system calls: the few pieces of Linux' ptrace(2) that this takes.

strace cannot do it: its `inject=NAME:when=N` counts each thread's calls for itself, so a call of the writer's thread
that another thread's calls of the same name always outrun is never hit, however long N is swept.
"""

import ctypes
import os
import platform
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

# The requests, as linux/ptrace.h numbers them.
TRACEME, POKEUSER, SYSCALL, SETOPTIONS, GET_SYSCALL_INFO = 0, 6, 24, 0x4200, 0x420E
OPTIONS = 0x1 | 0x8 | 0x100000  # TRACESYSGOOD, TRACECLONE, EXITKILL
SYSCALL_STOP = signal.SIGTRAP | 0x80
_ENTRY = 1
WALL = 0x40000000
# Source: sys/user.h of x86_64: where user_regs_struct has the call's number and its result.
_NUMBER_OFFSET, _RESULT_OFFSET = 15 * 8, 10 * 8

# Source: asm/unistd.h of x86_64 and of aarch64. The calls that change or tell something outside the process, and those
# that open the way to it; the rest are "another". An ending "at" is left out: which of the two is made depends on the
# machine.
_CALLS = """
chmod 90 -, fchmodat 268 53, fchmod 91 52, close 3 57, connect 42 203, execve 59 221, exit_group 231 94, fcntl 72 25,
fdatasync 75 83, flock 73 32, fork 57 -, vfork 58 -, fsync 74 82, ftruncate 77 46, link 86 -, linkat 265 37, mkdir 83 -,
mkdirat 258 34, open 2 -, openat 257 56, pwrite64 18 68, read 0 63, recvfrom 45 207, recvmsg 47 212, rename 82 -,
renameat 264 38, renameat2 316 276, rmdir 84 -, sendmsg 46 211, sendto 44 206, socket 41 198, symlink 88 -,
symlinkat - 36, unlink 87 -, unlinkat 263 35, write 1 64, writev 20 66
"""
_MACHINES = ("x86_64", "aarch64")
_NAMES = {
    int(number): name
    for name, *numbers in (call.split() for call in _CALLS.split(","))
    for machine, number in zip(_MACHINES, numbers, strict=True)
    if machine == platform.machine() and number != "-"
}
_PAGE, _LONGEST_PATH = 4096, 4096  # bytes; pages may be larger, and the latter is linux/limits.h's
_BY_PATH = {"chmod", "link", "mkdir", "open", "rename", "rmdir", "unlink"}


class _Info(ctypes.Structure):
    _fields_ = (
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("instruction_pointer", ctypes.c_uint64),
        ("stack_pointer", ctypes.c_uint64),
        ("number", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 6),
    )


@dataclass(frozen=True)
class Call:
    """A system call that a thread is about to make.

    Attributes:
        name: Without the ending "at" of the call that takes a folder besides.
        descriptor: Its first argument, for calls that take an open file.
        subject: The path of the file that it is about, or empty.
    """

    name: str
    descriptor: int
    subject: str


def request(what: int, thread: int, address: int = 0, data: int = 0) -> int:
    """Make a request of ptrace(2)."""
    result: int = _ptrace(what, thread, address, data)
    if result == -1 and ctypes.get_errno():
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _why_not() -> str:
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return f"ptrace is spoken for Linux on {' and '.join(_MACHINES)} only"
    return "" if _is_permitted() else "ptrace is not permitted here"


def _is_permitted() -> bool:
    process = os.fork()
    if process == 0:
        os._exit(_ptrace(TRACEME, 0, None, None) != 0)
    return os.waitpid(process, 0)[1] == 0


def call_of(thread: int) -> Call | None:
    """Return the call at whose beginning a thread stands, None where it stands at a call's end."""
    info = _Info()
    request(GET_SYSCALL_INFO, thread, ctypes.sizeof(info), ctypes.addressof(info))
    if info.op != _ENTRY:
        return None
    exact = _NAMES.get(info.number, "another")
    name = "chmod" if exact == "fchmodat" else exact.removesuffix("2").removesuffix("at")
    return Call(name, info.arguments[0], _subject(thread, name, info.arguments, is_at=name != exact))


def fail(thread: int) -> None:
    """Keep the call at whose beginning a thread stands from being made."""
    request(POKEUSER, thread, _NUMBER_OFFSET, -1)


def fail_with(thread: int, code: int) -> None:
    """Let the call at whose end a thread stands return an error."""
    request(POKEUSER, thread, _RESULT_OFFSET, -code)


def _subject(thread: int, name: str, arguments: "ctypes.Array[ctypes.c_uint64]", *, is_at: bool) -> str:
    if name in _BY_PATH:
        return _text(thread, arguments[int(is_at)])
    try:
        return str(Path(f"/proc/{thread}/fd/{arguments[0]}").readlink())
    except OSError:
        return ""


def _text(thread: int, address: int) -> str:
    found = b""
    with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        # One page at a time: the next one may not be there, unless the text goes on in it.
        while b"\0" not in found and len(found) < _LONGEST_PATH:
            found += memory.read(_PAGE - (address + len(found)) % _PAGE)
    return found.split(b"\0")[0].decode("utf-8", "replace")


if sys.platform == "linux":
    _ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    _ptrace.restype = ctypes.c_long
    _ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)

WHY_NOT = _why_not()
"""Why nothing can be traced here; empty where it can."""
WHY_NO_ERRORS = WHY_NOT or ("" if platform.machine() == "x86_64" else "a call is made to fail on x86_64 only")
"""Why no call can be made to fail here; empty where it can."""
