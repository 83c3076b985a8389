from overlord_run.cli.report.progress import Progress
from overlord_run.cli.report.styled import Line, plain
from overlord_run.store import events as ev
from unit.cli import example_run as example


def lines(*bodies: ev.Body, **wants: bool) -> list[Line]:
    """Return the lines of a run; each event is heard with the run's last state, as after one long batch."""
    progress = Progress(**wants)
    state = example.state(*bodies)
    return [line for event in example.events(*bodies) for line in progress.lines(event, state)]


def told(*bodies: ev.Body, **wants: bool) -> list[str]:
    return [plain([line]) for line in lines(*bodies, **wants)]


def test_a_run_that_completes_is_told_in_the_words_of_the_startup_phases() -> None:
    assert told(*example.completed()) == [
        "Loading the run registry of 20260701-120000-council-ab12",
        "Checking the Fugu API key and base URL https://api.sakana.ai/v1",
        "Checking /models for fugu and fugu-ultra",
        "Starting one normal Fugu",
        "Recording model, request, and conversation state",
        "Loading servant instructions",
        "Waiting for API-backed ACKs",
        "startup: alder answered, 1 s, 1,123 tokens",
        "Ready: 1 servant answered",
        "Sending verdict to oak",
        "verdict: oak answered, 1 s, 1,123 tokens",
    ]


def test_a_failure_is_told_with_its_reason_and_what_follows_from_it() -> None:
    assert told(*example.partial())[7:] == [
        "startup: alder answered, 1 s, cut at the token limit",
        "Ready: 1 servant answered",
        "Sending verdict to oak",
        "verdict: oak failed: it did not answer within 90 s",
        "oak is blocked: later messages leave it out",
        "verdict failed: 0 of 1 servants answered",
        "Sending close to all",
        "close: alder answered, 1 s, 1,123 tokens",
        "close: skipped for oak: the servant is blocked",
        "close is partial: 1 of 2 servants answered",
    ]


def test_every_line_of_a_rehearsal_says_so() -> None:
    found = told(*example.completed("rehearsal"))
    assert all(line.startswith("[rehearsal] ") for line in found)
    assert found[1] == "[rehearsal] Checking the rehearsal's own /models for fugu and fugu-ultra"


def test_another_api_is_not_called_fugu() -> None:
    found = told(*example.begun(settings=example.SETTINGS | {"baseUrl": "http://127.0.0.1:8000/v1"}))
    assert found[1] == "Checking the API key and base URL http://127.0.0.1:8000/v1"


def test_the_servants_are_named_by_their_number_and_models() -> None:
    servants = [
        example.servant("a", "normal", "fugu", "critic"),
        example.servant("b", "normal", "fugu", "critic"),
        example.servant("c", "ultra", "fugu-ultra", "judge"),
        example.servant("d", "small", "llama3", "clerk"),
    ]
    found = told(*example.begun(servants=servants), ev.StartupBegan(["a", "b", "c", "d"]))
    assert found[3] == "Starting one Ultra, two normal Fugus and one servant on llama3"


def test_a_council_in_which_nobody_has_a_task_is_ready_at_once() -> None:
    assert told(*example.begun(), ev.StartupBegan([]))[3:] == ["Ready: every servant starts with its first message"]


def test_an_attempt_that_is_made_again_is_told_only_to_those_who_debug() -> None:
    again = example.failed("startup", "alder", "the API asks to wait", retry_in_s=0.5)
    bodies = [*example.begun(), *example.asked("startup", "alder"), again]
    assert told(*bodies)[-1] == "Waiting for API-backed ACKs"
    assert told(*bodies, debug=True)[-1] == "startup: alder: the API asks to wait; attempt 2 in 500 ms"


def test_each_request_is_told_to_those_who_ask_for_more() -> None:
    bodies = [*example.begun(), *example.asked("startup", "alder"), *example.asked("rank", "alder")]
    assert told(*bodies, verbose=True)[4:] == [
        "Waiting for API-backed ACKs",
        "startup: asking alder on fugu, attempt 1",
        "Sending rank to all",
        "rank: asking alder on fugu, attempt 1",
    ]


def test_a_wait_of_all_requests_is_told_to_those_who_ask_for_more_and_where_it_is_long_to_everybody() -> None:
    begun = example.begun()
    short, long = ev.RequestsHeld(9.9, "the API asks for it (429)"), ev.RequestsHeld(10.0, "the rate is 20 a minute")
    assert told(*begun, short, long)[len(told(*begun)) :] == ["No request leaves for 10 s: the rate is 20 a minute"]
    assert told(*begun, short, verbose=True)[-1] == "No request leaves for 9.9 s: the API asks for it (429)"


def test_that_fewer_calls_are_under_way_is_told_to_those_who_ask_for_more() -> None:
    fell = [*example.begun(), ev.ConcurrencyFell(1, "the API is overloaded (503)")]
    assert told(*fell) == told(*example.begun())
    line = "At most 1 call at once for now: the API is overloaded (503)"
    assert (told(*fell, verbose=True)[-1], told(*fell, debug=True)[-1]) == (line, line)


def test_a_note_of_the_engine_is_told_with_the_reply() -> None:
    bodies = [
        *example.begun(),
        *example.asked("rank", "alder"),
        example.answered("rank", "alder", note="fewer tokens than sent"),
    ]
    assert told(*bodies)[-1] == "rank: alder answered, 1 s, 1,123 tokens, fewer tokens than sent"


def test_a_message_that_was_not_sent_is_told_with_the_reason() -> None:
    bodies = [
        *example.begun(),
        ev.RedirectFailed("rank", "all", "alder", "oak did not answer verdict"),
        ev.RedirectSkipped("close", "all", None, "redirect 'rank' failed, and its on_failure is stop"),
    ]
    assert told(*bodies)[3:] == [
        "rank: not sent to alder: oak did not answer verdict",
        "close: skipped: redirect 'rank' failed, and its on_failure is stop",
    ]


def test_beside_a_table_only_those_replies_are_told_that_a_person_should_look_at() -> None:
    bodies = [
        *example.begun(),
        *example.asked("rank", "alder"),
        example.answered("rank", "alder"),
        *example.asked("rank", "oak"),
        example.answered("rank", "oak", cut=True),
        *example.asked("close", "oak"),
        example.answered("close", "oak", note="fewer tokens than sent"),
    ]
    assert told(*bodies, replies=False)[3:] == [
        "Sending rank to all",
        "rank: oak answered, 1 s, 1,123 tokens, cut at the token limit",
        "Sending close to all",
        "close: oak answered, 1 s, 1,123 tokens, fewer tokens than sent",
    ]


def test_what_went_wrong_stands_out() -> None:
    found = lines(*example.partial())
    assert [(plain([line]), line.parts[0].style) for line in found if line.parts[0].style] == [
        ("startup: alder answered, 1 s, cut at the token limit", "notice"),
        ("Ready: 1 servant answered", "good"),
        ("verdict: oak failed: it did not answer within 90 s", "bad"),
        ("oak is blocked: later messages leave it out", "bad"),
        ("verdict failed: 0 of 1 servants answered", "bad"),
        ("close: skipped for oak: the servant is blocked", "notice"),
        ("close is partial: 1 of 2 servants answered", "notice"),
    ]


def test_what_decides_over_others_is_told_as_it_comes() -> None:
    assert told(*example.rejected())[4:] == [
        "Sending argue.1 to all",
        "argue.1: alder answered, 1 s, 1,123 tokens",
        "argue.1: skipped for oak: its 'only' is false",
        "debate: round 1 is over",
        "argue.2: skipped: its 'when' is false",
        "debate: round 2 is over; the block is done",
        "gate: the check holds",
        "sign_off: a person's word is wanted: Read it. Shall it go out?",
        "Loading the run registry of 20260701-120000-council-ab12",
        "sign_off: rejected by ada: no",
        "last: skipped: 'sign_off' was not approved: rejected by ada: no",
    ]


def test_a_no_of_a_check_and_the_end_of_a_block_that_came_to_nothing_are_told_with_the_reason() -> None:
    bodies = [
        *example.begun(),
        ev.CheckAnswered("gate", holds=False, reason="2 are too few"),
        ev.RedirectFailed("gate", "", None, "the reply has no 'json'"),
        ev.RoundEnded("debate", 3, "failed", "its 'until' does not hold after 3 rounds"),
        ev.PauseAnswered("sign_off", approved=True, by="ada", note="", request_id="r1"),
    ]
    asked = [*bodies[:-1], ev.PauseReached("sign_off", "Ship?"), bodies[-1]]
    assert told(*asked)[3:] == [
        "gate: no: 2 are too few",
        "gate: failed: the reply has no 'json'",
        "debate: round 3 is over; the block failed: its 'until' does not hold after 3 rounds",
        "sign_off: a person's word is wanted: Ship?",
        "sign_off: approved by ada",
    ]
