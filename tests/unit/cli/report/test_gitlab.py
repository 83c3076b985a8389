import json
from pathlib import Path

from jsonschema import Draft7Validator
from msgspec.structs import replace

from overlord_run.app.validate import Validation
from overlord_run.cli.report.gitlab import fingerprints, gitlab
from unit.cli.report import validations as kit

SCHEMA = json.loads((Path(__file__).parents[3] / "formats" / "gitlab-code-quality.schema.json").read_text("utf-8"))
LINE = "  rols: {}"


def moved(line: int, *, text: str = LINE) -> Validation:
    """Return a validation whose only problem stands on a line of this number and text."""
    problem = replace(kit.UNKNOWN, line=line, message=f"unknown key in item {line}")
    return Validation((problem.file,), (problem,), 0, {(problem.file, line): text})


def test_the_report_fits_what_gitlab_reads() -> None:
    told = json.loads(gitlab(kit.FOUND))
    assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(told)] == []
    assert told[0] == {
        "description": "unknown key 'rols' (did you mean 'roles'?)",
        "check_name": "unknown-key",
        "fingerprint": fingerprints(kit.FOUND)[0],
        "severity": "major",
        "location": {"path": "a/council.yml", "lines": {"begin": 3}},
    }
    assert told[1]["severity"] == "minor"


def test_the_schema_refuses_what_is_not_described() -> None:
    told = [{**json.loads(gitlab(kit.FOUND))[0], "line": 3, "severity": "error"}]
    assert len(list(Draft7Validator(SCHEMA).iter_errors(told))) == 2


def test_a_problem_is_known_again_when_its_line_moves_or_is_indented() -> None:
    assert fingerprints(moved(3)) == fingerprints(moved(40)) == fingerprints(moved(3, text=f"    {LINE}"))


def test_a_problem_is_another_one_on_another_text_in_another_file_or_of_another_rule() -> None:
    (known,) = fingerprints(moved(3))
    (problem,) = moved(3).problems
    others = [
        moved(3, text="rolls: {}"),
        replace(moved(3), problems=(replace(problem, rule="wrong-type"),)),
        replace(moved(3), problems=(replace(problem, file="b.yml"),)),
    ]
    assert known not in {one for other in others for one in fingerprints(other)}


def test_problems_that_are_alike_are_told_apart_by_their_order() -> None:
    first, second = kit.UNKNOWN, replace(kit.UNKNOWN, line=7)
    lines = {(first.file, 3): LINE, (first.file, 7): LINE}
    both = fingerprints(Validation((first.file,), (first, second), 0, lines))
    assert len(set(both)) == 2
    assert both[:1] == fingerprints(Validation((first.file,), (first,), 0, lines))
