"""A small council, event by event, for tests of what is told about it."""

from collections.abc import Mapping
from typing import Any

from overlord_run.store import events as ev
from overlord_run.store.fold import fold
from overlord_run.store.state import State

USAGE: Mapping[str, int | None] = {
    "promptTokens": 100,
    "completionTokens": 20,
    "cachedTokens": 40,
    "reasoningTokens": 5,
    "orchestrationInputTokens": 1000,
    "orchestrationInputCachedTokens": 300,
    "orchestrationOutputTokens": 3,
}
SETTINGS: Mapping[str, Any] = {
    "baseUrl": "https://api.sakana.ai/v1",
    "modelsToProve": ["fugu", "fugu-ultra"],
    "preflight": "models",
    "leaseS": 1800.0,
    "overrides": [],
}
UNTOLD: Mapping[str, int | None] = dict.fromkeys(USAGE)


def created(engine: str = "chat", *, slots: tuple[str, ...] = ("alder", "oak"), **changed: Any) -> ev.RunCreated:
    models = {"oak": ("ultra", "fugu-ultra", "judge")}
    facts = {
        "run_id": "20260701-120000-council-ab12",
        "run_token": "token",
        "engine": engine,
        "provider": "sakana",
        "worktree": "/srv",
        "run_dir": "/srv/.overlord/runs/20260701-120000-council-ab12",
        "playbook": {"name": "council", "path": "/srv/council.yml", "digest": "sha256:0"},
        "plan_digest": "sha256:1",
        "settings": SETTINGS,
        "host": {},
        "cwd": "/srv",
        "branch": None,
        "commit": None,
        "servants": [servant(slot, *models.get(slot, ("normal", "fugu", "critic"))) for slot in slots],
    }
    return ev.RunCreated(**(facts | changed))


def servant(slot: str, model: str, llm_model: str, role: str) -> dict[str, Any]:
    return {
        "slot": slot,
        "name": slot.title(),
        "role": role,
        "model": model,
        "llmModel": llm_model,
        "profile": "consultation",
        "assignment": "Judge it.",
        "scopeToken": "scope",
    }


def asked(
    message_id: str, slot: str, text: str = "Judge it.", *, system: str | None = None, to: str = "all"
) -> list[ev.Body]:
    return [
        ev.MessageQueued(message_id, to, slot, text, system),
        ev.RequestSent(message_id, slot, 1, "fugu", "sha256:2"),
    ]


def answered(message_id: str, slot: str, text: str = "Fine.", **changed: Any) -> ev.ReplyReceived:
    facts = {
        "message_id": message_id,
        "slot": slot,
        "attempt": 1,
        "model": "fugu",
        "request_id": "req-1",
        "text": text,
        "finish_reason": "stop",
        "cut": False,
        "usage": USAGE,
    }
    return ev.ReplyReceived(**(facts | changed))


def failed(
    message_id: str, slot: str, reason: str = "it did not answer within 90 s", **changed: Any
) -> ev.RequestFailed:
    facts = {
        "message_id": message_id,
        "slot": slot,
        "attempt": 1,
        "model": "fugu",
        "kind": "timeout",
        "status": None,
        "request_id": None,
        "reason": reason,
        "retry_in_s": None,
    }
    return ev.RequestFailed(**(facts | changed))


def events(*bodies: ev.Body) -> list[ev.Event]:
    """Return the events of a log, one a second."""
    return [
        ev.Event(seq, 1, seq, f"2026-07-01T12:00:{seq:02}.000Z", body, "0" * 64, "0" * 64)
        for seq, body in enumerate(bodies, 1)
    ]


def state(*bodies: ev.Body) -> State:
    return fold(events(*bodies))


def begun(engine: str = "chat", **changed: Any) -> list[ev.Body]:
    """Return the events up to the servants' startup."""
    return [
        created(engine, **changed),
        ev.OwnerChanged(4711, {}, "run"),
        ev.PreflightPassed(["fugu", "fugu-ultra"]),
    ]


def completed(engine: str = "chat") -> list[ev.Body]:
    """Return the events of a run in which everybody answered."""
    return [
        *begun(engine),
        ev.StartupBegan(["alder"]),
        *asked("startup", "alder", system="You advise."),
        answered("startup", "alder", "Two risks."),
        ev.ServantReady("alder"),
        ev.MessageSettled("startup", "completed", None),
        *asked("verdict", "oak", "Decide.", system="You judge.", to="oak"),
        answered("verdict", "oak", "Ship it.", model="fugu-ultra", cost_nano_usd=12_300_000),
        ev.ServantReady("oak"),
        ev.MessageSettled("verdict", "completed", None),
        ev.RunFinished("completed", None, {"verdict": "Ship it."}, {}),
    ]


def partial() -> list[ev.Body]:
    """Return the events of a run in which the judge did not answer and was left out of the last message."""
    return [
        *begun(),
        ev.StartupBegan(["alder"]),
        *asked("startup", "alder"),
        answered("startup", "alder", cut=True, usage=UNTOLD),
        ev.ServantReady("alder"),
        ev.MessageSettled("startup", "completed", None),
        *asked("verdict", "oak", to="oak"),
        failed("verdict", "oak"),
        ev.ServantBlocked("oak", "it did not answer within 90 s"),
        ev.MessageSettled("verdict", "failed", "0 of 1 servants answered"),
        *asked("close", "alder"),
        answered("close", "alder"),
        ev.RedirectSkipped("close", "all", "oak", "the servant is blocked"),
        ev.MessageSettled("close", "partial", "1 of 2 servants answered"),
        ev.RunFinished("partial", "not all servants answered: verdict, close", {}, {"verdict": "oak did not answer"}),
    ]


def gated(*, ends: tuple[ev.Body, ...] = ()) -> list[ev.Body]:
    """Return the events of a run of every kind of redirect that asks a person, and what came of that."""
    return [
        *begun(),
        ev.StartupBegan([]),
        *asked("argue.1", "alder"),
        answered("argue.1", "alder"),
        ev.RedirectSkipped("argue.1", "all", "oak", "its 'only' is false", by_design=True),
        ev.MessageSettled("argue.1", "completed", None),
        ev.RoundEnded("debate", 1, None, None),
        ev.RedirectSkipped("argue.2", "all", None, "its 'when' is false", by_design=True),
        ev.RoundEnded("debate", 2, "completed", None),
        ev.CheckAnswered("gate", holds=True, reason=None),
        ev.PauseReached("sign_off", "Read it.\nShall it go out?"),
        ev.RunPaused(["sign_off"]),
        *ends,
    ]


def rejected() -> list[ev.Body]:
    """Return the events of such a run that a person rejected."""
    why = "'sign_off' was not approved: rejected by ada: no"
    return gated(
        ends=(
            ev.OwnerChanged(4712, {}, "reject"),
            ev.PauseAnswered("sign_off", approved=False, by="ada", note="no", request_id="r1"),
            ev.RedirectSkipped("last", "oak", None, why),
            ev.RunFinished("rejected", why, {}, {"last": "'oak' gave no reply to 'last'"}),
        )
    )
