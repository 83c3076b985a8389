"""Find the calls that the owners of a run before this one have just made: the limits of a minute hold for them, too."""

from datetime import datetime

from overlord_run.engine.base import PastCall
from overlord_run.store.state import Result, State

_COUNTED = ("promptTokens", "completionTokens", "orchestrationInputTokens", "orchestrationOutputTokens")
_PERIOD_S = 60.0


def past_calls(state: State, now: str) -> list[PastCall]:
    """Return the calls of the last minute, the oldest first.

    Of several attempts at one question only the last moment is known: they count as if all had been then.

    Args:
        state: The run's.
        now: The time, as events tell it.
    """
    calls = [
        _call(result, now)
        for message in state.messages.values()
        for result in message.results.values()
        if result.attempts
    ]
    return sorted((call for call in calls if call.ago_s < _PERIOD_S), key=lambda call: -call.ago_s)


def _call(result: Result, now: str) -> PastCall:
    at = result.ended_at or result.started_at or now
    ago_s = (datetime.fromisoformat(now) - datetime.fromisoformat(at)).total_seconds()
    usage = result.usage or {}
    tokens = sum(usage.get(name) or 0 for name in _COUNTED)
    return PastCall(max(ago_s, 0.0), result.attempts, tokens)
