"""The command `reply`."""

import click

from overlord_run.app.here import current_host
from overlord_run.app.history import Inspection, find_run, inspect
from overlord_run.cli import candidates, options
from overlord_run.cli.choice import require_message, require_slot
from overlord_run.cli.report.guidance import command as our_command
from overlord_run.cli.report.json import reply_json
from overlord_run.cli.report.words import beginning, counted, is_cut
from overlord_run.cli.streams import write_exactly, write_json, write_note
from overlord_run.errors import Exit, OverlordError, UsageError
from overlord_run.playbook.names import listed
from overlord_run.store.state import Message, Result, State


@click.command("reply")
@click.argument("message", shell_complete=candidates.messages)
@click.argument("slot", shell_complete=candidates.slots)
@options.run_id
@options.max_chars
@options.output_format
@options.state_dir
@options.debug
def command(
    message: str, slot: str, *, run_id: str | None, max_chars: int | None, output_format: str, state_dir: str | None
) -> Exit:
    """Print what one servant answered to one message, and nothing else.

    MESSAGE is a redirect's id, or startup; SLOT is the servant's. In a file or a pipe the text is exact, to the byte;
    on a terminal, control, bidirectional and zero-width characters are shown as escapes. Exit 1 where there is no
    reply, with the reason.
    """
    found = inspect(find_run(run_id, state_dir))
    result = _result(found, message, slot, state_dir)
    text = result.reply or ""
    if output_format == "json":
        write_json(reply_json(found, message, result, max_chars=max_chars))
        return Exit.OK
    write_exactly(beginning(text, max_chars))
    if is_cut(text, max_chars):
        write_note(f"note: cut: {max_chars:,} of {counted(len(text), 'character')}; whole in {found.folder.log_path}")
    return Exit.OK


def _result(found: Inspection, message: str, slot: str, state_dir: str | None) -> Result:
    """Return what the servant made of the message, which is a reply."""
    state = found.state
    if message in state.servants and slot in state.messages:
        told = f"reply takes the message first, then the slot, and '{message}' is a slot"
        raise UsageError(told, next=our_command(current_host(), "reply", slot, message, state_dir=state_dir))
    require_message(message, state)
    require_slot(slot, state)
    result = state.messages[message].results.get(slot)
    if result is None:
        raise _not_sent(state.messages[message], slot)
    if result.reply is None:
        raise _no_reply(found, message, result, state_dir)
    return result


def _not_sent(message: Message, slot: str) -> OverlordError:
    if message.state == "skipped":
        return OverlordError(f"{message.id} was sent to nobody: {message.failure}", code="no-reply")
    if not message.target:
        told = f"{message.id} asks no servant: it is a check, a pause or a block"
        return UsageError(told, next="overlord-run status shows what it came to")
    return UsageError(f"{message.id} was not sent to {slot}", next=f"It went to: {listed(message.results)}.")


def _no_reply(found: Inspection, message: str, result: Result, state_dir: str | None) -> OverlordError:
    why = {
        "failed": f"{result.slot} did not answer {message}: {result.failure}",
        "skipped": f"{message} was not sent to {result.slot}: {result.failure}",
    }.get(result.state)
    if why is None and found.is_owned:
        text = f"{result.slot} has not answered {message} yet"
        return OverlordError(text, next=_show(found.state, result.slot, state_dir), code="no-reply", retryable=True)
    unknown = "was asked, and how that ended is not known" if result.state == "started" else "was not asked"
    text = why or f"{result.slot} {unknown}: the run was interrupted before {message} was answered"
    return OverlordError(text, next=_show(found.state, result.slot, state_dir), code="no-reply")


def _show(state: State, slot: str, state_dir: str | None) -> str:
    run = () if state.created is None else ("--run", state.created.run_id)
    return our_command(current_host(), "show", slot, *run, state_dir=state_dir)
