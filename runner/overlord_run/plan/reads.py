"""Say what the templates of a playbook read: whose replies, and whether anything that only the run knows."""

from collections.abc import Container, Iterable, Iterator, Set

from overlord_run.plan.ids import STARTUP
from overlord_run.plan.language.templates import MAPPING_METHODS, read
from overlord_run.plan.sites import templates
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.texts import Text

_OF_THE_RUN = ("replies", "approvals", "round", "previous")


def reads_host(playbook: Playbook) -> bool:
    """Say whether any template reads `host`."""
    return any(
        reference.path[0] == "host"
        for template in templates(playbook)
        for reference in read(template.text, bare=template.bare)[0]
    )


def replies_read(texts: Iterable[tuple[Text, bool]], ended: Set[str]) -> tuple[str, ...]:
    """Return the ids of the messages whose replies some templates read, sorted.

    Where one reads `replies` as a whole these are all that it can see: `startup`, and what has `ended` before it.

    Args:
        texts: The templates, each with whether it is an expression.
        ended: What has ended when they are rendered.
    """
    read_ids: set[str] = set()
    for text, bare in texts:
        for path in paths(text, "replies", bare=bare):
            is_one = len(path) > 1 and (path[1] == STARTUP or path[1] in ended)
            read_ids |= {path[1]} if is_one else {STARTUP, *ended}
    return tuple(sorted(read_ids))


def waits_for(message: Text, slots: Container[str]) -> tuple[str, ...]:
    """Return what a message reads that only the run knows, sorted, as templates name it: `replies.rank`, `round`.

    It is a reply, an approval, a round or a servant's state. Where a message names a slot that nobody is in, since a
    limit left that out or `for_each` did not make it, that is not known either: the message then fails for its target
    alone, when the run comes to it.
    """
    found = [path for root in _OF_THE_RUN for path in paths(message, root)]
    found += [path for path in paths(message, "servants") if _may_be_state(path, slots)]
    return tuple(sorted({_name(path) for path in found}))


def _name(path: tuple[str, ...]) -> str:
    return path[0] if path[1:2] and path[1] in MAPPING_METHODS else ".".join(path[:2])


def _may_be_state(path: tuple[str, ...], slots: Container[str]) -> bool:
    match path:
        case (_, slot, attribute, *_) if slot in slots:
            return attribute == "state" or attribute in MAPPING_METHODS
    return True


def paths(text: Text, root: str, *, bare: bool = False) -> Iterator[tuple[str, ...]]:
    """Yield each path of names that a template, or an expression (`bare`), reads and that begins with `root`."""
    return (reference.path for reference in read(text, bare=bare)[0] if reference.path[0] == root)
