"""Prove the API and the conversations of a run now, which renews the leases of its servants."""

import secrets

from overlord_run.app.own import Audience
from overlord_run.app.post import Errand, ask
from overlord_run.app.reopen import recorded
from overlord_run.errors import PreflightError
from overlord_run.settings.model import Flags
from overlord_run.store.events import Event, LeaseChecked
from overlord_run.store.folder import RunFolder
from overlord_run.store.following import Following
from overlord_run.store.inbox import Check
from overlord_run.store.state import State


def check(folder: RunFolder, flags: Flags, *, ping: bool) -> None:
    """Prove the API and the conversations, through the run's owner where one lives; it is recorded.

    Args:
        folder: The run's.
        flags: Where the key is.
        ping: Whether each model is asked for a word, which may be billed, instead of looked for in `/models`.

    Raises:
        PreflightError: The API was not proved.
        StoreError: The run folder cannot be read or written.
    """
    request = Check(secrets.token_hex(8), ping)
    made: list[LeaseChecked] = []

    def listen(event: Event, _state: State) -> None:
        if isinstance(event.body, LeaseChecked) and event.body.request_id == request.request_id:
            made.append(event.body)

    following = Following(folder)
    run = recorded(folder, following.catch_up().created)
    ask(run, following, Errand(request, lambda _state: True, flags), Audience(listen, lambda: None))
    for failure in (one.failure for one in made if one.failure is not None):
        raise PreflightError(failure, next="overlord-run doctor --check tells what to do about it")
