"""Hold what a process needs to own a run, new or not."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from overlord_run.app.keeping import Kept
from overlord_run.engine.base import EngineName
from overlord_run.host import Host
from overlord_run.plan.model import Plan
from overlord_run.playbook.money import Price
from overlord_run.settings.model import Settings, StandIn

if TYPE_CHECKING:
    from overlord_run.engine.replay import Recording
    from overlord_run.engine.script import Script

STAND_INS: Mapping[EngineName, StandIn | None] = {"chat": None, "rehearsal": "rehearsal", "recording": "replay"}
"""What stands in for the network, by what answers."""


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
