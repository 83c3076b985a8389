"""Tell conversations for reading: who said what, when, and what it took, or why there was no answer.

A servant's heading stands at the beginning of a line, a message's below it, then who speaks, then the text: each
further to the right, so that nothing in a text can pass for a line of ours.
"""

from collections.abc import Iterable, Sequence

from overlord_run.cli.report.recap import headline
from overlord_run.cli.report.styled import Line, Style, Styled, line, quoted
from overlord_run.cli.report.tally import cost_text
from overlord_run.cli.report.words import beginning, counted, elapsed, is_cut, moment
from overlord_run.plan.pricing import tokens_of
from overlord_run.store.state import Message, Result, Servant, State

ASKER = "Overlord"
_MESSAGE, _SPEAKER, _TEXT = 2, 4, 6
_NOT_ENDED = {"queued": "not sent", "started": "sent; how it ended is not known"}


def conversations(
    state: State, slots: Sequence[str], *, with_details: bool = False, max_chars: int | None = None
) -> list[Line]:
    """Return the conversations of these slots; the details are system messages and the API's ids of requests."""
    lines = [headline(state)]
    for slot in slots:
        servant = state.servants[slot]
        lines += [Line(), _heading(servant)]
        exchanges = list(exchanges_of(state, slot))
        for message, result in exchanges:
            lines += [Line(), *_exchange(message, result, servant.llm_model, max_chars, with_details=with_details)]
        if not exchanges:
            lines += [Line(), line("was asked nothing", "faint", indent=_MESSAGE)]
    return lines


def exchanges_of(state: State, slot: str) -> Iterable[tuple[Message, Result]]:
    """Yield each message that went, or should have gone, to a slot, with what came of it."""
    for message in state.messages.values():
        if slot in message.results:
            yield message, message.results[slot]


def _heading(servant: Servant) -> Line:
    name = "" if servant.name == servant.slot else f" ({servant.name})"
    facts = f"{name}, role {servant.role}, on {servant.llm_model}: "
    style: Style = "bad" if servant.state == "blocked" else ""
    return Line((Styled(servant.slot, "strong"), Styled(facts), Styled(servant.state, style)))


def _exchange(
    message: Message, result: Result, model: str, max_chars: int | None, *, with_details: bool
) -> Iterable[Line]:
    sent_at = moment(result.started_at or "")
    facts = "".join(f", {fact}" for fact in (f"to {message.target}", sent_at) if fact)
    yield Line((Styled(message.id, "strong"), Styled(facts, "faint")), _MESSAGE)
    if with_details and result.system is not None:
        yield from _speech("system message", (), result.system, max_chars)
    if result.text is not None:
        yield from _speech(ASKER, (), result.text, max_chars)
    if result.reply is not None:
        yield from _speech(result.slot, _facts(result, model, with_details=with_details), result.reply, max_chars)
    else:
        yield _without_reply(result)


def _speech(speaker: str, facts: Iterable[str], text: str, max_chars: int | None) -> Iterable[Line]:
    told = "".join(f", {fact}" for fact in facts)
    yield Line((Styled(speaker, "busy"), Styled(f"{told}:", "faint")), _SPEAKER)
    yield from quoted(beginning(text, max_chars), indent=_TEXT)
    if is_cut(text, max_chars):
        yield line(f"(cut: {max_chars:,} of {counted(len(text), 'character')})", "faint", indent=_SPEAKER)


def _facts(result: Result, model: str, *, with_details: bool) -> Iterable[str]:
    tokens = tokens_of(result.usage or {})
    facts = [
        f"attempt {result.attempts}" if result.attempts > 1 else "",
        f"by {result.llm_model}" if result.llm_model != model else "",
        f"after {elapsed(result.started_at, result.ended_at)}" if result.ended_at else "",
        "" if tokens is None else counted(tokens, "token"),
        cost_text(result.cost) if result.cost.priced else "",
        f"request {result.request_id}" if result.request_id and with_details else "",
        f"after {counted(result.repairs, 'repair')}" if result.repairs else "",
        "cut at the token limit" if result.cut else "",
        result.note,
    ]
    return filter(None, facts)


def _without_reply(result: Result) -> Line:
    if result.failure is None:
        return line(_NOT_ENDED.get(result.state, result.state), "notice", indent=_SPEAKER)
    if result.state == "skipped":
        return line(f"{result.slot} was skipped: {result.failure}", "notice", indent=_SPEAKER)
    attempt = f" at attempt {result.attempts}" if result.attempts > 1 else ""
    return line(f"{result.slot} failed{attempt}: {result.failure}", "bad", indent=_SPEAKER)
