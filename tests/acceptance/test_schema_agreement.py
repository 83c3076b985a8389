"""Whoever checks a playbook by our schemas comes to the same: three other validators are asked beside our own."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft7Validator

import docs_kit as kit
from lsp_kit import TOOLS, require_tools
from overlord_run.app.validate import validate
from overlord_run.errors import InvalidPlaybookError
from overlord_run.playbook.schema import check
from overlord_run.playbook.source import Document, read_yaml

SCHEMAS = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_text("utf-8"))
    for path in sorted((kit.REPO / "schemas").glob("*.json"))
}
EXAMPLES = sorted((kit.REPO / "tests" / "examples").glob("*/*.yml"))
EDITORS_KEYWORDS = ("defaultSnippets", "enumDescriptions")

# Of Python, jsonschema has a `$` that also matches before a line break at the end, unlike the standard's.
ONLY_JSONSCHEMA_ACCEPTS = {"invalid/bad-name-at-its-end.yml"}


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def documents() -> dict[str, Document]:
    """Return each example that is a document at all: of the others no schema can say anything."""
    found = {}
    for path in EXAMPLES:
        try:
            found[name_of(path)] = read_yaml(path.read_bytes(), path.name)
        except InvalidPlaybookError:
            continue
    return found


@dataclass(frozen=True)
class Verdicts:
    """Whether each example fits the playbook's schema, by who says so."""

    ours: Mapping[str, bool]
    ajv: Mapping[str, bool]
    rust: Mapping[str, bool]
    python: Mapping[str, bool]


@pytest.fixture(scope="module")
def verdicts() -> Verdicts:
    require_tools()
    read = documents()
    values = {name: document.value for name, document in read.items()}
    rust, python = jsonschema_rs.validator_for(SCHEMAS["playbook"]), Draft7Validator(SCHEMAS["playbook"])
    return Verdicts(
        ours={name: check(document, "playbook") == [] for name, document in read.items()},
        ajv=dict(zip(values, by_ajv(SCHEMAS, list(values.values())), strict=True)),
        rust={name: rust.is_valid(value) for name, value in values.items()},
        python={name: python.is_valid(value) for name, value in values.items()},
    )


def by_ajv(schemas: Mapping[str, Any], values: list[Any]) -> list[bool]:
    """Return whether each value fits the playbook's schema by Ajv, whose strict mode compiles all schemas."""
    done = ajv(schemas, values)
    assert done.returncode == 0, done.stderr
    fits: list[bool] = json.loads(done.stdout)
    return fits


def ajv(schemas: Mapping[str, Any], values: list[Any]) -> subprocess.CompletedProcess[str]:
    asked = {"schemas": schemas, "values": [["playbook", value] for value in values], "editor": EDITORS_KEYWORDS}
    return subprocess.run(
        ["node", str(TOOLS / "fits.mjs")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_four_validators_agree_on_every_example(verdicts: Verdicts) -> None:
    assert len(verdicts.ours) >= 80
    assert verdicts.ajv == verdicts.ours
    assert verdicts.rust == verdicts.ours
    differ = {name for name, fits in verdicts.python.items() if fits != verdicts.ours[name]}
    assert differ == ONLY_JSONSCHEMA_ACCEPTS


def test_every_valid_example_fits(verdicts: Verdicts) -> None:
    assert [name for name, fits in verdicts.ajv.items() if name.startswith("valid/") and not fits] == []


def test_the_editors_page_names_each_rule_that_no_schema_can_say(verdicts: Verdicts) -> None:
    invalid = [path for path in EXAMPLES if path.parent.name == "invalid" and path.stem != "many-at-once"]
    silent = [path for path in invalid if verdicts.ajv.get(name_of(path), True)]
    found = [(problem, path) for path in silent for problem in validate([str(path)]).problems]
    beyond = {problem.rule for problem, path in found if problem.file == str(path)}  # and not a role file's
    section = kit.section(kit.DOCS / "editor.md", "What an editor does not see")
    told = {code for line in section.splitlines() if line.startswith("|") for code in kit.codes(line)}
    assert told == beyond


def test_ajvs_strict_mode_would_tell_what_is_no_schema(verdicts: Verdicts) -> None:
    assert verdicts.ajv  # so there is an Ajv
    misspelt = ajv({"playbook": {**SCHEMAS["role"], "propertyNamse": {}}}, [])
    assert misspelt.returncode == 1
    assert 'strict mode: unknown keyword: "propertyNamse"' in misspelt.stderr


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_by_its_metaschema(name: str) -> None:
    Draft7Validator.check_schema(SCHEMAS[name])
    assert jsonschema_rs.meta.is_valid(SCHEMAS[name])


def test_the_packages_of_npm_are_pinned_and_no_host_is_named() -> None:
    wanted = json.loads((TOOLS / "package.json").read_text("utf-8"))["dependencies"]
    text = (TOOLS / "package-lock.json").read_text("utf-8")
    locked = json.loads(text)["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert "://" not in text
