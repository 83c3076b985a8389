import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from overlord_run.host.detached import start_detached

LONG_S = 60.0
# A process that a test does not end ends by itself.
WAITS = "import signal; signal.alarm(60); signal.pause()"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def said(command: Sequence[str], stdin: bytes = b"") -> tuple[bytes, int]:
    """Return what a command writes, and its exit code."""
    with tempfile.TemporaryFile() as output:
        code = start_detached(command, stdin, output).wait(LONG_S)
        output.seek(0)
        return output.read(), code


def test_what_it_writes_is_in_the_file_the_errors_too() -> None:
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr, flush=True); sys.exit(7)"
    assert said(python(code)) == (b"one\ntwo\n", 7)


@pytest.mark.parametrize("stdin", [b"", b"a\0\xff\r\n", bytes(300_000)], ids=["empty", "few", "many"])
def test_standard_input_is_what_was_handed_in(stdin: bytes) -> None:
    code = "import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())"
    expected = subprocess.run(python(code), input=stdin, capture_output=True, check=True).stdout
    assert said(python(code), stdin) == (expected, 0)


def test_a_program_that_does_not_read_its_input_holds_nobody_up() -> None:
    assert said(python("print('done')"), bytes(300_000)) == (b"done\n", 0)


def test_it_has_a_session_of_its_own_the_environment_the_folder_and_no_other_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OVERLORD_TEST", "inherited")
    monkeypatch.chdir(tmp_path)
    code = (
        "import os, json\n"
        "def is_open(fd):\n  try: os.fstat(fd)\n  except OSError: return False\n  return True\n"
        "print(json.dumps({'session': os.getsid(0) == os.getpid(), 'folder': os.getcwd(), "
        "'environ': os.environ.get('OVERLORD_TEST'), 'open': [fd for fd in range(300) if is_open(fd)]}))"
    )
    inheritable = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(inheritable, True)  # noqa: FBT003 - its own signature
    told, _ = said(python(code))
    os.close(inheritable)
    assert json.loads(told) == {"session": True, "folder": str(tmp_path), "environ": "inherited", "open": [0, 1, 2]}


def test_it_goes_on_with_its_whole_input_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    reads = f"import sys; text = sys.stdin.buffer.read(); open({str(told)!r}, 'wb').write(b'%d' % len(text))"
    parent = (
        "import os, sys, tempfile; from overlord_run.host.detached import start_detached; "
        f"start_detached([sys.executable, '-c', {reads!r}], bytes(300_000), tempfile.TemporaryFile()); "
        "os.kill(os.getpid(), 9)"
    )
    listening = os.open(told, os.O_RDONLY | os.O_NONBLOCK)
    assert subprocess.run(python(parent), check=False).returncode == -signal.SIGKILL
    poll = select.poll()
    poll.register(listening, select.POLLIN)
    assert poll.poll(LONG_S * 1000) != []
    assert os.read(listening, 100) == b"300000"
    os.close(listening)


@pytest.mark.parametrize(("name", "error"), [("missing", FileNotFoundError), ("forbidden", PermissionError)])
def test_a_program_that_cannot_be_started_is_told(tmp_path: Path, name: str, error: type[OSError]) -> None:
    (tmp_path / "forbidden").write_text("", encoding="utf-8")
    with pytest.raises(error), tempfile.TemporaryFile() as output:
        start_detached([str(tmp_path / name)], b"", output)


@pytest.mark.parametrize(("lets_out", "flags"), [(True, [0x9000200]), (False, [0x9000200, 0x8000200])])
def test_on_windows_it_gets_a_console_without_a_window_and_leaves_the_job_where_it_may(
    *, lets_out: bool, flags: list[int]
) -> None:
    asked: list[int] = []

    def popen(command: list[str], *, creationflags: int, **_streams: object) -> Any:
        asked.append(creationflags)
        if creationflags & 0x1000000 and not lets_out:
            raise PermissionError
        return command

    with tempfile.TemporaryFile() as output:
        started: object = start_detached(["python.exe"], b"", output, platform="win32", popen=popen)
    assert (started, asked) == (["python.exe"], flags)
