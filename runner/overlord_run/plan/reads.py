"""Say what the templates of a playbook read: whose replies, and whether anything that only the run knows."""

from collections.abc import Container, Iterable, Set

from overlord_run.plan.ids import STARTUP
from overlord_run.plan.language.templates import MAPPING_METHODS, read
from overlord_run.plan.sites import templates
from overlord_run.playbook.model import Playbook, Text

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
        for path in _paths(text, "replies", bare=bare):
            is_one = len(path) > 1 and (path[1] == STARTUP or path[1] in ended)
            read_ids |= {path[1]} if is_one else {STARTUP, *ended}
    return tuple(sorted(read_ids))


def is_known_before(message: Text, slots: Container[str]) -> bool:
    """Say whether a message reads nothing that only the run knows: no reply, approval, round, nor servant's state.

    Where it names a slot that nobody is in, since a limit left that out or `for_each` did not make it, it is not known:
    the message then fails for its target alone, when the run comes to it.
    """
    return not (
        any(_paths(message, root) for root in _OF_THE_RUN)
        or any(_may_be_state(path, slots) for path in _paths(message, "servants"))
    )


def _may_be_state(path: tuple[str, ...], slots: Container[str]) -> bool:
    match path:
        case (_, slot, attribute, *_) if slot in slots:
            return attribute == "state" or attribute in MAPPING_METHODS
    return True


def _paths(text: Text, root: str, *, bare: bool = False) -> list[tuple[str, ...]]:
    return [reference.path for reference in read(text, bare=bare)[0] if reference.path[0] == root]
