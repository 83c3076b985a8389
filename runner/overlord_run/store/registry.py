"""Make the registry, `run.json`: a run's state as people and programs read it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from overlord_run.plan.account import Account
from overlord_run.playbook.money import usd
from overlord_run.store.events import RunCreated
from overlord_run.store.excerpt import cut_values
from overlord_run.store.lease import expires_at
from overlord_run.store.notation import array_parts, encode
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


def registry_parts(state: State) -> Iterator[bytes]:
    """Give the registry of a run that has begun, as it stands on disk, in parts of bounded size.

    A member has a line, and of a list an element. Keys that only later versions can fill are null. Texts over 4 KiB are
    cut; `cuts` beside them tells their length in characters, their SHA-256 and the event that holds them in full.
    """
    opening = "{\n"
    for key, value in _members(state):
        yield f"{opening}  {encode(key)}: ".encode("ascii")
        if isinstance(value, Iterator):
            yield from _list_parts(value)
        else:
            yield encode(value).encode("ascii")
        opening = ",\n"
    yield b"\n}\n"


def _list_parts(rows: Iterator[Iterable[str]]) -> Iterator[bytes]:
    opening = b"[\n    "
    for row in rows:
        yield opening
        for part in row:
            yield part.encode("ascii")
        opening = b",\n    "
    yield b"[]" if opening.startswith(b"[") else b"\n  ]"


def _members(state: State) -> Iterator[tuple[str, Any]]:
    """Give the registry's keys and values; of a list the rows, each as the parts of its JSON."""
    created = state.created
    if created is None:
        raise ValueError(_NO_RUN)
    paths = _Paths(created.run_dir)
    outputs = None if state.outputs is None else dict(state.outputs)
    cuts = cut_values(outputs or {}, TEXT_BYTES, dict.fromkeys(outputs or {}, state.ended_seq))
    facts = {
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
    }
    more_cuts = {f"outputs.{name}": told for name, told in cuts.items()}
    cuts = more_cuts | cut_values(facts, TEXT_BYTES, {"failureReason": state.ended_seq})
    yield from facts.items()
    servants = (*state.servants.values(), *state.replaced)
    yield "servants", ((encode(_servant(servant, created, paths)),) for servant in servants)
    yield "messages", (_message_parts(message) for message in state.messages.values())
    yield "ownedResources", ((encode(resource),) for resource in _owned_resources(state, created))
    yield "lastSeq", state.last_seq
    yield "lastHash", state.last_hash
    if cuts:
        yield "cuts", cuts


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


def _message_parts(message: Message) -> Iterator[str]:
    """Give a message's row, whose last member but `cuts` is the list of what its servants made of it."""
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
    }
    seqs = {
        "text": asked[0].text_seq if is_one_text else message.question_seq,
        "responseText": 0 if only is None else only.ended_seq,
        "failureReason": message.ended_seq,
    }
    cuts = cut_values(view, TEXT_BYTES, seqs)
    yield f'{encode(view)[:-1]},"servantResults":'
    yield from array_parts(map(_result, results))
    yield f',"cuts":{encode(cuts)}}}' if cuts else "}"


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


def _shortened(view: dict[str, Any], seqs: Mapping[str, int]) -> dict[str, Any]:
    cuts = cut_values(view, TEXT_BYTES, seqs)
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
    nano_usd = priced = unpriced = 0
    for message in messages:
        for result in message.results.values():
            cost = result.cost
            nano_usd, priced, unpriced = nano_usd + cost.nano_usd, priced + cost.priced, unpriced + cost.unpriced
            for key, count in (result.usage or {}).items():
                if count is not None and key in sums and isinstance(count, int):
                    sums[key] = (sums[key] or 0) + count
    return {**sums, "costUsd": usd(nano_usd) if priced else None, "unpricedCalls": unpriced}


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
