"""Tell a run's events as lines that a person cares about; its beginning in the words of the startup phases."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from overlord_run.cli.report.answerer import answerer
from overlord_run.cli.report.styled import Line, Style, Styled, line
from overlord_run.cli.report.words import counted, elapsed, joined, number, seconds
from overlord_run.plan.ids import STARTUP
from overlord_run.plan.pricing import tokens_of
from overlord_run.settings.trust import DEFAULT_BASE_URL
from overlord_run.store import events as ev
from overlord_run.store.state import State

NORMAL, ULTRA = "fugu", "fugu-ultra"
LONG_SILENCE_S = 10.0
INTERRUPTED = line(
    "interrupted: nothing new is sent, and calls in flight may finish; Ctrl-C again cancels them", "notice"
)


class Progress(Struct):
    """What has been told of one run.

    Attributes:
        verbose: Whether each request is told as it leaves, and each wait of more than a second before it may.
        debug: Whether attempts that failed and are made again are told.
        replies: Whether each reply is told, or only one that a person should look at: a live table shows the others.
    """

    verbose: bool = False
    debug: bool = False
    replies: bool = True
    told: set[str] = field(default_factory=set)

    def lines(self, event: ev.Event, state: State) -> list[Line]:
        """Return the lines that tell an event; `state` is the run's after it, perhaps after later ones too."""
        tell = _TELL.get(type(event.body))
        texts = [] if tell is None else list(tell(self, event.body, state))
        if not texts:
            return []
        mark, style = answerer(state).mark, _style(event.body)
        marks = (Styled(mark, "faint"),) if mark else ()
        return [Line((*marks, Styled(text, style))) for text in texts]

    def once(self, *lines: str) -> list[str]:
        """Return those of the lines that were not told before."""
        new = [line for line in lines if line not in self.told]
        self.told.update(new)
        return new


def _style(body: ev.Body | ev.UnknownBody) -> Style:
    match body:
        case ev.MessageSettled(state="completed") | ev.CheckAnswered(holds=True) | ev.PauseAnswered(approved=True):
            return "good"
        case ev.MessageSettled(state="failed") | ev.RequestFailed(retry_in_s=None) | ev.RoundEnded(outcome="failed"):
            return "bad"
        case ev.ServantBlocked() | ev.RedirectFailed() | ev.CheckAnswered() | ev.PauseAnswered():
            return "bad"
        case ev.RedirectSkipped(by_design=True):
            return "faint"
        case ev.MessageSettled() | ev.RequestFailed() | ev.RedirectSkipped() | ev.PauseReached() | ev.BudgetReached():
            return "notice"
    return "notice" if isinstance(body, ev.ReplyReceived) and body.cut else ""


def _run_created(_progress: Progress, body: ev.RunCreated, _state: State) -> Iterable[str]:
    yield f"Loading the run registry of {body.run_id}"


def _owner_changed(_progress: Progress, body: ev.OwnerChanged, state: State) -> Iterable[str]:
    settings = {} if state.created is None else state.created.settings
    if body.purpose != "run" and state.created is not None:
        yield f"Loading the run registry of {state.created.run_id}"
    if body.purpose == "reject":  # it asks nothing of the API
        return
    models = joined(settings.get("modelsToProve", ()))
    if answerer(state).models:
        yield f"Checking {answerer(state).models} for {models}"
        return
    api = "Fugu API" if settings.get("baseUrl") == DEFAULT_BASE_URL else "API"
    yield f"Checking the {api} key and base URL {settings.get('baseUrl')}"
    if settings.get("preflight") == "probe":
        yield f"Asking {models} for a word each: a probe, weaker than /models, and perhaps billed"
    else:
        yield f"Checking /models for {models}"


def _startup_began(_progress: Progress, body: ev.StartupBegan, state: State) -> Iterable[str]:
    if not body.slots:
        answered = sum(bool(servant.conversation) for servant in state.servants.values())
        before = f"Ready: {counted(answered, 'servant')} answered before"
        yield before if answered else "Ready: every servant starts with its first message"
        return
    yield f"Starting {_council([state.servants[slot].llm_model for slot in body.slots])}"
    yield "Recording model, request, and conversation state"


def _council(models: Iterable[str]) -> str:
    """Name servants by their models, the ultra ones first: `one Ultra and two normal Fugus`."""
    counts = Counter(models)
    ultras, normals = counts.pop(ULTRA, 0), counts.pop(NORMAL, 0)
    parts = [f"{number(ultras)} Ultra{_s(ultras)}"] if ultras else []
    parts += [f"{number(normals)} normal Fugu{_s(normals)}"] if normals else []
    parts += [f"{number(count)} servant{_s(count)} on {model}" for model, count in counts.items()]
    return joined(parts)


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _message_queued(progress: Progress, body: ev.MessageQueued, _state: State) -> Iterable[str]:
    if body.message_id == STARTUP:
        return progress.once("Loading servant instructions")
    return progress.once(f"Sending {body.message_id} to {body.target}")


def _log_repaired(_progress: Progress, body: ev.LogRepaired, _state: State) -> Iterable[str]:
    yield f"A crash had torn the log from line {body.line} on; that was moved aside to {body.path}"


def _message_accepted(_progress: Progress, body: ev.MessageAccepted, _state: State) -> Iterable[str]:
    yield f"Taken over as {body.message_id}: a message to {body.target}"


def _servant_recovered(_progress: Progress, body: ev.ServantRecovered, _state: State) -> Iterable[str]:
    yield f"{body.slot} is asked {body.message_id} again"


def _servant_replaced(_progress: Progress, body: ev.ServantReplaced, _state: State) -> Iterable[str]:
    yield f"{body.slot} has a new servant, number {body.generation} in this slot"


def _request_sent(progress: Progress, body: ev.RequestSent, _state: State) -> Iterable[str]:
    if body.message_id == STARTUP:
        yield from progress.once("Waiting for API-backed ACKs")
    if progress.verbose:
        yield f"{body.message_id}: asking {body.slot} on {body.model}, attempt {body.attempt}"


def _reply_received(progress: Progress, body: ev.ReplyReceived, state: State) -> Iterable[str]:
    if body.misfits:
        then = "failed" if body.repair is None else "is asked again"
        yield f"{body.message_id}: {body.slot} {then}: the answer does not fit its schema: {'; '.join(body.misfits)}"
        return
    if not (progress.replies or body.cut or body.note):
        return
    result = state.messages[body.message_id].results[body.slot]
    tokens = tokens_of(body.usage)
    facts = [
        elapsed(result.started_at, result.ended_at),
        "" if tokens is None else counted(tokens, "token"),
        "cut at the token limit" if body.cut else "",
        body.note,
    ]
    yield ", ".join([f"{body.message_id}: {body.slot} answered", *filter(None, facts)])


def _request_failed(progress: Progress, body: ev.RequestFailed, _state: State) -> Iterable[str]:
    if body.retry_in_s is None:
        yield f"{body.message_id}: {body.slot} failed: {body.reason}"
    elif progress.debug:
        again = f"attempt {body.attempt + 1} in {seconds(body.retry_in_s)}"
        yield f"{body.message_id}: {body.slot}: {body.reason}; {again}"


def _requests_held(progress: Progress, body: ev.RequestsHeld, _state: State) -> Iterable[str]:
    if progress.verbose or body.wait_s >= LONG_SILENCE_S:
        yield f"No request leaves for {seconds(body.wait_s)}: {body.reason}"


def _concurrency_fell(progress: Progress, body: ev.ConcurrencyFell, _state: State) -> Iterable[str]:
    if progress.verbose or progress.debug:
        yield f"At most {counted(body.concurrency, 'call')} at once for now: {body.reason}"


def _servant_blocked(_progress: Progress, body: ev.ServantBlocked, _state: State) -> Iterable[str]:
    yield f"{body.slot} is blocked: later messages leave it out"


def _redirect_failed(_progress: Progress, body: ev.RedirectFailed, _state: State) -> Iterable[str]:
    what = "failed" if body.slot is None else f"not sent to {body.slot}"
    yield f"{body.message_id}: {what}: {body.reason}"


def _check_answered(_progress: Progress, body: ev.CheckAnswered, _state: State) -> Iterable[str]:
    yield f"{body.message_id}: the check holds" if body.holds else f"{body.message_id}: no: {body.reason}"


def _pause_reached(_progress: Progress, body: ev.PauseReached, _state: State) -> Iterable[str]:
    yield f"{body.message_id}: a person's word is wanted: {' '.join(body.text.split())}"


def _pause_answered(_progress: Progress, body: ev.PauseAnswered, _state: State) -> Iterable[str]:
    note = f": {body.note}" if body.note else ""
    yield f"{body.message_id}: {'approved' if body.approved else 'rejected'} by {body.by}{note}"


def _round_ended(_progress: Progress, body: ev.RoundEnded, _state: State) -> Iterable[str]:
    what = {None: "", "completed": "; the block is done"}.get(body.outcome, f"; the block failed: {body.reason}")
    yield f"{body.message_id}: round {body.round} is over{what}"


def _redirect_skipped(_progress: Progress, body: ev.RedirectSkipped, _state: State) -> Iterable[str]:
    who = "" if body.slot is None else f" for {body.slot}"
    yield f"{body.message_id}: skipped{who}: {body.reason}"


def _budget_reached(_progress: Progress, body: ev.BudgetReached, _state: State) -> Iterable[str]:
    yield f"Nothing more is sent: {body.reason}"


def _message_settled(_progress: Progress, body: ev.MessageSettled, state: State) -> Iterable[str]:
    if body.message_id == STARTUP and body.state == "completed":
        answered = len(state.messages[STARTUP].results)
        yield f"Ready: {counted(answered, 'servant')} answered"
    elif body.state != "completed":
        yield f"{body.message_id} {'failed' if body.state == 'failed' else 'is partial'}: {body.reason}"


_TELL: Mapping[type, Callable[[Progress, Any, State], Iterable[str]]] = {
    ev.RunCreated: _run_created,
    ev.OwnerChanged: _owner_changed,
    ev.StartupBegan: _startup_began,
    ev.LogRepaired: _log_repaired,
    ev.MessageAccepted: _message_accepted,
    ev.MessageQueued: _message_queued,
    ev.RequestSent: _request_sent,
    ev.ReplyReceived: _reply_received,
    ev.RequestFailed: _request_failed,
    ev.RequestsHeld: _requests_held,
    ev.ConcurrencyFell: _concurrency_fell,
    ev.ServantBlocked: _servant_blocked,
    ev.ServantRecovered: _servant_recovered,
    ev.ServantReplaced: _servant_replaced,
    ev.RedirectFailed: _redirect_failed,
    ev.RedirectSkipped: _redirect_skipped,
    ev.CheckAnswered: _check_answered,
    ev.PauseReached: _pause_reached,
    ev.PauseAnswered: _pause_answered,
    ev.RoundEnded: _round_ended,
    ev.BudgetReached: _budget_reached,
    ev.MessageSettled: _message_settled,
}
