"""Tell problems as a SARIF log, which GitHub's code scanning, Azure DevOps and editors read.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

import json
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from overlord_run import __version__
from overlord_run.app.rules import RULES
from overlord_run.app.validate import Validation
from overlord_run.cli.report.gitlab import fingerprints
from overlord_run.cli.report.words import hinted
from overlord_run.problem import Problem

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(found: Validation) -> str:
    """Return the log, with one run; its driver has the rules that the results break."""
    ids = sorted({problem.rule for problem in found.problems})
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "overlord-run", "version": __version__, "rules": [*map(_rule, ids)]}},
                "columnKind": "unicodeCodePoints",
                "invocations": [{"executionSuccessful": True, "exitCode": int(found.exit_code)}],
                "artifacts": [{"location": {"uri": _uri(file)}} for file in found.files],
                "results": [
                    _result(problem, ids.index(problem.rule), fingerprint)
                    for problem, fingerprint in zip(found.problems, fingerprints(found), strict=True)
                ],
            }
        ],
    }
    return json.dumps(log, indent=2) + "\n"


def _rule(rule: str) -> dict[str, Any]:
    place = f"docs/rules.md#{rule}"
    return {
        "id": rule,
        "shortDescription": {"text": RULES[rule]},
        "help": {"text": f"{RULES[rule]} What breaks it, and how that is mended: {place}"},
    }


def _result(problem: Problem, index: int, fingerprint: str) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": _uri(problem.file)},
        "region": {"startLine": problem.line, "startColumn": problem.column},
    }
    return {
        "ruleId": problem.rule,
        "ruleIndex": index,
        "level": problem.severity,
        "message": {"text": hinted(problem)},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"overlordRunProblem/v1": fingerprint},
    }


def _uri(file: str) -> str:
    """Return a file's URI: a relative one is looked for from where the log's reader has the repository."""
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix(), errors="surrogatepass")
