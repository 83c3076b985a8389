"""Turn a playbook and what a person gave into a plan and settings: everything short of the network."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from overlord_run.app.here import current_host, current_worktree, state_dir
from overlord_run.app.inputs import Given, gather
from overlord_run.app.keeping import kept_at
from overlord_run.app.session import STAND_INS, Session
from overlord_run.app.validate import load, read, unsilenced
from overlord_run.engine.base import ChatMessage, EngineName, Request
from overlord_run.errors import SettingsError, UsageError
from overlord_run.files import RECORDING_LIMIT, read_bytes
from overlord_run.host import Worktree, require_supported
from overlord_run.plan.budget import prices, unbounded, unpriced, used_models
from overlord_run.plan.build import build
from overlord_run.plan.ids import STARTUP
from overlord_run.plan.model import Plan, PlannedServant
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.money import Price
from overlord_run.playbook.source import digest_of
from overlord_run.problem import Problem
from overlord_run.settings.config import config_path, load_config
from overlord_run.settings.environment import environment
from overlord_run.settings.key import key_in
from overlord_run.settings.model import Flags, Settings
from overlord_run.settings.precedence import models_to_prove, resolve

if TYPE_CHECKING:
    from overlord_run.engine.script import Script


class RunRequest(Struct, frozen=True):
    """What a person asked for on the command line.

    Attributes:
        engine: What is to answer.
        script_path: The rehearsal's script.
        replay_path: The recording that is to answer.
        record_path: Where every exchange is to be kept.
        limit: Who takes part, by `all`, slots or `role:NAME`; empty: all.
    """

    playbook_path: str
    given: Given
    flags: Flags
    engine: EngineName = "chat"
    script_path: str | None = None
    replay_path: str | None = None
    record_path: str | None = None
    limit: tuple[str, ...] = ()


class PlaybookFile(Struct, frozen=True):
    """What a run tells of its playbook.

    The playbook itself is let go, and so is the plan as JSON: each is nearly as large as the plan, and a run has no
    more use for them.

    Attributes:
        file: Its path, as a person named it.
        files: The digests of all files that were read for it, by their paths.
    """

    name: str
    file: str
    digest: str
    files: Mapping[str, str]

    @classmethod
    def of(cls, playbook: Playbook) -> Self:
        """Return what a run tells of this playbook."""
        return cls(playbook.name, playbook.file, playbook.digest, playbook.files)


class Prepared(Session, frozen=True, kw_only=True):
    """A session that has not begun: everything short of the network, which is what a dry run prints.

    Attributes:
        plan_digest: The plan's own, as `plan.json` has it.
        warnings: Problems that stop nothing.
        script_file: The script's path and digest; None without a script.
        recording_file: Path and digest of the recording that answers; None where none does.
    """

    playbook: PlaybookFile
    plan_digest: str
    worktree: Worktree
    state_dir: Path
    warnings: tuple[Problem, ...]
    script_file: Mapping[str, str] | None = None
    recording_file: Mapping[str, str] | None = None


def prepare(request: RunRequest) -> Prepared:
    """Read, check and bind everything that a run needs.

    Raises:
        InvalidPlaybookError: The playbook, a role, the script or the recording has problems.
        UsageError: An input's value or a flag does not fit.
        SettingsError: The key, the base URL, trust or the shell is not acceptable.
    """
    host = current_host()
    require_supported(host)
    playbook, warnings = load(request.playbook_path)
    config = load_config(config_path())
    settings = resolve(
        request.flags,
        environment(),
        playbook.engine,
        config,
        models=playbook.models,
        stand_in=STAND_INS[request.engine],
    )
    priced = prices(playbook, settings.model_ids, settings.base_url if request.engine == "chat" else None)
    _require_bounds(playbook, settings, priced)
    values = gather(playbook.inputs, request.given)
    plan = build(playbook, values, model_ids=settings.model_ids, host=host.facts(), limit=request.limit)
    script, script_file, recording, recording_file = None, None, None, None
    if request.script_path is not None:
        from overlord_run.engine.script import parse_script  # noqa: PLC0415 - few runs have a script

        content = read(request.script_path)
        script = parse_script(content, request.script_path, plan)
        script_file = _file(request.script_path, content)
    if request.replay_path is not None:
        from overlord_run.engine.replay import parse_recording  # noqa: PLC0415 - only a replay needs it

        content = read_bytes(Path(request.replay_path), limit=RECORDING_LIMIT)
        recording = parse_recording(content, request.replay_path)
        recording_file = _file(request.replay_path, content)
    if request.engine == "rehearsal":
        _require_answers(plan, script)
    worktree = current_worktree()
    plan_json = plan.to_json()
    prepared = Prepared(
        playbook=PlaybookFile.of(playbook),
        plan=plan,
        plan_digest=plan_json["digest"],
        settings=settings,
        host=host,
        worktree=worktree,
        state_dir=state_dir(request.flags.state_dir, worktree),
        warnings=(*warnings, *unsilenced(plan.warnings)),
        models_to_prove=models_to_prove(settings, playbook, plan),
        engine=request.engine,
        script=script,
        script_file=script_file,
        recording=recording,
        recording_file=recording_file,
        kept=None if request.record_path is None else kept_at(request.record_path, request.engine),
        prices=priced,
    )
    _require_no_key(prepared, plan_json, request.flags)
    return prepared


def _require_bounds(playbook: Playbook, settings: Settings, priced: Mapping[str, Price | None]) -> None:
    """Refuse a budget that cannot hold, by what the operator says besides the playbook: a cap, a model, an address."""
    models, limits = used_models(playbook), settings.limits
    ids = {alias: settings.model_ids.get(alias, model.id) for alias, model in models.items()}
    for alias in unbounded(models, limits):
        message = f"under a budget the answers of the model {alias} ({ids[alias]}) need a limit, and have none"
        remedy = f"In the playbook, under models: {alias}: {{id: {models[alias].id}, params: {{max_tokens: 4096}}}}."
        raise UsageError(message, next=remedy)
    for alias in unpriced(priced, limits):
        message = f"a budget in USD cannot hold the model {alias} ({ids[alias]}), which has no price"
        remedy = "In the playbook, give engine.budget the rates of unpriced, as unpriced: {input: 5, output: 30}."
        raise UsageError(message, next=remedy)


def _require_answers(plan: Plan, script: "Script | None") -> None:
    """Refuse to rehearse what expects an answer that no script gives and that cannot be made up."""
    from overlord_run.expect.instance import NoInstanceError, instance  # noqa: PLC0415 - only a rehearsal makes answers

    made: set[int] = set()
    for message_id, slot in ((message_id, slot) for message_id, slots in plan.targets.items() for slot in slots):
        schema = plan.schema_of(slot, message_id)
        scripted = None if script is None else script.find(slot, message_id)
        is_scripted = scripted is not None and all(one.text is not None for one in (scripted, *scripted.then))
        if schema is None or is_scripted or id(schema) in made:
            continue
        try:
            instance(schema)
        except NoInstanceError as error:
            message = f"no answer of {slot} to {message_id} can be made up that fits its schema: {error.reason}"
            remedy = f"Write it in a script, {{{slot}: {{{message_id}: {{json: …}}}}}}, or give the schema 'examples'."
            raise UsageError(message, next=remedy) from error
        made.add(id(schema))


def _file(path: str, content: bytes) -> dict[str, str]:
    return {"path": str(Path(path).absolute()), "digest": digest_of(content)}


def _require_no_key(prepared: Prepared, plan_json: Mapping[str, Any], flags: Flags) -> None:
    """Refuse what holds a key, before any of it is printed, kept or sent; also a key that this run does not use."""
    environ = environment()
    if name := key_in(prepared.settings.base_url, environ, flags):
        message = f"the API key of {name} stands in the base URL"
        raise SettingsError(message, next="Take it out there: it is sent in a header.", code="key-in-url")
    places = [str(prepared.worktree.path), str(prepared.state_dir), str(Path.cwd()), prepared.playbook.file]
    places += [str(file) for file in (prepared.script_file, prepared.recording_file, prepared.kept) if file is not None]
    kept = json.dumps([plan_json, prepared.settings.to_json(), prepared.models_to_prove, places])
    if name := key_in(kept, environ, flags):
        message = f"the API key of {name} stands in the playbook, a role, an input, a setting or a path"
        raise SettingsError(message, next="Take it out there; a prompt never needs it.", code="key-in-plan")


def request_bodies(plan: Plan) -> list[tuple[str, str, dict[str, Any]]]:
    """Return message id, slot and request body of every call, as far as they are known before the first.

    A reply stands as `<reply of SLOT to MESSAGE>`, a message that waits for replies as its template.
    """
    bodies: list[tuple[str, str, dict[str, Any]]] = []
    conversations = {servant.slot: [ChatMessage("system", servant.system)] for servant in plan.servants}

    def ask(message_id: str, servant: PlannedServant, text: str) -> None:
        conversation = conversations[servant.slot]
        conversation.append(ChatMessage("user", text))
        model = plan.models[servant.model]
        params = model.params_for(message_id, plan.expect(message_id, servant.slot))
        request = Request(servant.slot, message_id, 1, model.id, tuple(conversation), params, timeout_s=0.0)
        bodies.append((message_id, servant.slot, request.body()))
        conversation.append(ChatMessage("assistant", f"<reply of {servant.slot} to {message_id}>"))

    for servant in plan.servants:
        if servant.task is not None:
            ask(STARTUP, servant, servant.task)
    for redirect in plan.messages():
        for slot in redirect.targets:
            ask(redirect.id, plan.by_slot[slot], redirect.known_text(slot))
    return bodies
