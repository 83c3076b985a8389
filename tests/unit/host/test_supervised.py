import os
import select
import sys
from pathlib import Path

import pytest

from overlord_run.host.supervised import Done, Limits, OverrunError, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs are of a POSIX shell")
LIMITS = Limits(seconds=60.0, output=1000, folder_bytes=1000)
ENVIRON = {"PATH": os.environ["PATH"], "ONLY": "this"}


def shell(folder: Path, script: str, limits: Limits = LIMITS, stdin: bytes = b"") -> Done:
    return run(["/bin/sh", "-c", script], folder, ENVIRON, limits, stdin=stdin)


def test_a_program_gets_its_input_its_folder_and_its_environment(tmp_path: Path) -> None:
    assert shell(tmp_path, "cat; pwd; echo $ONLY >&2; exit 3", stdin=b"given ") == Done(
        3, f"given {tmp_path}\n".encode(), b"this\n"
    )


def test_a_program_has_no_terminal_to_ask_at(tmp_path: Path) -> None:
    assert shell(tmp_path, "exec < /dev/tty").code != 0


@pytest.mark.parametrize(
    ("script", "limits", "message"),
    [
        ("sleep 60", Limits(0.0, 1000, 1000), "did not end within 0 s"),
        ("printf %2000s x; sleep 60", LIMITS, "said more than 1,000 bytes"),
        ("printf %2000s x >&2", LIMITS, "said more than 1,000 bytes"),
        ("mkdir a; printf %2000s x > a/b; sleep 60", LIMITS, "is larger than 1,000 bytes"),
    ],
)
def test_a_program_that_goes_beyond_its_limits_is_ended(
    tmp_path: Path, script: str, limits: Limits, message: str
) -> None:
    with pytest.raises(OverrunError) as caught:
        shell(tmp_path, script, limits)
    assert str(caught.value) == message


def test_what_a_program_started_ends_with_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    alive = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(OverrunError):
            shell(tmp_path, "exec 3> alive; sleep 60 & while :; do printf x; done")
        poll = select.poll()
        poll.register(alive, select.POLLHUP)
        assert poll.poll(10_000)
    finally:
        os.close(alive)
