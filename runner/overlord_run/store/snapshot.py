"""Write a run's state as a snapshot, and read it back: what a long log comes to, so that not all of it is read again.

A snapshot is lines of JSON: first what it is of, then the run, then each servant and each message with what came of it,
and last how far the ledger and the journals reach.
A value's place in its row is that of its field; the first line names the fields, so a program whose fields are others
takes no notice of the file. Each text stands once, with the row that first needs it: a conversation holds the same
texts as its messages. Two states that the same log gives have the same bytes, so `verify` can compare them.

Nothing here says whether a snapshot is to be believed: `start.py` asks the log.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict, astuple

from overlord_run.plan.account import Account
from overlord_run.plan.pricing import Amount, Cost, Orchestration, Share
from overlord_run.playbook.money import Limits
from overlord_run.store import events as ev
from overlord_run.store.lines import Place, body_from_json, body_to_json
from overlord_run.store.notation import array_parts, decode, encode
from overlord_run.store.state import Message, Rest, Result, Servant, State

if TYPE_CHECKING:
    from overlord_run.store.extents import Extents

VERSION = 2
_OTHER = "it is no snapshot of this version"
_KINDS = {"run": State, "account": Account, "servant": Servant, "message": Message, "result": Result}
_COLUMNS = {name: list(kind.__struct_fields__) for name, kind in _KINDS.items()}
_PLAIN = (
    *("state", "reason", "created_at", "updated_at", "owned_at", "latest", "requests", "outputs", "output_failures"),
    *("ended_seq", "last_epoch", "last_seq", "last_hash"),
)
_RESULT, _SERVANT, _MESSAGE = (attrgetter(*_COLUMNS[name]) for name in ("result", "servant", "message"))
_RESULT_TEXTS = [_COLUMNS["result"].index(name) for name in ("text", "system", "reply", "repair")]
_AMOUNTS = ("spent", "possible", "reserved")
_COST_OF = attrgetter(*Cost.__struct_fields__)
_COST = _COLUMNS["result"].index("cost")
_CONVERSATION = _COLUMNS["servant"].index("conversation")
_RESULTS, _ACCEPTED, _ANSWER = (_COLUMNS["message"].index(name) for name in ("results", "accepted", "answer"))


def snapshot_parts(state: State, extents: "Extents", place: Place) -> Iterator[bytes]:
    """Give the snapshot of a run that has begun, which the log comes to at this place, in parts of bounded size."""
    for part in _parts(state, extents, place):
        yield part.encode("ascii")


def _parts(state: State, extents: "Extents", place: Place) -> Iterator[str]:
    yield f"{encode({'v': VERSION, **asdict(place), 'columns': _COLUMNS})}\n"
    yield f"{encode(_run_to_json(state))}\n"
    texts = _Numbers()
    for kind, servants in (("servant", state.servants.values()), ("replaced", state.replaced)):
        for servant in servants:
            yield f'["{kind}",{encode(_servant_row(servant, texts))},'
            yield from texts.new_parts()
    for message in state.messages.values():
        yield '["message",'
        yield from _message_parts(message, texts)
        yield ","
        yield from texts.new_parts()
    yield f"{encode(extents.to_json())}\n"


def place_of(line: bytes) -> Place:
    """Return of which place in the log a snapshot is, by its first line.

    Raises:
        ValueError: It is no snapshot of this version.
    """
    head = decode(line)
    if not isinstance(head, dict) or head.get("v") != VERSION or head.get("columns") != _COLUMNS:
        raise ValueError(_OTHER)
    facts: list[Any] = [head.get(name) for name in Place.__struct_fields__]
    if [type(fact) for fact in facts] != list(Place.__annotations__.values()):
        raise ValueError(_OTHER)
    return Place(*facts)


def parted(lines: Sequence[bytes]) -> tuple[Sequence[bytes], bytes]:
    """Return a snapshot's lines, the first one left out, as those of the state and the one that tells of the views.

    Raises:
        ValueError: They are not those of a snapshot.
    """
    *rows, views = lines
    if not views.startswith(b"{"):
        raise ValueError(_OTHER)
    return rows, views


def state_of(lines: Iterable[bytes]) -> State:
    """Return the state of those lines of a snapshot.

    Raises:
        ValueError: They are not those of a snapshot; so do `LookupError`, `TypeError`, `AttributeError` and `Misfit`.
    """
    rest = iter(lines)
    state = _run_from_json(decode(next(rest, b"")))
    texts: list[str] = []
    for line in rest:
        kind, row, new = decode(line)
        texts += new
        if kind == "message":
            message = _message_of(row, texts)
            state.messages[message.id] = message
            continue
        servant = _servant_of(row, texts)
        if kind == "servant":
            state.servants[servant.slot] = servant
        else:
            state.replaced.append(servant)
    return state


class _Numbers:
    """The texts of a snapshot, numbered in the order in which they come."""

    def __init__(self) -> None:
        self._numbers: dict[str | bytes, int] = {}
        self._new: list[str] = []

    def of(self, text: str | None) -> int | None:
        """Return a text's number."""
        if text is None:
            return None
        # Told apart as JSON: two surrogates that make a pair come back from the log as one character.
        key = text if text.isascii() else hashlib.sha256(encode(text).encode("ascii")).digest()
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self._new.append(text)
        return self._numbers[key]

    def new_parts(self) -> Iterator[str]:
        """Give the end of a line: the texts that came since the line before, as a list."""
        new, self._new = self._new, []
        yield from array_parts(new)
        yield "]\n"


def _run_to_json(state: State) -> dict[str, Any]:
    return {name: getattr(state, name) for name in _PLAIN} | {
        "created": _body_to_json(state.created),
        "owner": _body_to_json(state.owner),
        "open_calls": [body_to_json(body) for body in state.open_calls.values()],
        "rest": None if state.rest is None else astuple(state.rest),
        "awaited": sorted(state.awaited),
        "account": _account_to_json(state.account),
    }


def _run_from_json(data: Mapping[str, Any]) -> State:
    state = State(
        created=_body_from_json(data["created"]),
        owner=_body_from_json(data["owner"]),
        rest=None if data["rest"] is None else Rest(*data["rest"]),
        awaited=set(data["awaited"]),
        account=_account_from_json(data["account"]),
    )
    for name in _PLAIN:
        setattr(state, name, data[name])
    for each in data["open_calls"]:
        body = _body_from_json(each)
        state.open_calls[body.message_id, body.slot] = body
    return state


def _body_to_json(body: ev.Body | None) -> dict[str, Any] | None:
    return None if body is None else body_to_json(body)


def _body_from_json(data: Mapping[str, Any] | None) -> Any:
    return None if data is None else body_from_json(data)[0]


def _account_to_json(account: Account) -> dict[str, Any]:
    return asdict(account) | {
        **{name: asdict(getattr(account, name)) for name in ("limits", *_AMOUNTS)},
        "open": [[*call, astuple(amount)] for call, amount in account.open.items()],
        "orchestration": [
            [model, astuple(seen.input), astuple(seen.output)] for model, seen in account.orchestration.items()
        ],
    }


def _account_from_json(data: Mapping[str, Any]) -> Account:
    return Account(
        **dict(data)
        | {
            "limits": Limits(**data["limits"]),
            **{name: Amount(**data[name]) for name in _AMOUNTS},
            "open": {(message_id, slot): Amount(*amount) for message_id, slot, amount in data["open"]},
            "orchestration": {
                model: Orchestration(Share(*over), Share(*out)) for model, over, out in data["orchestration"]
            },
        }
    )


def _servant_row(servant: Servant, texts: _Numbers) -> list[Any]:
    row = list(_SERVANT(servant))
    row[_CONVERSATION] = [texts.of(text) for text in servant.conversation]
    return row


def _servant_of(row: list[Any], texts: Sequence[str]) -> Servant:
    row[_CONVERSATION] = [texts[number] for number in row[_CONVERSATION]]
    return Servant(*row)


def _message_parts(message: Message, texts: _Numbers) -> Iterator[str]:
    row = list(_MESSAGE(message))
    row[_ACCEPTED], row[_ANSWER] = _body_to_json(message.accepted), _body_to_json(message.answer)
    yield f"{encode(row[:_RESULTS])[:-1]},"
    yield from array_parts(_result_row(result, texts) for result in message.results.values())
    yield f",{encode(row[_RESULTS + 1 :])[1:]}"


def _message_of(row: list[Any], texts: Sequence[str]) -> Message:
    results = [_result_of(each, texts) for each in row[_RESULTS]]
    row[_RESULTS] = {result.slot: result for result in results}
    row[_ACCEPTED], row[_ANSWER] = _body_from_json(row[_ACCEPTED]), _body_from_json(row[_ANSWER])
    return Message(*row)


def _result_row(result: Result, texts: _Numbers) -> list[Any]:
    row = list(_RESULT(result))
    for at in _RESULT_TEXTS:
        row[at] = texts.of(row[at])
    row[_COST] = _COST_OF(result.cost)
    return row


def _result_of(row: list[Any], texts: Sequence[str]) -> Result:
    for at in _RESULT_TEXTS:
        row[at] = None if row[at] is None else texts[row[at]]
    row[_COST] = Cost(*row[_COST])
    return Result(*row)
