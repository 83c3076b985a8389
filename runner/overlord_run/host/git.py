"""Find the git that is installed."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

NO_GIT = "git is not installed, or not in PATH"


def find_git(environ: Mapping[str, str], *, platform: str = sys.platform) -> Path | None:
    """Return the path of the git that PATH names, or None.

    It is looked for here, since Windows would take one from the current folder first, which may be anyone's.
    """
    name = "git.exe" if platform == "win32" else "git"
    places = map(Path, environ.get("PATH", "").split(os.pathsep))
    return next((place / name for place in places if place.is_absolute() and os.access(place / name, os.X_OK)), None)
