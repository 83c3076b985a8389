"""Tell where a servant is asked for a deed: it has no shell, no browser and no repository, and answers in text alone.

Only an order counts: a sentence that begins with the deed, or with other work that leads to it, and is no question. So
nothing is told of "do not run the tests" and "say which command to run", nor of what is listed below a line with a
colon, or fenced. What the deed is done to must stand by itself: a "pull request description" is a text.
"""

import re
from collections.abc import Iterator
from itertools import groupby

from overlord_run.errors import Problem
from overlord_run.plan.language.templates import prose_of
from overlord_run.plan.sites import templates
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.rules import problem

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

DEEDS = {
    "run commands": (
        rf"(?:re-?run|run|execute) {_ONE}(?:{_RUNS}){_END}",
        r"(?:re-?run|run|execute) (?:these|this|the following)(?: commands?| scripts?)?:",
        rf"(?:re-?run|run|execute) (?:`|(?:{_PROGRAMS})\b)",
        rf"(?:open|use) (?:a|the|your) (?:shell|terminal){_END}",
        rf"(?:re)?start {_THE}{_WORDS}(?:container|server|service){_END}",
        rf"install {_ONE}(?:dependency|dependencies|packages?|requirements){_END}",
    ),
    "use a browser or the network": (
        rf"(?:open|use|start) (?:a|the|your) (?:web )?browser{_END}",
        r"(?:browse|curl|download|fetch|go to|open|ping|visit) https?://",
        rf"(?:browse|curl|download|fetch|go to|open|ping|visit) the {_WORDS}(?:endpoint|url|web ?page|website){_END}",
        rf"search (?:online|(?:the )?(?:internet|web)){_END}(?! of )",
        r"look (?:\w+ ){1,6}(?:online|on the (?:internet|web))\b",
        rf"google (?:it{_END}|for |{_THE})",
        rf"take (?:a screenshot|screenshots){_END}",
    ),
    "work on pull requests": (
        rf"(?:create|make|merge|open|raise|submit) {_THE}{_WORDS}(?:(?:merge|pull) requests?|prs?){_END}",
        rf"(?:open|file) an? {_WORDS}issue{_END}(?! of )",
    ),
    "change a repository": (
        rf"commit {_THE}{_WORDS}(?:changes?|code|files?|fix|fixes|patch|work){_END}",
        rf"push (?:it|{_THE}{_WORDS}(?:branch|changes?|commits?|fix|tags?)){_END}",
        rf"(?:check ?out|create) (?:a|the) (?:new )?branch{_END}",
        rf"clone (?:our|the|this) (?:repo|repository){_END}",
        rf"tag (?:a|the) (?:commit|release){_END}",
    ),
    "deploy or release": (
        r"(?:re-?)?deploy to \w",
        rf"(?:re-?)?deploy (?:it|{_THE}{_WORDS}(?:app|application|build|change|release|service|version)){_END}",
        rf"publish {_THE}{_WORDS}(?:image|package|release|version){_END}",
    ),
    "write files": (
        rf"(?:save|store|write) {_IT} (?:as|in|into|to) (?:a (?:new )?file|disk){_END}",
        rf"(?:save|store|write) {_IT} (?:as|in|into|to) (?:`|[\w/-]+\.[a-z]{{1,5}}\b)",
    ),
    "send messages": (
        rf"send (?:an?|the) (?:e-?mail|slack message){_END}",
        rf"post (?:it|{_THE}{_WORDS}{_TEXTS}) (?:in|on|to) (?:the (?:merge|pull) request{_END}|(?:the )?(?:slack|#))",
    ),
}
"""How the orders begin, by what they ask for, with small letters or large ones; a blank is a line's end, too."""

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
    # Other work that leads to the deed.
    rf"(?:{_WORK})(?: (?!(?:{_SPOKEN_OF})\b)[^\s.!?:;`\"]+){{1,12}}+ (?:and(?: then)?|then) ",
)
"""What may stand before a deed in an order, in this sequence."""


def _spaced(pattern: str) -> str:
    """Return a pattern whose blanks are also a line's end, behind which the sentence goes on."""
    return pattern.replace(" ", r"(?:[ \t]{1,3}|\n(?-i:(?![A-Z])))")


_ANY = "|".join(f"(?P<d{place}>{'|'.join(patterns)})" for place, patterns in enumerate(DEEDS.values()))
_ORDER = re.compile(
    r"(?:^(?P<item>[-*+][ ]|\d{1,3}[.)][ ])?|[.!?][ \t]{1,2}|(?P<please>\bplease\s))"
    + _spaced(f"(?P<order>{''.join(f'(?:{words})?' for words in _BEFORE)}(?:{_ANY}))"),
    re.IGNORECASE | re.MULTILINE,
)
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
    for match in _ORDER.finditer(passage):
        begins = bool(match["item"] or match["please"]) or (is_first and match.start() == 0)
        sentence = _SENTENCE.match(passage, match.start("order"))
        is_order = sentence is not None and not (sentence[0].endswith("?") or _IN_THOUGHT.search(sentence[0]))
        if is_order and (begins or match["order"][0].isupper()):
            place, deed = next(each for each in enumerate(DEEDS) if match[f"d{each[0]}"])
            yield match.start(f"d{place}"), deed
