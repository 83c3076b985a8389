"""Keep what is needed to find a bug: the stack trace, without the API key and without the values of variables."""

import os
import platform
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from overlord_run import __version__
from overlord_run.credential import Credential, Redactor
from overlord_run.errors import Exit, OverlordError, SettingsError
from overlord_run.settings.environment import API_KEY, API_KEY_FILE, environment
from overlord_run.settings.key import KeySource, read_key


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
    for key in _keys(args, environment()):
        text = Redactor(key).redact(text)
    return text


def write_crash_log(text: str) -> str:
    """Write the text to a new file in the platform's temporary folder, for its owner only, and return the path."""
    descriptor, path = tempfile.mkstemp(prefix="overlord-run-crash-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as log:
        log.write(text)
    return path


def _keys(args: Sequence[str], environ: Mapping[str, str]) -> Iterator[Credential]:
    """Yield every key that can have come near the program; one that is malformed never does."""
    variables = (*API_KEY, *_values(args, "--api-key-env"))
    sources = [KeySource(name) for name in variables if environ.get(name)]
    sources += [KeySource("--api-key-file", Path(path)) for path in _values(args, "--api-key-file")]
    sources += [KeySource(name, Path(environ[name])) for name in API_KEY_FILE if environ.get(name)]
    for source in sources:
        try:
            yield read_key(source, environ)
        except SettingsError:
            continue


def _values(args: Sequence[str], option: str) -> Iterator[str]:
    for position, word in enumerate(args):
        if word == option:
            yield from args[position + 1 : position + 2]
        elif word.startswith(f"{option}="):
            yield word.removeprefix(f"{option}=")
