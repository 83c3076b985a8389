"""Hold what a process needs to own a run, new or not, and open the engine for it."""

from dataclasses import dataclass

from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint
from overlord_run.engine.rehearsal import RehearsalTransport
from overlord_run.engine.script import Script
from overlord_run.host import Host
from overlord_run.plan.model import Plan
from overlord_run.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A plan and what it is carried out with.

    Attributes:
        models_to_prove: The model ids that `/models` must list.
        rehearse: Whether the rehearsal answers.
        script: What the rehearsal answers; None without a script.
    """

    plan: Plan
    settings: Settings
    host: Host
    models_to_prove: tuple[str, ...]
    rehearse: bool
    script: Script | None = None


def open_engine(session: Session) -> ChatEngine:
    """Return the engine that the settings name: the chat API, or the same one over the rehearsal's transport.

    Raises:
        SettingsError: The base URL, the proxy or the file of certificates cannot be used.
    """
    settings = session.settings
    transport = None
    if session.rehearse:
        transport = RehearsalTransport(session.models_to_prove, session.script, session.plan.schema_of)
    return ChatEngine(
        Endpoint(settings.base_url, settings.key, settings.proxy, settings.ca_file),
        models=session.models_to_prove,
        host=session.host,
        concurrency=settings.concurrency,
        rate=settings.rate,
        timeout_s=settings.timeout_s,
        is_key_required=settings.key_required,
        is_probe=settings.preflight == "probe",
        transport=transport,
    )
