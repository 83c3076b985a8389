"""The docs are true: they name every key, flag, filter and rule and no other, and what they show is what happens."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import click
import pytest
import yaml

import docs_kit as kit
import pack_kit
from command_kit import EVERY
from fake_api import FakeApi
from overlord_run.app.rules import RULES
from overlord_run.app.validate import load, validate
from overlord_run.cli.report.board import COLUMNS, board
from overlord_run.cli.report.rows import Doing, Row, Rows
from overlord_run.cli.report.size import Size
from overlord_run.cli.report.styled import plain
from overlord_run.engine import preflight
from overlord_run.engine.base import FailureKind
from overlord_run.engine.replay import parse_recording
from overlord_run.engine.script import ScriptedFault, parse_script
from overlord_run.errors import InvalidPlaybookError
from overlord_run.plan.build import build
from overlord_run.plan.language import attributes, texts
from overlord_run.plan.language.conditions import CONDITIONS
from overlord_run.plan.language.filters import FILTERS
from overlord_run.plan.language.templates import evaluate
from overlord_run.plan.pricing import Cost
from overlord_run.playbook.packs import LOCK_NAME
from overlord_run.playbook.schema import load as load_schema
from overlord_run.playbook.texts import Place, Text
from overlord_run.problem import Problem
from overlord_run.settings.config import load_config

PLAYBOOK, TEMPLATES, COMMAND_PAGE, ENGINE, REHEARSAL, RULE_PAGE, RUN_FOLDER, DRY_RUN, ROLE_PAGE = (
    kit.DOCS / f"{name}.md"
    for name in (
        *("playbook", "templates", "commands", "engine", "rehearsal", "rules", "run-folder", "dry-run", "roles"),
    )
)
HOST = {"platform": "linux", "shell": "bash", "paths": "posix"}


# Links and the index


@pytest.mark.parametrize("page", kit.PAGES, ids=lambda page: str(page.relative_to(kit.REPO)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", kit.prose(page))
    broken = [link for link in links if not link.startswith("https://") and not _leads_somewhere(page, link)]
    assert broken == []


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, fragment = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not fragment or fragment in map(kit.anchor, kit.headings(target)))


def test_the_index_has_every_page() -> None:
    links = set(re.findall(r"\]\(([^)\s]+)\)", kit.prose(kit.DOCS / "README.md")))
    pages = {page.relative_to(kit.DOCS).as_posix() for page in kit.PAGES if page.is_relative_to(kit.DOCS)}
    assert links == pages - {"README.md"}


# Keys, against the schemas

PLAYBOOK_SCHEMA = load_schema("playbook")
ROLE_SCHEMA = load_schema("role")
SCRIPT_SCHEMA = load_schema("rehearsal")
OUTPUT = load_schema("output")["definitions"]
DEFINITIONS = PLAYBOOK_SCHEMA["definitions"]
KEYS: Mapping[tuple[Path, str], Mapping[str, Any]] = {
    (PLAYBOOK, "Top level"): PLAYBOOK_SCHEMA,
    (PLAYBOOK, "Inputs"): DEFINITIONS["input"],
    (PLAYBOOK, "Engine"): DEFINITIONS["engine"],
    (PLAYBOOK, "Startup"): DEFINITIONS["engine"]["properties"]["startup"],
    (PLAYBOOK, "Budget"): DEFINITIONS["engine"]["properties"]["budget"],
    (PLAYBOOK, "Retry"): DEFINITIONS["engine"]["properties"]["retry"],
    (PLAYBOOK, "Rate"): DEFINITIONS["engine"]["properties"]["rate"],
    (PLAYBOOK, "Models"): DEFINITIONS["model"],
    (PLAYBOOK, "Price"): DEFINITIONS["price"],
    (PLAYBOOK, "Above"): DEFINITIONS["price"]["properties"]["above"],
    (PLAYBOOK, "Packs"): DEFINITIONS["pack"],
    (PLAYBOOK, "Roles"): DEFINITIONS["role"],
    (PLAYBOOK, "Assignments"): DEFINITIONS["assignment"],
    (PLAYBOOK, "Redirects"): DEFINITIONS["redirect"],
    (PLAYBOOK, "Rounds"): DEFINITIONS["redirect"]["properties"]["repeat"],
    (PLAYBOOK, "Expect"): DEFINITIONS["expect"],
    (PLAYBOOK, "Outputs"): DEFINITIONS["output"],
    (PLAYBOOK, "A role file"): ROLE_SCHEMA,
}


@pytest.mark.parametrize(("place", "schema"), KEYS.items(), ids=lambda value: value[1] if type(value) is tuple else "")
def test_the_table_has_every_key_with_its_default(place: tuple[Path, str], schema: Mapping[str, Any]) -> None:
    told = kit.keys(kit.section(*place), columns=5)
    assert sorted(told) == sorted(schema["properties"])
    for key, value in schema["properties"].items():
        whole = {**DEFINITIONS.get(value.get("$ref", "").rpartition("/")[2], {}), **value}
        row = told[key].split(" | ")
        assert "default" not in whole or f"`{whole['default']}`" in row[2]
        assert (key in schema.get("required", ())) == ("required" in row[1])


def test_every_mapping_of_the_format_has_its_table() -> None:
    tables = [schema["properties"].keys() for schema in KEYS.values()]
    mappings = [found for schema in (PLAYBOOK_SCHEMA, ROLE_SCHEMA) for found in _mappings(schema)]
    items = DEFINITIONS["input_items"]["properties"]  # told in the row of `items`, see below
    assert [list(keys) for keys in mappings if keys.keys() not in tables and keys != items] == []


def _mappings(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the properties of a schema and of each one inside of it."""
    shown = ("examples", "defaultSnippets")
    described = {key: part for key, part in schema.items() if key not in shown} if isinstance(schema, dict) else {}
    inside = described.values() if described else schema if isinstance(schema, list) else ()
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
        yield schema["properties"]
    for part in inside:
        yield from _mappings(part)


def test_a_roles_inputs_and_the_items_of_a_list_have_no_keys_of_their_own() -> None:
    known = set(DEFINITIONS["input"]["properties"])
    assert set(DEFINITIONS["role_input"]["properties"]) == known
    assert set(ROLE_SCHEMA["definitions"]["role_input"]["properties"]) == known
    items = kit.keys(kit.section(PLAYBOOK, "Inputs"), columns=5)["items"].split(" | ")[1]
    assert kit.codes(items) == list(DEFINITIONS["input_items"]["properties"])


def test_every_input_type_has_its_row() -> None:
    types = kit.keys(kit.section(PLAYBOOK, "Inputs"), columns=3)
    assert list(types) == DEFINITIONS["input"]["properties"]["type"]["enum"]


def test_the_script_page_has_every_key_and_fault() -> None:
    told = kit.keys(kit.section(REHEARSAL, "Keys"), columns=3)
    scene = SCRIPT_SCHEMA["definitions"]["scene"]["properties"]
    assert sorted(told) == sorted([*SCRIPT_SCHEMA["properties"], *scene])
    faults = [code for row in kit.rows(kit.section(REHEARSAL, "Faults"), columns=3) for code in kit.codes(row[0])]
    assert faults[:4] == list(get_args(ScriptedFault))


def test_the_page_of_roles_has_every_key_of_an_example() -> None:
    told = kit.keys(kit.section(ROLE_PAGE, "Examples"), columns=3)
    schema = load_schema("examples")
    example = schema["definitions"]["example"]["properties"]
    assert sorted(told) == sorted({*schema["properties"], *example})
    servant = schema["definitions"]["servant"]["properties"]
    assert [code for code in kit.codes(told["servant"]) if code in servant] == list(servant)


# Templates, against the tables of the code

SCOPE = json.loads(kit.blocks(TEMPLATES, "json")[0].text)
TABLES: Mapping[str, Mapping[str, Any]] = {
    "Filters": FILTERS,
    "Tests": CONDITIONS,
    "Methods": {**texts.TEXT_METHODS, **attributes.MAPPING_METHODS},
    "Functions": attributes.FUNCTIONS,
}


@pytest.mark.parametrize("heading", TABLES)
def test_the_table_has_every_filter_test_method_and_function(heading: str) -> None:
    assert list(kit.keys(kit.section(TEMPLATES, heading), columns=4)) == list(TABLES[heading])


def _examples() -> Iterator[tuple[str, str]]:
    for heading in TABLES:
        for row in kit.rows(kit.section(TEMPLATES, heading), columns=4):
            if row[2]:
                yield kit.codes(row[2])[0], kit.codes(row[3])[0]


@pytest.mark.parametrize(("expression", "result"), list(_examples()))
def test_an_example_gives_what_stands_beside_it(expression: str, result: str) -> None:
    assert evaluate(Text(expression, Place("templates.md", 1, 1)), SCOPE) == json.loads(result)


def test_the_attributes_of_replies_and_loops_are_named() -> None:
    told = kit.keys(kit.section(TEMPLATES, "Scopes"), columns=2)
    assert [name for name in told if name in attributes.REPLY_ATTRIBUTES] == list(attributes.REPLY_ATTRIBUTES)
    language = kit.section(TEMPLATES, "The language")
    assert [name for name in attributes.LOOP_ATTRIBUTES if not re.search(rf"\b{name}\b", language)] == []


# Commands, against their own options


@pytest.mark.parametrize(("name", "command"), EVERY.items())
def test_each_option_of_a_command_has_its_row_and_no_other_has(name: str, command: click.Command) -> None:
    options = [set(parameter.opts) for parameter in command.params if isinstance(parameter, click.Option)]
    heading = "Flags of run" if name == "run" else name
    rows = kit.rows(kit.section(COMMAND_PAGE, heading), columns=2)
    told = [{code.split(" ")[0] for code in kit.codes(cells[0]) if code.startswith("-")} for cells in rows]
    assert [flags for flags in told if flags] == [flags for flags in options if "--help" not in flags]


def test_every_state_of_a_row_is_told_and_the_live_table_looks_as_shown() -> None:
    section = kit.section(COMMAND_PAGE, "The live table")
    told = kit.keys(section, columns=2)
    assert set(told) == {"state", *(column.name for column in COLUMNS), "message"}
    assert kit.codes(told["state"])[1:] == list(get_args(Doing))
    rows = [
        Row("alder", "asking", "rebuttal", began_at="2026-01-31T12:00:09Z", tokens=440, told=1, cost=Cost(unpriced=1)),
        Row("birch", "waiting", "rebuttal", 2, "2026-01-31T12:00:12Z", tokens=440, told=1, cost=Cost(3_100_000, 1)),
        Row("oak"),
    ]
    seen = Rows({row.slot: row for row in rows}, "2026-01-31T12:00:00Z", heard=1)
    table = plain(board(seen, Size(80, 24), "2026-01-31T12:00:21Z"))
    assert "\n".join(line.rstrip() for line in table.split("\n")) in section


# The engine, against its settings and failures


def test_every_variable_that_means_something_is_in_the_settings_table() -> None:
    variables = import_module("overlord_run.settings.environment")
    known = {name for group in vars(variables).values() if isinstance(group, tuple) for name in group}
    settings = kit.section(ENGINE, "Settings")
    assert {code for code in kit.codes(settings) if re.fullmatch(r"[A-Z][A-Z_]+", code)} == known


def test_every_kind_of_failure_has_its_row() -> None:
    told = kit.keys(kit.section(ENGINE, "What counts as a failure"), columns=3)
    assert set(told) == set(get_args(FailureKind))


def test_every_code_of_a_failed_preflight_has_its_row() -> None:
    source = Path(preflight.__file__).read_text(encoding="utf-8")
    tables = [*preflight._CONNECTION.values(), *preflight._STATUSES.values(), preflight._OTHERWISE]
    codes = {code for code, _, _ in tables} | set(re.findall(r'code="([a-z-]+)"', source))
    told = set(kit.keys(kit.section(ENGINE, "Preflight"), columns=3))
    assert told == codes - {"key-in-prompt"}


SETTLED_IN = (
    "credential.py",
    "settings/*.py",
    "app/prepare.py",
    "app/keyless.py",
    "engine/endpoint.py",
    "host/shell.py",
)


def test_every_code_of_a_setting_that_is_refused_has_its_row() -> None:
    package = kit.REPO / "runner" / "overlord_run"
    sources = [path.read_text(encoding="utf-8") for pattern in SETTLED_IN for path in package.glob(pattern)]
    codes = {code for source in sources for code in re.findall(r'code="([a-z-]+)"', source)}
    section = kit.section(ENGINE, "Preflight")
    told = {code for cells in kit.rows(section, columns=2) for code in kit.codes(cells[0])}
    assert codes - {*kit.keys(section, columns=3)} == told


def test_the_config_file_that_is_shown_is_read(tmp_path: Path) -> None:
    block = kit.blocks(ENGINE, "yaml")[0]
    (tmp_path / "config.yml").write_text(block.text, encoding="utf-8")
    config = load_config(tmp_path / "config.yml")
    assert config.trust_hosts == ("llm.example.com", "gpu.example.com:8443")
    keys = kit.keys(kit.section(ENGINE, "The config file"), columns=3)
    assert list(keys) == ["trust_hosts", "proxy", "ca_file"]


# The run folder, against what a run leaves


def test_every_key_of_a_ledger_line_is_named() -> None:
    told = dict(kit.rows(kit.prose(RUN_FOLDER), columns=2))["`ledger.jsonl`"]
    assert kit.codes(told)[0].split(" ") == list(load_schema("ledger")["properties"])


@pytest.mark.parametrize(
    ("heading", "schema"),
    [
        ("The plan as JSON", {**OUTPUT["plan"]["properties"], **OUTPUT["plannedText"]["properties"]}),
        ("Who reads whose replies", OUTPUT["plan"]["properties"]["reads"]["items"]["properties"]),
    ],
)
def test_every_key_of_a_plan_as_json_is_named(heading: str, schema: Mapping[str, Any]) -> None:
    cells = [row[0] for row in kit.rows(kit.section(DRY_RUN, heading), columns=2)]
    assert {key for cell in cells for key in kit.codes(cell)} == schema.keys()


def test_every_state_is_named() -> None:
    told = {
        word for row in kit.rows(kit.section(RUN_FOLDER, "States"), columns=2) for word in kit.codes(row[0])[0].split()
    }
    registry = load_schema("registry")
    states = [registry, registry["definitions"]["servant"], registry["definitions"]["message"]]
    assert told == {state for one in states for state in one["properties"]["state"]["enum"]}


# Rules, against those of the code

BASE = {
    "overlord": "overlord: 1\n",
    "name": "name: council\n",
    "roles": "roles:\n  critic: {system: You review., task: Begin.}\n",
    "assignments": "assignments:\n  - {slot: alder, role: critic}\n",
}
ROLE = "---\noverlord: 1\nrole: critic\n---\nYou review.\n"
OF_ROLE_FILE = {**BASE, "roles": "roles:\n  critic: {from: ./roles/critic.md, task: Begin.}\n"}

# What no few lines can show: bytes, sizes and counts.
WITHOUT_EXAMPLE = {
    "control-character",
    "empty-file",
    "encoding",
    "pack-entry",
    "pack-size",
    "too-deep",
    "too-large",
    "too-long",
    "too-many-problems",
}


def _told_rules() -> list[str]:
    return re.findall(r"^### (\S+)$", kit.prose(RULE_PAGE), re.MULTILINE)


def test_every_rule_has_its_heading_and_no_other_has() -> None:
    assert sorted(_told_rules()) == sorted(RULES)


def test_every_rule_but_those_on_bytes_and_sizes_has_an_example() -> None:
    told = {rule: kit.section(RULE_PAGE, rule) for rule in _told_rules()}
    assert {rule for rule, text in told.items() if "Told as:" not in text} == WITHOUT_EXAMPLE
    assert {rule for rule, text in told.items() if "Mend: " not in text} == set()


@pytest.mark.parametrize("rule", sorted(RULES.keys() - WITHOUT_EXAMPLE))
def test_the_example_breaks_its_rule_in_these_words(rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = kit.section(RULE_PAGE, rule)
    example = re.search(r"```(\w+)\n(.*?)```", text, re.DOTALL)
    told = re.search(r"^Told as: (.+)$", text, re.MULTILINE)
    assert example
    assert told
    (tmp_path / "task.md").write_text("Begin.", encoding="utf-8")
    folder = tmp_path / "council"
    (folder / "roles").mkdir(parents=True)
    monkeypatch.chdir(folder)
    if rule != "lock-missing":
        pack_kit.write_lock(folder)
    found = _problems(example[1], example[2])
    assert [f"{one.message} ({one.hint})" for one in found if one.rule == rule][:1] == kit.codes(told[1])


def _problems(language: str, example: str) -> tuple[Problem, ...]:
    """Return the problems of a playbook that holds an example, or of what belongs to a sound one."""
    if example.startswith("packs:\n  - "):
        Path(LOCK_NAME).write_text(f"overlord: 1\n{example}", encoding="utf-8")
        return validate([LOCK_NAME]).problems
    is_role, is_script, is_recording = language == "markdown", example.startswith("answers:"), language == "json"
    Path("roles/critic.md").write_text(example if is_role else ROLE, encoding="utf-8")
    own = "" if is_role or is_script or is_recording else example
    missing = [text for key, text in (OF_ROLE_FILE if is_role else BASE).items() if f"\n{key}:" not in f"\n{own}"]
    Path("playbook.yml").write_text("".join([own, *missing]), encoding="utf-8")
    try:
        playbook, warnings = load("playbook.yml")
        plan = build(playbook, {}, model_ids={}, host=HOST)
        if is_script:
            parse_script(f"overlord: 1\n{example}".encode(), "script.yml", plan)
        if is_recording:
            parse_recording(example.encode(), "run.jsonl")
    except InvalidPlaybookError as error:
        return error.problems
    return (*warnings, *plan.warnings, *validate(["playbook.yml"]).problems)


# What the pages show

ALL = [block for page in kit.PAGES for block in kit.blocks(page)]
WHOLE = [
    block
    for block in ALL
    if block.language in ("yaml", "markdown") and block.page != RULE_PAGE and "\noverlord: 1\n" in f"\n{block.text}"
]
SCRIPTS = [block for block in WHOLE if "\nanswers:" in block.text]
EXAMPLES = [block for block in WHOLE if "\nexamples:" in block.text]
WRONG_ON_PURPOSE = {"playbooks/council.yml", "unread.yml", "wrong.yml"}

# Commands that no test runs, by their page and first line.
NOT_RUN: Mapping[tuple[str, str], str] = {
    ("docs/getting-started.md", ". .venv/bin/activate"): "the tests' own environment is active already",
    ("docs/getting-started.md", "py -m venv .venv"): "for pwsh, which the tests' machine need not have",
}


_NAMES = {"yaml": "playbook.yml", "markdown": "role.md"}


@pytest.mark.parametrize("block", [block for block in WHOLE if block not in (*SCRIPTS, *EXAMPLES)], ids=str)
def test_a_whole_playbook_or_role_file_is_valid(block: kit.Block, tmp_path: Path) -> None:
    kit.write_files(block.page, tmp_path)
    name = LOCK_NAME if "\npacks:\n  - pack: " in block.text else block.file or _NAMES[block.language]
    path = tmp_path / name
    path.write_text(block.text, encoding="utf-8")
    problems = list(map(str, validate([str(path)]).problems))
    assert (problems == []) == (block.file not in WRONG_ON_PURPOSE), problems


def test_the_examples_of_a_role_are_tried_by_their_page() -> None:
    shown = {page: "".join(block.text for block in kit.blocks(page, "console")) for page in kit.PAGES}
    roles = [
        (block.page, str(block.file).replace(".examples.yml", ".md").rpartition("roles/")[1:]) for block in EXAMPLES
    ]
    assert len(roles) >= 2
    assert [role for page, role in roles if f"{''.join(role)}: " not in shown[page]] == []


def test_every_script_is_rehearsed_by_its_page() -> None:
    rehearsed = {(block.page, word) for block in ALL if block.language == "console" for word in block.text.split()}
    assert [str(block) for block in SCRIPTS if (block.page, block.file) not in rehearsed] == []


@pytest.mark.parametrize("block", [block for block in ALL if block.language in ("yaml", "json")], ids=str)
def test_a_block_is_what_it_says_it_is(block: kit.Block) -> None:
    if block.page != RULE_PAGE:  # whose examples are wrong on purpose, each in words that are compared above
        assert yaml.load(block.text, yaml.CSafeLoader) if block.language == "yaml" else json.loads(block.text)


@pytest.mark.parametrize("block", [block for block in ALL if block.file is not None], ids=str)
def test_a_file_of_the_repository_is_shown_as_it_is(block: kit.Block) -> None:
    path = kit.REPO / str(block.file)
    assert not path.exists() or path.read_text(encoding="utf-8") == block.text


# Commands, run as they stand


def test_no_block_can_hide_a_command() -> None:
    assert [str(block) for block in ALL if block.language not in kit.LANGUAGES] == []
    assert [str(page) for page in kit.PAGES if re.search(r"^.*```", kit.prose(page), re.MULTILINE)] == []
    consoles = [block for block in ALL if block.language == "console"]
    assert [str(block) for block in consoles if not block.text.startswith("$ ")] == []


def _key(block: kit.Block) -> tuple[str, str]:
    return str(block.page.relative_to(kit.REPO)), block.text.partition("\n")[0]


def _is_run(block: kit.Block) -> bool:
    return block.language in ("console", "sh") and block.set_up is None and _key(block) not in NOT_RUN


def test_every_command_is_run_or_has_its_reason() -> None:
    commands = [block for block in ALL if block.language in kit.SHELLS and block.set_up is None]
    assert [_key(block) for block in commands if not _is_run(block)] == list(NOT_RUN)
    assert all(NOT_RUN.values())


def test_a_set_up_command_is_the_readmes_which_ci_runs() -> None:
    readme = {block.set_up: block.text for block in kit.blocks(kit.REPO / "README.md") if block.set_up}
    assert sorted(readme) == ["run", "test"]
    assert [str(block) for block in ALL if block.set_up and block.text != readme[block.set_up]] == []


@pytest.fixture(scope="module")
def api() -> Iterator[FakeApi]:
    with FakeApi(models=("fugu", "fugu-ultra", "my-model")) as api:
        yield api


RUN_ON = [page for page in kit.PAGES if any(map(_is_run, kit.blocks(page)))]


@pytest.mark.parametrize("page", RUN_ON, ids=lambda page: str(page.relative_to(kit.REPO)))
def test_a_command_does_what_its_page_shows(page: Path, tmp_path: Path, api: FakeApi) -> None:
    shutil.copytree(kit.REPO / "playbooks", tmp_path / "playbooks")
    kit.write_files(page, tmp_path)
    for block in filter(_is_run, kit.blocks(page)):
        if block.language == "console":
            for command, shown in kit.commands(block):
                output = kit.printed(command, tmp_path)
                assert kit.fits(output, shown), f"{block}: {command}\n{output}"
        else:
            script = block.text.replace(kit.SHOWN_SERVER, api.base_url)
            code, output = kit.ran(f"set -eu\n{script}", tmp_path, OVERLORD_BASE_URL=api.base_url)
            assert code == 0, f"{block}\n{output}"


def test_what_is_not_shown_does_not_fit() -> None:
    shown = "one …\n…\nthree in 2 ms\n"
    assert kit.fits("one by one\ntwo\nand two\nthree in 13 ms\n", shown)
    assert not kit.fits("one by one\nthree in 13 ms\nfour\n", shown)
    assert not kit.fits("two\nthree in 13 ms\n", shown)
    assert not kit.fits("council.yml:26:24: error\n", "council.yml:25:23: error\n")
