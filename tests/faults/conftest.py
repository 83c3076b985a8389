"""The stage on which runs are killed, interrupted and refused what they ask of the system."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from canary import CANARY
from fake_api import FakeApi
from faults.ptrace import WHY_NOT
from faults.traced import Tracer, tracer
from faults.witness import Stage


@pytest.fixture(scope="session")
def tracing() -> Iterator[Tracer]:
    if WHY_NOT:
        pytest.skip(WHY_NOT)
    with tracer() as started:
        yield started


@pytest.fixture
def stage(tracing: Tracer, tmp_path: Path) -> Iterator[Stage]:
    with FakeApi(key=CANARY) as api:
        yield Stage(tracing, api, tmp_path)
