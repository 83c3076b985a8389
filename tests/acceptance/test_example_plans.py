"""The plan of each valid example, beside it. `python tests/acceptance/test_example_plans.py` writes them anew."""

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import pack_kit
from overlord_run.plan.build import build
from playbook_kit import parse, resolve

VALID = Path(__file__).parents[1] / "examples" / "valid"
EXAMPLES = sorted(VALID.glob("*.yml"))
REPORTS = [
    {"path": "reports/login.md", "name": "login.md", "text": "Nobody can log in.\n"},
    {"path": "reports/old/slow.md", "name": "slow.md", "text": "It is slow.\n```\n5 s\n```\n"},
]
INPUTS = {
    "inputs": {"plan": "Ship it.\n```sh\nmake release\n```\n", "who": "Ada"},
    "for-each": {"reports": REPORTS},
}
HOST = {"platform": "linux", "shell": "bash", "paths": "posix"}


def planned(path: Path) -> dict[str, Any]:
    playbook = resolve(parse(path.read_bytes(), path.name), path.parent)
    return build(playbook, INPUTS.get(path.stem, {}), model_ids={}, host=HOST).to_json()


def expectation(path: Path) -> Path:
    return path.with_suffix(".plan.json")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_valid_example_has_the_plan_beside_it(path: Path) -> None:
    assert planned(path) == json.loads(expectation(path).read_text("utf-8"))


def test_no_plan_stands_there_alone() -> None:
    assert sorted(VALID.glob("*.plan.json")) == [expectation(path) for path in EXAMPLES]


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        pack_kit.fill(Path(folder))
        os.environ["OVERLORD_CACHE_DIR"] = folder
        for example in EXAMPLES:
            text = json.dumps(planned(example), indent=2, ensure_ascii=False)
            expectation(example).write_text(text + "\n", "utf-8")
