import json
from pathlib import Path

from jsonschema import Draft7Validator
from msgspec.structs import replace

from overlord_run.app.rules import RULES
from overlord_run.cli.report.sarif import sarif
from unit.cli.report import validations as kit

SCHEMA = json.loads((Path(__file__).parents[3] / "formats" / "sarif-2.1.0.schema.json").read_text("utf-8"))


def test_the_log_is_sarif() -> None:
    told = json.loads(sarif(kit.FOUND))
    assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(told)] == []
    del told["runs"][0]["tool"]["driver"]["name"]
    told["runs"][0]["results"][0]["level"] = "major"
    assert len(list(Draft7Validator(SCHEMA).iter_errors(told))) == 2


def test_each_result_has_its_place_and_its_rule_among_the_drivers() -> None:
    (run,) = json.loads(sarif(kit.FOUND))["runs"]
    rules, first = run["tool"]["driver"]["rules"], run["results"][0]
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "a/council.yml"},
                "region": {"startLine": 3, "startColumn": 5},
            }
        }
    ]
    assert (first["level"], first["message"]["text"]) == ("error", "unknown key 'rols' (did you mean 'roles'?)")
    assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == [one["ruleId"] for one in run["results"]]
    assert rules[first["ruleIndex"]] == {
        "id": "unknown-key",
        "shortDescription": {"text": RULES["unknown-key"]},
        "help": {
            "text": "A key is known at its place. What breaks it, and how that is mended: docs/rules.md#unknown-key"
        },
    }
    assert [one["location"]["uri"] for one in run["artifacts"]][:2] == ["a/council.yml", "c.yml"]


def test_an_absolute_path_is_a_file_uri() -> None:
    path = Path(__file__).absolute()
    found = replace(kit.FOUND, files=(str(path),), problems=())
    assert json.loads(sarif(found))["runs"][0]["artifacts"] == [{"location": {"uri": path.as_uri()}}]
