"""Say how a person wants to be told of a run."""

from msgspec import Struct


class Manner(Struct, frozen=True):
    """How a person wants to be told of a run."""

    as_json: bool
    is_quiet: bool
    is_verbose: bool
    is_debug: bool
