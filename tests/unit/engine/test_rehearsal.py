import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs

from overlord_run.engine.base import ChatMessage, Failure, Reply, Request
from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint
from overlord_run.engine.rehearsal import RehearsalTransport
from overlord_run.engine.script import Script, ScriptedAnswer
from overlord_run.errors import PreflightError
from overlord_run.host.shell import Host

LONG = "x\\n" * 30
HOST = Host("linux", "bash", "posix")
ASKED = Request(
    "alder",
    "rank",
    1,
    "fugu",
    (ChatMessage("system", "You are alder."), ChatMessage("user", "Rank the plan's flaws.")),
    {"max_tokens": 64},
    5.0,
)


async def no_probe(model: str) -> None:
    pytest.fail(f"a rehearsal probes nothing, and not {model}")


def rehearse(script: Script | None = None, *, models: tuple[str, ...] = ("fugu",)) -> ChatEngine:
    transport = RehearsalTransport(models, script)
    return ChatEngine(Endpoint("https://rehearsal.invalid/v1"), models=("fugu",), host=HOST, transport=transport)


def ask(request: Request, script: Script | None = None) -> Reply | Failure:
    async def go() -> Reply | Failure:
        engine = rehearse(script)
        async with engine.lane(request) as lane:
            outcome = await lane.ask(request)
        await engine.aclose()
        return outcome

    return asyncio.run(go())


def played(answer: ScriptedAnswer, request: Request = ASKED) -> Reply | Failure:
    return ask(request, Script({("alder", "rank"): answer}))


def test_a_rehearsal_is_called_so_and_needs_neither_key_nor_network() -> None:
    engine = rehearse()
    assert engine.name == "rehearsal"
    assert asyncio.run(engine.preflight(no_probe)) == ("fugu",)


def test_a_model_that_the_rehearsal_does_not_list_is_missing_as_it_would_be() -> None:
    with pytest.raises(PreflightError) as caught:
        asyncio.run(rehearse(models=("gpt-9",)).preflight(no_probe))
    assert caught.value.code == "model-missing"


def test_the_reply_is_made_from_slot_message_and_question() -> None:
    reply = ask(ASKED)
    assert isinstance(reply, Reply)
    assert reply.text == (
        "This is a rehearsal: no model was asked. The servant alder would answer rank here. "
        "It was asked 2 messages of 36 characters in all, digest 86fa84a6a773."
    )
    assert (reply.model, reply.request_id, reply.finish_reason) == ("fugu", "rehearsal-86fa84a6a773", "stop")
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (10, 38)
    assert reply.note == ""


def test_the_same_question_gives_the_same_reply_at_any_attempt() -> None:
    assert ask(ASKED) == ask(structs.replace(ASKED, attempt=3))


@pytest.mark.parametrize(
    "other",
    [
        structs.replace(ASKED, slot="birch"),
        structs.replace(ASKED, message="verdict"),
        structs.replace(ASKED, model="fugu-ultra"),
        structs.replace(ASKED, params={"max_tokens": 65}),
        structs.replace(ASKED, messages=(*ASKED.messages[:1], ChatMessage("user", "Rank the plan's flaw."))),
    ],
)
def test_another_question_gives_another_reply(other: Request) -> None:
    assert ask(other) != ask(ASKED)


def test_a_script_answers_in_its_own_words() -> None:
    reply = played(ScriptedAnswer(text="One flaw: the date."))
    assert isinstance(reply, Reply)
    assert reply.text == "One flaw: the date."


def test_an_answer_that_is_expected_to_fit_a_schema_is_made_to_fit() -> None:
    async def go(schema: dict[str, object]) -> Reply | Failure:
        transport = RehearsalTransport(["fugu"], None, lambda slot, message: schema if slot == "alder" else None)
        engine = ChatEngine(Endpoint("https://rehearsal.invalid/v1"), models=("fugu",), host=HOST, transport=transport)
        async with engine.lane(ASKED) as lane:
            return await lane.ask(ASKED)

    reply = asyncio.run(go({"enum": ["größer", "kleiner"]}))
    assert isinstance(reply, Reply)
    assert reply.text == '"größer"'
    failure = asyncio.run(go({"type": "string", "pattern": "^v"}))
    assert failure == Failure(
        "script", 'a rehearsal needs a script here: $: must match the pattern "^v", and "rehearsed answer" does not'
    )


def test_a_script_can_answer_otherwise_after_a_repair() -> None:
    answer = ScriptedAnswer(text="One.", then=(ScriptedAnswer(text="Two."),))
    replies = [played(answer, structs.replace(ASKED, repair=repair)) for repair in (0, 1, 2)]
    assert [reply.text for reply in replies if isinstance(reply, Reply)] == ["One.", "Two.", "Two."]


def test_whom_the_script_does_not_name_is_answered_as_without_one() -> None:
    birch = structs.replace(ASKED, slot="birch")
    assert played(ScriptedAnswer(text="One flaw: the date."), birch) == ask(birch)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (ScriptedAnswer(fault="timeout"), Failure("timeout", "no whole answer within 5 s")),
        (
            ScriptedAnswer(fault="empty"),
            Failure("no-text", "the answer has no text", status=200, request_id="rehearsal-86fa84a6a773"),
        ),
        (
            ScriptedAnswer(fault="malformed"),
            Failure("malformed", "the answer is not JSON", status=200, detail="this is not JSON"),
        ),
        (
            ScriptedAnswer(status=429, retry_after_s=1.5),
            Failure(
                "rate-limited",
                "the API asks for fewer requests (429)",
                status=429,
                unbilled=True,
                retry_after_s=1.5,
                detail="the rehearsal's script says so",
            ),
        ),
        (
            ScriptedAnswer(status=500),
            Failure("server-error", "the API failed (500)", status=500, detail="the rehearsal's script says so"),
        ),
    ],
)
def test_a_scripted_fault_ends_as_a_real_one(answer: ScriptedAnswer, failure: Failure) -> None:
    assert played(answer) == failure


def test_a_fault_is_over_after_so_many_times() -> None:
    answer = ScriptedAnswer(text="Better now.", status=503, times=2)
    outcomes = [played(answer, structs.replace(ASKED, attempt=attempt)) for attempt in (1, 2, 3)]
    assert [isinstance(outcome, Reply) for outcome in outcomes] == [False, False, True]


def test_a_slow_answer_comes() -> None:
    assert isinstance(played(ScriptedAnswer(slow_s=0.01)), Reply)


def test_an_answer_that_is_slower_than_the_timeout_does_not() -> None:
    hasty = structs.replace(ASKED, timeout_s=0.05)
    assert played(ScriptedAnswer(slow_s=60.0), hasty) == Failure("timeout", "no whole answer within 0.05 s")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            ScriptedAnswer(contains=("the plan", "the budget")),
            'the script wants the request to contain "the budget", and it does not',
        ),
        (ScriptedAnswer(lacks=("flaws",)), 'the script wants the request to lack "flaws", and it contains it'),
        (
            ScriptedAnswer(contains=("x\n" * 100,), fault="die"),
            f'the script wants the request to contain "{LONG}…", and it does not',
        ),
    ],
)
def test_a_request_that_is_not_what_the_script_wants_fails_with_the_reason(answer: ScriptedAnswer, reason: str) -> None:
    assert played(answer) == Failure("script", reason)


def test_a_request_that_is_what_the_script_wants_is_answered() -> None:
    answer = ScriptedAnswer(contains=("You are alder.", "the plan"), lacks=("{{",), text="Yes.")
    assert isinstance(played(answer), Reply)


DYING = """
import asyncio, httpx
from overlord_run.engine.rehearsal import RehearsalTransport
from overlord_run.engine.script import Script, ScriptedAnswer
transport = RehearsalTransport([], Script({("*", "*"): ScriptedAnswer(fault="die")}))
facts = {"overlord": ("alder", "rank", 1, 0)}
request = httpx.Request("POST", "https://rehearsal.invalid", json={"messages": []}, extensions=facts)
print("begun", flush=True)
asyncio.run(transport.handle_async_request(request))
print("alive", flush=True)
"""


def test_a_scripted_death_kills_the_process_there() -> None:
    runner = Path(__file__).parents[3] / "runner"
    done = subprocess.run(
        [sys.executable, "-c", DYING], env={**os.environ, "PYTHONPATH": str(runner)}, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout.split()) == (-signal.SIGKILL, [b"begun"])
