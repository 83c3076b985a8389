"""The listing is the architecture: small modules, each with its sentence, and no room without a floor."""

import ast
import tomllib
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
PACKAGE = REPO / "runner" / "overlord_run"
MODULES = sorted(PACKAGE.rglob("*.py"))
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base_classes"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_is_small_says_its_job_and_is_named_by_a_noun(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    assert ast.get_docstring(ast.parse(text))
    assert module.stem not in EMPTY_WORDS


def layers() -> list[str]:
    pyproject = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    return next(contract["layers"] for contract in contracts if contract["type"] == "layers")


def test_every_room_stands_on_a_floor() -> None:
    floors = {room.strip() for layer in layers() for room in layer.split("|")}
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"__init__", "__main__"} == floors


def test_contributors_are_told_the_floors_as_they_are() -> None:
    assert f"\n{'  >  '.join(layers())}\n" in (REPO / "CONTRIBUTING.md").read_text(encoding="utf-8")
