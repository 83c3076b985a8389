"""Tell conversations for reading: what each servant was asked, and what it answered or why it did not."""

from collections.abc import Iterable, Sequence

from overlord_run.cli.report.recap import headline
from overlord_run.cli.report.tally import tokens_of
from overlord_run.cli.report.words import beginning, counted, elapsed, indented, is_cut
from overlord_run.store.state import Message, Result, State


def conversations_text(
    state: State, slots: Sequence[str], *, with_system: bool = False, max_chars: int | None = None
) -> str:
    """Return the conversations of these slots; every text is indented, so none can pass for a line of ours."""
    parts = [headline(state)]
    for slot in slots:
        servant = state.servants[slot]
        parts.append(f"{slot}: {servant.name}, role {servant.role}, on {servant.llm_model}, {servant.state}")
        exchanges = [
            part
            for message, result in exchanges_of(state, slot)
            for part in _exchange(message, result, max_chars, with_system=with_system)
        ]
        parts += exchanges or ["  was asked nothing"]
    return "\n\n".join(parts)


def exchanges_of(state: State, slot: str) -> Iterable[tuple[Message, Result]]:
    """Yield each message that went, or should have gone, to a slot, with what came of it."""
    for message in state.messages.values():
        if slot in message.results:
            yield message, message.results[slot]


def _exchange(message: Message, result: Result, max_chars: int | None, *, with_system: bool) -> Iterable[str]:
    if with_system and result.system is not None:
        yield f"  {message.id}: the system message\n{_told(result.system, max_chars)}"
    if result.text is not None:
        yield f"  {message.id}: asked\n{_told(result.text, max_chars)}"
    if result.reply is not None:
        yield f"  {message.id}: {', '.join(['answered', *_facts(result)])}\n{_told(result.reply, max_chars)}"
    elif result.failure is not None:
        yield f"  {message.id}: {result.state}: {result.failure}"
    else:
        yield f"  {message.id}: {_WAITING.get(result.state, result.state)}"


_WAITING = {"queued": "not sent", "started": "sent; how it ended is not known"}


def _told(text: str, max_chars: int | None) -> str:
    told = indented(beginning(text, max_chars))
    return f"{told}\n  (cut: {max_chars:,} of {counted(len(text), 'character')})" if is_cut(text, max_chars) else told


def _facts(result: Result) -> Iterable[str]:
    tokens = tokens_of(result.usage or {})
    facts = [
        result.llm_model or "",
        elapsed(result.started_at, result.ended_at),
        "" if tokens is None else counted(tokens, "token"),
        f"request {result.request_id}" if result.request_id else "",
        "cut at the token limit" if result.cut else "",
        result.note,
    ]
    return filter(None, facts)
