"""Hold a plan as frozen values: what is sent to whom, printable and hashable, the same for every run of it."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct, field

from overlord_run.expect.words import response_format
from overlord_run.plan.digest import digest
from overlord_run.plan.ids import STARTUP, redirect_id
from overlord_run.plan.redirects import PlannedBlock, PlannedExpect, PlannedMessage, PlannedRedirect
from overlord_run.playbook.model import JsonMode, Profile, Provenance, Recovery
from overlord_run.playbook.texts import Text
from overlord_run.problem import Problem


class PlannedModel(Struct, frozen=True):
    """A model that a servant uses: the id that goes over the wire and its request parameters."""

    alias: str
    id: str
    params: Mapping[str, Any]
    timeout_s: float | None = None
    json_mode: JsonMode = "none"

    def params_for(self, message_id: str, expect: PlannedExpect | None) -> Mapping[str, Any]:
        """Return the parameters of a request: the model's, and the form of its answer where one is expected."""
        form = None if expect is None else response_format(self.json_mode, message_id, expect.schema)
        return self.params if form is None else {**self.params, "response_format": form}

    def to_json(self) -> dict[str, Any]:
        """Return the model as JSON values."""
        return {
            "alias": self.alias,
            "id": self.id,
            "params": dict(self.params),
            "timeoutS": self.timeout_s,
            "jsonMode": self.json_mode,
        }


class PlannedServant(Struct, frozen=True):
    """A servant before its first call.

    Attributes:
        model: The alias of its model.
        values: What fills the role's inputs.
        system: The whole system message: the frame, the role, the identity.
        task: The startup message, or None: then the first redirect starts it.
        expect: What the reply to the task must hold; the task says so at its end.
    """

    slot: str
    name: str
    role: str
    model: str
    profile: Profile
    values: Mapping[str, Any]
    system: str
    task: str | None
    expect: PlannedExpect | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the servant as JSON values."""
        return {
            "slot": self.slot,
            "name": self.name,
            "role": self.role,
            "model": self.model,
            "profile": self.profile,
            "with": dict(self.values),
            "system": self.system,
            "task": self.task,
            "expect": None if self.expect is None else self.expect.to_json(),
        }


class PlannedOutput(Struct, frozen=True):
    """What the run hands over: an expression (`value`) or a template (`text`), and the file it goes to."""

    name: str
    value: Text | None
    text: Text | None
    file: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the output as JSON values."""
        return {
            "name": self.name,
            "value": None if self.value is None else self.value.source,
            "text": None if self.text is None else self.text.source,
            "file": self.file,
        }


class Plan(Struct, frozen=True, dict=True):
    """A playbook with its inputs bound: all that can be known before the first call.

    Nothing in it differs between two runs of it: no id, no time, no path.

    Attributes:
        inputs: The bound values; of a file its text.
        host: What templates see as `host`; None when no template reads it, so that a plan is the same everywhere.
        models: The models that servants use, by alias.
        redirects: In an order that keeps every `after` and `needs`; else the playbook's.
        last: The message whose replies are the outputs where the playbook declares none.
        startup_require: How many of the servants with a task must answer it.
        recovery: Whether a blocked servant is asked again, and then replaced, without a person's word.
        sources: Where the prompts of the servants' roles come from, by role; of one in the playbook there is none.
        limit: Whom a person let take part, by `all`, slots or `role:NAME`; the others are not in the plan. Empty: all.
        warnings: What a person should know before it is carried out; no part of `plan.json`.
    """

    name: str
    description: str
    inputs: Mapping[str, Any]
    vars: Mapping[str, Any]
    host: Mapping[str, str] | None
    models: Mapping[str, PlannedModel]
    servants: tuple[PlannedServant, ...]
    redirects: tuple[PlannedRedirect, ...]
    outputs: tuple[PlannedOutput, ...]
    last: str = STARTUP
    startup_require: int = 0
    recovery: Recovery = "manual"
    sources: Mapping[str, Provenance] = field(default_factory=dict)
    limit: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @cached_property
    def by_slot(self) -> Mapping[str, PlannedServant]:
        """The servants by their slots."""
        return {servant.slot: servant for servant in self.servants}

    @cached_property
    def by_id(self) -> Mapping[str, PlannedRedirect]:
        """Every redirect by its id, those in blocks too."""
        return {each.id: each for each in self.every_redirect()}

    @cached_property
    def block_of(self) -> Mapping[str, PlannedBlock]:
        """The block that a redirect stands in, by its own id."""
        blocks = (each for each in self.redirects if isinstance(each, PlannedBlock))
        return {each.id: block for block in blocks for each in block.redirects}

    @cached_property
    def targets(self) -> Mapping[str, tuple[str, ...]]:
        """Whom each message goes to, by its redirect's id, and `startup`."""
        at_startup = tuple(servant.slot for servant in self.servants if servant.task is not None)
        return {STARTUP: at_startup, **{one.id: one.targets for one in self.messages()}}

    def every_redirect(self) -> Iterator[PlannedRedirect]:
        """Yield each redirect, a block before those in it."""
        for redirect in self.redirects:
            yield redirect
            if isinstance(redirect, PlannedBlock):
                yield from redirect.redirects

    def messages(self) -> Iterator[PlannedMessage]:
        """Yield each redirect that is a message, those in blocks too."""
        return (each for each in self.every_redirect() if isinstance(each, PlannedMessage))

    def messages_in(self, block_id: str) -> tuple[str, ...]:
        """Return the ids of the messages that stand in a block."""
        block = self.by_id[block_id]
        inside = block.redirects if isinstance(block, PlannedBlock) else ()
        return tuple(each.id for each in inside if isinstance(each, PlannedMessage))

    def expect(self, message_id: str, slot: str) -> PlannedExpect | None:
        """Return what the reply of a servant to a message must hold; None where it may be any text."""
        if message_id == STARTUP:
            return self.by_slot[slot].expect
        redirect = self.by_id.get(redirect_id(message_id))
        return redirect.expect if isinstance(redirect, PlannedMessage) else None

    def schema_of(self, slot: str, message_id: str) -> Mapping[str, Any] | None:
        """Return the schema that the reply of a servant to a message must fit; None where it may be any text."""
        expect = self.expect(message_id, slot)
        return None if expect is None else expect.schema

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON values, its digest first; the shape of `plan.json`."""
        content = {
            "name": self.name,
            "description": self.description,
            "inputs": dict(self.inputs),
            "vars": dict(self.vars),
            "host": None if self.host is None else dict(self.host),
            "models": [model.to_json() for model in self.models.values()],
            "servants": [servant.to_json() for servant in self.servants],
            "redirects": [redirect.to_json() for redirect in self.redirects],
            "outputs": [output.to_json() for output in self.outputs],
            "last": self.last,
            "startupRequire": self.startup_require,
            "recovery": self.recovery,
            "sources": {role: source_json(source) for role, source in self.sources.items()},
            "limit": list(self.limit),
        }
        return {"schemaVersion": 1, "digest": digest(content), **content}


def source_json(source: Provenance) -> dict[str, Any]:
    """Return where a prompt comes from as JSON values; null is what a text that is of no locked pack does not have."""
    return {
        "pack": source.pack or None,
        "git": source.git or None,
        "rev": source.rev or None,
        "kind": source.kind or None,
        "commit": source.commit or None,
        "path": source.path or None,
        "files": dict(source.files),
    }
