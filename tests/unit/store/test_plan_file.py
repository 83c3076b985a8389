import json

import pytest

from overlord_run.errors import StoreError
from overlord_run.store.plan_file import plan_bytes, plan_difference, read_plan
from store_kit import PLAN

WRITTEN = plan_bytes(PLAN)
DIGEST = PLAN["digest"]


def test_a_plan_stands_on_disk_indented():
    assert plan_bytes({"name": "é", "inputs": {}}) == b'{\n  "name": "\\u00e9",\n  "inputs": {}\n}\n'


def test_the_plan_that_was_written_is_the_one_that_the_run_began_with():
    assert plan_difference(WRITTEN, DIGEST) is None


@pytest.mark.parametrize(
    ("found", "place", "message"),
    [
        (b"", "line 1", "it is no JSON of ours: Expecting value: line 1 column 1 (char 0)"),
        (b"[]\n", "line 1", "it is no plan"),
        (
            b"\xff",
            "line 1",
            "it is no JSON of ours: 'ascii' codec can't decode byte 0xff in position 0: ordinal not in range(128)",
        ),
        (WRITTEN.replace(b'"name": "council"', b'"name": "council'), "line 4", None),
        (plan_bytes(PLAN | {"schemaVersion": 2}), "schemaVersion", "is not 1"),
        (plan_bytes(PLAN | {"digest": "sha256:0"}), "digest", f"is sha256:0; the content has {DIGEST}"),
        (WRITTEN.replace(b'"council"', b'"bouncil"'), "digest", None),
        (WRITTEN.replace(b'": "council"', b'":  "council"'), "line 4", "the same values are written in another way"),
        (WRITTEN + b"\n", "line 13", "the same values are written in another way"),
        (b"[" * 300 + b"]" * 300, "line 1", "it is no JSON of ours: it is nested too deeply"),
    ],
)
def test_a_changed_plan_is_told_with_its_place(found, place, message):
    difference = plan_difference(found, DIGEST)
    assert difference is not None
    assert difference[0] == place
    assert message in {None, difference[1]}


def test_another_plan_is_not_the_one_that_the_run_began_with():
    assert plan_difference(WRITTEN, "sha256:1") == ("digest", f"is {DIGEST}; the run began with sha256:1")


def test_a_plan_is_read_back_as_it_was():
    assert json.loads(WRITTEN) == PLAN


def test_the_plan_of_a_run_is_read_back(tmp_path):
    path = tmp_path / "plan.json"
    path.write_bytes(WRITTEN)
    assert read_plan(path, DIGEST) == PLAN


def test_another_plan_is_not_read_back(tmp_path):
    path = tmp_path / "plan.json"
    path.write_bytes(WRITTEN)
    with pytest.raises(StoreError, match="the run began with sha256:1"):
        read_plan(path, "sha256:1")


def test_a_plan_that_is_gone_is_told(tmp_path):
    with pytest.raises(StoreError, match="cannot read"):
        read_plan(tmp_path / "plan.json", DIGEST)
