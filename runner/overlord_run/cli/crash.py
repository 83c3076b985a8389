"""Keep what is needed to find a bug: the stack trace, without the API key and without the values of variables."""

import os
import platform
import tempfile
import traceback
from collections.abc import Sequence

from overlord_run import __version__
from overlord_run.cli.redaction import without_keys
from overlord_run.errors import Exit, OverlordError


class CrashError(OverlordError):
    """The program itself failed."""

    code = "bug"
    exit = Exit.BUG

    def __init__(self, log_path: str) -> None:
        super().__init__(
            "this is a bug in overlord-run, and nothing that you did wrong",
            next=f"tell its makers, with the crash log {log_path}",
        )


def crash_text(error: Exception, args: Sequence[str]) -> str:
    """Return versions, platform and the stack trace, redacted of every key that the words or the environment name."""
    trace = "".join(traceback.format_exception(error))
    text = f"overlord-run {__version__}, Python {platform.python_version()}, {platform.platform()}\n{trace}"
    return without_keys(text, args)


def write_crash_log(text: str) -> str:
    """Write the text to a new file in the platform's temporary folder, for its owner only, and return the path."""
    descriptor, path = tempfile.mkstemp(prefix="overlord-run-crash-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as log:
        log.write(text)
    return path
