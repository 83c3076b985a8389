"""Say how large a process has been."""

import sys


def peak_mib() -> int:
    """Return how many MiB this process has held at most; always 0 on Windows, which has no such count."""
    if sys.platform == "win32":
        return 0
    import resource  # noqa: PLC0415 - Windows has none

    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit
