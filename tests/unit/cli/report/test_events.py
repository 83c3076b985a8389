import pytest

from overlord_run.cli.report.events import event_text
from overlord_run.store import events as ev
from unit.cli import example_run as example

TOLD = [
    (example.created(), "run_created        council: 2 servants, sakana answers"),
    (example.created("rehearsal"), "run_created        council: 2 servants, the rehearsal answers"),
    (example.created("recording"), "run_created        council: 2 servants, a recording answers"),
    (ev.OwnerChanged(4711, {}, "send"), "owner_changed      process 4711, to send"),
    (
        ev.LogRepaired(7, 1200, "torn-7.jsonl"),
        "log_repaired       line 7 on was torn, 1,200 bytes; they are in torn-7.jsonl",
    ),
    (ev.SnapshotTaken(7_311_392, "0" * 64), "snapshot_taken     7,311,392 bytes, from which a reader may go on"),
    (ev.MessageAccepted("send.1", "all", ["alder"], "Why?", "id"), "message_accepted   send.1 all: Why?"),
    (ev.ServantRecovered("alder", "rank"), "servant_recovered  alder: is asked rank again"),
    (ev.ServantReplaced("alder", 2, "scope", "handoff", "rank"), "servant_replaced   alder: number 2 in this slot"),
    (ev.ServantsReleased(["alder", "oak"]), "servants_released  alder and oak"),
    (ev.LeaseChecked(["alder"], "models"), "lease_checked      alder"),
    (ev.LeaseChecked([], "models", "id", "no API key is set"), "lease_checked      no API key is set"),
    (ev.ProbeSent("fugu"), "probe_sent         fugu"),
    (ev.PreflightPassed(["fugu", "fugu-ultra"]), "preflight_passed   fugu and fugu-ultra, by /models"),
    (ev.PreflightPassed(["fugu"], "probe"), "preflight_passed   fugu, by a probe"),
    (ev.PreflightFailed("key-missing", "no API key is set"), "preflight_failed   no API key is set"),
    (ev.StartupBegan(["alder", "oak"]), "startup_began      alder and oak"),
    (ev.MessageQueued("rank", "all", "alder", "Rank\nthem."), "message_queued     rank alder: Rank them."),
    (
        ev.RequestSent("rank", "alder", 2, "fugu", "sha256:2"),
        "request_sent       rank alder: attempt 2 on fugu",
    ),
    (example.answered("rank", "alder"), "reply_received     rank alder: 1,123 tokens: Fine."),
    (
        example.answered("rank", "alder", cut=True, usage=example.UNTOLD),
        "reply_received     rank alder: cut at the token limit: Fine.",
    ),
    (example.answered("rank", "alder", usage=example.UNTOLD), "reply_received     rank alder: Fine."),
    (example.failed("rank", "alder", "no answer"), "request_failed     rank alder: no answer"),
    (
        example.failed("rank", "alder", "busy (429)", retry_in_s=0.5),
        "request_failed     rank alder: busy (429); attempt 2 in 500 ms",
    ),
    (
        ev.RequestsHeld(41.7, "the playbook's rate is 20 requests a minute"),
        "requests_held      none leaves for 42 s: the playbook's rate is 20 requests a minute",
    ),
    (ev.ConcurrencyFell(4, "busy (429)"), "concurrency_fell   at most 4 calls at once: busy (429)"),
    (ev.MessageSettled("rank", "completed", None), "message_settled    rank: completed"),
    (ev.MessageSettled("rank", "partial", "1 of 2"), "message_settled    rank: partial: 1 of 2"),
    (ev.RedirectSkipped("rank", "all", None, "verdict failed"), "redirect_skipped   rank: verdict failed"),
    (ev.RedirectSkipped("rank", "all", "oak", "it is blocked"), "redirect_skipped   rank oak: it is blocked"),
    (ev.RedirectFailed("rank", "all", "oak", "no reply"), "redirect_failed    rank oak: no reply"),
    (ev.RedirectFailed("gate", "", None, "no reply"), "redirect_failed    gate: no reply"),
    (ev.CheckAnswered("gate", holds=True, reason=None), "check_answered     gate: holds"),
    (ev.CheckAnswered("gate", holds=False, reason="hold"), "check_answered     gate: does not hold: hold"),
    (ev.PauseReached("sign_off", "Ship?"), "pause_reached      sign_off: Ship?"),
    (
        ev.PauseAnswered("sign_off", approved=True, by="ada", note="", request_id="r1"),
        "pause_answered     sign_off: approved by ada",
    ),
    (
        ev.PauseAnswered("sign_off", approved=False, by="ada", note="no", request_id="r1"),
        "pause_answered     sign_off: rejected by ada: no",
    ),
    (ev.RoundEnded("debate", 1, None, None), "round_ended        debate: round 1, another follows"),
    (ev.RoundEnded("debate", 2, "failed", "why"), "round_ended        debate: round 2, failed: why"),
    (ev.RunPaused(["sign_off", "late"]), "run_paused         a person's word is wanted on sign_off and late"),
    (ev.ServantReady("alder"), "servant_ready      alder"),
    (ev.ServantBlocked("alder", "no answer"), "servant_blocked    alder: no answer"),
    (ev.BudgetReached("usd", "the budget is reached", 1), "budget_reached     the budget is reached"),
    (ev.BudgetRaised({"usd": 5, "tokens": None, "timeS": 60}), "budget_raised      to 5.00 USD and 1 min"),
    (ev.RunFinished("completed", None, {}, {}), "run_finished       completed"),
    (ev.RunFinished("partial", "1 of 2", {}, {}), "run_finished       partial: 1 of 2"),
    (ev.RunStopped("interrupted"), "run_stopped        interrupted"),
    (ev.UnknownBody("servant_sang", {"song": "la"}), "servant_sang       an event of a newer version"),
]


@pytest.mark.parametrize(("body", "told"), TOLD, ids=lambda value: "" if isinstance(value, str) else value.type)
def test_an_event_is_told_on_one_line(body: ev.Body | ev.UnknownBody, told: str) -> None:
    (event,) = example.events(body)
    assert event_text(event) == f"2026-07-01 12:00:01 UTC      1  {told}"


def test_every_type_of_event_is_told_in_its_own_words() -> None:
    assert {type(body) for body, _ in TOLD} == {*ev.BODIES.values(), ev.UnknownBody}


@pytest.mark.parametrize("text", ["x" * 101, "x" * 100_000, "x " * 100_000, "\n" * 300 + "x"])
def test_a_long_text_is_cut_and_says_so(text: str) -> None:
    (event,) = example.events(ev.MessageQueued("rank", "all", "alder", text))
    told = event_text(event).partition("rank alder")[2]
    assert told.endswith("…")
    assert len(told) <= len(": ") + 100 + len("…")
    assert "\n" not in told


def test_a_text_of_just_the_length_is_whole() -> None:
    (event,) = example.events(ev.MessageQueued("rank", "all", "alder", "x" * 100))
    assert event_text(event).endswith(" " + "x" * 100)
