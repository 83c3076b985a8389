"""Tell what is set up here for a run against the API, and what to do about what is not."""

from overlord_run.app.doctor.check import Check
from overlord_run.app.doctor.examination import examine

__all__ = ["Check", "examine"]
