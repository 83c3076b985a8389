"""Say what packs are fetched with: this machine's cache, and this process's environment."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from overlord_run.app.roles.fetching import Fetching


def fetching() -> "Fetching":
    """Return what the commands of packs reach repositories and the cache with."""
    from overlord_run.app.roles.fetching import Fetching
    from overlord_run.roles.cache import Cache
    from overlord_run.settings.cache import cache_path
    from overlord_run.settings.environment import environment

    environ = environment()
    return Fetching(Cache(cache_path(environ)), environ)
