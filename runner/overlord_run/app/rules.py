"""Know every rule that a problem names, and refuse an id that is none."""

from collections.abc import Iterable, Mapping

from overlord_run.engine.rules import RULES as OF_ENGINE
from overlord_run.errors import UsageError
from overlord_run.expect.rules import RULES as OF_SCHEMAS
from overlord_run.plan.rules import RULES as OF_TEMPLATES
from overlord_run.playbook.names import did_you_mean, shown
from overlord_run.playbook.rules import RULES as OF_FILES
from overlord_run.roles.rules import RULES as OF_PACKS

RULES: Mapping[str, str] = {
    **OF_FILES,
    **OF_TEMPLATES,
    **OF_SCHEMAS,
    **OF_PACKS,
    **OF_ENGINE,
}
"""What each rule says, by its stable id."""


def require_known(rules: Iterable[str]) -> None:
    """Refuse an id that is no rule's.

    Raises:
        UsageError: There is no such rule.
    """
    for rule in rules:
        if rule not in RULES:
            hint = did_you_mean(rule, sorted(RULES))
            following = f"{hint[0].upper()}{hint[1:]}" if hint else "Name one that stands at the end of a problem."
            message = f"there is no rule {shown(rule)}"
            raise UsageError(message, next=following)
