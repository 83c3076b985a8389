"""Know where the texts of packs are kept on this machine."""

from collections.abc import Mapping
from pathlib import Path

import platformdirs

from overlord_run.settings.environment import cache_folder


def cache_path(environ: Mapping[str, str]) -> Path:
    """Return the folder that `OVERLORD_CACHE_DIR` names, else this platform's for the user; it need not exist."""
    named = cache_folder(environ)
    return Path(named).absolute() if named else platformdirs.user_cache_path("overlord-run", appauthor=False)
