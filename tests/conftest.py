"""What holds for every test: no property is judged by a clock, since the machine may be busy; counts are told."""

import signal
from collections import Counter
from typing import Any

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# A job in the background begins with these ignored, and what the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
for name in {"SIGHUP", "SIGQUIT"} & set(dir(signal)):
    signal.signal(getattr(signal, name), signal.SIG_DFL)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell what the tests counted with `record_property`."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        counts.update(dict(report.user_properties))
    for what, count in counts.items():
        terminalreporter.write_line(f"{what}: {count:,}")
