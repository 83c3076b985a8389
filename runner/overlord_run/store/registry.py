"""Make the registry, `run.json`: a run's state as people and programs read it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from overlord_run.plan.account import Account
from overlord_run.plan.pricing import NO_COST
from overlord_run.playbook.money import usd
from overlord_run.store.events import RunCreated
from overlord_run.store.excerpt import cut_values
from overlord_run.store.lease import expires_at
from overlord_run.store.notation import encode
from overlord_run.store.state import Message, Result, Servant, State

SCHEMA_VERSION = 1
TEXT_BYTES = 4096
USAGE_KEYS = (
    "promptTokens",
    "completionTokens",
    "cachedTokens",
    "reasoningTokens",
    "orchestrationInputTokens",
    "orchestrationInputCachedTokens",
    "orchestrationOutputTokens",
)
_NO_RUN = "the registry of a run that has not begun"


def registry(state: State) -> dict[str, Any]:
    """Return the registry of a run that has begun. Keys that only later versions can fill are null.

    Texts over 4 KiB are cut; `cuts` beside them tells their length in characters, their SHA-256 and the event that
    holds them in full.
    """
    created = state.created
    if created is None:
        raise ValueError(_NO_RUN)
    paths = _Paths(created.run_dir)
    outputs = None if state.outputs is None else dict(state.outputs)
    cuts = cut_values(outputs or {}, TEXT_BYTES, dict.fromkeys(outputs or {}, state.ended_seq))
    view = {
        "schemaVersion": SCHEMA_VERSION,
        "runId": created.run_id,
        "runToken": created.run_token,
        "worktree": created.worktree,
        "engine": created.engine,
        "provider": created.provider,
        "state": state.state,
        "failureReason": state.reason,
        "createdAt": state.created_at,
        "updatedAt": state.updated_at,
        "statePath": paths.join("run.json"),
        "journalDir": paths.join("journals"),
        "ledgerPath": paths.join("ledger.jsonl"),
        "host": created.host,
        "branch": created.branch,
        "commit": created.commit,
        "cwd": created.cwd,
        "playbook": created.playbook,
        "planDigest": created.plan_digest,
        "budget": budget(state.account),
        "usage": _usage(state.messages.values()),
        "outputs": outputs,
        "servants": [_servant(servant, created, paths) for servant in (*state.servants.values(), *state.replaced)],
        "messages": [_message(message) for message in state.messages.values()],
        "ownedResources": _owned_resources(state, created),
        "lastSeq": state.last_seq,
        "lastHash": state.last_hash,
    }
    return _shortened(
        view, {"failureReason": state.ended_seq}, {f"outputs.{name}": facts for name, facts in cuts.items()}
    )


def registry_lines(view: Mapping[str, Any]) -> Iterator[bytes]:
    """Give the registry as it stands on disk, line by line: a member a line, and of a list an element a line."""
    yield b"{\n"
    for at, (key, value) in enumerate(view.items(), start=1):
        end = b",\n" if at < len(view) else b"\n"
        if isinstance(value, list) and value:
            yield f"  {encode(key)}: [\n".encode("ascii")
            yield from _elements(value)
            yield b"  ]" + end
        else:
            yield f"  {encode(key)}: {encode(value)}".encode("ascii") + end
    yield b"}\n"


def _elements(values: Sequence[Any]) -> Iterator[bytes]:
    for at, value in enumerate(values, start=1):
        yield f"    {encode(value)}{',' if at < len(values) else ''}\n".encode("ascii")


class _Paths:
    """The run's folder in its own platform's spelling, wherever the registry is made."""

    def __init__(self, run_dir: str) -> None:
        self._prefix = run_dir + ("\\" if "\\" in run_dir and not run_dir.startswith("/") else "/")

    def join(self, *names: str) -> str:
        return self._prefix + self._prefix[-1].join(names)


def _servant(servant: Servant, created: RunCreated, paths: _Paths) -> dict[str, Any]:
    view = {
        "slot": servant.slot,
        "name": servant.name,
        "role": servant.role,
        "model": servant.model,
        "profile": servant.profile,
        "state": servant.state,
        "composerSubmitMode": "surface-api",
        "llmModel": servant.llm_model,
        "llmRequestId": servant.request_id,
        "llmMessages": len(servant.conversation),
        "lastEventAt": servant.last_event_at,
        "lastAckAt": servant.last_ack_at,
        "lastLivenessCheckAt": servant.last_check_at,
        "lastUsefulSignalAt": servant.last_useful_signal_at,
        "leaseExpiresAt": None if servant.state == "released" else expires_at(servant, created),
        "journalPath": paths.join("journals", f"{servant.slot}.jsonl"),
        "eventJournalPath": paths.join("events.jsonl"),
        "scopeToken": servant.scope_token,
        "assignment": servant.assignment,
        "handoff": servant.handoff,
    }
    return _shortened(view, {"assignment": 1, "handoff": servant.handoff_seq})


def _message(message: Message) -> dict[str, Any]:
    results = list(message.results.values())
    asked = [result for result in results if result.text is not None]
    is_one_text = len({result.text for result in asked}) == 1
    only = results[0] if len(results) == 1 else None
    view = {
        "id": message.id,
        "target": message.target or None,
        "text": asked[0].text if is_one_text else message.question,
        "createdAt": message.created_at,
        "state": message.state,
        "queuedAt": message.created_at,
        "startedAt": message.started_at,
        "completedAt": message.ended_at if message.state in {"completed", "partial"} else None,
        "failedAt": message.ended_at if message.state == "failed" else None,
        "responseText": None if only is None else only.reply,
        "failureReason": message.failure,
        "servantResults": [_result(result) for result in results],
    }
    seqs = {
        "text": asked[0].text_seq if is_one_text else message.question_seq,
        "responseText": 0 if only is None else only.ended_seq,
        "failureReason": message.ended_seq,
    }
    return _shortened(view, seqs)


def _result(result: Result) -> dict[str, Any]:
    view = {
        "slot": result.slot,
        "state": result.state,
        "llmModel": result.llm_model,
        "requestId": result.request_id,
        "responseText": result.reply,
        "failureReason": result.failure,
        "usage": result.usage,
        "costUsd": usd(result.cost.nano_usd) if result.cost.priced else None,
        "startedAt": result.started_at,
        "endedAt": result.ended_at,
    }
    return _shortened(view, {"responseText": result.ended_seq, "failureReason": result.ended_seq})


def _shortened(
    view: dict[str, Any], seqs: Mapping[str, int], earlier: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    cuts = {**(earlier or {}), **cut_values(view, TEXT_BYTES, seqs)}
    return view | {"cuts": cuts} if cuts else view


def budget(account: Account) -> dict[str, Any] | None:
    """Return a run's limits and what is spent of them; None where it has no limit."""
    if not account.limits:
        return None
    return {
        "limits": account.limits.to_json(),
        "spent": {
            "usd": usd(account.spent.nano_usd),
            "tokens": account.spent.tokens,
            "requests": account.requests,
            "timeS": account.elapsed_ms / 1000,
        },
        "possible": {"usd": usd(account.possible.nano_usd), "tokens": account.possible.tokens},
        "reserved": {"usd": usd(account.reserved.nano_usd), "tokens": account.reserved.tokens},
        "reached": account.reached,
    }


def _usage(messages: Iterable[Message]) -> dict[str, float | None]:
    """Return the sum of each count over all replies, None where no reply told it, and what all calls cost."""
    sums: dict[str, float | None] = dict.fromkeys(USAGE_KEYS)
    cost = NO_COST
    for message in messages:
        for result in message.results.values():
            cost += result.cost
            for key, count in (result.usage or {}).items():
                if key in sums and isinstance(count, int):
                    sums[key] = (sums[key] or 0) + count
    return {**sums, "costUsd": usd(cost.nano_usd) if cost.priced else None, "unpricedCalls": cost.unpriced}


def _owned_resources(state: State, created: RunCreated) -> list[dict[str, Any]]:
    """Return the process that carries the run out; an ended run owns nothing."""
    if state.owner is None or state.is_at_rest:
        return []
    return [
        {
            "id": "owner",
            "kind": "process",
            "pid": state.owner.pid,
            "fingerprint": state.owner.fingerprint,
            "runId": created.run_id,
            "runToken": created.run_token,
            "createdAt": state.owned_at,
        }
    ]
