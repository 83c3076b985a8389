"""Carry out the command `send`; its flags are declared in deeds.py."""

import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from overlord_run.app.detach import Detached
from overlord_run.app.here import current_host
from overlord_run.app.history import find_run
from overlord_run.app.inputs import STDIN
from overlord_run.app.own import Audience
from overlord_run.app.send import Manner as Sending
from overlord_run.app.send import Sent, send
from overlord_run.cli.lines import write_note_lines
from overlord_run.cli.manner import Manner
from overlord_run.cli.report.sent import sent_json, sent_recap, sent_text
from overlord_run.cli.streams import write_data, write_json
from overlord_run.cli.telling import telling
from overlord_run.errors import Exit, UsageError
from overlord_run.files import INPUT_LIMIT, decode, read_bytes
from overlord_run.host import Host
from overlord_run.settings.model import Flags
from overlord_run.settings.timeout import duration_s
from overlord_run.store.folder import RunFolder


def carry_out(
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
    """Carry out the command `send`, with its flags as they were typed."""
    text = _text(message, message_file)
    folder = find_run(run_id, state_dir)
    manner = Manner(output_format == "json", quiet, is_verbose=False, is_debug=False)
    sending = Sending(Flags(**flags), request_id)
    with ExitStack() as delegates, telling(manner, is_launch=False) as teller:
        if wait is not None:
            known_id = secrets.token_hex(8) if request_id is None else request_id
            delegate = partial(_delegate, delegates, [*_words(folder, target, known_id, sending.flags)], text)
            sending = Sending(sending.flags, known_id, duration_s(wait, "--wait"), delegate)
        sent = send(folder, target, text, sending, Audience(teller.hear, teller.interrupted))
    return tell(sent, manner, current_host(), state_dir=state_dir)


def _words(folder: RunFolder, target: str, request_id: str, flags: Flags) -> Iterator[str]:
    """Yield the command line that sends the same message, by the same id, in a process of its own."""
    yield from ("send", target, STDIN, "--id", request_id, "--run", folder.run_id, "--format", "json")
    yield from ("--state-dir", str(folder.path.parents[1]))
    given = {"--api-key-env": flags.api_key_env, "--api-key-file": flags.api_key_file}
    for option, value in given.items():
        yield from () if value is None else (option, value)
    for host in flags.trust_hosts:
        yield from ("--trust-host", host)


def _delegate(delegates: ExitStack, words: list[str], text: str) -> Callable[[], object]:
    """Have the message sent by a process of its own, which goes on when the time is up here."""
    detached = delegates.enter_context(Detached(words, text.encode()))

    def look() -> None:
        if detached.has_ended:
            detached.raise_its_error()

    return look


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
