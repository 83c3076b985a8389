"""Tell where packs were fetched to on this machine, once a playbook uses one: most use none."""

from typing import TYPE_CHECKING

from overlord_run.settings.environment import environment

if TYPE_CHECKING:
    from overlord_run.roles.cache import Cache


def pack_cache() -> "Cache":
    """Return where packs were fetched to on this machine."""
    from overlord_run.roles.cache import Cache  # noqa: PLC0415 - most playbooks use no packs
    from overlord_run.settings.cache import cache_path  # noqa: PLC0415 - as above

    return Cache(cache_path(environment()))
