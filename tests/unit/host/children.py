"""Start processes that are to be ended, and hold none back."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

WAITS = "import sys; print('ready', flush=True); sys.stdin.read()"
IGNORES = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"
ENDS = "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); " + WAITS


@contextmanager
def child(code: str = WAITS) -> Iterator[subprocess.Popen[bytes]]:
    """Start Python on a line of code, hand it over once it says that it is ready, and end it."""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()
