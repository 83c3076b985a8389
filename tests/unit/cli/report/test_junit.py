from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
import xmlschema

from overlord_run.app.validate import Validation
from overlord_run.cli.report.junit import junit
from unit.cli.report import validations as kit

SCHEMA = Path(__file__).parents[3] / "formats" / "junit.xsd"


@pytest.fixture(scope="module")
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(SCHEMA)


@pytest.mark.parametrize("found", [kit.FOUND, kit.NOTHING], ids=["problems", "nothing"])
def test_the_report_fits_what_cis_read(found: Validation, schema: xmlschema.XMLSchema) -> None:
    schema.validate(junit(found))


def test_the_schema_refuses_what_is_not_described(schema: xmlschema.XMLSchema) -> None:
    assert not schema.is_valid(junit(kit.FOUND).replace("<failure ", "<warning ").replace("</failure>", "</warning>"))
    assert not schema.is_valid(junit(kit.FOUND).replace("classname=", "class="))


def test_a_file_is_a_suite_and_a_problem_a_test_that_fails_unless_it_only_warns() -> None:
    root = fromstring(junit(kit.FOUND))
    council, valid = (suite for suite in root if suite.get("name") in ("./a/council.yml", "c.yml"))
    assert (root.get("tests"), root.get("failures")) == ("4", "2")
    assert [test.get("name") for test in council] == ["unknown-key at 3:5", "unused-input at 9:1"]
    failure, output = (test[0] for test in council)
    assert (failure.tag, failure.get("type"), failure.text) == ("failure", "unknown-key", str(kit.UNKNOWN))
    assert (output.tag, output.text) == ("system-out", str(kit.UNUSED))
    assert [(test.get("name"), len(test)) for test in valid] == [("valid", 0)]
