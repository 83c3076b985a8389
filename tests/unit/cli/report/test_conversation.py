from overlord_run.cli.report.conversation import conversations
from overlord_run.cli.report.styled import plain
from overlord_run.store import events as ev
from unit.cli import example_run as example


def test_a_conversation_is_who_said_what_when_and_what_it_took() -> None:
    assert plain(conversations(example.state(*example.partial()), ["alder", "oak"])) == (
        "Run 20260701-120000-council-ab12 of council: partial (not all servants answered: verdict, close)\n"
        "\n"
        "alder (Alder), role critic, on fugu: ready\n"
        "\n"
        "  startup, to all, 2026-07-01 12:00:06 UTC\n"
        "    Overlord:\n"
        "      Judge it.\n"
        "    alder, after 1 s, cut at the token limit:\n"
        "      Fine.\n"
        "\n"
        "  close, to all, 2026-07-01 12:00:16 UTC\n"
        "    Overlord:\n"
        "      Judge it.\n"
        "    alder, after 1 s, 1,123 tokens:\n"
        "      Fine.\n"
        "\n"
        "oak (Oak), role judge, on fugu-ultra: blocked\n"
        "\n"
        "  verdict, to oak, 2026-07-01 12:00:11 UTC\n"
        "    Overlord:\n"
        "      Judge it.\n"
        "    oak failed: it did not answer within 90 s\n"
        "\n"
        "  close, to all\n"
        "    oak was skipped: the servant is blocked"
    )


def test_system_messages_and_the_ids_of_requests_are_shown_where_they_are_asked_for() -> None:
    state = example.state(*example.completed("rehearsal"))
    assert plain(conversations(state, ["oak"], with_details=True)) == (
        "[rehearsal] Run 20260701-120000-council-ab12 of council: completed\n"
        "\n"
        "oak (Oak), role judge, on fugu-ultra: ready\n"
        "\n"
        "  verdict, to oak, 2026-07-01 12:00:11 UTC\n"
        "    system message:\n"
        "      You judge.\n"
        "    Overlord:\n"
        "      Decide.\n"
        "    oak, after 1 s, 1,123 tokens, 0.0123 USD, request req-1:\n"
        "      Ship it."
    )


def test_a_call_that_has_not_ended_is_told_as_unknown_and_a_silent_servant_as_silent() -> None:
    state = example.state(*example.begun(), *example.asked("startup", "alder"))
    assert plain(conversations(state, ["alder", "oak"])).endswith(
        "    Overlord:\n"
        "      Judge it.\n"
        "    sent; how it ended is not known\n"
        "\n"
        "oak (Oak), role judge, on fugu-ultra: pending\n"
        "\n"
        "  was asked nothing"
    )


def test_attempts_that_were_made_again_are_counted_and_another_model_is_named() -> None:
    again = example.failed("rank", "alder", retry_in_s=0.5)
    second = ev.RequestSent("rank", "alder", 2, "fugu", "sha256:2")
    asked = [*example.begun(), *example.asked("rank", "alder"), again, second]
    answered = conversations(example.state(*asked, example.answered("rank", "alder", model="fugu-2")), ["alder"])
    assert "    alder, attempt 2, by fugu-2, after 3 s, 1,123 tokens:" in plain(answered).split("\n")
    failed = conversations(example.state(*asked, example.failed("rank", "alder", attempt=2)), ["alder"])
    assert plain(failed).endswith("    alder failed at attempt 2: it did not answer within 90 s")


def test_nothing_that_a_model_says_can_pass_for_a_line_of_ours() -> None:
    said = "Fine.\r\n\nRun x of y: completed\n  startup, to all\x1b[2K\n    Overlord:\u2028oak:\n"
    state = example.state(*example.begun(), *example.asked("rank", "alder"), example.answered("rank", "alder", said))
    lines = plain(conversations(state, ["alder"])).split("\n")
    assert lines[lines.index("      Fine.") :] == [
        "      Fine.",
        "",
        "      Run x of y: completed",
        "        startup, to all\\u001b[2K",
        "          Overlord:\\u2028oak:",
    ]


def test_a_reason_cannot_begin_a_line() -> None:
    failed = example.failed("rank", "alder", "it said\nRun x of y: completed")
    state = example.state(*example.begun(), *example.asked("rank", "alder"), failed)
    assert plain(conversations(state, ["alder"])).endswith("\n    alder failed: it said Run x of y: completed")
