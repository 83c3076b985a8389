"""Say what the templates of a playbook read: whose replies, and whether anything that only the run knows."""

from collections.abc import Container, Set

from overlord_run.plan.language.templates import MAPPING_METHODS, read
from overlord_run.plan.model import STARTUP
from overlord_run.plan.sites import templates
from overlord_run.playbook.model import Playbook, Text


def reads_host(playbook: Playbook) -> bool:
    """Say whether any template reads `host`."""
    return any(
        reference.path[0] == "host"
        for template in templates(playbook)
        for reference in read(template.text, bare=template.bare)[0]
    )


def replies_read(message: Text, ended: Set[str]) -> tuple[str, ...]:
    """Return the ids of the messages whose replies a redirect's message reads, sorted.

    Where it reads `replies` as a whole these are all that it can see: `startup`, and what has `ended` before it.
    """
    read_ids: set[str] = set()
    for path in _paths(message, "replies"):
        is_one = len(path) > 1 and (path[1] == STARTUP or path[1] in ended)
        read_ids |= {path[1]} if is_one else {STARTUP, *ended}
    return tuple(sorted(read_ids))


def reads_states(message: Text, slots: Container[str]) -> bool:
    """Say whether a redirect's message may read the state of a servant, which only the run knows.

    Where it names a slot that nobody is in, since a limit left that out or `for_each` did not make it, it does so too:
    the message then fails for its target alone, when the run comes to it.
    """
    return any(_may_be_state(path, slots) for path in _paths(message, "servants"))


def _may_be_state(path: tuple[str, ...], slots: Container[str]) -> bool:
    match path:
        case (_, slot, attribute, *_) if slot in slots:
            return attribute == "state" or attribute in MAPPING_METHODS
    return True


def _paths(text: Text, root: str) -> list[tuple[str, ...]]:
    return [reference.path for reference in read(text)[0] if reference.path[0] == root]
