import ctypes
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from overlord_run.host import linux, macos, windows
from overlord_run.host.process import ancestors, fingerprint, parents, person

NO_SUCH_PID = 2**22 + 1


def test_the_ancestors_begin_with_the_process_that_started_this_one():
    code = "from overlord_run.host.process import ancestors; print(ancestors()[0])"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, env=environ, encoding="utf-8"
    )
    _, name = linux.family()(os.getpid())
    assert done.stdout == f"{name}\n"
    assert len(ancestors()) <= 32


def test_parents_are_named_up_to_the_first_that_is_unknown():
    table = {1: (0, "init"), 20: (1, "bash"), 300: (20, "python")}
    assert list(parents(lambda: table.__getitem__, 300)) == ["bash", "init"]
    assert list(parents(lambda: table.__getitem__, 4000)) == []


def test_parents_that_go_round_in_a_circle_come_to_an_end():
    table = {1: (2, "a"), 2: (1, "b")}
    assert len(list(parents(lambda: table.__getitem__, 1))) == 32


def test_a_system_that_does_not_answer_names_no_parents():
    def family():
        raise OSError

    assert list(parents(family, 1)) == []


def test_a_fingerprint_is_the_same_each_time_and_names_the_program():
    first = fingerprint(os.getpid())
    assert first == fingerprint(os.getpid())
    assert first["executable"] == os.path.realpath(sys.executable)
    assert all(first.values())


def test_two_processes_of_one_program_have_different_fingerprints():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        theirs, ours = fingerprint(other.pid), fingerprint(os.getpid())
        other.communicate(b"\n")
    assert theirs["bootId"] == ours["bootId"]
    assert theirs["startTime"] != ours["startTime"]


def test_of_a_process_that_is_gone_only_the_boot_is_known():
    gone = fingerprint(NO_SUCH_PID)
    assert gone == {"bootId": linux.boot_id(), "startTime": None, "executable": None}


def test_a_process_name_may_hold_blanks_and_brackets(tmp_path):
    program = tmp_path / "a) (b 1 2"
    program.symlink_to("/bin/cat")
    with subprocess.Popen([program], stdin=subprocess.PIPE) as process:
        parent, name = linux.family()(process.pid)
        process.communicate()
    assert (parent, name) == (os.getpid(), "a) (b 1 2")


def test_the_table_of_ps_is_read_with_blanks_in_names():
    table = "    1     0 /sbin/launchd\n  501     1 /Applications/i Term.app/iTerm2\n 9000   501 -zsh\n"
    assert macos.parse_family(table) == {
        1: (0, "/sbin/launchd"),
        501: (1, "/Applications/i Term.app/iTerm2"),
        9000: (501, "-zsh"),
    }


def kernel32(*, opens=True, tells=True):
    """Answer like kernel32, of two processes; `open` holds the handles that are not closed."""
    rows = iter([(4, 0, "System"), (700, 4, "pwsh.exe")])
    still_open = []

    def opened(handle):
        still_open.append(handle)
        return handle

    def next_process(_handle, entry):
        row = next(rows, None)
        if row is not None:
            entry._obj.pid, entry._obj.parent, entry._obj.name = row
        return row is not None

    def times(_process, created, *_others):
        created._obj.dwHighDateTime, created._obj.dwLowDateTime = 1, 2
        return tells

    def image(_process, _flags, path, _length):
        path.value = "C:\\Program Files\\PowerShell\\7\\pwsh.exe"
        return tells

    return SimpleNamespace(
        CreateToolhelp32Snapshot=lambda _flags, _pid: opened(77) if opens else ctypes.c_void_p(-1).value,
        OpenProcess=lambda _access, _inherit, _pid: opened(88) if opens else None,
        CloseHandle=lambda handle: still_open.remove(handle.value),
        GetLastError=lambda: 0,
        Process32FirstW=next_process,
        Process32NextW=next_process,
        GetProcessTimes=times,
        QueryFullProcessImageNameW=image,
        open=still_open,
    )


def test_windows_processes_are_read_from_a_snapshot_that_is_closed_again():
    library = kernel32()
    assert windows.processes(library) == {4: (0, "System"), 700: (4, "pwsh.exe")}
    assert library.open == []


def test_a_windows_process_is_told_by_its_creation_and_its_image():
    library = kernel32()
    assert windows.creation_time(library, 700) == str(2**32 + 2)
    assert windows.image_path(library, 700) == "C:\\Program Files\\PowerShell\\7\\pwsh.exe"
    assert library.open == []


@pytest.mark.parametrize("question", [windows.creation_time, windows.image_path])
@pytest.mark.parametrize("refusal", [{"opens": False}, {"tells": False}])
def test_what_windows_does_not_tell_is_an_os_error_and_leaves_no_handle_open(question, refusal):
    library = kernel32(**refusal)
    with pytest.raises(OSError):  # noqa: PT011 - it has no text
        question(library, 700)
    assert library.open == []


def test_without_a_snapshot_there_are_no_windows_processes():
    with pytest.raises(OSError):  # noqa: PT011 - it has no text
        windows.processes(kernel32(opens=False))


def test_a_person_is_called_as_the_machine_has_it(monkeypatch):
    monkeypatch.setenv("LOGNAME", "ada")
    assert person() == "ada"


def test_a_person_whom_nothing_names_is_unknown(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "pwd", None)  # as on Windows, which has no list of accounts
    assert person() == "unknown"
