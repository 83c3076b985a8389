"""Plan the redirects of a playbook: in order, their targets worked out, and rendered what waits for nothing."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from msgspec import Struct

from overlord_run.plan.draft import Draft
from overlord_run.plan.model import PlannedServant
from overlord_run.plan.order import ended_before, ended_in, ordered, waits
from overlord_run.plan.reads import replies_read, waits_for
from overlord_run.plan.redirects import (
    PlannedBlock,
    PlannedCheck,
    PlannedExpect,
    PlannedMessage,
    PlannedPause,
    PlannedRedirect,
)
from overlord_run.plan.sites import resolved, texts_of
from overlord_run.plan.targets import Roll
from overlord_run.plan.views import Servants, servant_view
from overlord_run.playbook.model import (
    BlockRedirect,
    CheckRedirect,
    MessageRedirect,
    PauseRedirect,
    Playbook,
    Redirect,
    Repeat,
)
from overlord_run.playbook.texts import Expect, Schema, Text


def plan_redirects(
    draft: Draft, playbook: Playbook, servants: Sequence[PlannedServant], scope: Mapping[str, Any]
) -> tuple[PlannedRedirect, ...]:
    """Return the redirects of a plan, in an order that keeps every `after` and `needs`.

    Args:
        draft: Renders the templates, and keeps the problems.
        playbook: The playbook.
        servants: As planned.
        scope: What every template sees.
    """
    roll = Roll((servant.slot, servant.role) for servant in servants)
    by_slot = {servant.slot: servant for servant in servants}
    everybody = {**scope, "servants": Servants(by_slot, {})}
    return _Sequence(draft, roll, by_slot, everybody, ended_before(playbook.redirects)).level(playbook.redirects)


def plan_expect(declared: Expect | None) -> PlannedExpect | None:
    """Return what a reply must hold, as a plan has it.

    Raises:
        TypeError: The schema has not been read from its file.
    """
    if declared is None:
        return None
    if not isinstance(declared.schema, Schema):
        message = f"{declared.schema} has not been read"
        raise TypeError(message)
    return PlannedExpect(declared.schema.content, declared.repairs)


class _Sequence(Struct, frozen=True):
    """What is known while the redirects of a plan are made."""

    draft: Draft
    roll: Roll
    by_slot: Mapping[str, PlannedServant]
    scope: Mapping[str, Any]
    ended: Mapping[str, Set[str]]

    def level(self, redirects: Sequence[Redirect]) -> tuple[PlannedRedirect, ...]:
        """Return the redirects of the playbook, or of a block."""
        waiting = waits(redirects)
        return tuple(self._redirect(redirect, waiting[redirect.id]) for redirect in ordered(redirects))

    def _redirect(self, redirect: Redirect, after: tuple[str, ...]) -> PlannedRedirect:
        common: dict[str, Any] = {
            "id": redirect.id,
            "after": after,
            "needs": redirect.needs,
            "when": redirect.when,
            "on_failure": redirect.on_failure,
        }
        match redirect:
            case MessageRedirect():
                return self._message(redirect, common)
            case CheckRedirect():
                message = None if redirect.message is None else resolved(redirect.message)
                return PlannedCheck(check=redirect.check, message=message, reads=self._reads(redirect), **common)
            case PauseRedirect():
                return PlannedPause(pause=redirect.pause, reads=self._reads(redirect), **common)
            case BlockRedirect():
                return self._block(redirect, common)
        raise TypeError(redirect)

    def _message(self, redirect: MessageRedirect, common: dict[str, Any]) -> PlannedMessage:
        slots = self.roll.called(redirect.to)
        wanted = redirect.require
        template, expect = resolved(redirect.message), plan_expect(redirect.expect)
        only = () if redirect.only is None else ((redirect.only, True),)
        return PlannedMessage(
            to=", ".join(redirect.to),
            targets=slots,
            template=template,
            texts=self._texts(template, slots, "" if expect is None else expect.ending),
            only=redirect.only,
            # A person may have limited the run to fewer than that.
            require=min(wanted, len(slots)) if isinstance(wanted, int) else wanted,
            timeout_s=redirect.timeout_s,
            expect=expect,
            reads=self._reads(redirect, ((template, False), *only)),
            **common,
        )

    def _texts(self, template: Text, slots: Iterable[str], ending: str) -> dict[str, str] | None:
        if waits_for(template, self.by_slot.keys()):
            return None
        views = {slot: {**self.scope, "servant": servant_view(self.by_slot[slot])} for slot in slots}
        return {slot: self.draft.render(template, view, ending) for slot, view in views.items()}

    def _block(self, redirect: BlockRedirect, common: dict[str, Any]) -> PlannedBlock:
        repeat = redirect.repeat or Repeat(1)
        read = set(self._reads(redirect))
        if repeat.until is not None:
            read.update(replies_read([(repeat.until, True)], ended_in(redirect, self.ended)))
        inside = self.level(redirect.redirects)
        return PlannedBlock(redirects=inside, repeat=repeat, reads=tuple(sorted(read)), **common)

    def _reads(self, redirect: Redirect, more: tuple[tuple[Text, bool], ...] = ()) -> tuple[str, ...]:
        found = replies_read([*texts_of(redirect), *more], self.ended[redirect.id])
        self.draft.count_reads(redirect.place, len(found))
        return found
