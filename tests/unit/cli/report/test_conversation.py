from overlord_run.cli.report.conversation import conversations_text
from unit.cli import example_run as example


def test_a_conversation_is_what_was_asked_and_answered_in_order() -> None:
    assert conversations_text(example.state(*example.partial()), ["alder", "oak"]) == (
        "Run 20260701-120000-council-ab12 of council: partial (not all servants answered: verdict, close)\n"
        "\n"
        "alder: Alder, role critic, on fugu, ready\n"
        "\n"
        "  startup: asked\n"
        "    Judge it.\n"
        "\n"
        "  startup: answered, fugu, 1 s, request req-1, cut at the token limit\n"
        "    Fine.\n"
        "\n"
        "  close: asked\n"
        "    Judge it.\n"
        "\n"
        "  close: answered, fugu, 1 s, 1,123 tokens, request req-1\n"
        "    Fine.\n"
        "\n"
        "oak: Oak, role judge, on fugu-ultra, blocked\n"
        "\n"
        "  verdict: asked\n"
        "    Judge it.\n"
        "\n"
        "  verdict: failed: it did not answer within 90 s\n"
        "\n"
        "  close: skipped: the servant is blocked"
    )


def test_the_system_message_is_shown_where_it_is_asked_for() -> None:
    state = example.state(*example.completed("rehearsal"))
    assert conversations_text(state, ["oak"], with_system=True) == (
        "[rehearsal] Run 20260701-120000-council-ab12 of council: completed\n"
        "\n"
        "oak: Oak, role judge, on fugu-ultra, ready\n"
        "\n"
        "  verdict: the system message\n"
        "    You judge.\n"
        "\n"
        "  verdict: asked\n"
        "    Decide.\n"
        "\n"
        "  verdict: answered, fugu-ultra, 1 s, 1,123 tokens, request req-1\n"
        "    Ship it."
    )


def test_a_call_that_has_not_ended_is_told_as_unknown_and_a_silent_servant_as_silent() -> None:
    state = example.state(*example.begun(), *example.asked("startup", "alder"))
    assert conversations_text(state, ["alder", "oak"]).endswith(
        "  startup: asked\n"
        "    Judge it.\n"
        "\n"
        "  startup: sent; how it ended is not known\n"
        "\n"
        "oak: Oak, role judge, on fugu-ultra, pending\n"
        "\n"
        "  was asked nothing"
    )
