"""Read a plan back from `plan.json`, so that a run can be carried on without its playbook."""

from collections.abc import Iterable, Mapping
from typing import Any

from overlord_run.plan.model import Plan, PlannedExpect, PlannedModel, PlannedOutput, PlannedRedirect, PlannedServant
from overlord_run.plan.order import Ended
from overlord_run.playbook.model import Place, Text


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
        redirects=tuple(_redirects(content["redirects"])),
        outputs=tuple(_output(output) for output in content["outputs"]),
        last=content["last"],
        startup_require=content["startupRequire"],
        recovery=content["recovery"],
        limit=tuple(content["limit"]),
    )


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


def _redirects(contents: Iterable[Mapping[str, Any]]) -> Iterable[PlannedRedirect]:
    """Yield the redirects; they stand in an order that keeps every `after`, so `before` is worked out on the way."""
    numbers: dict[str, int] = {}
    ended: dict[str, int] = {}
    for number, content in enumerate(contents):
        redirect_id = content["id"]
        numbers[redirect_id] = number
        bits = 0
        for earlier in content["after"]:
            bits |= ended[earlier] | 1 << numbers[earlier]
        ended[redirect_id] = bits
        yield PlannedRedirect(
            id=redirect_id,
            to=content["to"],
            targets=tuple(content["targets"]),
            template=_text(content["template"], redirect_id),
            texts=content["texts"],
            reads=tuple(content["reads"]),
            require=content["require"],
            after=tuple(content["after"]),
            before=Ended(bits, numbers),
            timeout_s=content["timeoutS"],
            on_failure=content["onFailure"],
            expect=_expect(content["expect"]),
        )


def _output(content: Mapping[str, Any]) -> PlannedOutput:
    name = content["name"]
    value, text = (None if content[key] is None else _text(content[key], name) for key in ("value", "text"))
    return PlannedOutput(name, value, text, content["file"])


def _text(source: str, name: str) -> Text:
    """Return a template; what is wrong with it was told when the plan was made, so it has no better place than this."""
    return Text(source, Place(f"plan.json: {name}", 1, 1))
