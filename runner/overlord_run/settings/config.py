"""Read the user's config file: what a person decided once, for all playbooks, about hosts and the way to them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs

from overlord_run.errors import InvalidPlaybookError, SettingsError
from overlord_run.files import FileError, read_bytes
from overlord_run.playbook.address import parse_authority
from overlord_run.playbook.names import did_you_mean, listed, shown
from overlord_run.playbook.source import Document, read_yaml
from overlord_run.problem import Problem
from overlord_run.settings.model import Config

_LARGEST = 64 * 1024
_MOST_TOLD = 10
_KEYS = ("trust_hosts", "proxy", "ca_file")


def config_path() -> Path:
    """Return where this platform keeps the user's config file; it need not exist."""
    return platformdirs.user_config_path("overlord-run", appauthor=False) / "config.yml"


def load_config(path: Path) -> Config:
    """Return what the config file says; without a file, nothing.

    Raises:
        SettingsError: It cannot be read, is not YAML, or holds what no config file can; all problems are told.
    """
    try:
        content = read_bytes(path, limit=_LARGEST)
    except FileError as error:
        if error.rule == "file-missing":
            return Config(path)
        message = f"the config file {error.message}"
        raise SettingsError(message, next=error.next, code="config-unreadable") from error
    try:
        document = read_yaml(content, str(path))
    except InvalidPlaybookError as error:
        if [problem.rule for problem in error.problems] == ["empty-file"]:
            return Config(path)
        raise _invalid(error.problems) from None
    problems = tuple(_problems(document))
    if problems:
        raise _invalid(problems)
    return _config(path, document.value)


def _config(path: Path, value: dict[str, Any]) -> Config:
    ca_file = value.get("ca_file")
    return Config(
        path,
        trust_hosts=tuple(value.get("trust_hosts", ())),
        proxy=value.get("proxy"),
        ca_file=None if ca_file is None else str(path.parent / ca_file),
    )


def _problems(document: Document) -> Iterator[Problem]:
    if not isinstance(document.value, dict):
        yield _problem(document, (), "the file must be a map", f"its keys are {listed(_KEYS)}")
        return
    for key, value in document.value.items():
        if key not in _KEYS:
            hint = did_you_mean(key, _KEYS) or f"the keys are {listed(_KEYS)}"
            yield _problem(document, (key,), f"unknown key {shown(key)}", hint)
        elif key == "trust_hosts":
            yield from _trust_problems(document, value)
        elif not isinstance(value, str) or not value:
            yield _problem(document, (key,), f"{key} must be a text", "")


def _trust_problems(document: Document, value: Any) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield _problem(document, ("trust_hosts",), "trust_hosts must be a list", "write it like [llm.example.com]")
        return
    for index, host in enumerate(value):
        if not isinstance(host, str) or parse_authority(host) is None:
            hint = "write it without https:// and path, like llm.example.com or llm.example.com:8443"
            yield _problem(document, ("trust_hosts", index), "this is no host, or host and port", hint)


def _problem(document: Document, path: tuple[str | int, ...], message: str, hint: str) -> Problem:
    place = document.key(path)
    return Problem(place.file, place.line, place.column, "config", message, hint)


def _invalid(problems: tuple[Problem, ...]) -> SettingsError:
    lines = [_told(problem) for problem in problems[:_MOST_TOLD]]
    return SettingsError("\n".join(lines), next="correct the config file", code="config-invalid")


def _told(problem: Problem) -> str:
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{problem.file}:{problem.line}:{problem.column}: {problem.message}{hint}"
