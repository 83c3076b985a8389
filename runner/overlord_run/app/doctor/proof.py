"""Prove the API as a run's preflight does: with one `GET /models`, which is never billed."""

import asyncio

from overlord_run.app.doctor.check import Check, refused
from overlord_run.engine.chat import ChatEngine
from overlord_run.engine.endpoint import Endpoint
from overlord_run.errors import SettingsError
from overlord_run.host import Host
from overlord_run.settings.model import Settings
from overlord_run.settings.precedence import usual_models


def prove(settings: Settings, host: Host) -> Check:
    """Ask the API for its models, and return whether it lists those that are there for any playbook."""
    models = tuple(sorted(usual_models(settings).values()))
    try:
        asyncio.run(_prove(settings, models, host))
    except SettingsError as error:
        return refused("api", error)
    listed = " and ".join(models) or "models"
    return Check("api", "ok", f"{settings.base_url} was reached, and lists {listed}")


async def _prove(settings: Settings, models: tuple[str, ...], host: Host) -> None:
    engine = ChatEngine(
        Endpoint(settings.base_url, settings.key, settings.proxy, settings.ca_file),
        models=models,
        host=host,
        concurrency=1,
        timeout_s=settings.timeout_s,
        is_key_required=settings.key_required,
    )
    try:
        await engine.preflight(_no_probe)
    finally:
        await engine.aclose()


async def _no_probe(_model: str) -> None:
    """Stand in for what records a probe: none is made, for it might be billed."""
