"""Check that templates read only what is known where they stand, and that what is declared is read.

Nothing is rendered, and no input needs a value: this is the check that `validate` makes. Names are checked as far as
they are written out. What a template works out (`replies[name]`) is met when it is rendered.
"""

from collections.abc import Iterable, Iterator, Mapping

from overlord_run.plan.ids import STARTUP
from overlord_run.plan.language.templates import MAPPING_METHODS, Reference, impossible, kinds, read
from overlord_run.plan.scope import KnownSlots, Site, in_role
from overlord_run.plan.sites import Template, resolved, templates
from overlord_run.plan.unused import unused_in_playbook, unused_in_role
from overlord_run.playbook.model import Playbook, RoleFile
from overlord_run.playbook.names import did_you_mean, listed, shown
from overlord_run.playbook.rules import MAX_PROBLEMS, problem
from overlord_run.playbook.texts import Place, Source
from overlord_run.playbook.written import how_to_write
from overlord_run.problem import Problem

_ROUNDS = dict.fromkeys(("round", "previous"), "it is there in a block only, whose rounds it tells")
_NOBODY = {"servant": "this belongs to no servant; read servants.SLOT"}
_LATE = ("replies", "servants", "approvals", *_ROUNDS)
_EARLY = dict.fromkeys(_LATE, "nobody has been asked yet; messages and outputs see it")
_OWN = "a role sees only its own inputs and servant: declare an input, and fill it by 'with'"
_ELSEWHERE: Mapping[Site, Mapping[str, str]] = {
    "role": dict.fromkeys(("vars", "host", "playbook", *_LATE), _OWN),
    "for_each": dict.fromkeys(
        (*_LATE, "servant"), "the list is made before there are servants; it sees inputs and vars"
    ),
    "slot": dict.fromkeys((*_LATE, "servant"), "the servant is only being made; read item"),
    "with": _EARLY,
    "task": _EARLY,
    "message": _ROUNDS,
    "condition": _NOBODY | _ROUNDS,
    "output": {"servant": "an output belongs to no servant; read servants.SLOT"} | _ROUNDS,
}

_OF_AN_ELEMENT = frozenset({"item", "index"})
_WITHOUT_ELEMENT: Mapping[Site, str] = {
    "for_each": "it is the list that gives them",
    "with": "give an assignment a 'for_each', and write it there, beside it",
    "task": "give an assignment a 'for_each', and write it there, beside it",
    "message": "give it to the servant by 'with', beside 'for_each', and read servant.with.NAME",
    "condition": "give it to the servant by 'with', beside 'for_each', and read servants.SLOT.with.NAME",
    "output": "give it to the servant by 'with', beside 'for_each', and read servants.SLOT.with.NAME",
}

# What keeps a template from being read to its end: then nobody knows what it would have used.
_UNREADABLE = frozenset({"expression-braces", "template-syntax", "template-limit"})

_TO_SLOT = len(("replies", "ID", "SLOT"))
_WORDS: Mapping[tuple[str, int], tuple[str, str]] = {
    ("approvals", 2): ("unknown-reply", "no pause is named {name}"),
    ("previous", 2): ("unknown-reply", "no message of this block is named {name}"),
    ("inputs", 2): ("undeclared-input", "no input is named {name}"),
    ("replies", 2): ("unknown-reply", "no message is named {name}"),
    ("servants", 2): ("unknown-slot", "no servant is in a slot {name}"),
    ("vars", 2): ("undeclared-var", "no constant is named {name}"),
}


def check(playbook: Playbook) -> list[Problem]:
    """Return what is wrong with the templates of a playbook whose texts have all been read from their files."""
    return _told(_problems(playbook))


def check_role_file(role: RoleFile) -> list[Problem]:
    """Return what is wrong with the template of a role file, by itself."""
    return _told(_problems_in_role(role))


def _told(problems: Iterable[Problem]) -> list[Problem]:
    """Return each problem once, and no more of them than of a file that is no playbook at all."""
    told: dict[Problem, None] = {}
    for one in problems:
        told[one] = None
        if len(told) == MAX_PROBLEMS:
            break
    return list(told)


def _problems(playbook: Playbook) -> Iterator[Problem]:
    paths: list[tuple[str, ...]] = []
    # Many servants have the same texts: one that may work where it reads the same is not followed again. What it reads
    # is kept, for its identity is the key.
    sound: dict[tuple[str, str, int], Mapping[str, kinds.Known]] = {}
    readable = True
    for template in templates(playbook):
        found, wrong = read(template.text, bare=template.bare)
        yield from wrong
        yield from _unknown(template, found)
        key = (template.text.source, template.wanted, id(template.known))
        if key not in sound:
            never = impossible(template.text, template.known, template.wanted)
            yield from never
            if not never:
                sound[key] = template.known
        readable &= not any(one.rule in _UNREADABLE for one in wrong)
        if template.site != "role":
            paths += [reference.path for reference in found]
    if readable:
        yield from unused_in_playbook(playbook, paths)
        for role in playbook.roles.values():
            yield from unused_in_role(role.inputs, _paths(role.system), paths)


def _problems_in_role(role: RoleFile) -> Iterator[Problem]:
    found, wrong = read(role.system)
    yield from wrong
    template = Template(role.system, "role", in_role(role.inputs))
    yield from _unknown(template, found)
    yield from impossible(template.text, template.known, template.wanted)
    if not wrong:
        yield from unused_in_role(role.inputs, _paths(role.system))


def _paths(source: Source | None) -> list[tuple[str, ...]]:
    return [reference.path for reference in read(resolved(source))[0]]


def _unknown(template: Template, found: Iterable[Reference]) -> Iterator[Problem]:
    for reference in found:
        place = template.text.at(reference.line)
        missing = _missing(template.known, reference.path)
        if missing is not None:
            yield _tell_missing(template, place, reference.path[:missing])
        elif _is_unordered(template, reference.path):
            yield _tell_unordered(template, place, reference.path[1])


def _missing(known: Mapping[str, kinds.Known], path: tuple[str, ...]) -> int | None:
    """Return how much of a path it takes to meet a name that is not known, or None where all of it is."""
    below: kinds.Known = known
    for depth, name in enumerate(path):
        if below is None or not kinds.is_named_by_path(below):
            return None
        names = kinds.names_below(below)
        if depth and name not in names and name in MAPPING_METHODS:
            return None
        if name not in names:
            return depth + 1
        below = names[name]
    return None


def _is_unordered(template: Template, path: tuple[str, ...]) -> bool:
    match path:
        case ("replies" | "approvals" as root, message_id, *_) if template.ended is not None and message_id in (
            kinds.names_below(template.known[root])
        ):
            return message_id != STARTUP and message_id not in template.ended
    return False


def _tell_unordered(template: Template, place: Place, message_id: str) -> Problem:
    if message_id == template.redirect:
        message = f"{shown(message_id)} reads the replies to itself"
        return problem(place, "unordered-reply", message, "read the replies to an earlier message")
    message = f"{shown(message_id)} need not have been answered when {shown(template.redirect)} begins"
    return problem(place, "unordered-reply", message, _how_to_order(template, message_id))


def _how_to_order(template: Template, message_id: str) -> str:
    here, there = template.blocks.get(template.redirect), template.blocks.get(message_id)
    if here is not None and here == there:
        return f"add {message_id} to its 'after', or read what was answered in the round before: previous.{message_id}"
    owner = "its" if here is None else f"the block {here}'s"
    return f"add {there or message_id} to {owner} 'after'"


def _tell_missing(template: Template, place: Place, path: tuple[str, ...]) -> Problem:
    *owner, name = path
    rule, message = _describe(template, path)
    elsewhere = _ELSEWHERE[template.site]
    if not owner and name in elsewhere:
        return problem(place, rule, message, elsewhere[name])
    if not owner and name in _OF_AN_ELEMENT and template.site in _WITHOUT_ELEMENT:
        return problem(place, rule, message, _WITHOUT_ELEMENT[template.site])
    if path == ("servant", "with"):
        return problem(place, rule, message, "it is what is being filled here")
    if path[0] == "replies" and path[_TO_SLOT:] == ("json",):
        whose = f"the assignment of {shown(path[2])}" if path[1] == STARTUP else f"the redirect {shown(path[1])}"
        return problem(place, rule, message, f"give {whose} an 'expect' with the schema of its answer")
    below: kinds.Known = template.known
    for part in owner:
        below = kinds.names_below(below).get(part)
    names = kinds.names_below(below)
    known = names.told() if isinstance(names, KnownSlots) else tuple(names)
    hint = did_you_mean(name, known) or (f"there are: {listed(known)}" if known else "there are none")
    hint = hint if owner else how_to_write("boolean", name, None) or hint
    return problem(place, rule, message, hint)


def _describe(template: Template, path: tuple[str, ...]) -> tuple[str, str]:
    """Return the rule that a missing name breaks, and what is wrong in words."""
    name = shown(path[-1])
    if len(path) == 1:
        return "unknown-name", f"nothing is named {name} here"
    if path[0] in ("replies", "previous") and len(path) == _TO_SLOT:
        return _describe_slot(template, path[1], path[2])
    rule, words = _WORDS.get((path[0], len(path)), ("unknown-attribute", "{owner} has no {name}"))
    return rule, words.format(name=name, owner=shown(".".join(path[:-1])))


def _describe_slot(template: Template, message_id: str, slot: str) -> tuple[str, str]:
    if slot not in kinds.names_below(template.known["servants"]):
        return "unknown-slot", f"no servant is in a slot {shown(slot)}"
    if message_id == STARTUP:
        return "not-a-target", f"{shown(slot)} has no task, so it gives no reply at startup"
    return "not-a-target", f"{shown(slot)} is not a target of {shown(message_id)}"
