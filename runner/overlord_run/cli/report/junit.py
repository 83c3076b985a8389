"""Tell problems as JUnit XML, which any CI shows among its tests.

It has no schema of its own; the elements are those of the one that Jenkins' xUnit plugin publishes. A warning, for
which JUnit has no word, is the output of a test that passed.
"""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from overlord_run.app.roles.test import Trials, Tried, TriedRole
from overlord_run.app.validate import Validation
from overlord_run.cli.report.visible import visible
from overlord_run.cli.report.words import hinted
from overlord_run.problem import Problem

# Source: W3C, XML 1.0, production 2, Char.
_NO_CHAR = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(found: Validation) -> str:
    """Return a document with a suite for each file and a test for each problem, or one that passed."""
    root = Element("testsuites", _counts(found.problems, files=found.files), name="overlord-run")
    for file in sorted({*found.files, *(problem.file for problem in found.problems)}):
        problems = [problem for problem in found.problems if problem.file == file]
        suite = SubElement(root, "testsuite", _counts(problems, files=[file]), name=_text(file))
        for problem in problems:
            _test(suite, problem)
        if not problems:
            SubElement(suite, "testcase", name="valid", classname=_text(file), time="0")
    return _document(root)


def examples_junit(trials: Trials) -> str:
    """Return a document with a suite for each role, and in it a test for each example and for each problem."""
    root = Element("testsuites", _sums(trials.roles), name="overlord-run roles test")
    for role in trials.roles:
        suite = SubElement(root, "testsuite", _sums([role]), name=_text(role.file))
        for problem in role.problems:
            _test(suite, problem)
        for tried in role.examples:
            _example(suite, role, tried)
    return _document(root)


def _sums(roles: Sequence[TriedRole]) -> dict[str, str]:
    tried = [each for role in roles for each in role.examples]
    problems = [each for role in roles for each in role.problems]
    failures = sum(each.state == "failed" for each in tried) + sum(each.severity == "error" for each in problems)
    return {"tests": str(len(tried) + len(problems)), "failures": str(failures), "errors": "0", "time": "0"}


def _example(suite: Element, role: TriedRole, tried: Tried) -> None:
    test = SubElement(suite, "testcase", name=_text(tried.name), classname=_text(role.file), time="0")
    if tried.failures:
        place = f"{tried.place.file}:{tried.place.line}:{tried.place.column}"
        lines = [line for one in tried.failures for line in (f"{place}: {one.message}", *one.diff)]
        message = "; ".join(one.message for one in tried.failures)
        SubElement(test, "failure", type="example", message=_text(message)).text = _text("\n".join(lines))


def _document(root: Element) -> str:
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _counts(problems: Sequence[Problem], *, files: Sequence[str]) -> dict[str, str]:
    passed = len({*files} - {problem.file for problem in problems})
    failures = sum(problem.severity == "error" for problem in problems)
    return {"tests": str(len(problems) + passed), "failures": str(failures), "errors": "0", "time": "0"}


def _test(suite: Element, problem: Problem) -> None:
    file, name = _text(problem.file), f"{problem.rule} at {problem.line}:{problem.column}"
    test = SubElement(suite, "testcase", name=name, classname=file, time="0")
    if problem.severity == "error":
        failure = SubElement(test, "failure", type=problem.rule, message=_text(hinted(problem)))
        failure.text = _text(str(problem))
    else:
        SubElement(test, "system-out").text = _text(str(problem))


def _text(text: str) -> str:
    return _NO_CHAR.sub("\ufffd", visible(text))
