"""Read a plan back from `plan.json`, so that a run can be carried on without its playbook."""

from collections.abc import Callable, Mapping
from typing import Any

from overlord_run.plan.model import Plan, PlannedModel, PlannedOutput, PlannedServant
from overlord_run.plan.redirects import (
    PlannedBlock,
    PlannedCheck,
    PlannedExpect,
    PlannedMessage,
    PlannedPause,
    PlannedRedirect,
)
from overlord_run.playbook.model import Provenance, Repeat
from overlord_run.playbook.texts import Place, Text


def plan_from_json(content: Mapping[str, Any]) -> Plan:
    """Return the plan that `Plan.to_json` wrote, equal to the one that was written.

    Raises:
        LookupError: A key is missing.
        TypeError: A value is of another type.
    """
    return Plan(
        name=content["name"],
        description=content["description"],
        inputs=content["inputs"],
        vars=content["vars"],
        host=content["host"],
        models={model["alias"]: _model(model) for model in content["models"]},
        servants=tuple(_servant(servant) for servant in content["servants"]),
        redirects=tuple(map(_redirect, content["redirects"])),
        outputs=tuple(_output(output) for output in content["outputs"]),
        last=content["last"],
        startup_require=content["startupRequire"],
        recovery=content["recovery"],
        sources={role: _source(source) for role, source in content["sources"].items()},
        limit=tuple(content["limit"]),
    )


def _source(content: Mapping[str, Any]) -> Provenance:
    keys = ("pack", "git", "rev", "kind", "commit", "path")
    return Provenance(files=content["files"], **{key: content[key] or "" for key in keys})


def _model(content: Mapping[str, Any]) -> PlannedModel:
    return PlannedModel(content["alias"], content["id"], content["params"], content["timeoutS"], content["jsonMode"])


def _expect(content: Mapping[str, Any] | None) -> PlannedExpect | None:
    return None if content is None else PlannedExpect(content["schema"], content["repairs"])


def _servant(content: Mapping[str, Any]) -> PlannedServant:
    return PlannedServant(
        slot=content["slot"],
        name=content["name"],
        role=content["role"],
        model=content["model"],
        profile=content["profile"],
        values=content["with"],
        system=content["system"],
        task=content["task"],
        expect=_expect(content["expect"]),
    )


def _redirect(content: Mapping[str, Any]) -> PlannedRedirect:
    return _REDIRECTS[content["kind"]](content)


def _common(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": content["id"],
        "after": tuple(content["after"]),
        "needs": tuple(content["needs"]),
        "reads": tuple(content["reads"]),
        "when": _optional(content, "when"),
        "on_failure": content["onFailure"],
    }


def _message(content: Mapping[str, Any]) -> PlannedMessage:
    return PlannedMessage(
        to=content["to"],
        targets=tuple(content["targets"]),
        template=_text(content["template"], content["id"]),
        texts=content["texts"],
        only=_optional(content, "only"),
        require=content["require"],
        timeout_s=content["timeoutS"],
        expect=_expect(content["expect"]),
        **_common(content),
    )


def _check(content: Mapping[str, Any]) -> PlannedCheck:
    check = _text(content["check"], content["id"])
    return PlannedCheck(check=check, message=_optional(content, "message"), **_common(content))


def _pause(content: Mapping[str, Any]) -> PlannedPause:
    return PlannedPause(pause=_text(content["pause"], content["id"]), **_common(content))


def _block(content: Mapping[str, Any]) -> PlannedBlock:
    told = content["repeat"]
    until = None if told["until"] is None else _text(told["until"], content["id"])
    repeat = Repeat(told["max"], until, told["atMax"])
    return PlannedBlock(redirects=tuple(map(_redirect, content["redirects"])), repeat=repeat, **_common(content))


_REDIRECTS: Mapping[str, Callable[[Mapping[str, Any]], PlannedRedirect]] = {
    "message": _message,
    "check": _check,
    "pause": _pause,
    "block": _block,
}


def _output(content: Mapping[str, Any]) -> PlannedOutput:
    name = content["name"]
    value, text = (None if content[key] is None else _text(content[key], name) for key in ("value", "text"))
    return PlannedOutput(name, value, text, content["file"])


def _optional(content: Mapping[str, Any], key: str) -> Text | None:
    return None if content[key] is None else _text(content[key], content["id"])


def _text(source: str, name: str) -> Text:
    """Return a template; what is wrong with it was told when the plan was made, so it has no better place than this."""
    return Text(source, Place(f"plan.json: {name}", 1, 1))
