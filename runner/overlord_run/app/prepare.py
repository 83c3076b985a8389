"""Turn a playbook and what a person gave into a plan and settings: everything short of the network."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overlord_run.app.here import current_host, current_worktree, state_dir
from overlord_run.app.inputs import Given, gather
from overlord_run.app.validate import load, read
from overlord_run.credential import Redactor
from overlord_run.engine.script import Script, parse_script
from overlord_run.errors import Problem, SettingsError
from overlord_run.host import Host, Worktree, require_supported
from overlord_run.plan.build import build
from overlord_run.plan.model import STARTUP, Plan, PlannedRedirect, PlannedServant
from overlord_run.playbook.model import Playbook
from overlord_run.settings import Flags, Settings, environment
from overlord_run.settings.config import config_path, load_config
from overlord_run.settings.precedence import models_to_prove, resolve


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a person asked for on the command line."""

    playbook_path: str
    given: Given
    flags: Flags
    rehearse: bool = False
    script_path: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything short of the network; what a dry run prints.

    Attributes:
        warnings: Problems that stop nothing.
        models_to_prove: The model ids that `/models` must list.
        script: What the rehearsal answers, None without a script.
    """

    playbook: Playbook
    plan: Plan
    settings: Settings
    host: Host
    worktree: Worktree
    state_dir: Path
    warnings: tuple[Problem, ...]
    models_to_prove: tuple[str, ...]
    rehearse: bool
    script: Script | None = None


def prepare(request: RunRequest) -> Prepared:
    """Read, check and bind everything that a run needs.

    Raises:
        InvalidPlaybookError: The playbook, a role or the script has problems.
        UsageError: An input's value or a flag does not fit.
        SettingsError: The key, the base URL, trust or the shell is not acceptable.
    """
    host = current_host()
    require_supported(host)
    playbook, warnings = load(request.playbook_path)
    config = load_config(config_path())
    settings = resolve(
        request.flags, environment(), playbook.engine, config, models=playbook.models, rehearsal=request.rehearse
    )
    values = gather(playbook.inputs, request.given)
    plan = build(playbook, values, model_ids=settings.model_ids, host=host.facts())
    _require_no_key(plan, settings)
    script = None
    if request.script_path is not None:
        script = parse_script(read(request.script_path), request.script_path, plan)
    worktree = current_worktree()
    return Prepared(
        playbook=playbook,
        plan=plan,
        settings=settings,
        host=host,
        worktree=worktree,
        state_dir=state_dir(request.flags.state_dir, worktree),
        warnings=warnings,
        models_to_prove=models_to_prove(settings, playbook, plan),
        rehearse=request.rehearse,
        script=script,
    )


def _require_no_key(plan: Plan, settings: Settings) -> None:
    """Refuse a plan or a base URL that holds the key, before any of it is printed, kept or sent."""
    redactor = Redactor(settings.key)
    if redactor.occurs_in(settings.base_url):
        message = f"the API key of {settings.key_name} stands in the base URL"
        raise SettingsError(message, next="Take it out there: it is sent in a header.", code="key-in-url")
    if redactor.occurs_in(json.dumps(plan.to_json(), ensure_ascii=False)):
        message = f"the API key of {settings.key_name} stands in the playbook, a role or an input"
        raise SettingsError(message, next="Take it out there; a prompt never needs it.", code="key-in-plan")


def request_bodies(plan: Plan) -> list[tuple[str, str, dict[str, Any]]]:
    """Return message id, slot and request body of every call, as far as they are known before the first.

    A reply stands as `<reply of SLOT to MESSAGE>`, a message that waits for replies as its template.
    """
    bodies: list[tuple[str, str, dict[str, Any]]] = []
    conversations = {servant.slot: [_turn("system", servant.system)] for servant in plan.servants}
    servants = {servant.slot: servant for servant in plan.servants}

    def ask(message_id: str, servant: PlannedServant, text: str) -> None:
        conversation = conversations[servant.slot]
        conversation.append(_turn("user", text))
        model = plan.models[servant.model]
        bodies.append((message_id, servant.slot, {"model": model.id, "messages": list(conversation), **model.params}))
        conversation.append(_turn("assistant", f"<reply of {servant.slot} to {message_id}>"))

    for servant in plan.servants:
        if servant.task is not None:
            ask(STARTUP, servant, servant.task)
    for redirect in plan.redirects:
        for slot in redirect.targets:
            ask(redirect.id, servants[slot], _text(redirect, slot))
    return bodies


def _text(redirect: PlannedRedirect, slot: str) -> str:
    return redirect.template.source if redirect.texts is None else redirect.texts[slot]


def _turn(role: str, content: str) -> Mapping[str, str]:
    return {"role": role, "content": content}
