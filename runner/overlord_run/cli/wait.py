"""Carry out the command `wait`; its flags are declared in deeds.py."""

from overlord_run.app.here import current_host
from overlord_run.app.history import find_run
from overlord_run.app.own import Audience
from overlord_run.app.wait import wait
from overlord_run.cli.manner import Manner
from overlord_run.cli.report.guidance import next_command
from overlord_run.cli.report.json import waited_json
from overlord_run.cli.report.recap import MEANINGS, headline
from overlord_run.cli.report.styled import plain
from overlord_run.cli.streams import write_json, write_note
from overlord_run.cli.telling import telling
from overlord_run.errors import Exit
from overlord_run.settings.timeout import duration_s


def carry_out(
    *, run_id: str | None, goal: str, timeout: str | None, output_format: str, quiet: bool, state_dir: str | None
) -> Exit:
    """Carry out the command `wait`, with its flags as they were typed."""
    folder = find_run(run_id, state_dir)
    manner = Manner(output_format == "json", quiet, is_verbose=False, is_debug=False)
    wait_s = None if timeout is None else duration_s(timeout, "--timeout")
    with telling(manner, is_launch=False) as teller:
        state, code = wait(folder, goal, wait_s, Audience(teller.hear, teller.interrupted))
    following = next_command(state, current_host(), state_dir=state_dir, is_live=not state.is_at_rest)
    if manner.as_json:
        write_json(waited_json(state, goal, code, next_command=following))
    else:
        write_note(f"{plain([headline(state)])}\nExit {code.value}: {MEANINGS[code]}\nNext: {following}")
    return code
