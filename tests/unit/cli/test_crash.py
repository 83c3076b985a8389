import base64
import os
import stat
from pathlib import Path

import pytest

from overlord_run.cli.crash import CrashError, crash_text, write_crash_log
from overlord_run.errors import Exit

KEYS = [f"sk-canary-{number:012}" for number in range(4)]


def crash(text: str) -> ValueError:
    """Return an exception with a stack trace that was caused by another one."""

    def fail(cause: Exception | None) -> None:
        raise ValueError(text) from cause

    try:
        fail(KeyError(text))
    except ValueError as error:
        return error
    raise AssertionError(text)


def test_a_crash_is_told_with_its_cause_and_the_versions() -> None:
    text = crash_text(crash("what went wrong"), [])
    assert text.startswith("overlord-run 0.1.0, Python 3.")
    assert "KeyError: 'what went wrong'" in text
    assert text.endswith("ValueError: what went wrong\n")


def test_no_key_that_the_words_or_the_environment_name_is_in_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OVERLORD_API_KEY", KEYS[0])
    monkeypatch.setenv("MY_KEY", KEYS[1])
    (tmp_path / "one").write_text(KEYS[2] + "\n", encoding="utf-8")
    (tmp_path / "two").write_text(KEYS[3], encoding="utf-8")
    monkeypatch.setenv("SAKANA_API_KEY_FILE", str(tmp_path / "two"))
    said = " ".join([*KEYS, *(base64.b64encode(key.encode()).decode() for key in KEYS)])
    text = crash_text(crash(said), ["--api-key-env", "MY_KEY", f"--api-key-file={tmp_path / 'one'}"])
    assert "ValueError: [redacted] [redacted] [redacted] [redacted]" in text
    assert not any(key in text or base64.b64encode(key.encode()).decode() in text for key in KEYS)


def test_a_key_that_cannot_be_read_does_not_hide_the_crash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAKANA_API_KEY", "two words")
    text = crash_text(crash("what went wrong"), ["--api-key-file", str(tmp_path / "none"), "--api-key-env"])
    assert "ValueError: what went wrong" in text


def test_the_log_is_for_its_owner_only_and_takes_any_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = Path(write_crash_log("went wrong: \ud800"))
    assert path.read_text(encoding="utf-8") == "went wrong: \\ud800"
    assert os.name == "nt" or stat.S_IMODE(path.stat().st_mode) == 0o600
    error = CrashError(str(path))
    assert (error.exit, error.next) == (Exit.BUG, f"tell its makers, with the crash log {path}")
