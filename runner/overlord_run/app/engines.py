"""Open the engine of a session: what comes with it, the network and the event loop, is imported only for that."""

from typing import TYPE_CHECKING

from overlord_run.app.keeping import Keeper
from overlord_run.app.session import Session
from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint

if TYPE_CHECKING:
    from overlord_run.engine.rehearsal import RehearsalTransport
    from overlord_run.engine.replay import ReplayTransport


def open_engine(session: Session, keeper: Keeper | None) -> ChatEngine:
    """Return the engine that the settings name: the chat API, or the same one over what stands in for the network.

    Raises:
        SettingsError: The base URL, the proxy or the file of certificates cannot be used.
    """
    settings = session.settings
    return ChatEngine(
        Endpoint(settings.base_url, settings.key, settings.proxy, settings.ca_file),
        models=session.models_to_prove,
        host=session.host,
        concurrency=settings.concurrency,
        rate=settings.rate,
        timeout_s=settings.timeout_s,
        is_key_required=settings.key_required,
        is_probe=settings.preflight == "probe",
        transport=_stand_in(session),
        keeper=keeper,
    )


def _stand_in(session: Session) -> "RehearsalTransport | ReplayTransport | None":
    """Return what answers in the network's place, if anything does."""
    if session.recording is not None:
        from overlord_run.engine.replay import ReplayTransport  # noqa: PLC0415 - only a replay needs it

        return ReplayTransport(session.recording)
    if session.engine == "rehearsal":
        from overlord_run.engine.rehearsal import RehearsalTransport  # noqa: PLC0415 - only a rehearsal needs it

        return RehearsalTransport(session.models_to_prove, session.script, session.plan.schema_of)
    return None
