"""Tell where a run stands, and prove for each servant that it is ready, or say which proof fails."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from overlord_run.app.history import Inspection, inspect
from overlord_run.app.own import EXITS, Audience
from overlord_run.app.post import Errand, ask
from overlord_run.app.reopen import recorded
from overlord_run.errors import Exit, PreflightError
from overlord_run.settings import Flags
from overlord_run.store.disk import open_to_read
from overlord_run.store.events import Event, LeaseChecked, decode
from overlord_run.store.folder import RunFolder
from overlord_run.store.inbox import Check
from overlord_run.store.lease import Facts, Proof, proofs
from overlord_run.store.state import State


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands.

    Attributes:
        proofs: Slot → the five proofs that its servant is ready; empty for a run that never began.
    """

    inspection: Inspection
    proofs: Mapping[str, tuple[Proof, ...]]

    @property
    def state(self) -> State:
        """The run's state."""
        return self.inspection.state

    @property
    def exit(self) -> Exit:
        """What the run's own exit code is now: 9 while it is not finished, 10 where a call's outcome is not known."""
        if self.state.open_calls and not self.inspection.is_owned:
            return Exit.UNKNOWN
        return EXITS.get(self.state.state, Exit.UNFINISHED)


def standing(folder: RunFolder, *, now: datetime | None = None) -> Standing:
    """Return where a run stands; nothing is written, sent or locked.

    Raises:
        StoreError: A file of the run cannot be read, or a line of its log does not fit.
    """
    found = inspect(folder)
    if found.state.created is None:
        return Standing(found, {})
    plan = recorded(folder, found.state.created).plan
    models = {servant.slot: plan.models[servant.model].id for servant in plan.servants}
    facts = Facts(folder.run_id, _registry_token(folder), models, now or datetime.now(UTC))
    return Standing(found, {slot: proofs(found.state, one, facts) for slot, one in found.state.servants.items()})


def check(folder: RunFolder, flags: Flags, audience: Audience, *, ping: bool) -> None:
    """Prove the API and the conversations now, which renews the leases; through the run's owner where one lives.

    Args:
        folder: The run's.
        flags: Where the key is.
        audience: Who hears of it.
        ping: Whether each model is asked for a word, which may be billed, instead of looked for in `/models`.

    Raises:
        PreflightError: The API was not proved.
        StoreError: The run folder cannot be read or written.
    """
    request = Check(secrets.token_hex(8), ping)
    made: list[LeaseChecked] = []

    def listen(event: Event, state: State) -> None:
        if isinstance(event.body, LeaseChecked) and event.body.request_id == request.request_id:
            made.append(event.body)
        audience.listen(event, state)

    run = recorded(folder, inspect(folder).state.created)
    ask(run, Errand(request, lambda _state: True, flags), Audience(listen, audience.on_interrupt))
    for failure in (one.failure for one in made if one.failure is not None):
        raise PreflightError(failure, next="overlord-run doctor --check tells what to do about it")


def _registry_token(folder: RunFolder) -> str | None:
    try:
        with open_to_read(folder.registry_path) as file:
            view = decode(file.read())
    except (OSError, ValueError):
        return None  # the proof of identity says that it does not agree with the log
    token = view.get("runToken") if isinstance(view, dict) else None
    return token if isinstance(token, str) else None
