"""Tell role files: where each comes from, what it is for, and the inputs that it is given."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from overlord_run.app.roles.list import ListedRole, ListedSource
from overlord_run.cli.report import VERSION
from overlord_run.cli.report.provenance import origin
from overlord_run.cli.report.styled import Line, Styled, line
from overlord_run.plan.model import source_json
from overlord_run.playbook.model import Input
from overlord_run.playbook.names import listed

_ROLE, _FACT = 2, 4


def roles_lines(sources: Sequence[ListedSource]) -> list[Line]:
    """Return the roles of each source, below what it is."""
    lines: list[Line] = []
    for source in sources:
        lines += [Line()] if lines else []
        lines += [line(told) for told in origin(source_json(source.source))]
        for role in source.roles:
            lines += _role(role)
    return lines


def _role(listed_role: ListedRole) -> Iterator[Line]:
    used = f", used as {listed(listed_role.used_as)}" if listed_role.used_as else ""
    loose = "" if listed_role.is_locked else ", not in overlord.lock"
    yield Line((Styled(listed_role.reference, "strong"), Styled(f"{used}{loose}")), _ROLE)
    if listed_role.role.description:
        yield line(listed_role.role.description, indent=_FACT)
    yield Line((Styled(f"{listed_role.path} "), Styled(listed_role.digest, "faint")), _FACT)
    for declared in listed_role.role.inputs.values():
        yield line(_input(declared), indent=_FACT)


def _input(declared: Input) -> str:
    facts = [f"{declared.name}: {declared.type}"]
    facts += [] if declared.required else [f"default {_value(declared.default)}"]
    facts += [f"{keyword} {_value(value)}" for keyword, value in declared.checks.items()]
    facts += [] if not declared.required else ["required"]
    told = ", ".join(facts)
    return f"{told} - {declared.description}" if declared.description else told


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def roles_json(playbook: str | None, sources: Sequence[ListedSource]) -> dict[str, Any]:
    """Return the roles in the shape of `roles list`."""
    return {"schemaVersion": VERSION, "playbook": playbook, "sources": [_source_json(each) for each in sources]}


def _source_json(source: ListedSource) -> dict[str, Any]:
    told = source_json(source.source)
    del told["files"]
    return {**told, "roles": [_role_json(role) for role in source.roles]}


def _role_json(listed_role: ListedRole) -> dict[str, Any]:
    role = listed_role.role
    return {
        "from": listed_role.reference,
        "usedAs": list(listed_role.used_as),
        "file": listed_role.path,
        "digest": listed_role.digest,
        "isLocked": listed_role.is_locked,
        "description": role.description,
        "model": role.model,
        "profile": role.profile,
        "inputs": [_input_json(declared) for declared in role.inputs.values()],
    }


def _input_json(declared: Input) -> dict[str, Any]:
    return {
        "name": declared.name,
        "type": declared.type,
        "description": declared.description,
        "required": declared.required,
        "default": declared.default,
        "checks": dict(declared.checks),
    }
