"""What is drawn of a plan is Mermaid's language: its own parser reads it, and shows what was meant."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

import docs_kit as kit
from lsp_kit import TOOLS, require_tools
from overlord_run.cli.report.plan.labels import MOST_CHARS as MOST_CHARS_OF_A_LINE
from overlord_run.cli.report.plan.mermaid import MOST_CHARS, MOST_EDGES, mermaid
from overlord_run.cli.report.visible import visible
from overlord_run.plan.build import build
from overlord_run.plan.frozen import plan_from_json
from overlord_run.plan.model import Plan
from overlord_run.playbook.texts import Place, Text
from playbook_kit import parse
from unit.plan.councils import HOST

EXAMPLES = sorted((kit.REPO / "tests" / "examples" / "valid").glob("*.plan.json"))
# Words of the language, and letters that are the head of an arrow where they stand behind a line.
WORDS = ("end", "graph", "flowchart", "subgraph", "style", "class", "click", "linkstyle", "direction", "x", "o", "v")
HOSTILE = (
    'a"]; b["c',
    "<script>alert(1)</script><b>x</b> & &lt; &#60; #lt; #60;",
    "`markdown` **bold** _em_ ~~gone~~ [link](https://example.org) ![x](y)",
    "1. no list",
    "end",
    "%% no comment %%{init: {}}%%",
    "a --> b -.-> c ==> d | e |",
    "{{ x }} {% y %} [[ z ]] (( w )) > v ]",
    "one\n\ntwo\r\n\tthree\u2028four",
    "\u202eright to left\u200b\x1b[31m\x00",
    "$$\\frac{1}{2}$$ \\n \\ ; : fa:fa-car",
    "Привет, 世界 🎉 ünï_cödé",
    "click a call b() href javascript:x",
    "\ufb02°°60¶ß",
    "x" * 1_000_000,
)


def council(redirects: str, servants: int = 2) -> Plan:
    slots = "".join(f"  - {{slot: s{number}, role: critic}}\n" for number in range(servants))
    text = f"overlord: 1\nname: drawn\nroles: {{critic: {{system: S, task: Go.}}}}\nassignments:\n{slots}redirects:\n"
    return build(parse((text + redirects).encode(), "drawn.yml"), {}, model_ids={}, host=HOST)


def hostile(text: str) -> Plan:
    """Return a plan that has a text wherever a person can write what is drawn."""
    plan = plan_from_json(json.loads((EXAMPLES[0].parent / "flow.plan.json").read_text("utf-8")))
    written = Text(text, Place("flow.yml", 1, 1))
    model = replace(plan.models["normal"], id=text)
    first = replace(plan.redirects[0], when=written)
    block = replace(plan.redirects[2], when=written)
    gate = replace(plan.by_id["gate"], check=written)
    redirects = (first, plan.redirects[1], block, plan.redirects[3], gate, *plan.redirects[5:])
    return replace(plan, models={"normal": model}, redirects=redirects)


def plans() -> Mapping[str, Plan]:
    reads_all = "{{ replies | length }}"
    words = "".join(f"  - {{id: {word}, to: s1, message: '{reads_all}'}}\n" for word in WORDS)
    reading = "".join(f"  - {{id: r{number}, to: s1, message: '{reads_all}'}}\n" for number in range(110))
    block = f"  - id: block\n    repeat: {{max: 2}}\n    redirects:\n{reading.replace('  - ', '      - ')}"
    return {
        **{path.stem: plan_from_json(json.loads(path.read_text("utf-8"))) for path in EXAMPLES},
        **{f"hostile {number}": hostile(text) for number, text in enumerate(HOSTILE)},
        "words": council(words),
        "many": council(reading, servants=20),
        "many in a block": council(block),
        "nobody": replace(council(words), redirects=(), outputs=(), last="startup"),
    }


@dataclass(frozen=True)
class Drawn:
    """A picture, and what Mermaid understands of it: `nodes edges boxes`, or an `error`."""

    text: str
    understood: Mapping[str, Any]

    def labels(self) -> Mapping[str, list[str]]:
        """Return the lines of each node's label."""
        return {name: label.split("\n") for name, _, label in self.understood["nodes"]}


@pytest.fixture(scope="module")
def drawn() -> Mapping[str, Drawn]:
    require_tools()
    texts = {name: mermaid(plan) for name, plan in plans().items()}
    texts |= {"broken": "flowchart TD\n  a[", "with HTML": 'flowchart TD\n  a["<b>x</b>"]\n'}
    done = subprocess.run(
        ["node", str(TOOLS / "draws.mjs")],
        input=json.dumps([*texts.values()]),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = zip(texts.items(), json.loads(done.stdout), strict=True)
    return {name: Drawn(text, understood) for (name, text), understood in told}


def test_mermaid_reads_every_plan_and_would_not_read_what_is_no_picture(drawn: Mapping[str, Drawn]) -> None:
    errors = {name: one.understood["error"] for name, one in drawn.items() if "error" in one.understood}
    assert errors.keys() == {"broken", "with HTML"}
    assert errors["broken"].startswith("Parse error on line 3:")
    assert errors["with HTML"] == "HTML in a label: <b>x</b>"


def test_mermaid_understands_what_was_meant(drawn: Mapping[str, Drawn]) -> None:
    flow = drawn["flow.plan"].understood
    assert ["r_gate", "diamond", "gate\ncheck true"] in flow["nodes"]
    assert ["r_sign_off", "hexagon", "sign_off\nwaits for a person"] in flow["nodes"]
    assert ["r_argue", "r_weigh", "dotted", "replies"] in flow["edges"]
    assert ["r_weigh", "r_enough", "dotted", "replies decide"] in flow["edges"]
    assert flow["boxes"][0] == [
        "r_debate",
        "debate: 3 rounds at most, until replies.weigh.oak.json and round > 1",
        ["r_argue", "r_again", "r_weigh", "r_enough"],
    ]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_what_a_person_wrote_is_shown_and_means_nothing(number: int, drawn: Mapping[str, Drawn]) -> None:
    calm, found = drawn["flow.plan"], drawn[f"hostile {number}"]
    assert [node[:2] for node in found.understood["nodes"]] == [node[:2] for node in calm.understood["nodes"]]
    assert found.understood["edges"] == calm.understood["edges"]
    gate, *more = found.labels()["r_gate"]
    assert (gate, len(more)) == ("gate", 1)
    meant = visible(" ".join(f"check {HOSTILE[number]}".split()))
    for unsafe, apart in (("$$", "$ $"), ("\\n", "\\ n"), (":fa-", ": fa-"), ("\ufb02", "fl"), ("¶ß", "¶ ß")):
        meant = meant.replace(unsafe, apart)
    assert more[0] == (meant if len(meant) <= MOST_CHARS_OF_A_LINE else meant[:MOST_CHARS_OF_A_LINE] + "…")


def test_of_a_plan_that_mermaid_would_not_draw_the_first_redirects_are_drawn_and_the_rest_is_counted(
    drawn: Mapping[str, Drawn],
) -> None:
    for name, redirects in (("many", 110), ("many in a block", 111)):
        assert drawn[name].labels()["rest"] == [f"and {redirects - 25} more redirects"]
        assert len(drawn[name].understood["edges"]) <= MOST_EDGES
        assert len(drawn[name].text) <= MOST_CHARS


def test_each_word_of_the_language_can_be_an_id(drawn: Mapping[str, Drawn]) -> None:
    labels = drawn["words"].labels()
    assert [labels[f"r_{word}"][0] for word in WORDS] == list(WORDS)


def test_no_fence_around_a_picture_can_be_ended_by_what_is_in_it(drawn: Mapping[str, Drawn]) -> None:
    assert [name for name, one in drawn.items() if "`" in one.text] == []
