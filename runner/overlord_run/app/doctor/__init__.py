"""Tell what is set up here for a run against the API, and what to do about what is not. Nothing is written or sent."""

from overlord_run.app.doctor.access import examine_access
from overlord_run.app.doctor.check import Check, State
from overlord_run.app.doctor.machine import examine_machine

__all__ = ["Check", "State", "examine_access", "examine_machine"]
