"""Tell problems as a Code Quality report, which GitLab shows in a merge request.

Source: GitLab, "Code Quality report format".
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath

from overlord_run.app.validate import Validation
from overlord_run.cli.report.words import hinted
from overlord_run.problem import Problem, Severity

_SEVERITIES: Mapping[Severity, str] = {"error": "major", "warning": "minor"}


def gitlab(found: Validation) -> str:
    """Return the report: a JSON list."""
    told = [
        {
            "description": hinted(problem),
            "check_name": problem.rule,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[problem.severity],
            "location": {"path": PurePath(problem.file).as_posix(), "lines": {"begin": problem.line}},
        }
        for problem, fingerprint in zip(found.problems, fingerprints(found), strict=True)
    ]
    return json.dumps(told, indent=2) + "\n"


def fingerprints(found: Validation) -> list[str]:
    """Return what each problem is known by, in hex: the same after lines above it came or went.

    It is made of the file, the rule and the text of the line; of several that are alike, of their order too.
    """
    seen: Counter[str] = Counter()
    made = []
    for problem in found.problems:
        known_by = _known_by(problem, found.lines.get((problem.file, problem.line), ""))
        made.append(hashlib.sha256(f"{known_by}\n{seen[known_by]}".encode("utf-8", "surrogatepass")).hexdigest())
        seen[known_by] += 1
    return made


def _known_by(problem: Problem, line: str) -> str:
    return json.dumps([PurePath(problem.file).as_posix(), problem.rule, line.strip() or problem.message])
