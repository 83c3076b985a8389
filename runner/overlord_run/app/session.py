"""Hold what a process needs to own a run, new or not, and open the engine for it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from overlord_run.app.keeping import Keeper, Kept
from overlord_run.engine.base import EngineName
from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint
from overlord_run.host import Host
from overlord_run.plan.model import Plan
from overlord_run.playbook.money import Price
from overlord_run.settings.model import Settings

if TYPE_CHECKING:
    from overlord_run.engine.rehearsal import RehearsalTransport
    from overlord_run.engine.replay import Recording, ReplayTransport
    from overlord_run.engine.script import Script


class Session(Struct, frozen=True, kw_only=True):
    """A plan and what it is carried out with.

    Attributes:
        models_to_prove: The model ids that `/models` must list.
        engine: What answers.
        script: What the rehearsal answers; None without a script.
        recording: What a recording answers, where that is the engine.
        kept: Where every exchange is kept; None where the run is not recorded.
        prices: What each model's tokens cost, by alias; None where nobody knows.
    """

    plan: Plan
    settings: Settings
    host: Host
    models_to_prove: tuple[str, ...]
    engine: EngineName
    script: "Script | None" = None
    recording: "Recording | None" = None
    kept: Kept | None = None
    prices: Mapping[str, Price | None] = field(default_factory=dict)


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
