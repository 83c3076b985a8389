"""Playbooks for tests that are about something else: a problem in one is an error, and a warning nothing."""

from functools import partial
from pathlib import Path

from overlord_run.app.packs import pack_cache
from overlord_run.errors import InvalidPlaybookError
from overlord_run.files import read_beside
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.parse import read
from overlord_run.problem import Problem
from overlord_run.roles.resolve import read as read_files


def parse(data: bytes, file: str) -> Playbook:
    """Return the playbook that a file holds; the files that it names are not read yet."""
    playbook, problems = read(data, file)
    return _whole(playbook, problems)


def resolve(playbook: Playbook, folder: Path) -> Playbook:
    """Return a playbook with every text that its files, and the packs of `pack_kit`, hold."""
    return _whole(*read_files(playbook, partial(read_beside, folder), pack_cache))


def _whole(playbook: Playbook | None, problems: list[Problem]) -> Playbook:
    errors = [problem for problem in problems if problem.severity == "error"]
    if playbook is None or errors:
        raise InvalidPlaybookError(problems)
    return playbook
