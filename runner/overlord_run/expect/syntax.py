"""Say why a text is no JSON, in words that a model can act on; the same words on every version of Python."""

import re

NEAR = 16
_LOOKED_AT = 80

# What stands before the place where the parser gave up (blanks as one), what stands there, and what that means.
_FAULTS: tuple[tuple[str, str, str], ...] = (
    (r"", r"\Z", "it ends in the middle"),
    (r"", r",(?P<it>[\]}])", "a comma stands before the closing {it}"),
    (r", ?\Z", r"(?P<it>[\]}])", "a comma stands before the closing {it}"),
    (r"", r"//|/\*|#", "JSON has no comments"),
    (r"", r"\.\.\.|…", "an ellipsis stands where values must be written out"),
    (r"", r"(?P<it>(?:NaN|nan|-?Infinity|-?inf|undefined|None|True|False)\b)", "{it} is not JSON"),
    (r"[{,] ?\Z", r"(?P<it>[A-Za-z_$][\w$-]{0,40})\s*:", "the key {it} must stand in double quotes"),
    (r"[{\[,:] ?\Z", r"['`\u2018-\u201e\u00ab\u00bb]", "strings and keys must stand in plain double quotes"),
    (r"", r"[\n\r]", r"a line break stands inside a string, where \n must be written"),
    (r"", r"[\x00-\x1f]", r"a control character stands inside a string, where an escape such as \t must be written"),
    (r"\\\Z", r"u", r"an escape \u lacks its four digits"),
    (r"", r"\\", r"a backslash stands inside a string, where \\ must be written"),
    (r"(?:^|[^\w.])-?0\Z", r"\d", "a number begins with a 0 too many"),
    (r"\d\Z", r"\.", "a number ends with its point"),
    (r"[\[,:] ?\Z", r"[.+]", "a number must begin with a digit or with -"),
    (r"\"\Z", r"\w", r"a quote stands inside a string, where \" must be written"),
    (r"[\"}\]\w] ?\Z", r"[\"{\[\w-]", "a comma or a colon is missing"),
    (r"", r"(?P<it>[\]})])", "{it} stands where a value must be"),
)
_RULES = tuple((re.compile(before), re.compile(there), words) for before, there, words in _FAULTS)
_OTHERWISE = "something stands here that is not JSON"


def explain(text: str, at: int) -> str:
    """Return what is wrong with a text that should be JSON, with its line and a few characters around the place.

    Args:
        text: The text.
        at: Where in it a parser gave up; at most its length.
    """
    earlier = text[:at].rstrip()
    before = earlier[-_LOOKED_AT:] + (" " if len(earlier) < at else "")
    there = text[at : at + 1] + text[at + 1 :].lstrip()[:_LOOKED_AT]
    near = " ".join((earlier[-NEAR:] + text[len(earlier) : at + NEAR]).split())
    return f"line {text.count(chr(10), 0, at) + 1}: {_words(before, there)}, near {near}"


def _words(before: str, there: str) -> str:
    for rule_before, rule_there, words in _RULES:
        found = rule_there.match(there)
        if found and rule_before.search(before):
            return words.format(**found.groupdict())
    return _OTHERWISE
