"""Tell where a servant is asked for a deed: it has no shell, no browser and no repository, and answers in text alone.

Only an order counts: a sentence that begins with the deed, or with other work that leads to it, and is no question. So
nothing is told of "do not run the tests" and "say which command to run", nor of what is listed below a line with a
colon, or fenced. What the deed is done to must stand by itself: a "pull request description" is a text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby

from overlord_run.plan.language.templates import prose_of
from overlord_run.plan.sites import templates
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.rules import problem
from overlord_run.problem import Problem

_THE = "(?:(?:all|each|some) of (?:the|your)|all the|the|this|these|that|those|an?|all|every|each|your|our|its|any) "
_JOINING = "about|after|against|and|as|before|by|for|from|how|in|into|of|on|or|over|that|through|to|which|with|without"
_WORDS = rf"(?:(?!(?:{_JOINING})\b)[\w-]+ ){{0,2}}?"
_ONE = rf"(?:{_THE})?{_WORDS}"
_LATER = r"again|because|first|here|if|it|locally|now|once|so|then|there|twice|unless|until|when|where|while|yourself"
_END = rf"(?=\s*$|[.,;!?)\"']|\s[-\u2013\u2014(]|\s(?:{_JOINING}|{_LATER})\b)"
_TEXTS = "(?:answer|comment|findings|output|reply|report|results?|summary)"
_IT = f"(?:it|(?:the|your) {_TEXTS})"
_RUNS = "app(?:lication)?|benchmarks?|build|code|commands?|linters?|migrations?|pipeline|program|scripts?|suite|tests?"
_PROGRAMS = "bash|cargo|curl|docker|git|gradle|helm|kubectl|make|mvn|npm|npx|pip|pytest|ruff|terraform|tox|yarn"
_ADDRESSES = ("https?://", rf"the {_WORDS}(?:endpoint|url|web ?page|website){_END}")
_BRANCH = rf"(?:a|the) (?:new )?branch{_END}"

DEEDS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "run commands": {
        "rerun|re-run|run|execute": (
            rf"{_ONE}(?:{_RUNS}){_END}",
            "(?:these|this|the following)(?: commands?| scripts?)?:",
            rf"(?:`|(?:{_PROGRAMS})\b)",
        ),
        "open|use": (rf"(?:a|the|your) (?:shell|terminal){_END}",),
        "start|restart": (rf"{_THE}{_WORDS}(?:container|server|service){_END}",),
        "install": (rf"{_ONE}(?:dependency|dependencies|packages?|requirements){_END}",),
    },
    "use a browser or the network": {
        "open|use|start": (rf"(?:a|the|your) (?:web )?browser{_END}",),
        "browse|curl|download|fetch|open|ping|visit": _ADDRESSES,
        "go": tuple(f"to {address}" for address in _ADDRESSES),
        "search": (rf"(?:online|(?:the )?(?:internet|web)){_END}(?! of )",),
        "look": (r"(?:\w+ ){1,6}(?:online|on the (?:internet|web))\b",),
        "google": (rf"(?:it{_END}|for |{_THE})",),
        "take": (rf"(?:a screenshot|screenshots){_END}",),
    },
    "work on pull requests": {
        "create|make|merge|open|raise|submit": (rf"{_THE}{_WORDS}(?:(?:merge|pull) requests?|prs?){_END}",),
        "open|file": (rf"an? {_WORDS}issue{_END}(?! of )",),
    },
    "change a repository": {
        "commit": (rf"{_THE}{_WORDS}(?:changes?|code|files?|fix|fixes|patch|work){_END}",),
        "push": (rf"(?:it|{_THE}{_WORDS}(?:branch|changes?|commits?|fix|tags?)){_END}",),
        "checkout|create": (_BRANCH,),
        "check": (f"out {_BRANCH}",),
        "clone": (rf"(?:our|the|this) (?:repo|repository){_END}",),
        "tag": (rf"(?:a|the) (?:commit|release){_END}",),
    },
    "deploy or release": {
        "redeploy|re-deploy|deploy": (
            r"to \w",
            rf"(?:it|{_THE}{_WORDS}(?:app|application|build|change|release|service|version)){_END}",
        ),
        "publish": (rf"{_THE}{_WORDS}(?:image|package|release|version){_END}",),
    },
    "write files": {
        "save|store|write": (
            rf"{_IT} (?:as|in|into|to) (?:a (?:new )?file|disk){_END}",
            rf"{_IT} (?:as|in|into|to) (?:`|[\w/-]+\.[a-z]{{1,5}}\b)",
        ),
    },
    "send messages": {
        "send": (rf"(?:an?|the) (?:e-?mail|slack message){_END}",),
        "post": (
            rf"(?:it|{_THE}{_WORDS}{_TEXTS}) (?:in|on|to) (?:the (?:merge|pull) request{_END}|(?:the )?(?:slack|#))",
        ),
    },
}
"""What is asked for → the verbs → what may stand behind one of them. All letters are small, and may be large.

Patterns are compiled where one of their verbs begins an order: making all of them would take longer than all else that
is looked at in a playbook.
"""
_BY_VERB = {
    verb: [
        (deed, what)
        for deed, begins in DEEDS.items()
        for verbs, whats in begins.items()
        if verb in verbs.split("|")
        for what in whats
    ]
    for begins in DEEDS.values()
    for verbs in begins
    for verb in verbs.split("|")
}
"""Verb → each deed that it can begin, with what may stand behind it."""

_WORK = (
    "add|apply|change|check|clone|create|edit|fix|implement|install|mend|open|patch|read|refactor|remove|rename|review|"
    "rewrite|update|write"
)
# Behind these a deed is only spoken of; the first "and" or "then" is where it has to begin.
_SPOKEN_OF = (
    "and|can|could|how|if|may|might|must|never|not|should|so|that|then|they|to|we|what|when|where|whether|which|who|"
    "why|will|would|you"
)
_BEFORE = (
    "(?:finally|first|next|now|then),? ",
    "you (?:are to|have to|must|need to|should) ",
    r"(?:be sure to|do(?: not|n't) forget to|go ahead and|make sure (?:to|(?:that )?you)|remember to) ",
)
"""What may stand before a deed in an order, in this sequence; behind it other work that leads to the deed."""
_LEADING = rf"(?:{_WORK})(?: (?!(?:{_SPOKEN_OF})\b)[^\s.!?:;`\"]+){{1,12}}+ (?:and(?: then)?|then) "


def _compiled(begin: str, pattern: str) -> re.Pattern[str]:
    """Return a pattern; a blank behind its beginning is also a line's end, behind which the sentence goes on."""
    spaced = pattern.replace(" ", r"(?:[ \t]{1,3}|\n(?-i:(?![A-Z])))")
    return re.compile(begin + spaced, re.IGNORECASE | re.MULTILINE)


@cache
def _order() -> re.Pattern[str]:
    """Return what finds where an order may begin, and the words that may be its verb: at once, or behind other work."""
    begin = r"(?:^(?P<item>[-*+][ ]|\d{1,3}[.)][ ])?|[.!?][ \t]{1,2}|(?P<please>\bplease\s))(?P<order>)"
    words = "".join(f"(?:{words})?" for words in _BEFORE)
    return _compiled(begin, rf"{words}(?=(?P<at_once>[\w-]+) )(?=(?:{_LEADING}(?P<behind>[\w-]+) )?)")


@cache
def _object(pattern: str) -> re.Pattern[str]:
    return _compiled("", f" {pattern}")


_ITEM = re.compile(r"[ \t]{0,40}(?:[-*+]|\d{1,3}[.)]) ")
_SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?!\s|$)|\n(?![A-Z])){0,300}[.!?]?")
_IN_THOUGHT = re.compile(
    r"\b(?:in your (?:head|mind)|mentally|by hand|on paper|in thought|thought experiment)\b", re.IGNORECASE
)
_FENCES = ("```", "~~~")


def check_deeds(playbook: Playbook) -> Iterator[Problem]:
    """Yield a warning for each line of a task or a message that orders what a servant cannot do."""
    for template in templates(playbook):
        if template.site in ("task", "message") and not template.bare:
            for line, deed in orders(prose_of(template.text)):
                message = f"a servant cannot {deed}: it only answers in text"
                hint = "ask what should be done, and do it yourself"
                yield problem(template.text.at(line), "beyond-advice", message, hint, "warning")


def orders(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text, from 1, that order a deed, and which kind of `DEEDS` that is."""
    if _BY_VERB.keys().isdisjoint(text.lower().split()):
        return
    is_first = True
    for begin, lines in groupby(_counting(text), key=lambda each: each[0]):
        passage = "\n".join(line for _, line in lines)
        for at, deed in _orders_in(passage, is_first=is_first):
            yield begin + passage.count("\n", 0, at), deed
        is_first = False


def _counting(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that may order something, each with where its paragraph or item begins."""
    is_fenced, intro, begin, was_of_list = False, "", 0, False
    for number, line in enumerate(text.split("\n"), 1):
        is_fence = line.lstrip().startswith(_FENCES)
        is_fenced ^= is_fence
        if is_fence or is_fenced or not line.strip():
            begin = 0
            continue
        is_item = bool(_ITEM.match(line))
        is_of_list = is_item or line[0].isspace()
        begin = begin if begin and not is_item and is_of_list == was_of_list else number
        was_of_list = is_of_list
        if intro.endswith(":") and (is_of_list or begin != number):
            continue
        yield begin, line.strip()
        intro = intro if is_of_list else line.rstrip()


def _orders_in(passage: str, *, is_first: bool) -> Iterator[tuple[int, str]]:
    for match in _order().finditer(passage):
        begins = bool(match["item"] or match["please"]) or (is_first and match.start() == 0)
        order = match.start("order")
        if (begins or passage[order].isupper()) and (deed := _deed_in(passage, match)) and _is_order(passage, order):
            yield deed


def _deed_in(passage: str, match: re.Match[str]) -> tuple[int, str] | None:
    """Return where the deed of an order stands, and which it is; None where a servant can do what is ordered."""
    for place in ("behind", "at_once"):
        for deed, what in _BY_VERB.get((match[place] or "").lower(), ()):
            if _object(what).match(passage, match.end(place)):
                return match.start(place), deed
    return None


def _is_order(passage: str, begin: int) -> bool:
    """Say whether the sentence that begins there is no question, and nothing to be done in thought."""
    sentence = _SENTENCE.match(passage, begin)
    return sentence is not None and not (sentence[0].endswith("?") or _IN_THOUGHT.search(sentence[0]))
