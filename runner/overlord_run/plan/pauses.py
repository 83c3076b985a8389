"""Tell where a pause holds nothing up.

After a pause's `reject` nothing more is sent, so all that waits for it needs it, whether it says `needs` or not. The
last step of a playbook needs none: its answer decides how the run ends.
"""

from collections.abc import Iterator

from overlord_run.plan.language.templates import read
from overlord_run.plan.order import ended_before, waits
from overlord_run.plan.sites import templates
from overlord_run.playbook.model import BlockRedirect, PauseRedirect, Playbook, Redirect
from overlord_run.playbook.names import shown
from overlord_run.playbook.rules import problem
from overlord_run.problem import Problem


def check_pauses(playbook: Playbook) -> Iterator[Problem]:
    """Yield a warning for each pause that nothing waits for and nothing reads, while messages go out beside it."""
    pauses = [each for each in playbook.every_redirect() if isinstance(each, PauseRedirect)]
    awaited = _awaited(playbook) | _read(playbook) if pauses else set()
    alone = [each for each in pauses if each.id not in awaited]
    if not alone:
        return
    ended = ended_before(playbook.redirects)
    messages = ended[alone[0].id].mask(each.id for each in playbook.messages())
    for each in alone:
        if ended[each.id].lacks(messages):
            message = f"nothing waits for the pause {shown(each.id)}, and messages go out beside it"
            hint = "name it in the 'after' of what it should hold up, or remove it"
            yield problem(each.place, "needless-pause", message, hint, "warning")


def _awaited(playbook: Playbook) -> set[str]:
    """Return the ids that something waits for: a redirect, or the next round of a block."""
    found = _waited_for(playbook.redirects)
    for block in playbook.redirects:
        if isinstance(block, BlockRedirect):
            is_awaited = block.repeat is not None or block.id in found
            found |= {each.id for each in block.redirects} if is_awaited else _waited_for(block.redirects)
    return found


def _waited_for(level: tuple[Redirect, ...]) -> set[str]:
    return {earlier for ids in waits(level).values() for earlier in ids}


def _read(playbook: Playbook) -> set[str]:
    """Return the pauses whose answers a template reads; all of them where one reads whichever."""
    paths = [
        reference.path
        for template in templates(playbook)
        for reference in read(template.text, bare=template.bare)[0]
        if reference.path[0] == "approvals"
    ]
    if any(len(path) == 1 for path in paths):
        return {each.id for each in playbook.every_redirect()}
    return {path[1] for path in paths}
