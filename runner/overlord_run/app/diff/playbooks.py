"""Compare what two playbooks would send, or one playbook now and as it was at a git revision."""

import json
from collections.abc import Callable, Sequence, Set
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from overlord_run.app.diff.compare import Comparison, Facts, Side, compare, count
from overlord_run.app.diff.plans import facts, requests
from overlord_run.app.here import current_host
from overlord_run.app.inputs import Given, gather
from overlord_run.app.validate import load, parse
from overlord_run.errors import InvalidPlaybookError, SettingsError, UsageError
from overlord_run.files import PLAYBOOK_LIMIT, FileError
from overlord_run.host.revision import Revision
from overlord_run.plan.build import build
from overlord_run.plan.model import Plan
from overlord_run.playbook.model import Playbook
from overlord_run.problem import Problem
from overlord_run.settings.environment import environment
from overlord_run.settings.key import key_in
from overlord_run.settings.model import Flags


class Source(Struct, frozen=True):
    """Where one of the two comes from: a playbook's path, and the git revision to read it at, or None for now."""

    path: str
    revision: str | None = None

    @property
    def label(self) -> str:
        """What it is called, as git does: `REVISION:PATH`."""
        return self.name(self.path)

    def name(self, file: str) -> str:
        """Return what a file of it is called."""
        return file if self.revision is None else f"{self.revision}:{file}"


def compare_playbooks(before: Source, after: Source, given: Given) -> Comparison:
    """Return how the plans of two playbooks differ. Settings of this machine, a model's id too, have no say.

    Args:
        before: The one that is compared.
        after: The one that it is compared with.
        given: The values of inputs: each goes to those of the two that declare it.

    Raises:
        InvalidPlaybookError: They have problems; those of both are carried.
        UsageError: A file, a revision or an input's value is not there or does not fit.
        SettingsError: An API key stands in one of them; nothing of it may be told.
    """
    sides = (before, after)
    playbooks = _loaded(sides)
    declared = {name for playbook in playbooks if playbook is not None for name in playbook.inputs}
    plans = _planned(sides, playbooks, given, declared)
    _require_no_key(plans)
    one, other = plans
    return Comparison(
        Side(before.label, exists=one is not None),
        Side(after.label, exists=other is not None),
        compare(_of(one, facts), _of(other, facts)),
        count(_of(one, requests), _of(other, requests)),
    )


def _of(plan: Plan | None, told: Callable[[Plan], Facts]) -> Facts:
    return {} if plan is None else told(plan)


def _loaded(sides: Sequence[Source]) -> list[Playbook | None]:
    """Return the playbooks, None for one that is not there on one side of a revision, while it is on the other."""
    playbooks: list[Playbook | None] = []
    problems: list[Problem] = []
    absences: list[FileError] = []
    for side in sides:
        try:
            playbooks.append(_load(side))
        except InvalidPlaybookError as error:
            problems += _named(side, error)
        except FileError as error:
            absences.append(error)
            playbooks.append(None)
    if absences and (len(absences) == len(sides) or all(side.revision is None for side in sides)):
        raise absences[-1]
    if problems:
        raise InvalidPlaybookError(problems)
    return playbooks


def _load(source: Source) -> Playbook:
    """Return a playbook with its texts.

    Raises:
        FileError: There is no such file; anything else that is wrong with it is a problem.
    """
    if source.revision is None:
        return load(source.path)[0]
    path = Path(source.path)
    revision = Revision.find(source.revision, path.parent, environment())
    try:
        content = revision.read(path.name, limit=PLAYBOOK_LIMIT)
    except FileError as error:
        if error.rule == "file-missing":
            raise
        raise InvalidPlaybookError([Problem(source.path, 1, 1, error.rule, error.message, error.hint)]) from error
    return parse(content, source.path, revision.read_beside)[0]


def _planned(
    sides: Sequence[Source], playbooks: Sequence[Playbook | None], given: Given, declared: Set[str]
) -> list[Plan | None]:
    plans: list[Plan | None] = []
    problems: list[Problem] = []
    for side, playbook in zip(sides, playbooks, strict=True):
        try:
            plans.append(None if playbook is None else _plan(playbook, given, declared - playbook.inputs.keys()))
        except InvalidPlaybookError as error:
            problems += _named(side, error)
        except UsageError as error:
            message = f"{side.label}: {error.message}"
            raise UsageError(message, next=error.next, code=error.code) from error
    if problems:
        raise InvalidPlaybookError(problems)
    return plans


def _plan(playbook: Playbook, given: Given, others: Set[str]) -> Plan:
    """Return the plan of a playbook, given the values of all inputs but those that only the other one declares."""
    mine = replace(
        given,
        arguments=tuple(pair for pair in given.arguments if pair[0] not in others),
        value_files=tuple(pair for pair in given.value_files if pair[0] not in others),
    )
    values = {name: value for name, value in gather(playbook.inputs, mine).items() if name not in others}
    return build(playbook, values, model_ids={}, host=current_host().facts())


def _named(side: Source, error: InvalidPlaybookError) -> list[Problem]:
    return [replace(problem, file=side.name(problem.file)) for problem in error.problems]


def _require_no_key(plans: Sequence[Plan | None]) -> None:
    """Refuse to tell plans that hold a key, as a run refuses to send them."""
    held = json.dumps([plan.to_json() for plan in plans if plan is not None])
    if name := key_in(held, environment(), Flags()):
        message = f"the API key of {name} stands in a playbook, a role or an input"
        raise SettingsError(message, next="Take it out there; a prompt never needs it.", code="key-in-plan")
