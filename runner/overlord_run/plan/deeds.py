"""Tell where a servant is asked for a deed: it has no shell, no browser and no repository, and answers in text alone.

Only an order counts: a sentence that begins with the deed, and is no question. So nothing is told of "do not run the
tests" and "say which command to run", nor of steps that are listed below a line with a colon, or fenced.
"""

import re
from collections.abc import Iterator

from overlord_run.errors import Problem
from overlord_run.plan.language.templates import prose_of
from overlord_run.plan.sites import templates
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.rules import problem

_THE = r"(?:all the|the|this|these|that|those|a|an|all|every|each|your|our|its|any) "
_JOINING = "about|after|against|and|as|before|by|for|from|how|in|into|of|on|or|over|that|through|to|which|with|without"
_WORDS = rf"(?:(?!(?:{_JOINING})\b)[\w-]+ ){{0,2}}?"
_ONE = rf"(?:{_THE})?{_WORDS}"
_TEXTS = "(?:answer|comment|findings|output|reply|report|results?|summary)"
_PROGRAMS = "bash|cargo|curl|docker|git|gradle|helm|kubectl|make|mvn|npm|npx|pip|pytest|ruff|terraform|tox|yarn"

DEEDS = {
    "run commands": (
        rf"(?:re-?run|run|execute) {_ONE}(?:benchmarks?|build|commands?|linters?|migrations?|scripts?|suite|tests?)\b",
        rf"(?:re-?run|run|execute) (?:`|(?:{_PROGRAMS})\b)",
        r"open (?:a|the|your) (?:shell|terminal)\b",
        rf"(?:re)?start {_THE}{_WORDS}(?:container|server|service)\b",
        rf"install {_ONE}(?:dependency|dependencies|packages?|requirements)\b",
    ),
    "use a browser or the network": (
        r"(?:open|use|start) (?:a|the|your) (?:web )?browser\b",
        r"(?:browse|download|fetch|go to|open|visit) (?:https?://|the (?:url|web ?page|website)\b)",
        r"search (?:the )?(?:internet|web)\b",
        r"look (?:\w+ ){1,4}up (?:online|on the (?:internet|web))\b",
    ),
    "work on pull requests": (
        rf"(?:create|make|merge|open|raise|submit) {_THE}{_WORDS}(?:(?:merge|pull) requests?|prs?)\b",
        rf"open an? {_WORDS}issue\b",
    ),
    "change a repository": (
        rf"commit {_THE}{_WORDS}(?:changes?|code|files?|fix|fixes|patch|work)\b",
        rf"push (?:it\b|{_THE}{_WORDS}(?:branch|changes?|commits?|fix|tags?)\b)",
        r"(?:check ?out|create) (?:a|the) (?:new )?branch\b",
        r"clone (?:our|the|this) (?:repo|repository)\b",
        r"tag (?:a|the) (?:commit|release)\b",
    ),
    "deploy or release": (
        rf"(?:re-?)?deploy (?:it\b|to \w|{_THE}{_WORDS}(?:app|application|build|change|release|service|version)\b)",
        rf"publish {_THE}{_WORDS}(?:image|package|release|version)\b",
    ),
    "write files": (rf"(?:save|store|write) (?:it|(?:the|your) {_TEXTS}) (?:in|into|to) (?:a file|disk|`)",),
    "send messages": (
        r"send (?:an?|the) (?:e-?mail|slack message)\b",
        rf"post (?:it|{_THE}{_WORDS}{_TEXTS}) (?:in|on|to) (?:the (?:merge|pull) request|slack|#)",
    ),
}
"""How the orders begin, by what they ask for, with small letters or large ones."""

_ANY = "|".join(f"(?P<d{place}>{'|'.join(patterns)})" for place, patterns in enumerate(DEEDS.values()))
_ORDER = re.compile(
    r"(?:^[ \t]{0,40}(?P<item>[-*+] |\d{1,3}[.)] )?|[.!?][ \t]{1,2}|(?P<please>\bplease ))"
    r"(?P<order>(?:(?:finally|first|next|now|then),? )?(?:you (?:are to|have to|must|need to|should) )?"
    rf"(?:{_ANY}))",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[ \t]{0,40}(?:[-*+]|\d{1,3}[.)]) ")
_SENTENCE = re.compile(r"[^.!?]{0,300}[.!?]?")
_IN_THOUGHT = re.compile(r"\b(?:in your (?:head|mind)|mentally|by hand|on paper|in thought)\b", re.IGNORECASE)
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
    is_fenced, intro = False, ""
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith(_FENCES):
            is_fenced = not is_fenced
        elif line.strip() and not is_fenced:
            is_of_list = bool(_ITEM.match(line)) or line[0].isspace()
            if not (is_of_list and intro.endswith(":")):
                yield from ((number, deed) for deed in _orders_in(line, is_first=not intro))
            intro = intro if is_of_list else line.rstrip()


def _orders_in(line: str, *, is_first: bool) -> Iterator[str]:
    for match in _ORDER.finditer(line):
        begins = bool(match["item"] or match["please"]) or (is_first and match.start() == 0)
        sentence = _SENTENCE.match(line, match.start("order"))
        is_order = sentence is not None and not (sentence[0].endswith("?") or _IN_THOUGHT.search(sentence[0]))
        if is_order and (begins or match["order"][0].isupper()):
            yield next(deed for place, deed in enumerate(DEEDS) if match[f"d{place}"])
