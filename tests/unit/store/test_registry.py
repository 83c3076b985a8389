import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from overlord_run.store import events as ev
from overlord_run.store.fold import fold
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import build, make_entry, parse
from overlord_run.store.registry import registry_parts
from overlord_run.store.state import State
from store_kit import OWNER, TOKEN, USAGE, clock, created, failed, queued, replied, sent, servant

FOLDER = RunFolder(Path("/runs/one"))
OPENING: list[ev.Body] = [created(FOLDER), OWNER]


def on_disk(bodies):
    """Return the bodies' lines."""
    now, lines, prev = clock(), [], ev.NO_HASH
    for seq, body in enumerate(bodies, start=1):
        line, event = build(make_entry(now(), body), seq=seq, epoch=1, batch=seq, prev=prev)
        lines.append((line, event))
        prev = event.hash
    return lines


def view_of_all(bodies):
    """Return what the registry of these bodies' log has, read back from its bytes."""
    return json.loads(b"".join(registry_parts(fold(event for _, event in on_disk(bodies)))))


def view_of(*bodies):
    return view_of_all([*OPENING, *bodies])


def message_of(*bodies):
    return view_of(*bodies)["messages"][-1]


def test_a_run_that_has_just_begun_has_every_field():
    assert view_of() == {
        "schemaVersion": 1,
        "runId": "one",
        "runToken": TOKEN,
        "worktree": "/home/dev/project",
        "engine": "rehearsal",
        "provider": "sakana",
        "state": "preflight",
        "failureReason": None,
        "createdAt": "2026-11-22T00:00:00.000Z",
        "updatedAt": "2026-11-22T00:00:00.001Z",
        "statePath": "/home/dev/project/.overlord/runs/one/run.json",
        "journalDir": "/home/dev/project/.overlord/runs/one/journals",
        "ledgerPath": "/home/dev/project/.overlord/runs/one/ledger.jsonl",
        "host": {"platform": "linux", "shell": "bash"},
        "branch": "main",
        "commit": "0" * 40,
        "cwd": "/home/dev/project",
        "playbook": {"name": "council", "path": "/home/dev/project/council.yml", "digest": "sha256:" + "1" * 64},
        "planDigest": created(FOLDER).plan_digest,
        "budget": None,
        "usage": {
            "promptTokens": None,
            "completionTokens": None,
            "cachedTokens": None,
            "reasoningTokens": None,
            "orchestrationInputTokens": None,
            "orchestrationInputCachedTokens": None,
            "orchestrationOutputTokens": None,
            "costUsd": None,
            "unpricedCalls": 0,
        },
        "outputs": None,
        "servants": [
            {
                "slot": slot,
                "name": slot.capitalize(),
                "role": "critic",
                "model": "normal",
                "profile": "consultation",
                "state": "pending",
                "composerSubmitMode": "surface-api",
                "llmModel": "fugu",
                "llmRequestId": None,
                "llmMessages": 0,
                "lastEventAt": None,
                "lastAckAt": None,
                "lastLivenessCheckAt": None,
                "lastUsefulSignalAt": None,
                "leaseExpiresAt": None,
                "journalPath": f"/home/dev/project/.overlord/runs/one/journals/{slot}.jsonl",
                "eventJournalPath": "/home/dev/project/.overlord/runs/one/events.jsonl",
                "scopeToken": "ab" * 32,
                "assignment": "List what can go wrong.",
                "handoff": None,
            }
            for slot in ("alder", "birch")
        ],
        "messages": [],
        "ownedResources": [
            {
                "id": "owner",
                "kind": "process",
                "pid": 4711,
                "fingerprint": {"boot": "b00t", "start": 12, "executable": "/usr/bin/python3"},
                "runId": "one",
                "runToken": TOKEN,
                "createdAt": "2026-11-22T00:00:00.001Z",
            }
        ],
        "lastSeq": 2,
        "lastHash": on_disk(OPENING)[-1][1].hash,
    }


def test_a_run_that_has_not_begun_has_no_registry():
    with pytest.raises(ValueError, match="the registry of a run that has not begun"):
        list(registry_parts(State()))


def test_paths_are_in_the_platforms_own_spelling():
    windows = replace(created(FOLDER), run_dir="C:\\work\\.overlord\\runs\\one")
    view = view_of_all([windows])
    assert view["statePath"] == "C:\\work\\.overlord\\runs\\one\\run.json"
    assert view["servants"][0]["journalPath"] == "C:\\work\\.overlord\\runs\\one\\journals\\alder.jsonl"
    odd = replace(created(FOLDER), run_dir="/home/back\\slash")
    assert view_of_all([odd])["statePath"] == "/home/back\\slash/run.json"


def test_a_message_with_one_target_has_its_reply():
    message = message_of(queued("rank", "alder", "Rank."), sent("rank", "alder"), replied("rank", "alder", "1. Cost."))
    assert message == {
        "id": "rank",
        "target": "all",
        "text": "Rank.",
        "createdAt": "2026-11-22T00:00:00.002Z",
        "state": "started",
        "queuedAt": "2026-11-22T00:00:00.002Z",
        "startedAt": "2026-11-22T00:00:00.003Z",
        "completedAt": None,
        "failedAt": None,
        "responseText": "1. Cost.",
        "failureReason": None,
        "servantResults": [
            {
                "slot": "alder",
                "state": "completed",
                "llmModel": "fugu",
                "requestId": "req-rank-alder",
                "responseText": "1. Cost.",
                "failureReason": None,
                "usage": USAGE,
                "costUsd": None,
                "startedAt": "2026-11-22T00:00:00.003Z",
                "endedAt": "2026-11-22T00:00:00.004Z",
            }
        ],
    }


TWO = [queued("rank", "alder"), queued("rank", "birch")]


@pytest.mark.parametrize(
    ("bodies", "text"),
    [
        (TWO, "And then?"),
        ([queued("rank", "alder", "A"), queued("rank", "birch", "B")], None),
        ([queued("rank", "alder", "A"), ev.RedirectSkipped("rank", "all", "birch", "blocked")], "A"),
        ([ev.RedirectSkipped("rank", "all", None, "verdict failed")], None),
    ],
    ids=["the same for all", "another for each", "one left out", "nobody"],
)
def test_a_messages_text_is_the_one_that_all_got(bodies, text):
    assert message_of(*bodies)["text"] == text


def test_the_reply_to_several_targets_stands_with_each():
    message = message_of(*TWO, sent("rank", "alder"), replied("rank", "alder"))
    assert message["responseText"] is None
    assert [result["responseText"] for result in message["servantResults"]] == ["Nothing.", None]


@pytest.mark.parametrize(
    ("how", "completed", "failed_at"),
    [
        ("completed", "2026-11-22T00:00:00.003Z", None),
        ("partial", "2026-11-22T00:00:00.003Z", None),
        ("failed", None, "2026-11-22T00:00:00.003Z"),
    ],
)
def test_a_message_tells_when_it_ended_and_how(how, completed, failed_at):
    message = message_of(queued("rank", "alder"), ev.MessageSettled("rank", how, "why"))
    assert (message["state"], message["completedAt"], message["failedAt"]) == (how, completed, failed_at)
    assert message["failureReason"] == "why"


def test_usage_is_the_sum_of_what_was_told():
    bodies = [
        queued("rank", "alder"),
        replied("rank", "alder"),
        queued("more", "alder"),
        replace(replied("more", "alder"), usage={"promptTokens": 5, "strange": 9, "cachedTokens": "many"}),
    ]
    assert view_of(*bodies)["usage"] == {
        "promptTokens": 16,
        "completionTokens": 7,
        "cachedTokens": None,
        "reasoningTokens": None,
        "orchestrationInputTokens": 3,
        "orchestrationInputCachedTokens": None,
        "orchestrationOutputTokens": None,
        "costUsd": None,
        "unpricedCalls": 2,
    }


def test_an_ended_run_owns_nothing_and_has_its_outputs():
    view = view_of(ev.RunFinished("completed", None, {"verdict": "Ship."}, {}))
    assert (view["state"], view["ownedResources"], view["outputs"]) == ("completed", [], {"verdict": "Ship."})


def test_a_preflight_that_failed_tells_why():
    assert view_of(ev.PreflightFailed("no-key", "there is no key"))["failureReason"] == "there is no key"


LONG = "x" * 5000


def cut(seq, text=LONG):
    return {"length": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest(), "seq": seq}


def test_long_texts_are_cut_and_told_with_the_event_that_has_them():
    message = message_of(
        queued("rank", "alder", LONG), replied("rank", "alder", LONG), ev.MessageSettled("rank", "partial", LONG)
    )
    assert message["cuts"] == {"text": cut(3), "responseText": cut(4), "failureReason": cut(5)}
    assert message["servantResults"][0]["cuts"] == {"responseText": cut(4)}
    assert message["text"] == message["responseText"] == message["failureReason"] == "x" * 4096


def test_a_long_failure_is_cut_with_its_event():
    message = message_of(queued("rank", "alder"), replace(failed("rank", "alder"), reason=LONG))
    assert message["servantResults"][0]["cuts"] == {"failureReason": cut(4)}


def test_a_long_assignment_is_cut():
    first = created(FOLDER, servants=[servant("alder", assignment=LONG)])
    view = view_of_all([first])
    assert view["servants"][0]["cuts"] == {"assignment": cut(1)}


def test_long_outputs_are_cut_or_left_out():
    view = view_of(ev.RunFinished("partial", LONG, {"cuts": LONG, "list": ["x"] * 2000, "short": [1]}, {}))
    assert view["outputs"] == {"cuts": "x" * 4096, "list": None, "short": [1]}
    assert view["cuts"] == {
        "outputs.cuts": cut(3),
        "outputs.list": cut(3, json.dumps(["x"] * 2000, separators=(",", ":"))),
        "failureReason": cut(3),
    }


def test_a_registry_stands_on_disk_a_member_and_an_element_a_line():
    written = b"".join(registry_parts(fold(event for _, event in on_disk([*OPENING, queued("rank", "alder")]))))
    lines = written.decode("ascii").splitlines(keepends=True)
    members = [line for line in lines if line.startswith('  "')]
    assert lines[0] == "{\n"
    assert lines[-1] == "}\n"
    assert members[1] == '  "runId": "one",\n'
    assert members[-3:-1] == ['  "ownedResources": [\n', '  "lastSeq": 3,\n']
    at = lines.index('  "servants": [\n')
    assert lines[at + 1].startswith('    {"slot":"alder",')
    assert lines[at + 1].endswith("},\n")
    assert lines[at + 3] == "  ],\n"
    nothing = b"".join(registry_parts(fold(event for _, event in on_disk(OPENING))))
    assert b'\n  "messages": [],\n' in nothing


def test_a_registry_is_made_in_parts_that_do_not_grow_with_the_run():
    bodies = [queued("rank", "alder", "x" * 3000), sent("rank", "alder"), replied("rank", "alder", "y" * 3000)]
    many = [body for number in range(50) for body in (queued(f"m{number}", "alder"), *bodies)]
    assert max(map(len, registry_parts(fold(event for _, event in on_disk([*OPENING, *many]))))) < 10_000


@given(st.text(st.characters(exclude_categories=())), st.text("\ud83d\ude00x"), st.sampled_from([1, 1500]))
def test_a_live_run_and_its_log_give_the_same_registry(short, odd, times):
    text = (short + odd) * times
    first = created(FOLDER, servants=[servant("alder", name=short, assignment=text)])
    bodies = [
        first,
        OWNER,
        queued("rank", "alder", text, short),
        sent("rank", "alder"),
        replied("rank", "alder", text),
        ev.RunFinished("partial", text, {"a": text, "b": [text]}, {}),
    ]
    lines = on_disk(bodies)
    reread, before = State(), None
    for line, _ in lines:
        before = parse(line, before)
        fold([before], reread)
    live = fold(event for _, event in lines)
    assert list(registry_parts(live)) == list(registry_parts(reread))
