"""What a run does, told by its events: each test is a playbook, a rehearsal script and what must have been recorded."""

import asyncio
from pathlib import Path

import pytest

from council_kit import CANCEL, carry_out
from overlord_run.errors import PreflightError
from overlord_run.executor.council import Council
from overlord_run.plan.conversation import turns
from overlord_run.store import events as ev

TWO_CRITICS = """\
overlord: 1
name: council
roles: {critic: {system: You criticise., task: What can go wrong?}}
assignments: [{slot: alder, role: critic}, {slot: birch, role: critic}]
"""
TWO_CRITICS_AND_A_JUDGE = """\
overlord: 1
name: council
roles:
  critic: {system: You criticise., task: What can go wrong?}
  judge: {system: You decide., model: ultra}
assignments:
  - {slot: alder, role: critic}
  - {slot: birch, role: critic}
  - {slot: oak, role: judge}
redirects:
  - {id: rank, to: "role:critic", message: Rank your findings.}
  - {id: verdict, to: oak, message: "{{ replies.rank | items | length }} ranked. Decide."}
"""


def script(**answers: str) -> str:
    """Return a script; `alder_rank="{fault: empty}"` is what alder does when asked `rank`."""
    lines = ["overlord: 1", "answers:"]
    for key, answer in answers.items():
        slot, message = key.split("_", 1)
        lines.append(f"  {slot}: {{{message}: {answer}}}")
    return "\n".join(lines)


def test_a_council_that_answers_everything_is_completed(tmp_path: Path) -> None:
    record = carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE)
    assert record.state.state == "completed"
    assert [message.state for message in record.state.messages.values()] == ["completed"] * 3
    assert {servant.state for servant in record.state.servants.values()} == {"ready"}
    assert list(record.state.outputs or {}) == ["oak"]


def test_the_events_of_a_run_tell_its_story_in_order(tmp_path: Path) -> None:
    one = "overlord: 1\nname: one\nroles: {a: {system: S, task: T}}\nassignments: [{slot: alder, role: a}]\n"
    types = [body.type for body in carry_out(tmp_path, one).events]
    assert types == [
        "run_created",
        "owner_changed",
        "preflight_passed",
        "startup_began",
        "message_queued",
        "request_sent",
        "reply_received",
        "servant_ready",
        "message_settled",
        "run_finished",
    ]


def test_a_servant_without_a_task_starts_with_its_first_redirect_in_one_call(tmp_path: Path) -> None:
    record = carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE)
    conversation = turns(record.state.servants["oak"].conversation)
    assert [turn.role for turn in conversation] == ["system", "user", "assistant"]
    assert conversation[1].content == "2 ranked. Decide."


def test_a_failed_call_blocks_its_servant_and_leaves_the_others_alone(tmp_path: Path) -> None:
    record = carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE, script(alder_rank="{status: 500}"))
    assert record.state.servants["alder"].state == "blocked"
    assert record.state.servants["birch"].state == "ready"
    assert record.state.messages["rank"].state == "partial"
    assert record.state.messages["rank"].failure == "1 of 2 servants answered"
    assert record.state.messages["verdict"].state == "completed"
    assert record.state.state == "partial"
    assert record.state.reason == "not all servants answered: rank"


def test_a_question_that_got_no_answer_is_left_out_of_the_conversation(tmp_path: Path) -> None:
    record = carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE, script(alder_rank="{fault: empty}"))
    assert [turn.role for turn in turns(record.state.servants["alder"].conversation)] == ["system", "user", "assistant"]
    assert record.state.messages["rank"].results["alder"].text == "Rank your findings."


def test_a_blocked_servant_is_left_out_of_later_messages(tmp_path: Path) -> None:
    again = TWO_CRITICS_AND_A_JUDGE + "  - {id: again, to: all, message: Again.}\n"
    record = carry_out(tmp_path, again, script(alder_rank="{status: 400}"))
    assert record.results("again") == {"alder": "skipped", "birch": "completed", "oak": "completed"}
    assert record.state.messages["again"].results["alder"].failure == "the servant is blocked"


def test_a_redirect_whose_targets_are_all_blocked_is_failed_without_a_call(tmp_path: Path) -> None:
    again = TWO_CRITICS_AND_A_JUDGE + "  - {id: again, to: alder, message: Again.}\n"
    record = carry_out(tmp_path, again, script(alder_rank="{status: 400}"))
    assert record.state.messages["again"].state == "failed"
    assert [body for body in record.of(ev.RequestSent) if body.message_id == "again"] == []


def test_startup_is_all_or_nothing(tmp_path: Path) -> None:
    record = carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE, script(alder_startup="{fault: malformed}"))
    assert record.state.state == "failed"
    assert record.state.reason == "startup was not proved"
    assert set(record.state.messages) == {"startup"}


def test_nothing_new_is_started_after_the_first_failed_startup(tmp_path: Path) -> None:
    record = carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE, script(alder_startup="{status: 401}"), concurrency=1)
    assert [body.slot for body in record.of(ev.RequestSent)] == ["alder"]
    assert record.results("startup") == {"alder": "failed", "birch": "skipped"}
    assert record.state.servants["birch"].state == "pending"
    assert record.state.messages["startup"].state == "failed"


def test_a_message_that_reads_a_reply_which_does_not_exist_fails_without_a_call_and_without_blame(
    tmp_path: Path,
) -> None:
    quoting = TWO_CRITICS_AND_A_JUDGE.replace("{{ replies.rank | items | length }} ranked.", "{{ replies.rank.alder }}")
    record = carry_out(tmp_path, quoting, script(alder_rank="{status: 500}"))
    assert record.results("verdict") == {"oak": "failed"}
    assert record.state.servants["oak"].state == "pending"
    assert [body.message_id for body in record.of(ev.RequestSent)] == ["startup", "startup", "rank", "rank"]
    failure = record.state.messages["verdict"].results["oak"].failure
    assert failure is not None
    assert "alder" in failure


@pytest.mark.parametrize(
    ("require", "state"), [("any", "partial"), ("all", "failed"), ("1", "partial"), ("2", "failed"), ("60%", "failed")]
)
def test_fewer_answers_than_required_fail_a_message(tmp_path: Path, require: str, state: str) -> None:
    playbook = TWO_CRITICS_AND_A_JUDGE.replace("{id: rank,", f"{{id: rank, require: {require},")
    record = carry_out(tmp_path, playbook, script(alder_rank="{status: 500}"))
    assert record.state.messages["rank"].state == state


def test_on_failure_stop_skips_every_redirect_that_has_not_begun(tmp_path: Path) -> None:
    playbook = TWO_CRITICS_AND_A_JUDGE.replace("{id: rank,", "{id: rank, require: all, on_failure: stop,")
    record = carry_out(tmp_path, playbook, script(alder_rank="{status: 500}"))
    assert record.state.messages["verdict"].state == "skipped"
    assert record.state.messages["verdict"].failure == "redirect 'rank' failed, and its on_failure is stop"
    assert record.state.state == "partial"


def test_only_a_failure_that_cannot_have_been_billed_is_tried_again(tmp_path: Path) -> None:
    answers = script(alder_rank="{status: 429, retry_after: 0s, times: 1}", birch_rank="{status: 502, times: 1}")
    record = carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE, answers)
    assert record.results("rank") == {"alder": "completed", "birch": "failed"}
    assert record.state.messages["rank"].results["alder"].attempts == 2
    assert record.state.messages["rank"].results["birch"].attempts == 1
    failed = [(body.slot, body.status, body.retry_in_s) for body in record.of(ev.RequestFailed)]
    assert sorted(failed) == [("alder", 429, 0.0), ("birch", 502, None)]


def test_each_attempt_is_recorded_before_its_bytes_leave_and_after_its_end(tmp_path: Path) -> None:
    answers = script(alder_rank="{status: 503, retry_after: 0s, times: 2}")
    record = carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE, answers)
    calls = [
        (body.type, body.attempt)
        for body in record.events
        if isinstance(body, ev.RequestSent | ev.RequestFailed | ev.ReplyReceived)
        and (body.slot, body.message_id) == ("alder", "rank")
    ]
    sent, failed = "request_sent", "request_failed"
    assert calls == [(sent, 1), (failed, 1), (sent, 2), (failed, 2), (sent, 3), ("reply_received", 3)]


def test_one_attempt_switches_trying_again_off(tmp_path: Path) -> None:
    answers = script(alder_rank="{status: 429, retry_after: 0s, times: 1}")
    record = carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE, answers, attempts=1)
    assert record.results("rank") == {"alder": "failed", "birch": "completed"}


@pytest.mark.parametrize(
    ("redirect", "model", "run", "state"),
    [("5s", "", 0.01, "completed"), ("", "timeout: 5s", 0.01, "completed"), ("", "", 0.01, "failed")],
)
def test_the_nearest_timeout_bounds_an_attempt(
    tmp_path: Path, redirect: str, model: str, run: float, state: str
) -> None:
    own = f", timeout: {redirect}" if redirect else ""
    playbook = (
        f"overlord: 1\nname: one\nmodels: {{slow: {{id: fugu, {model}}}}}\nroles: {{a: {{system: S, model: slow}}}}\n"
        f"assignments: [{{slot: alder, role: a}}]\nredirects: [{{id: ask, to: alder, message: M{own}}}]\n"
    )
    record = carry_out(tmp_path, playbook, script(alder_ask="{slow: 0.1s}"), timeout_s=run)
    assert record.results("ask") == {"alder": state}


def test_redirects_that_are_not_ordered_run_side_by_side(tmp_path: Path) -> None:
    playbook = TWO_CRITICS_AND_A_JUDGE.split("redirects:", maxsplit=1)[0] + (
        "redirects:\n"
        "  - {id: slow, to: alder, message: Slow.}\n"
        "  - {id: quick, to: birch, after: [], message: Quick.}\n"
        "  - {id: last, to: oak, after: [slow, quick], message: Last.}\n"
    )
    record = carry_out(tmp_path, playbook, script(alder_slow="{slow: 0.3s}"))
    settled = [body.message_id for body in record.of(ev.MessageSettled)]
    assert settled == ["startup", "quick", "slow", "last"]


def test_a_servants_own_messages_keep_the_playbooks_order(tmp_path: Path) -> None:
    playbook = TWO_CRITICS_AND_A_JUDGE.split("redirects:", maxsplit=1)[0] + (
        "redirects:\n"
        "  - {id: first, to: [alder, birch], message: First.}\n"
        "  - {id: second, to: [alder, oak], after: [], message: Second.}\n"
    )
    record = carry_out(tmp_path, playbook, script(alder_first="{slow: 0.2s}"))
    sent = [body.message_id for body in record.of(ev.RequestSent) if body.slot == "alder"]
    assert sent == ["startup", "first", "second"]
    assert record.state.state == "completed"


def test_no_more_calls_are_in_flight_than_concurrency_allows(tmp_path: Path) -> None:
    slots = "".join(f"  - {{slot: s{number}, role: critic}}\n" for number in range(9))
    playbook = TWO_CRITICS_AND_A_JUDGE.split("assignments:", maxsplit=1)[0] + "assignments:\n" + slots
    in_flight: list[int] = []
    record = carry_out(
        tmp_path,
        playbook,
        concurrency=3,
        watch=lambda _body, council: in_flight.append(len(council.state.open_calls)),
    )
    assert record.state.state == "completed"
    assert max(in_flight) == 3


def test_a_request_to_stop_lets_calls_in_flight_finish_and_sends_nothing_new(tmp_path: Path) -> None:
    def stop(body: ev.Body, council: Council) -> None:
        if isinstance(body, ev.RequestSent) and body.message_id == "rank":
            council.halt.wanted.set()

    record = carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE, script(alder_rank="{slow: 0.1s, text: Ranked.}"), watch=stop)
    assert record.state.messages["rank"].results["alder"].reply == "Ranked."
    assert "verdict" not in record.state.messages
    assert not record.state.has_ended
    assert record.state.open_calls == {}


def test_a_request_to_stop_ends_the_wait_for_another_attempt(tmp_path: Path) -> None:
    def stop(body: ev.Body, council: Council) -> None:
        if isinstance(body, ev.RequestFailed):
            council.halt.wanted.set()

    answers = script(alder_rank="{status: 429, retry_after: 100s}")
    record = carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE, answers, watch=stop)
    assert [body.attempt for body in record.of(ev.RequestFailed)] == [1]
    assert record.state.servants["alder"].state == "ready"


def test_a_wait_that_the_api_asks_for_holds_the_others_before_they_are_on_record_and_a_stop_ends_it(
    tmp_path: Path,
) -> None:
    def stop(body: ev.Body, council: Council) -> None:
        if isinstance(body, ev.RequestsHeld):
            council.halt.wanted.set()

    answers = script(alder_startup="{status: 429, retry_after: 100s}")
    record = carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE, answers, concurrency=1, watch=stop)
    (held,) = record.of(ev.RequestsHeld)
    assert held.reason == "the API asks for fewer requests (429)"
    assert 99 < held.wait_s <= 100
    assert [body.slot for body in record.of(ev.RequestSent)] == ["alder"]
    assert not record.state.has_ended


def test_a_refusal_for_pace_halves_the_concurrency_and_is_on_record(tmp_path: Path) -> None:
    answers = script(alder_startup="{status: 429, retry_after: 0s, times: 1}")
    record = carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE, answers)
    assert record.of(ev.ConcurrencyFell) == [ev.ConcurrencyFell(4, "the API asks for fewer requests (429)")]
    assert record.state.state == "completed"


@pytest.mark.parametrize("playbook", [TWO_CRITICS_AND_A_JUDGE, TWO_CRITICS])
def test_a_request_to_stop_before_the_preflight_ends_asks_no_model(tmp_path: Path, playbook: str) -> None:
    def stop(body: ev.Body, council: Council) -> None:
        if isinstance(body, ev.PreflightPassed):
            council.halt.wanted.set()

    record = carry_out(tmp_path, playbook, watch=stop)
    assert record.of(ev.RequestSent) == []
    assert not record.state.has_ended


def test_a_cancelled_run_leaves_its_calls_with_an_unknown_outcome(tmp_path: Path) -> None:
    def cancel(body: ev.Body, _council: Council) -> object:
        return CANCEL if isinstance(body, ev.RequestSent) and body.message_id == "rank" else None

    answers = script(alder_rank="{slow: 60s}", birch_rank="{slow: 60s}")
    with pytest.raises(asyncio.CancelledError):
        carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE, answers, watch=cancel)
    log = (tmp_path / "runs" / "run" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert '"type":"request_sent"' in log[-1]


def test_an_api_that_is_not_proved_is_recorded_and_asked_nothing(tmp_path: Path) -> None:
    with pytest.raises(PreflightError):
        carry_out(tmp_path, TWO_CRITICS_AND_A_JUDGE, models=("fugu",))
    log = (tmp_path / "runs" / "run" / "events.jsonl").read_text(encoding="utf-8")
    assert '"type":"preflight_failed","code":"model-missing"' in log
    assert "request_sent" not in log


def test_an_output_without_a_value_makes_the_run_partial_and_says_why(tmp_path: Path) -> None:
    playbook = TWO_CRITICS_AND_A_JUDGE + "outputs:\n  a: {value: replies.rank.alder.text}\n  b: {text: done}\n"
    record = carry_out(tmp_path, playbook, script(alder_rank="{status: 500}"))
    assert record.state.outputs == {"b": "done"}
    assert list(record.state.output_failures) == ["a"]
    assert record.state.reason == "not all servants answered: rank; outputs without a value: a"


def test_the_providers_words_reach_no_file(tmp_path: Path) -> None:
    seen: list[dict[tuple[str, str], str]] = []
    record = carry_out(
        tmp_path,
        TWO_CRITICS_AND_A_JUDGE,
        script(alder_rank="{status: 500}"),
        watch=lambda _body, council: seen.append(council.details),
    )
    assert record.state.state == "partial"
    detail = seen[-1]["rank", "alder"]
    assert detail
    files = [path.read_text(encoding="utf-8") for path in (tmp_path / "runs" / "run").rglob("*") if path.is_file()]
    assert not any(detail in text for text in files)


FAN = """\
overlord: 1
name: fan
inputs: {topics: {type: array, default: []}}
engine: {startup: {require: any}}
roles:
  reader: {system: You read., task: Read.}
  judge: {system: You judge.}
assignments:
  - {for_each: inputs.topics, slot: "r_{{ item }}", role: reader}
  - {slot: oak, role: judge}
redirects:
  - {id: rank, to: "role:reader", message: Rank., on_failure: stop}
  - {id: verdict, to: oak, message: "{{ replies.rank | length }} ranked, {{ replies.startup | length }} read."}
"""


def test_a_redirect_that_goes_to_nobody_is_skipped_and_is_no_failure(tmp_path: Path) -> None:
    record = carry_out(tmp_path, FAN)
    assert record.of(ev.RedirectSkipped) == [
        ev.RedirectSkipped("rank", "role:reader", None, "nobody in this run is called 'role:reader'", by_design=True)
    ]
    assert record.state.servants["oak"].conversation[1] == "0 ranked, 0 read."
    assert (record.state.state, record.state.reason) == ("completed", None)


def test_a_message_that_names_a_servant_that_is_not_there_fails_for_its_target_alone(tmp_path: Path) -> None:
    source = FAN.replace("[]", "[a, b]").replace("{{ replies.startup | length }} read", "{{ servants.r_c.name }}")
    record = carry_out(tmp_path, source)
    assert record.of(ev.RedirectFailed) == [ev.RedirectFailed("verdict", "oak", "oak", "no servant is in a slot 'r_c'")]
    assert (record.state.state, record.results("rank")) == ("partial", {"r_a": "completed", "r_b": "completed"})
