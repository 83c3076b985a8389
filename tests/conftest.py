"""What holds for every test: no property is judged by a clock, since the machine may be busy; counts are told."""

import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

import pack_kit

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# A job in the background begins with these ignored, and what the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
for name in {"SIGHUP", "SIGQUIT"} & set(dir(signal)):
    signal.signal(getattr(signal, name), signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def _packs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no test see the packs that were fetched to this machine, but one of ours."""
    folder = tmp_path_factory.mktemp("packs")
    pack_kit.fill(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVERLORD_CACHE_DIR", str(folder))
        yield


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell what the tests counted with `record_property`."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        counts.update(dict(report.user_properties))
    for what, count in counts.items():
        terminalreporter.write_line(f"{what}: {count:,}")
