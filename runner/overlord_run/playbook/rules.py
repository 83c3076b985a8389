"""Name every rule that a playbook or role file can break; the ids are stable."""

from collections.abc import Sequence

from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem, Severity

MAX_BYTES = 4 * 1024 * 1024
"""Of one file."""

MAX_PROBLEMS = 200
"""Of one file; what more is wrong with it is told when these are mended."""

RULES = {
    # the file as bytes and as YAML
    "alias": "An alias names a value that stands above it, and is not inside of it.",
    "control-character": "A file holds no control characters.",
    "duplicate-key": "A key stands once in a mapping.",
    "empty-file": "A file holds something.",
    "encoding": "A file is UTF-8.",
    "key-type": "A key is text.",
    "merge-key": "The merge key '<<' of YAML 1.1 is not read.",
    "number": "A number is finite and fits in 64 bits.",
    "second-document": "A file holds one YAML document.",
    "too-deep": "Values are nested 50 deep at most.",
    "too-many-problems": "Of one file 200 problems are told at most.",
    "too-large": "A file, and what its aliases expand to, is within bounds.",
    "yaml-syntax": "A file is YAML.",
    "yaml-tag": "Tags such as !!str are not read.",
    "yaml-version": "A %YAML line says 1.2.",
    # the schema
    "bad-name": "A name has the form that its place asks for.",
    "bad-value": "A text has the form that its place asks for.",
    "goes-with": "A key stands only beside the key that it goes with.",
    "missing-key": "A key that is required is there.",
    "not-allowed": "A value is one of those allowed.",
    "one-of": "Of keys that exclude each other one is given.",
    "out-of-range": "A number or duration is within its bounds.",
    "repeated": "A list holds a value once.",
    "reserved-param": "Request parameters that the runner sets are not set in a playbook.",
    "too-long": "A text or list is not too long.",
    "too-short": "A text or list is not too short.",
    "unknown-key": "A key is known at its place.",
    "version": "The format version is one that is understood.",
    "wrong-type": "A value has the type that its place asks for.",
    # what the schema cannot say
    "bad-default": "An input's default fits its own declaration.",
    "base-url": "A base URL is http or https with a host, and nothing secret in it.",
    "cycle": "Redirects do not wait for each other in a circle.",
    "duplicate-id": "A redirect's id is given once.",
    "duplicate-slot": "A slot is given once.",
    "expect-without-task": "An assignment that expects an answer has a task that asks for it.",
    "full-trust": "Full-trust repair is never delegated.",
    "input-declaration": "What an input declares makes sense for its type.",
    "inputs-with-from": "A role file declares its inputs itself.",
    "moving-rev": "A pack is named by a tag or a commit, not by a branch.",
    "needs-for-each": "A slot, or a name, is a template only where 'for_each' is given.",
    "nested-block": "A block stands in no other block.",
    "never-asked": "Each servant has a task, or a redirect that goes to it.",
    "no-target": "A redirect goes to somebody.",
    "output-file": "An output's file is a safe path of its own.",
    "pack-path": "The folder of a pack is a safe path inside its repository.",
    "pack-rev": "The revision of a pack is what a tag, a branch or a commit can be called.",
    "pack-url": "The URL of a pack is https, ssh or file, and nothing secret is in it.",
    "require-too-many": "A redirect, or the startup, requires no more answers than it can have.",
    "reserved-name": "An id is not reserved.",
    "too-many-calls": "A run makes 100,000 calls at most, as far as they are planned.",
    "unknown-model": "A model that is named is declared.",
    "unknown-pack": "A pack that is named is declared.",
    "unknown-redirect": "A redirect that is named is declared.",
    "unknown-role": "A role that is named is declared.",
    "unknown-slot": "A slot that is named is assigned.",
    "unused-ignore": "A comment that silences a rule's problems silences one.",
    "unused-model": "A model that is declared is used.",
    "unused-pack": "A pack that is declared is used.",
    "unused-role": "A role that is declared is used.",
    # values that YAML reads otherwise than they look
    "cut-text": "A text is not cut by a '#' behind a blank.",
    "rewritten-number": "A number is printed as it is written.",
    "yes-or-no": "A text 'yes', 'no', 'on' or 'off' is written in quotes.",
    # files that a playbook names, and values for roles
    "bad-input-value": "A value for a role's input fits its declaration.",
    "empty-role": "A role file holds a system prompt.",
    "file-missing": "A file that is named exists.",
    "file-outside": "A file stands beside the playbook.",
    "file-path": "A file's path is relative, and safe on every platform.",
    "file-unreadable": "A file is a regular file of text that can be read.",
    "front-matter": "A role file begins with front matter between two '---' lines.",
    "missing-input": "A role's input without a default gets a value from 'with'.",
    "pack-damaged": "A text of a pack is what was fetched.",
    "pack-entry": "A file in a pack has a name that is safe on every platform.",
    "pack-file": "A file of a pack that is named is in it.",
    "pack-left-out": "A file of a pack that is named is a regular file of text.",
    "pack-not-fetched": "A pack that is used was fetched to this machine.",
    "pack-size": "A pack has 10,000 files at most, and 16 MiB of texts.",
    "unknown-builtin": "A builtin role that is named ships with the runner.",
    "unknown-input": "A key of 'with' is an input that the role declares.",
}


_HARMLESS = frozenset(
    {
        "bad-default",
        "bad-value",
        "base-url",
        "expect-without-task",
        "full-trust",
        "never-asked",
        "out-of-range",
        "output-file",
        "require-too-many",
        "reserved-param",
    }
)


def is_harmless(found: Problem) -> bool:
    """Return whether a problem leaves every name and reference of a playbook as it is.

    Then its templates can be looked at too, and what is told of them does not merely follow from it. An unknown key
    is harmless unless it may be a known one, misspelt.
    """
    return found.rule in _HARMLESS or (found.rule == "unknown-key" and not found.hint.startswith("did you mean"))


def problem(place: Place, rule: str, message: str, hint: str, severity: Severity = "error") -> Problem:
    """Return a problem at a place.

    Args:
        place: Where to point.
        rule: A key of a table of rules.
        message: What is wrong, one sentence without a full stop.
        hint: What to do about it.
        severity: Only an `error` stops anything.
    """
    return Problem(place.file, place.line, place.column, rule, message, hint, severity)


def bounded(problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems of one file in the order of their places; of very many the first, and that there are more."""
    ordered = sorted(problems)
    if len(ordered) <= MAX_PROBLEMS:
        return ordered
    last = ordered[MAX_PROBLEMS - 1]
    message = f"more than {MAX_PROBLEMS} problems were found; these are the first"
    severity: Severity = "error" if any(each.severity == "error" for each in ordered) else "warning"
    place = Place(last.file, last.line, last.column)
    more = problem(place, "too-many-problems", message, "mend them, and look again", severity)
    return [*ordered[:MAX_PROBLEMS], more]
