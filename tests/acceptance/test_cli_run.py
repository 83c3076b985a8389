from pathlib import Path

import pytest

from acceptance.invocation import COUNCIL, Shell, fitting


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.write("council.yml", COUNCIL)
    return shell


def test_a_rehearsal_hands_over_the_output_and_tells_the_phases_and_the_recap(shell: Shell) -> None:
    done = shell.run("run", "council.yml", "--rehearse")
    assert done.exit == 0
    assert done.out.count("\n") >= 1
    assert "oak" in done.out
    lines = done.err.splitlines()
    phases = [line.removeprefix("[rehearsal] ") for line in lines if line.startswith("[rehearsal] ")]
    assert phases[0].startswith("Loading the run registry of 2")
    assert phases[1:6] == [
        "Checking the rehearsal's own /models for fugu and fugu-ultra",
        "Starting two normal Fugus",
        "Recording model, request, and conversation state",
        "Loading servant instructions",
        "Waiting for API-backed ACKs",
    ]
    assert "Ready: 2 servants answered" in phases
    assert phases.index("Sending rank to role:critic") < phases.index("Sending verdict to oak")
    assert "Exit 0: done, and nothing failed (a rehearsal: no model was asked)" in lines
    assert lines[-1].startswith("Next: overlord-run show --run 2")


@pytest.mark.parametrize(
    "words",
    [
        ["council.yml", "--rehearse"],
        ["--rehearse", "council.yml"],
        ["-q", "--rehearse", "-i", "plan=Wait.", "council.yml"],
        ["--rehearse", "--", "council.yml"],
    ],
    ids=" ".join,
)
def test_run_can_be_left_out(shell: Shell, words: list[str]) -> None:
    done = shell.run(*words)
    assert done.exit == 0, done.err
    assert shell.run("list").out.count(" rehearsal ") == 1


def test_a_quiet_run_that_succeeds_says_nothing_but_its_output(shell: Shell) -> None:
    done = shell.run("council.yml", "--rehearse", "--quiet")
    assert (done.exit, done.err) == (0, "")
    assert done.out


def test_json_is_a_launch_and_a_done_line_and_nothing_else(shell: Shell) -> None:
    done = shell.run("council.yml", "--rehearse", "--format", "json")
    assert (done.exit, done.err) == (0, "")
    first, last = done.out.splitlines()
    launch, end = fitting(first, "launch"), fitting(last, "done")
    assert launch["engine"] == end["engine"] == "rehearsal"
    assert launch["runId"] == end["runId"]
    assert (end["state"], end["exit"], list(end["outputs"])) == ("completed", 0, ["verdict"])
    assert [servant["answered"] for servant in end["servants"]] == [2, 2, 1]
    assert end["next"] == f"overlord-run show --run {end['runId']}"


def test_outputs_are_written_where_they_were_asked_for(shell: Shell) -> None:
    done = shell.run("council.yml", "--rehearse", "--outputs", "out", "--format", "json")
    assert done.exit == 0
    assert (shell.folder / "out" / "verdict.md").read_text(encoding="utf-8") == done.json("done")["outputs"]["verdict"]


def test_outputs_that_cannot_be_written_stop_the_run_before_it_begins(shell: Shell) -> None:
    shell.write("out", "a file")
    done = shell.run("council.yml", "--rehearse", "--outputs", "out")
    assert done.exit == 74
    assert done.err == (
        "error: the folder out cannot be made: a file is in its way\nnext: Give another folder with --outputs.\n"
    )
    assert not (shell.folder / ".overlord").exists()


def test_a_failure_decides_the_exit_code_and_the_next_command(shell: Shell) -> None:
    script = shell.write("script.yml", "overlord: 1\nanswers:\n  birch:\n    rank: {fault: empty}\n")
    done = shell.run("council.yml", "--rehearse", script)
    assert done.exit == 1
    assert "[rehearsal] birch is blocked: later messages leave it out" in done.err.splitlines()
    assert "Exit 1: the run ended, and something failed (a rehearsal: no model was asked)" in done.err
    assert done.err.splitlines()[-1].startswith("Next: overlord-run recover birch --run ")
    assert done.out


def test_a_failed_startup_is_told_even_to_those_who_want_quiet(shell: Shell) -> None:
    script = shell.write("script.yml", "overlord: 1\nanswers:\n  birch:\n    startup: {status: 500}\n")
    done = shell.run("council.yml", "--rehearse", script, "-q")
    assert done.exit == 1
    assert done.out == ""
    assert "of council: failed (startup was not proved)" in done.err


def test_a_dry_run_needs_no_key_and_leaves_nothing_behind(shell: Shell) -> None:
    done = shell.run("council.yml", "--dry-run", "-i", "plan=Wait.")
    assert (done.exit, done.err) == (0, "")
    assert done.out.startswith("Plan of council (council.yml); nothing has been sent\n")
    assert "    What can go wrong with this plan: Wait.\n" in done.out
    assert "  to oak: waits for the replies to rank; its template:\n" in done.out
    assert not (shell.folder / ".overlord").exists()


def test_a_dry_run_as_json_has_the_request_bodies_where_more_is_asked_for(shell: Shell) -> None:
    told = shell.run("council.yml", "--dry-run", "--format", "json", "-v").json("plan")
    assert [(one["message"], one["slot"]) for one in told["requests"]] == [
        ("startup", "alder"),
        ("startup", "birch"),
        ("rank", "alder"),
        ("rank", "birch"),
        ("verdict", "oak"),
    ]
    roles = [[message["role"] for message in one["body"]["messages"]] for one in told["requests"]]
    assert roles[2] == ["system", "user", "assistant", "user"]
    assert roles[4] == ["system", "user"]


def test_the_same_plan_has_the_same_digest_in_a_dry_run_and_in_the_run(shell: Shell) -> None:
    dry = shell.run("council.yml", "--dry-run", "--format", "json").json("plan")
    run = shell.run("council.yml", "--rehearse", "--format", "json")
    assert fitting(run.out.splitlines()[0], "launch")["planDigest"] == dry["planDigest"]


def test_a_value_comes_from_a_file_from_standard_input_and_from_the_command_line(shell: Shell) -> None:
    shell.write("inputs.yml", "plan: from the inputs file")
    shell.write("plan.txt", "from a file\n")
    from_inputs = shell.run("council.yml", "--dry-run", "--inputs", "inputs.yml")
    from_file = shell.run("council.yml", "--dry-run", "--inputs", "inputs.yml", "-I", "plan=plan.txt")
    from_stdin = shell.run("council.yml", "--dry-run", "-I", "plan=-", stdin="from standard input")
    from_word = shell.run("council.yml", "--dry-run", "-i", "plan=a=b")
    for done, value in (
        (from_inputs, "from the inputs file"),
        (from_file, "from a file"),
        (from_stdin, "from standard input"),
        (from_word, "a=b"),
    ):
        assert f"with this plan: {value}\n" in done.out, done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "error: no playbook is named\n"),
        (("council.yml", "-i", "plan"), "error: -i takes NAME=VALUE, and what was given has no =\n"),
        (("council.yml", "-I", "=x"), "error: -I takes NAME=PATH, and what was given has no name\n"),
        (("council.yml", "-i", "pln=x"), "error: the playbook declares no input 'pln'"),
        (("council.yml", "--concurrency", "0"), "error: Invalid value for '--concurrency'"),
        (("council.yml", "--concurrency", "1001"), "error: Invalid value for '--concurrency'"),
        (("council.yml", "--frmat", "json"), "error: No such option"),
        (("missing.yml",), "error: 'missing.yml' does not exist\n"),
        (("list",), "error: 'list' is a command, and the options of a command stand after it\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_command_line_is_exit_2_with_a_remedy_and_no_traceback(
    shell: Shell, words: tuple[str, ...], message: str
) -> None:
    done = shell.run("run", "--rehearse", *words) if words else shell.run("run")
    assert done.exit == 2, done.err
    assert done.err.startswith(message)
    assert "\nnext: " in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_an_invalid_playbook_is_exit_3_with_every_problem_at_its_place(shell: Shell) -> None:
    shell.write("council.yml", COUNCIL.replace("redirects:", "redirect:").replace("model: ultra", "model: ultr"))
    done = shell.run("council.yml")
    assert done.exit == 3
    assert done.err.startswith("council.yml:10:")
    assert "council.yml:16:1: error: " in done.err
    told = shell.run("council.yml", "--format", "json").json("error")["error"]
    assert (told["code"], told["exit"]) == ("playbook-invalid", 3)
    assert {problem["line"] for problem in told["problems"]} >= {10, 16}


def test_without_a_key_nothing_is_begun(shell: Shell) -> None:
    done = shell.run("council.yml", "--format", "json")
    assert done.exit == 4
    assert "SAKANA_API_KEY" in done.json("error")["error"]["next"]
    assert len(done.out.splitlines()) <= 2


def test_a_warning_is_told_and_stops_nothing(shell: Shell) -> None:
    shell.write("council.yml", COUNCIL.replace("{{ inputs.plan }}", "none"))
    done = shell.run("council.yml", "--rehearse", "-q")
    assert done.exit == 0
    assert done.err.startswith("council.yml:4:")
    assert ": warning: " in done.err


def test_what_won_over_the_playbook_is_told(shell: Shell) -> None:
    shell.write("council.yml", COUNCIL.replace("roles:", "engine: {timeout: 60s}\nroles:", 1))
    done = shell.run("council.yml", "--rehearse", "--timeout", "45s")
    assert done.exit == 0
    _, _, told = done.err.partition("Settings that won over the playbook's:\n")
    assert "--timeout" in told.splitlines()[0]


GATE = COUNCIL.replace('Decide."', 'Decide."\n    expect: {schema: {type: string, pattern: ^v}, repairs: 0}')


def test_an_answer_that_a_rehearsal_cannot_make_up_is_asked_of_a_script_before_there_is_a_run(shell: Shell) -> None:
    shell.write("gate.yml", GATE)
    done = shell.run("gate.yml", "--rehearse")
    assert done.exit == 2
    assert done.err.splitlines() == [
        (
            "error: no answer of oak to verdict can be made up that fits its schema: "
            '$: must match the pattern "^v", and "rehearsed answer" does not'
        ),
        "next: Write it in a script, {oak: {verdict: {json: …}}}, or give the schema 'examples'.",
    ]
    assert not (shell.folder / ".overlord" / "runs").exists()


@pytest.mark.parametrize(("answer", "exit_code"), [("{json: v1}", 0), ("[{json: w1}, {json: v1}]", 1), ("v1", 1)])
def test_a_script_answers_what_is_expected_or_fails_to(shell: Shell, answer: str, exit_code: int) -> None:
    shell.write("gate.yml", GATE)
    shell.write("s.yml", f"overlord: 1\nanswers: {{oak: {{verdict: {answer}}}}}\n")
    assert shell.run("gate.yml", "--rehearse", "s.yml").exit == exit_code
