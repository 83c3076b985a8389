"""The command `send`."""

import sys
from pathlib import Path
from typing import Any

import click

from overlord_run.app.here import current_host
from overlord_run.app.history import find_run
from overlord_run.app.inputs import STDIN
from overlord_run.app.own import Audience
from overlord_run.app.send import Manner as Sending
from overlord_run.app.send import Sent, send
from overlord_run.cli import options
from overlord_run.cli.lines import write_note_lines
from overlord_run.cli.report.sent import sent_json, sent_recap, sent_text
from overlord_run.cli.streams import write_data, write_json
from overlord_run.cli.telling import Manner, telling
from overlord_run.errors import Exit, UsageError
from overlord_run.files import INPUT_LIMIT, decode, read_bytes
from overlord_run.host import Host
from overlord_run.settings import Flags
from overlord_run.settings.timeout import duration_s


@click.command("send")
@click.argument("target")
@click.argument("message", required=False)
@options.run_id
@click.option("--message-file", metavar="PATH", help="The file that holds the message, every byte of it.")
@options.request_id
@options.wait
@options.access
@options.output_format
@options.quiet
@options.state_dir
@options.debug
def command(
    *,
    target: str,
    message: str | None,
    run_id: str | None,
    message_file: str | None,
    request_id: str | None,
    wait: str | None,
    output_format: str,
    quiet: bool,
    state_dir: str | None,
    **flags: Any,
) -> Exit:
    """Send one message to a slot, to role:NAME or to all, and print each reply.

    The MESSAGE is sent as it is, never as a template; - reads it from standard input. It returns when each answer is
    captured or its failure recorded. A live run takes it through its inbox; one that has ended is taken up for it.
    """
    text = _text(message, message_file)
    folder = find_run(run_id, state_dir)
    manner = Manner(output_format == "json", quiet, is_verbose=False, is_debug=False)
    sending = Sending(Flags(**flags), request_id, None if wait is None else duration_s(wait, "--wait"))
    with telling(manner, is_launch=False) as teller:
        sent = send(folder, target, text, sending, Audience(teller.hear, teller.interrupted))
    return tell(sent, manner, current_host(), state_dir=state_dir)


def tell(sent: Sent, manner: Manner, host: Host, *, state_dir: str | None) -> Exit:
    """Print the replies, say what came of the message, and return the exit code."""
    if manner.as_json:
        write_json(sent_json(sent, host, state_dir=state_dir))
        return sent.exit
    text = sent_text(sent)
    if text:
        write_data(text)
    if not (manner.is_quiet and sent.exit is Exit.OK):
        write_note_lines(sent_recap(sent, host, state_dir=state_dir))
    return sent.exit


def _text(message: str | None, message_file: str | None) -> str:
    if (message is None) == (message_file is None):
        problem = "no message is given" if message is None else "a message and --message-file cannot both be given"
        raise UsageError(problem, next="overlord-run send TARGET MESSAGE, or - to read it from standard input.")
    if message_file is not None:
        return decode(read_bytes(Path(message_file), limit=INPUT_LIMIT), message_file, keeps_mark=True)
    if message == STDIN:
        data = b"" if sys.stdin is None else sys.stdin.buffer.read(INPUT_LIMIT + 1)
        if len(data) > INPUT_LIMIT:
            problem = f"standard input is larger than {INPUT_LIMIT:,} bytes"
            raise UsageError(problem, next="Make it smaller.")
        return decode(data, "the message", keeps_mark=True)
    return message or ""
