"""Answer from a recording, in the network's place: what was asked then gives what came of it then.

An exchange is found by what is asked, the request's whole body, not by when: servants are asked side by side, and their
order is another each time. Where a body was recorded several times, the exchange of the same servant, message and
attempt answers, else the first that has not answered yet; each answers once. A reply of which a crash kept the run
from hearing, so that it was asked for again, answers nobody. What the recording does not hold is told
with the nearest that it holds, and nothing is sent anywhere. `/models` may be asked for as often as somebody likes.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Final

import httpx
from msgspec import Struct

from overlord_run.engine.base import EngineName
from overlord_run.engine.completion import holds_text
from overlord_run.engine.exchange import Exchange, MisfitError, read_exchange, read_line
from overlord_run.engine.foreign import Fault
from overlord_run.engine.nearest import difference, likeness
from overlord_run.engine.payload import as_mapping, parse_json
from overlord_run.engine.retry import retry_after_s
from overlord_run.engine.rules import RECORDING
from overlord_run.engine.wire import NoAnswerError
from overlord_run.errors import InvalidPlaybookError
from overlord_run.plan.digest import digest
from overlord_run.playbook.names import shown
from overlord_run.problem import Problem

NAME_ONE: Final = "name a file that `run --record` made"
MEND: Final = "put it back as it was recorded, or record the run anew"


class Entry(Struct, frozen=True):
    """Where an exchange stands: the number of its line, from 1, and who asked what there.

    Attributes:
        asker: Slot, message, attempt and repair.
    """

    line: int
    asker: tuple[str, str, int, int]


class Recording(Struct, frozen=True):
    """What a recording holds. Its lines are kept as they stand, and read again where one of them answers.

    Attributes:
        lines: From the header on.
        models: The numbers of the lines of `GET /models`.
        chats: Digest of a request's body → its exchanges, in the order of the file.
    """

    lines: Sequence[bytes]
    models: Sequence[int]
    chats: Mapping[str, Sequence[Entry]]

    def exchange(self, line: int) -> Exchange:
        """Return the exchange of a line."""
        return read_exchange(read_line(self.lines[line - 1]))

    def request(self, line: int) -> Mapping[str, Any]:
        """Return the body of the request of a line."""
        return as_mapping(read_line(self.lines[line - 1])["request"])


def parse_recording(data: bytes, file: str) -> Recording:
    """Return what a recording holds.

    Args:
        data: The file's bytes.
        file: Its path, for problems.

    Raises:
        InvalidPlaybookError: It is none: the first line that is not as it should be is told.
    """
    lines: list[bytes] = []
    models: list[int] = []
    chats: defaultdict[str, list[Entry]] = defaultdict(list)
    for number, line in enumerate(BytesIO(data) if data else [data], start=1):
        lines.append(line)
        if number > 1 and not line.endswith(b"\n"):
            reason, hint = "is torn: a crash cut it off, or it is being written now", "take it out"
            raise _no_recording(file, number, reason, f"{hint}, or let `resume` of its run go on with it")
        try:
            value = read_line(line)
        except MisfitError as error:
            raise _no_recording(file, number, error.reason, MEND if number > 1 else NAME_ONE) from error
        if (value["type"] == "recording") != (number == 1):
            reason = "begins another recording" if number > 1 else "does not say that this is a recording"
            raise _no_recording(file, number, reason, NAME_ONE)
        if value["type"] == "chat":
            asker = (value["slot"], value["message"], value["attempt"], value["repair"])
            chats[digest(value["request"])].append(Entry(number, asker))
        elif value["type"] == "models":
            models.append(number)
    return Recording(lines, models, chats)


def _no_recording(file: str, line: int, reason: str, hint: str) -> InvalidPlaybookError:
    return InvalidPlaybookError([Problem(file, line, 1, RECORDING, f"the line {reason}", hint)])


class ReplayTransport(httpx.AsyncBaseTransport):
    """A transport that answers from a recording.

    Attributes:
        name: What the records call the engine that it makes.
    """

    name: EngineName = "recording"

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._answered: set[int] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request as it was answered then."""
        line = self._models_line() if request.method == "GET" else await self._chat_line(request)
        self._answered.add(line)
        exchange = self._recording.exchange(line)
        if isinstance(exchange.outcome, Fault):
            raise NoAnswerError(fault=exchange.outcome)
        answer = exchange.outcome
        return httpx.Response(answer.status, headers=_as_seconds(answer.headers, exchange.at), content=answer.body)

    def _models_line(self) -> int:
        models = self._recording.models
        if not models:
            raise _not_recorded(reason="the recording holds no answer to /models")
        return next((line for line in models if line not in self._answered), models[-1])

    async def _chat_line(self, request: httpx.Request) -> int:
        body = as_mapping(parse_json(request.read()))
        asker = request.extensions["overlord"]
        entries = self._recording.chats.get(digest(body), ())
        left = [entry for entry in entries if entry.line not in self._answered and self._was_heard(entry, entries)]
        if left:
            return max(left, key=lambda entry: (_alike(entry.asker, asker), -entry.line)).line
        if entries:
            times = "once" if len(entries) == 1 else f"{len(entries)} times"
            raise _not_recorded(reason=f"the recording holds this request {times}, and has answered it as often")
        raise _not_recorded(reason=await asyncio.to_thread(_nearest, self._recording, asker, body))

    def _was_heard(self, entry: Entry, entries: Sequence[Entry]) -> bool:
        """Say whether a run heard of an exchange; nobody who has a reply makes another attempt."""
        slot, message, attempt, repair = entry.asker
        later = ((slot, message, repair) == (o[0], o[1], o[3]) and attempt < o[2] for o in (e.asker for e in entries))
        if not any(later):
            return True
        outcome = self._recording.exchange(entry.line).outcome
        return isinstance(outcome, Fault) or outcome.status != httpx.codes.OK or not holds_text(outcome)


def _alike(one: tuple[str, str, int, int], other: tuple[str, str, int, int]) -> int:
    """Return how well two askers agree: in all, in slot and message, in one of the two, or in none."""
    if one == other:
        return 3
    return (one[0] == other[0]) + (one[1] == other[1])


def _nearest(recording: Recording, asker: tuple[str, str, int, int], body: Mapping[str, Any]) -> str:
    """Return a sentence on the exchange that is nearest to a request: by who asks what, then by the texts."""
    entries = [entry for of_one_body in recording.chats.values() for entry in of_one_body]
    if not entries:
        return "the recording holds no request to a model"
    best = max(_alike(entry.asker, asker) for entry in entries)
    near = [entry for entry in entries if _alike(entry.asker, asker) == best]
    nearest = max(near, key=lambda entry: (likeness(recording.request(entry.line), body), -entry.line))
    slot, message, *_ = nearest.asker
    whose = f"{shown(message)} to {shown(slot) if slot else 'a model'}"
    where = difference(recording.request(nearest.line), body)
    return f"the recording does not hold this request; nearest is line {nearest.line}, {whose}, where {where}"


def _not_recorded(*, reason: str) -> NoAnswerError:
    return NoAnswerError(fault=Fault("not-recorded", reason))


def _as_seconds(headers: Mapping[str, str], at: float) -> httpx.Headers:
    """Return the headers of an answer, with a date to wait for as the seconds that it was away then."""
    wait_s = retry_after_s(headers, now_s=at)
    return httpx.Headers({**headers, **({} if wait_s is None else {"retry-after": f"{wait_s:g}"})}, encoding="utf-8")
