"""Say whether a servant is ready: an ACK is a lease, and not a proof for ever.

Five things must hold: its conversation is stored, the model is the one configured for its role, the conversation has
its messages, it is of this run, and there was a useful signal or a passed check within the lease.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from overlord_run.plan.conversation import turns
from overlord_run.store.events import RunCreated
from overlord_run.store.state import Servant, State

ProofName = Literal["conversation", "model", "messages", "identity", "signal"]
_LONGEST_S = 1e9


class Proof(Struct, frozen=True):
    """One thing that must hold for a servant to be ready; `fault` says what does not, or is empty."""

    name: ProofName
    fault: str = ""

    @property
    def holds(self) -> bool:
        """Whether it holds."""
        return not self.fault


class Facts(Struct, frozen=True):
    """What proofs are made of besides the log.

    Attributes:
        run_id: What the run's folder is called.
        registry_token: The run token that the registry has; None where there is no registry.
        models: Slot → the API's id of the model that the plan has for its role.
        now: Aware of its zone.
    """

    run_id: str
    registry_token: str | None
    models: dict[str, str]
    now: datetime


def scope_token(run_token: str, run_id: str, servant: tuple[str, int, str, str | None]) -> str:
    """Return what ties a servant's words to its run, slot, generation, profile and assignment; it is no secret.

    Args:
        run_token: The run's token, which keys it.
        run_id: The run's id.
        servant: Slot, generation from 1, profile and assignment.
    """
    slot, generation, profile, assignment = servant
    scope = "\0".join([run_id, slot, str(generation), profile, assignment or ""])
    return hmac.new(run_token.encode(), scope.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def lease_s(created: RunCreated) -> float:
    """Return how long a run's leases hold, in seconds; 0 where the record does not say."""
    found = created.settings.get("leaseS")
    return float(found) if isinstance(found, int | float) and 0 <= found <= _LONGEST_S else 0.0


def expires_at(servant: Servant, created: RunCreated) -> str | None:
    """Return when a servant's lease ends, as events have times; None where it gave no sign yet."""
    signs = [at for at in (servant.last_useful_signal_at, servant.last_check_at) if at is not None]
    if not signs or servant.last_useful_signal_at is None:
        return None
    end = datetime.fromisoformat(max(signs)) + timedelta(seconds=lease_s(created))
    return end.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def proofs(state: State, servant: Servant, facts: Facts) -> tuple[Proof, ...]:
    """Return the five proofs that a servant is ready."""
    return (
        Proof("conversation", _conversation_fault(state, servant)),
        Proof("model", _model_fault(servant, facts)),
        Proof("messages", _messages_fault(servant)),
        Proof("identity", _identity_fault(state, servant, facts)),
        Proof("signal", _signal_fault(state, servant, facts)),
    )


def _conversation_fault(state: State, servant: Servant) -> str:
    if servant.state != "ready":
        return f"it is {servant.state}"
    open_ids = [message_id for message_id, slot in state.open_calls if slot == servant.slot]
    return f"how its call for {open_ids[0]} ended is not known" if open_ids else ""


def _model_fault(servant: Servant, facts: Facts) -> str:
    configured = facts.models.get(servant.slot)
    return "" if servant.llm_model == configured else f"it runs on {servant.llm_model}, and the plan says {configured}"


def _messages_fault(servant: Servant) -> str:
    if not servant.conversation:
        return "no messages are stored"
    is_opened = turns(servant.conversation)[0].role == "system"
    return "" if is_opened else "its messages are not a system message and answered questions"


def _identity_fault(state: State, servant: Servant, facts: Facts) -> str:
    created = state.created
    if created is None or created.run_id != facts.run_id:
        return "the run's id is not that of its folder"
    if facts.registry_token != created.run_token:
        return "the run token of the registry is not that of the log"
    scope = (servant.slot, servant.generation, servant.profile, servant.assignment)
    is_ours = hmac.compare_digest(servant.scope_token, scope_token(created.run_token, created.run_id, scope))
    return "" if is_ours else "its scope token is not of this run, slot and assignment"


def _signal_fault(state: State, servant: Servant, facts: Facts) -> str:
    ends_at = None if state.created is None else expires_at(servant, state.created)
    if ends_at is None:
        return "it has not answered yet"
    ended_for = facts.now - datetime.fromisoformat(ends_at)
    return f"its lease ended at {ends_at[:19].replace('T', ' ')} UTC" if ended_for > timedelta(0) else ""
