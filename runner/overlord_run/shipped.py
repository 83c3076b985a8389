"""Find the data that ships with the runner: inside the package in a wheel, beside it in the source tree."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_SOURCE_TREE = _PACKAGE.parents[1]


def shipped(name: str) -> Path:
    """Return a folder of data that is called alike in both, such as `schemas`."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _SOURCE_TREE / name
