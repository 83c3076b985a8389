"""Tell what the figures were found on."""

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_LIBRARIES = ("overlord-run", "httpx", "h11", "aiohttp", "click", "PyYAML", "Jinja2", "jsonschema")


def facts(server: str, folder: Path) -> Mapping[str, str]:
    """Return what the figures were found on, in the order in which it is told.

    Args:
        server: What answered.
        folder: Where the runs stood.
    """
    return {
        "machine": f"{_processor()}, {os.cpu_count()} processors, {_memory_gb():.0f} GB of memory",
        "system": f"{platform.system()} {platform.release()}, {_file_system(folder)}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "API": server,
        "libraries": ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES),
        "measured": datetime.now(UTC).strftime("%Y-%m-%d"),
        "load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _file_system(folder: Path) -> str:
    """Return the kind of the file system that a folder stands on."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text("utf-8").splitlines()]
    around = [(len(place), kind) for place, kind in mounts if folder.resolve().is_relative_to(place)]
    return max(around, default=(0, "unknown"))[1]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
