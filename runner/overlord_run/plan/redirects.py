"""Hold the redirects of a plan as frozen values, one class a kind."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from msgspec import Struct

from overlord_run.expect.words import asking_for, with_ending
from overlord_run.playbook.model import OnFailure, Repeat
from overlord_run.playbook.texts import Text

RedirectKind = Literal["message", "check", "pause", "block"]


class PlannedExpect(Struct, frozen=True):
    """What the reply to a message must hold: JSON that fits `schema`. One that does not is answered `repairs` times."""

    schema: Mapping[str, Any]
    repairs: int

    @property
    def ending(self) -> str:
        """How the message ends: it asks for the JSON, and shows the schema."""
        return asking_for(self.schema)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"schema": dict(self.schema), "repairs": self.repairs}


class PlannedRedirect(Struct, frozen=True, kw_only=True):
    """A step after the startup.

    Attributes:
        after: The ids that must have ended before it starts, those it needs among them.
        needs: The ids that must have succeeded; else it is skipped.
        reads: The ids of the messages whose replies it reads (`startup` among them), sorted.
        when: An expression; where it is false the redirect is skipped.
    """

    kind: ClassVar[RedirectKind]
    id: str
    after: tuple[str, ...]
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    when: Text | None = None
    on_failure: OnFailure = "continue"

    def to_json(self) -> dict[str, Any]:
        """Return the redirect as JSON values."""
        return {
            "id": self.id,
            "kind": self.kind,
            "after": list(self.after),
            "needs": list(self.needs),
            "reads": list(self.reads),
            "when": _source(self.when),
            "onFailure": self.on_failure,
        }


class PlannedMessage(PlannedRedirect, frozen=True, kw_only=True):
    """A follow-up message with its targets worked out.

    Attributes:
        to: The targets as declared, joined by `, `.
        targets: The slots it goes to, in the order of the assignments.
        template: The message's template.
        texts: The rendered message of each target, where it waits for nothing that only the run knows; else None.
        only: An expression for each target; where it is false the target is left out.
        require: How many targets must answer, as declared: `any`, `all`, a count, or a percentage like `90%`.
        expect: What each reply must hold; the message says so at its end.
    """

    kind: ClassVar[RedirectKind] = "message"
    to: str
    targets: tuple[str, ...]
    template: Text
    texts: Mapping[str, str] | None
    only: Text | None = None
    require: str | int = "any"
    timeout_s: float | None = None
    expect: PlannedExpect | None = None

    @property
    def ending(self) -> str:
        """What stands at the message's end behind what the template prints, if anything does."""
        return "" if self.expect is None else self.expect.ending

    def known_text(self, slot: str) -> str:
        """Return what a target is sent as far as that is known before the first call: its message, or the template."""
        return with_ending(self.template.source, self.ending) if self.texts is None else self.texts[slot]

    def to_json(self) -> dict[str, Any]:
        """Return the redirect as JSON values."""
        return {
            **PlannedRedirect.to_json(self),
            "to": self.to,
            "targets": list(self.targets),
            "template": self.template.source,
            "texts": None if self.texts is None else dict(self.texts),
            "only": _source(self.only),
            "require": self.require,
            "timeoutS": self.timeout_s,
            "expect": None if self.expect is None else self.expect.to_json(),
        }


class PlannedCheck(PlannedRedirect, frozen=True, kw_only=True):
    """An expression that must hold; else the run ends, and `message`, a template, says why."""

    kind: ClassVar[RedirectKind] = "check"
    check: Text
    message: Text | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the redirect as JSON values."""
        return {
            **PlannedRedirect.to_json(self),
            "check": self.check.source,
            "message": _source(self.message),
        }


class PlannedPause(PlannedRedirect, frozen=True, kw_only=True):
    """A question, a template, that waits for a person's word."""

    kind: ClassVar[RedirectKind] = "pause"
    pause: Text

    def to_json(self) -> dict[str, Any]:
        """Return the redirect as JSON values."""
        return {**PlannedRedirect.to_json(self), "pause": self.pause.source}


class PlannedBlock(PlannedRedirect, frozen=True, kw_only=True):
    """Redirects that go together, in rounds.

    Attributes:
        redirects: In an order that keeps every `after` and `needs`; none of them is a block.
        repeat: How often; once with nothing to look at where the playbook does not say.
    """

    kind: ClassVar[RedirectKind] = "block"
    redirects: tuple[PlannedRedirect, ...]
    repeat: Repeat

    def to_json(self) -> dict[str, Any]:
        """Return the redirect as JSON values."""
        return {
            **PlannedRedirect.to_json(self),
            "redirects": [redirect.to_json() for redirect in self.redirects],
            "repeat": {
                "max": self.repeat.max,
                "until": _source(self.repeat.until),
                "atMax": self.repeat.at_max,
            },
        }


def target_of(redirect: PlannedRedirect) -> str:
    """Return whom a redirect goes to, as declared; empty for what goes to no servant."""
    return redirect.to if isinstance(redirect, PlannedMessage) else ""


def slots_of(redirect: PlannedRedirect) -> tuple[str, ...]:
    """Return the servants that a redirect asks, those of a block too."""
    match redirect:
        case PlannedMessage():
            return redirect.targets
        case PlannedBlock():
            return tuple(dict.fromkeys(slot for each in redirect.redirects for slot in slots_of(each)))
    return ()


def _source(text: Text | None) -> str | None:
    return None if text is None else text.source
