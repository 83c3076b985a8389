"""A recording answers what was asked then, and says what is nearest where something else is asked."""

import asyncio

import httpx
import pytest
from msgspec.structs import replace

from overlord_run.credential import Redactor
from overlord_run.engine.base import ChatMessage, Failure, Reply, Request
from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint
from overlord_run.engine.exchange import Asked, Exchange, exchange_line, header_line
from overlord_run.engine.foreign import Fault
from overlord_run.engine.replay import ReplayTransport, parse_recording
from overlord_run.engine.wire import Answer
from overlord_run.errors import InvalidPlaybookError, PreflightError
from overlord_run.host.shell import Host

HOST = Host("linux", "bash", "posix")
HEADER = header_line("7f3a", "chat")
AT = 1_795_353_901.0
ASKED = Request("alder", "rank", 1, "fugu", (ChatMessage("user", "Rank."),), {"max_tokens": 64}, 5.0)
NEAREST = "not-recorded: the recording does not hold this request; nearest is"
MODELS = b'{"data":[{"id":"fugu"}]}'


def completion(text: str) -> Answer:
    body = f'{{"id":"c-1","model":"fugu","choices":[{{"message":{{"content":"{text}"}},"finish_reason":"stop"}}]}}'
    return Answer(200, httpx.Headers(), body.encode())


def chat(outcome: Answer | Fault, request: Request = ASKED) -> bytes:
    asked = Asked(request.slot, request.message, request.attempt, request.repair, request.body())
    return exchange_line(Exchange(AT, asked, outcome), Redactor(None))


def models(body: bytes = MODELS) -> bytes:
    return exchange_line(Exchange(AT, None, Answer(200, httpx.Headers(), body)), Redactor(None))


def replayed(*lines: bytes, is_probe: bool = False) -> ChatEngine:
    recording = parse_recording(b"".join([HEADER, *lines]), "run.jsonl")
    endpoint = Endpoint("https://replay.invalid/v1")
    transport = ReplayTransport(recording)
    return ChatEngine(endpoint, models=("fugu",), host=HOST, transport=transport, is_probe=is_probe)


def answers(engine: ChatEngine, *requests: Request) -> list[Reply | Failure]:
    async def go() -> list[Reply | Failure]:
        found = []
        for request in requests:
            async with engine.lane(request) as lane:
                found.append(await lane.ask(request))
        return found

    return asyncio.run(go())


def told(engine: ChatEngine, *requests: Request) -> list[str]:
    found = answers(engine, *requests)
    return [one.text if isinstance(one, Reply) else f"{one.kind}: {one.reason}" for one in found]


async def no_probe(model: str) -> None:
    pytest.fail(f"nothing is probed, and not {model}")


def test_a_replay_is_called_so_needs_no_key_and_lists_the_models_as_often_as_it_is_asked() -> None:
    engine = replayed(models(b'{"data":[]}'), models())
    assert engine.name == "recording"
    with pytest.raises(PreflightError, match="lists no models"):
        asyncio.run(engine.preflight(no_probe))
    assert [asyncio.run(engine.preflight(no_probe)) for _ in range(3)] == [("fugu",)] * 3


def test_models_that_were_proved_by_a_probe_are_proved_by_it_again() -> None:
    async def note(model: str) -> None:
        probed.append(model)

    probed: list[str] = []
    probe = Request("", "preflight", 1, "fugu", (ChatMessage("user", "Reply with the one word: ready"),), {}, 90.0)
    engine = replayed(chat(completion("ready"), probe), is_probe=True)
    assert engine.proves_by == "probe"
    assert asyncio.run(engine.preflight(note)) == ("fugu",)
    assert probed == ["fugu"]


def test_a_recording_without_the_models_proves_nothing() -> None:
    with pytest.raises(PreflightError) as caught:
        asyncio.run(replayed(chat(completion("Yes."))).preflight(no_probe))
    assert (caught.value.code, caught.value.message) == ("not-recorded", "the recording holds no answer to /models")
    assert caught.value.next == "record the run anew with --record"


def test_an_exchange_is_found_by_what_is_asked_and_not_by_when() -> None:
    other = replace(ASKED, slot="birch", messages=(ChatMessage("user", "Judge."),))
    engine = replayed(chat(completion("First.")), chat(completion("Second."), other))
    assert told(engine, other, ASKED) == ["Second.", "First."]


def test_a_failure_is_the_failure_that_it_was() -> None:
    limited = Answer(429, httpx.Headers({"retry-after": "Sun, 22 Nov 2026 13:25:31 GMT"}), b'{"error":"slow down"}')
    late = Fault("timeout", "no connection to the API within 5 s", unbilled=True)
    broken = Fault("transport", "the connection broke", status=200, headers=httpx.Headers({"x-request-id": "r-1"}))
    engine = replayed(chat(limited), chat(late), chat(broken))
    first, second, third = answers(engine, ASKED, ASKED, ASKED)
    assert isinstance(first, Failure)
    assert (first.kind, first.status, first.unbilled, first.retry_after_s) == ("rate-limited", 429, True, 30.0)
    assert second == Failure("timeout", "no connection to the API within 5 s", unbilled=True)
    assert third == Failure("transport", "the connection broke", status=200, request_id="r-1")


def test_a_request_that_was_made_several_times_is_answered_in_that_order_and_as_often() -> None:
    engine = replayed(chat(completion("One.")), chat(completion("Two.")))
    again = "not-recorded: the recording holds this request 2 times, and has answered it as often"
    assert told(engine, ASKED, ASKED, ASKED) == ["One.", "Two.", again]
    once = "not-recorded: the recording holds this request once, and has answered it as often"
    assert told(replayed(chat(completion("One."))), ASKED, ASKED) == ["One.", once]


def test_servants_who_are_asked_the_same_get_each_its_own_answer_in_whatever_order() -> None:
    birch = replace(ASKED, slot="birch")
    lines = [chat(completion("Alder's.")), chat(completion("Birch's."), birch)]
    assert told(replayed(*lines), birch, ASKED) == ["Birch's.", "Alder's."]
    assert told(replayed(*lines), replace(ASKED, slot="oak"), birch) == ["Alder's.", "Birch's."]


def test_a_later_attempt_gets_its_own_answer_also_from_a_process_that_made_no_earlier_one() -> None:
    second = replace(ASKED, attempt=2)
    lines = [chat(Fault("timeout", "too late")), chat(completion("Better late."), second)]
    assert told(replayed(*lines), second) == ["Better late."]


def test_a_reply_that_a_crash_kept_the_run_from_hearing_answers_nobody() -> None:
    again = replace(ASKED, attempt=2)
    lines = [chat(completion("Unheard.")), chat(completion("Heard."), again)]
    assert told(replayed(*lines), ASKED) == ["Heard."]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"no JSON", "malformed: the answer is not JSON"),
        (b"{}", "malformed: the answer is no chat completion"),
        (b'{"choices":[{"message":{"content":" "}}]}', "no-text: the answer has no text"),
    ],
)
def test_an_answer_that_was_no_reply_is_none_again_before_the_next_attempt(body: bytes, reason: str) -> None:
    again = replace(ASKED, attempt=2)
    engine = replayed(chat(Answer(200, httpx.Headers(), body)), chat(completion("At last."), again))
    assert told(engine, ASKED, again) == [reason, "At last."]


def test_what_the_recording_does_not_hold_is_told_with_the_nearest_that_it_holds() -> None:
    alder = replace(ASKED, messages=(ChatMessage("user", "Rank the flaws."),))
    oak = replace(ASKED, slot="oak", message="verdict", messages=(ChatMessage("user", "Rank the merits, please."),))
    engine = replayed(models(), chat(completion("A."), alder), chat(completion("O."), oak))
    changed = replace(ASKED, messages=(ChatMessage("user", "Rank the merits."),))
    stranger = replace(changed, slot="elm", message="summary")
    assert told(engine, changed, stranger) == [
        (
            f"{NEAREST} line 3, 'rank' to 'alder', where messages[0].content differs: "
            f"recorded is 'Rank the flaws.', asked 'Rank the merits.'"
        ),
        (
            f"{NEAREST} line 4, 'verdict' to 'oak', where messages[0].content differs: "
            f"recorded is 'Rank the merits, please.', asked 'Rank the merits.'"
        ),
    ]
    assert told(replayed(models()), ASKED) == ["not-recorded: the recording holds no request to a model"]


def test_the_nearest_to_a_probe_is_told_as_one() -> None:
    probe = replace(ASKED, slot="", message="preflight")
    (found,) = told(replayed(chat(completion("A."), probe)), replace(ASKED, params={}))
    assert found == (
        f"{NEAREST} line 2, 'preflight' to a model, where max_tokens differs: recorded is '64', asked nothing"
    )


NAME_ONE = "name a file that `run --record` made"
MEND = "put it back as it was recorded, or record the run anew"


@pytest.mark.parametrize(
    ("data", "line", "message", "hint"),
    [
        (b"", 1, "the line is not JSON", NAME_ONE),
        (b"overlord: 1\n", 1, "the line is not JSON", NAME_ONE),
        (models(), 1, "the line does not say that this is a recording", NAME_ONE),
        (HEADER.replace(b"1", b"2"), 1, "the line is of version 2, and this program reads version 1", NAME_ONE),
        (HEADER + HEADER, 2, "the line begins another recording", NAME_ONE),
        (HEADER + models() + b"\0\0\n", 3, "the line is not JSON", MEND),
        (
            HEADER + models()[:-1],
            2,
            "the line is torn: a crash cut it off, or it is being written now",
            "take it out, or let `resume` of its run go on with it",
        ),
    ],
)
def test_a_file_that_is_no_recording_is_refused_at_its_line(data: bytes, line: int, message: str, hint: str) -> None:
    with pytest.raises(InvalidPlaybookError) as caught:
        parse_recording(data, "run.jsonl")
    assert list(map(str, caught.value.problems)) == [f"run.jsonl:{line}:1: error: {message} ({hint}) [recording]"]


def test_line_ends_of_windows_do_no_harm() -> None:
    data = b"".join([HEADER, chat(completion("Yes."))]).replace(b"\n", b"\r\n")
    assert next(iter(parse_recording(data, "run.jsonl").chats.values()))[0].line == 2
