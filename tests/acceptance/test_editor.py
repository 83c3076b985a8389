"""What an editor shows of playbooks: a YAML language server is asked, as VS Code and others ask it, by our schemas."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

import docs_kit as kit
from lsp_kit import Editor, require_tools
from overlord_run.app.validate import validate
from overlord_run.playbook.schema import load

REPO = Path(__file__).parents[2]
PLAYBOOKS = REPO / "playbooks"
SHIPPED = sorted(PLAYBOOKS.rglob("*.yml"))
HERE = "|>"  # where the cursor stands in a half-typed text
NAMES = count()

_STOP = re.compile(r"(?<!\\)\$(?:\{\d+(?::((?:\\.|[^}\\])*))?\}|\d+)")


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    require_tools()
    with Editor.started(REPO) as editor:
        yield editor


@dataclass(frozen=True)
class Cursor:
    """A place in an open text.

    Attributes:
        text: The text that is open, without the mark.
        at: The cursor's offset in it.
    """

    uri: str
    text: str
    at: int

    @property
    def place(self) -> tuple[str, int, int]:
        before = self.text[: self.at]
        return self.uri, before.count("\n"), len(before) - before.rfind("\n") - 1


def typed(editor: Editor, marked: str, schema: str = "playbook") -> Cursor:
    """Open a text that somebody is typing beside the shipped playbooks."""
    text = f"# yaml-language-server: $schema=../schemas/{schema}.schema.json\n{marked}"
    cursor = Cursor((PLAYBOOKS / f"typed-{next(NAMES)}.yml").as_uri(), text.replace(HERE, ""), text.find(HERE))
    editor.open(cursor.uri, cursor.text)
    return cursor


def filled(insert: str) -> str:
    """Return what a snippet leaves in the text when somebody tabs through it and changes nothing."""
    return re.sub(r"\\([$}\\])", r"\1", _STOP.sub(lambda stop: stop[1] or "x", insert))


def test_the_shipped_playbooks_scripts_and_examples_are_underlined_nowhere(editor: Editor) -> None:
    for path in SHIPPED:
        editor.open(path.as_uri(), path.read_text("utf-8"))
    underlined = {path.name: editor.underlined(path.as_uri()) for path in SHIPPED}
    assert len(underlined) >= 30
    assert {name: problems for name, problems in underlined.items() if problems} == {}


OFFERED = {
    "": {"overlord", "name", "roles", "assignments", "redirects", "outputs", "a whole playbook"},
    "redirects:\n  - id: rank\n    ": {"to", "message", "when", "needs", "on_failure", "expect", "a check"},
    "redirects:\n  - ": {"id", "a message", "a check", "a question", "rounds"},
    "redirects:\n  - id: rank\n    on_failure: ": {"continue", "stop"},
    "assignments:\n  - ": {"slot", "role", "for_each", "a servant", "a servant for each"},
    "roles:\n  critic:\n    ": {"system", "from", "a role that ships", "a role file", "a role written here"},
    "roles:\n  critic:\n    from: ": {"builtin/judge", "builtin/security_critic"},
    "engine:\n  recovery: ": {"manual", "auto"},
    "engine:\n  budget:\n    ": {"usd", "tokens", "requests", "time"},
    "models:\n  ultra: ": {"fugu-ultra", "a model with parameters"},
    "models:\n  ultra:\n    ": {"id", "params", "price", "a model with parameters"},
    "inputs:\n  plan:\n    type: ": {"string", "file", "files"},
    "outputs:\n  verdict:\n    ": {"value", "text", "file", "a value"},
    "redirects:\n  - id: rank\n    expect:\n      ": {"schema", "repairs", "an answer as JSON"},
    "examples:\n  by default:\n    ": {"with", "text_file", "misfit", "a prompt", "a whole prompt", "a reply"},
    "examples:\n  by default:\n    servant:\n      profile: ": {"consultation", "implementation"},
}


def offering(text: str) -> str:
    return "examples" if text.startswith("examples") else "playbook"


@pytest.mark.parametrize("text", OFFERED)
def test_an_editor_offers_what_can_stand_at_the_cursor(editor: Editor, text: str) -> None:
    cursor = typed(editor, text + HERE, offering(text))
    offered = {item["label"] for item in editor.complete(*cursor.place)}
    assert OFFERED[text] - offered == set()
    assert [label for label in offered if "object Object" in label] == []


@pytest.mark.parametrize("text", OFFERED)
def test_what_is_offered_leaves_yaml_behind(editor: Editor, text: str) -> None:
    cursor = typed(editor, text + HERE, offering(text))
    items = editor.complete(*cursor.place)
    broken = [item["label"] for item in items if not is_yaml(cursor, item["insertText"])]
    assert items
    assert broken == []


def is_yaml(cursor: Cursor, insert: str) -> bool:
    """Say whether the text is YAML once something was put in at the cursor, at the indentation of its line."""
    before = cursor.text[: cursor.at]
    indent = re.match(r" *", before.rpartition("\n")[2])
    assert indent
    put = filled(insert).rstrip().replace("\n", "\n" + indent[0])
    try:
        yaml.load(f"{before}{put}\n", yaml.CSafeLoader)
    except yaml.YAMLError:
        return False
    return True


def test_each_choice_says_what_it_means(editor: Editor) -> None:
    cursor = typed(editor, f"redirects:\n  - id: rank\n    on_failure: {HERE}")
    told = {item["label"]: item["documentation"] for item in editor.complete(*cursor.place)}
    assert told == {"continue": "The others go on.", "stop": "The run ends."}


TOLD = {
    f"redi{HERE}rects: []\n": "Follow-up messages, in order. Each waits for the one before",
    f"redirects:\n  - id: rank\n    on_fai{HERE}lure: stop\n": "* `stop`: The run ends.",
    f"engine:\n  lea{HERE}se: 30m\n": "How long a servant's last useful sign proves that it is ready",
    f"engine: {{budget: {{us{HERE}d: 2}}}}\n": "What all calls may cost.",
    f"assignments:\n  - slot: alder\n    for_{HERE}each: inputs.reports\n": "a servant is made for each element",
}


@pytest.mark.parametrize("marked", TOLD)
def test_a_key_under_the_mouse_tells_what_it_means(editor: Editor, marked: str) -> None:
    cursor = typed(editor, marked)
    shown = editor.hover(*cursor.place).replace("\\", "")
    assert TOLD[marked] in shown


WRONG = {
    "playbook": (
        "overlord: 1\nname: council\nroles: {critic: {system: Judge.}}\nassignments: [{slot: alder, roll: critic}]\n",
        ['Missing property "role".', "Property roll is not allowed."],
    ),
    "role": ("overlord: 1\nrole: critic\nmodell: ultra\n", ["Property modell is not allowed."]),
    "rehearsal": (
        "overlord: 1\nanswers: {alder: {startup: Ready.}}\nanswer: {}\n",
        ["Property answer is not allowed."],
    ),
    "examples": ("overlord: 1\nexamples: {one: {contain: x}}\n", ["Property contain is not allowed."]),
}


def test_an_unknown_key_is_underlined(editor: Editor) -> None:
    cursors = {schema: typed(editor, text, schema) for schema, (text, _) in WRONG.items()}
    underlined = {schema: editor.underlined(cursor.uri) for schema, cursor in cursors.items()}
    assert underlined == {schema: problems for schema, (_, problems) in WRONG.items()}


def test_the_settings_that_the_docs_show_do_without_the_line(tmp_path: Path) -> None:
    require_tools()
    [block] = kit.blocks(kit.DOCS / "editor.md", "json")
    shutil.copytree(REPO / "schemas", tmp_path / "schemas")
    playbook, script = ((tmp_path / "playbooks" / name).as_uri() for name in ("council.yml", "council.rehearsal.yml"))
    with Editor.started(tmp_path, schemas=json.loads(block.text)["yaml.schemas"]) as editor:
        editor.open(playbook, WRONG["playbook"][0])
        editor.open(script, WRONG["rehearsal"][0])
        underlined = [editor.underlined(playbook), editor.underlined(script)]
    assert underlined == [WRONG["playbook"][1], WRONG["rehearsal"][1]]


# The snippets themselves, without a server

BEGINNING = {
    "overlord": 1,
    "name": "council",
    "inputs": {"reports": {"type": "array", "default": ["one"]}},
    "roles": {"critic": {"system": "Judge.", "task": "Begin."}},
    "assignments": [{"slot": "alder", "role": "critic"}, {"slot": "oak", "role": "critic"}],
    "redirects": [{"id": "verdict", "to": "oak", "message": "Ship?", "expect": {"schema": {"type": "object"}}}],
}
PUT_IN = {
    None: lambda body: body,
    "model": lambda body: {**BEGINNING, "models": {"ultra": body}},
    "role": lambda body: {**BEGINNING, "roles": {"critic": {"task": "Begin.", **body}}},
    "assignment": lambda body: {**BEGINNING, "assignments": [*BEGINNING["assignments"][1:], body]},
    "redirect": lambda body: {**BEGINNING, "redirects": [*BEGINNING["redirects"], body]},
    "expect": lambda body: {**BEGINNING, "redirects": [{**BEGINNING["redirects"][0], "expect": body}]},
    "output": lambda body: {**BEGINNING, "outputs": {"verdict": body}},
}


def snippets() -> Iterator[Any]:
    schema = load("playbook")
    for name, part in ((None, schema), *schema["definitions"].items()):
        for snippet in part.get("defaultSnippets", ()):
            yield pytest.param(name, snippet["body"], id=snippet["label"])


def tabbed(body: Any) -> Any:
    if isinstance(body, dict):
        return {key: tabbed(value) for key, value in body.items()}
    if isinstance(body, list):
        return [tabbed(item) for item in body]
    return filled(body) if isinstance(body, str) else body


@pytest.mark.parametrize(("name", "body"), list(snippets()))
def test_a_playbook_is_sound_with_a_snippet_as_it_stands(name: str | None, body: Any, tmp_path: Path) -> None:
    (tmp_path / "roles").mkdir()
    (tmp_path / "roles" / "critic.md").write_text("---\noverlord: 1\nrole: critic\n---\nJudge.\n", encoding="utf-8")
    playbook = tmp_path / "council.yml"
    playbook.write_text(yaml.safe_dump(PUT_IN[name](tabbed(body))), encoding="utf-8")
    errors = [problem for problem in validate([str(playbook)]).problems if problem.severity == "error"]
    assert errors == []


EXAMPLE_SNIPPETS = load("examples")["definitions"]["example"]["defaultSnippets"]


@pytest.mark.parametrize("snippet", EXAMPLE_SNIPPETS, ids=lambda snippet: snippet["label"])
def test_an_example_is_sound_with_a_snippet_as_it_stands(snippet: Any, tmp_path: Path) -> None:
    (tmp_path / "critic.md").write_text("---\noverlord: 1\nrole: critic\n---\nJudge.\n", encoding="utf-8")
    (tmp_path / "critic.default.txt").write_text("Judge.\n", encoding="utf-8")
    examples = tmp_path / "critic.examples.yml"
    content = {"overlord": 1, "examples": {"by default": tabbed(snippet["body"])}}
    examples.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert validate([str(examples)]).problems == ()


def test_every_place_that_has_snippets_is_tried() -> None:
    schema = load("playbook")
    having = {name for name, part in schema["definitions"].items() if "defaultSnippets" in part}
    assert having == PUT_IN.keys() - {None}
