"""Draw playbooks whose redirects wait, need, branch, stop, ask and repeat, and say what is wrong with how they went."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from council_kit import CANCEL, Parts, Record, carry_on, carry_out, plan_of
from overlord_run.executor.council import Council
from overlord_run.executor.desk import Mailbox
from overlord_run.executor.run import execute
from overlord_run.plan.ids import STARTUP, redirect_id, round_of
from overlord_run.plan.model import Plan
from overlord_run.plan.redirects import PlannedBlock
from overlord_run.playbook.money import Limits
from overlord_run.store import events as ev
from overlord_run.store.state import State

SLOTS = ("alder", "birch", "cedar")
MOST_PROCESSES = 20


@dataclass(frozen=True)
class Drawn:
    """A playbook and what goes wrong in it."""

    playbook: str
    script: str


@st.composite
def drawn(draw: st.DrawFn, *, may_end: bool) -> Drawn:
    """Draw redirects; with `may_end` some of them end the run, and then it depends on the moment what else was sent."""
    redirects = [_draw(draw, f"r{number}", number, may_end=may_end) for number in range(draw(st.integers(1, 6)))]
    ids = [inner["id"] for one in redirects for inner in (one, *one.get("redirects", ()))]
    faults = draw(st.sets(st.tuples(st.sampled_from(SLOTS), st.sampled_from(ids)), max_size=3))
    playbook = {
        "overlord": 1,
        "name": "drawn",
        "engine": {"startup": {"require": "any"}},
        "roles": {"adviser": {"system": "Advise.", "task": "Begin."}},
        "assignments": [{"slot": slot, "role": "adviser"} for slot in SLOTS],
        "redirects": redirects,
    }
    answers: dict[str, dict[str, Any]] = {}
    for slot, id_ in sorted(faults):
        if any(id_ == inner["id"] and slot in inner.get("to", ()) for one in redirects for inner in _flat(one)):
            answers.setdefault(slot, {})[id_] = {"fault": "empty"}
    script = yaml.safe_dump({"overlord": 1, "answers": answers}) if answers else ""
    return Drawn(yaml.safe_dump(playbook, sort_keys=False), script)


def _flat(redirect: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return (redirect, *redirect.get("redirects", ()))


def _draw(draw: st.DrawFn, id_: str, number: int, *, may_end: bool, prefix: str = "r") -> dict[str, Any]:
    """Draw one redirect of a level; `number` says how many stand above it there."""
    above = [f"{prefix}{earlier}" for earlier in range(number)]
    some = st.lists(st.sampled_from(above), unique=True, max_size=2) if above else st.just([])
    redirect: dict[str, Any] = {"id": id_}
    if draw(st.booleans()):
        redirect["after"] = draw(some)
    if needs := draw(some):
        redirect["needs"] = needs
    if draw(st.booleans()):
        redirect["when"] = draw(_conditions(redirect.get("needs", [])))
    if may_end and draw(st.integers(0, 4)) == 0:
        redirect["on_failure"] = "stop"
    kinds = ["message", "message", "check", "pause", *(["block"] if prefix == "r" else [])]
    return redirect | _draw_kind(draw, id_, draw(st.sampled_from(kinds)), may_end=may_end)


def _draw_kind(draw: st.DrawFn, id_: str, kind: str, *, may_end: bool) -> dict[str, Any]:
    """Draw what is of one kind alone."""
    match kind:
        case "check":
            return {"check": not (may_end and draw(st.booleans()))}
        case "pause":
            return {"pause": "Go on?"}
        case "block":
            own = f"{id_}_"
            inner = range(draw(st.integers(1, 3)))
            redirects = [_draw(draw, f"{own}{one}", one, may_end=may_end, prefix=own) for one in inner]
            return {"redirects": redirects, "repeat": draw(_repeats())}
    return draw(_messages())


def _conditions(ids: Sequence[str]) -> st.SearchStrategy[str]:
    """Return conditions over messages that have ended; one that is no message is not there, which fails it."""
    return st.sampled_from(["true", "true", "false", *(f"servants | length > {len(id_)}" for id_ in ids)])


def _messages() -> st.SearchStrategy[dict[str, Any]]:
    to = st.lists(st.sampled_from(SLOTS), unique=True, min_size=1).map(sorted)
    return st.fixed_dictionaries(
        {"to": to, "message": st.just("{{ servant.slot }}, go on.")},
        optional={
            "only": st.sampled_from(["servant.slot != 'alder'", "false", "true"]),
            "require": st.sampled_from(["any", "all", "60%", 1]),
        },
    )


def _repeats() -> st.SearchStrategy[dict[str, Any]]:
    until = st.sampled_from(["round > 1", "false", "true"])
    endless = st.fixed_dictionaries({"max": st.integers(1, 2)})
    ending = st.fixed_dictionaries(
        {"max": st.integers(1, 2), "until": until, "at_max": st.sampled_from(["fail", "continue"])}
    )
    return endless | ending


def gone_through(folder: Path, one: Drawn, *, cut_at: int | None = None) -> Record:
    """Carry a playbook out to its end, every pause approved; it is cut at the event `cut_at`, and then resumed."""
    events: list[ev.Body] = []

    def watch(_body: ev.Body, _council: Council) -> object:
        seen.append(None)
        return CANCEL if len(seen) == cut_at else None  # once: what it does to end well is not cut, too

    seen: list[None] = []
    parts = Parts()
    try:
        record = carry_out(folder, one.playbook, one.script, watch=watch, parts=parts)
        events += record.events
    except asyncio.CancelledError:
        record = carry_on(folder, one.playbook, one.script, parts=parts)
        events += record.events
    return _approved(folder, one, Record(events, record.state))


def limited(one: Drawn, requests: int) -> Drawn:
    """Return a playbook of which no more requests than that may leave."""
    playbook = yaml.safe_load(one.playbook)
    playbook["engine"]["budget"] = {"requests": requests}
    return Drawn(yaml.safe_dump(playbook, sort_keys=False), one.script)


def raised(folder: Path, one: Drawn, before: Record) -> Record:
    """Raise the budget of a run that it stopped, beyond all that is left, and carry the run on to its end."""
    record = carry_out(folder, one.playbook, one.script, deed=_raise, purpose="resume")
    return _approved(folder, one, Record([*before.events, *record.events], record.state))


def _approved(folder: Path, one: Drawn, record: Record) -> Record:
    """Approve what a run asks, again and again until it asks nothing more."""
    events = record.events
    for _ in range(MOST_PROCESSES):
        if record.state.state != "awaiting-human":
            return Record(events, record.state)
        record = carry_out(folder, one.playbook, one.script, deed=_approve, purpose="approve")
        events = [*events, *record.events]
    raise AssertionError(record.state.reason)


async def _raise(council: Council, mailbox: Mailbox) -> None:
    await council.recorder.record(ev.BudgetRaised(Limits(requests=10_000).to_json()))
    await execute(council, mailbox)


async def _approve(council: Council, mailbox: Mailbox) -> None:
    for pause in council.state.open_pauses:
        await council.recorder.record(ev.PauseAnswered(pause.id, True, "ada", "", f"of {pause.id}"))  # noqa: FBT003
    await execute(council, mailbox)


def outcome(state: State) -> dict[str, Any]:
    """Return what a run came to, but for when and how often."""
    messages = {
        message.id: (
            message.state,
            message.failure,
            {slot: (one.state, one.reply, one.failure) for slot, one in message.results.items()},
        )
        for message in state.messages.values()
    }
    return {"state": state.state, "messages": messages, "outputs": state.outputs}


def faults(plan: Plan, events: Sequence[ev.Body]) -> Iterator[str]:
    """Yield what is wrong with how the redirects of a plan went, told by the whole log of the run."""
    yield from _not_once(plan, events)
    yield from _too_early(plan, events)
    yield from _out_of_turn(plan, events)
    yield from _at_once(events)


def _ends(body: ev.Body) -> str | None:
    """Return the message that an event ends."""
    match body:
        case ev.MessageSettled(message_id) | ev.CheckAnswered(message_id) | ev.PauseAnswered(message_id):
            return message_id
        case ev.RedirectSkipped(message_id, slot=None) | ev.RedirectFailed(message_id, slot=None):
            return message_id
        case ev.RoundEnded(message_id, outcome=str()):
            return message_id
    return None


def _not_once(plan: Plan, events: Sequence[ev.Body]) -> Iterator[str]:
    ended = Counter(message_id for body in events if (message_id := _ends(body)) is not None)
    rounds = Counter(body.message_id for body in events if isinstance(body, ev.RoundEnded))
    wanted = {redirect.id for redirect in plan.redirects}
    for block in plan.redirects:
        if isinstance(block, PlannedBlock):
            wanted |= {f"{each.id}.{number + 1}" for each in block.redirects for number in range(rounds[block.id])}
    yield from (f"{message_id} ended {ended[message_id]} times" for message_id in wanted if ended[message_id] != 1)
    yield from (f"{message_id} is none of the plan's" for message_id in ended.keys() - wanted - {STARTUP})


def _too_early(plan: Plan, events: Sequence[ev.Body]) -> Iterator[str]:
    ended: dict[str, bool] = {}
    for body in events:
        if isinstance(body, ev.RequestSent) and body.message_id != STARTUP:
            number = round_of(body.message_id)
            redirect = plan.by_id[redirect_id(body.message_id)]
            suffix = "" if number is None else f".{number}"
            yield from (f"{body.message_id} before {one}" for one in redirect.after if f"{one}{suffix}" not in ended)
            yield from (f"{body.message_id} without {one}" for one in redirect.needs if not ended.get(f"{one}{suffix}"))
            block = plan.block_of.get(redirect.id)
            yield from (f"{body.message_id} before {one}" for one in (block.after if block else ()) if one not in ended)
        message_id = _ends(body)
        if message_id is not None:
            ended[message_id] = _succeeds(body)


def _succeeds(body: ev.Body) -> bool:
    match body:
        case ev.MessageSettled(state=state):
            return state != "failed"
        case ev.CheckAnswered(holds=is_good) | ev.PauseAnswered(approved=is_good):
            return is_good
        case ev.RoundEnded(outcome=outcome):
            return outcome == "completed"
    return False


def _out_of_turn(plan: Plan, events: Sequence[ev.Body]) -> Iterator[str]:
    places = {redirect.id: number for number, redirect in enumerate(plan.redirects)}
    latest: dict[str, tuple[int, int, int]] = {}
    for body in events:
        if isinstance(body, ev.RequestSent) and body.message_id != STARTUP:
            id_ = redirect_id(body.message_id)
            block = plan.block_of.get(id_)
            inside = 0 if block is None else [each.id for each in block.redirects].index(id_)
            place = (places[id_ if block is None else block.id], round_of(body.message_id) or 0, inside)
            if place < latest.get(body.slot, place):
                yield f"{body.slot} was asked {body.message_id} too late"
            latest[body.slot] = place


def _at_once(events: Sequence[ev.Body]) -> Iterator[str]:
    asked: dict[str, str] = {}
    for body in events:
        match body:
            case ev.RequestSent(message_id, slot):
                if slot in asked:
                    yield f"{slot} was asked {message_id} while it had {asked[slot]}"
                asked[slot] = message_id
            case ev.ReplyReceived(_, slot) | ev.RequestFailed(_, slot):
                asked.pop(slot, None)


def planned(one: Drawn) -> Plan:
    """Return the plan of what was drawn."""
    return plan_of(one.playbook)
