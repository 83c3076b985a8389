"""Read the process's environment: the one place that does, and the names that mean something in it."""

import os
from collections.abc import Mapping, Sequence

from msgspec import Struct

# Of two names for one setting the first wins.
BASE_URL = ("MMI_OVERLORD_LLM_BASE_URL", "OVERLORD_BASE_URL")
MODEL = ("MMI_OVERLORD_LLM_MODEL", "OVERLORD_MODEL")
ULTRA_MODEL = ("MMI_OVERLORD_LLM_ULTRA_MODEL", "OVERLORD_ULTRA_MODEL")
API_KEY = ("SAKANA_API_KEY", "MMI_OVERLORD_LLM_API_KEY", "OVERLORD_API_KEY")
API_KEY_FILE = ("SAKANA_API_KEY_FILE",)
TIMEOUT_MS = ("MMI_OVERLORD_LLM_TIMEOUT_MS", "OVERLORD_TIMEOUT_MS")
CA_FILE = ("SSL_CERT_FILE",)
STATE_DIR = ("OVERLORD_STATE_DIR",)
CACHE_DIR = ("OVERLORD_CACHE_DIR",)
RUN = ("OVERLORD_RUN",)
GITHUB_ACTIONS = ("GITHUB_ACTIONS",)


class Said(Struct, frozen=True):
    """A setting's value as a text, and the flag, variable or file that says it."""

    value: str
    by: str


def environment() -> Mapping[str, str]:
    """Return the process's environment as it is now."""
    return dict(os.environ)


def variable(environ: Mapping[str, str], names: Sequence[str]) -> Said | None:
    """Return what the first of these variables says that is set; an empty one counts as unset."""
    return next((Said(environ[name], name) for name in names if environ.get(name)), None)


def operator(flag: str | None, flag_name: str, environ: Mapping[str, str], names: Sequence[str]) -> Said | None:
    """Return what the operator says: by the flag, else by the first of these variables that is set."""
    return variable(environ, names) if flag is None else Said(flag, flag_name)


def state_folder(environ: Mapping[str, str]) -> str | None:
    """Return the folder of the runs that the environment names, or None."""
    said = variable(environ, STATE_DIR)
    return said.value if said else None


def cache_folder(environ: Mapping[str, str]) -> str | None:
    """Return the folder of the fetched packs that the environment names, or None."""
    said = variable(environ, CACHE_DIR)
    return said.value if said else None


def run_id(environ: Mapping[str, str]) -> str | None:
    """Return the run that the environment names, or None."""
    said = variable(environ, RUN)
    return said.value if said else None


def is_github_actions(environ: Mapping[str, str]) -> bool:
    """Say whether this is a step of a workflow of GitHub, whose log turns annotations into notes beside the lines."""
    said = variable(environ, GITHUB_ACTIONS)
    return said is not None and said.value.lower() not in ("0", "false")
