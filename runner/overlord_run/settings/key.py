"""Find the API key by the names it may have, and read it where it may be sent."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from overlord_run.credential import Credential, Redactor, parse_credential
from overlord_run.errors import SettingsError, UsageError
from overlord_run.files import FileError, read_bytes
from overlord_run.settings.environment import API_KEY, API_KEY_FILE, variable
from overlord_run.settings.model import Flags

# A name like this is told back to the user. Anything else after --api-key-env may be the key itself.
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_LONGEST_FILE = 16 * 1024


class KeySource(Struct, frozen=True):
    """Where a key is set: in a variable, or in a file that a flag or variable names.

    Attributes:
        name: The variable, or the flag or variable that names the file.
        path: The file, or None.
    """

    name: str
    path: Path | None = None


def find_key(flags: Flags, environ: Mapping[str, str]) -> KeySource | None:
    """Return where the key is set, without reading it; None where none is.

    Raises:
        UsageError: Both flags are given.
        SettingsError: The variable that `--api-key-env` names is not set.
    """
    if flags.api_key_env is not None and flags.api_key_file is not None:
        message = "--api-key-env and --api-key-file cannot both be given"
        raise UsageError(message, next="give one of the two")
    if flags.api_key_env is not None:
        if not environ.get(flags.api_key_env):
            raise _not_set(flags.api_key_env)
        return KeySource(flags.api_key_env)
    if flags.api_key_file is not None:
        return KeySource("--api-key-file", Path(flags.api_key_file))
    if said := variable(environ, API_KEY):
        return KeySource(said.by)
    said = variable(environ, API_KEY_FILE)
    return KeySource(said.by, Path(said.value)) if said else None


def read_key(source: KeySource, environ: Mapping[str, str]) -> Credential:
    """Return the key.

    Raises:
        SettingsError: The file cannot be read, or the value is no key. Neither the value nor the file's path is told:
            a key that was given in the path's place would be told with it.
    """
    if source.path is None:
        return parse_credential(environ[source.name], name=source.name)
    try:
        content = read_bytes(source.path, limit=_LONGEST_FILE)
    except FileError as error:
        raise _unreadable(source.name, error.reason) from None
    return parse_credential(content.decode("utf-8-sig", "replace"), name=f"the file of {source.name}", is_file=True)


def known_keys(environ: Mapping[str, str], *, named: Sequence[str], files: Sequence[str]) -> Iterator[Credential]:
    """Yield every key that can have come near the program, also where none is used; one that is malformed never does.

    Args:
        environ: The environment.
        named: The variables that `--api-key-env` names.
        files: The files that `--api-key-file` names.
    """
    sources = [KeySource(name) for name in (*API_KEY, *named) if environ.get(name)]
    sources += [KeySource("--api-key-file", Path(path)) for path in files]
    sources += [KeySource(name, Path(environ[name])) for name in API_KEY_FILE if environ.get(name)]
    for source in sources:
        try:
            yield read_key(source, environ)
        except SettingsError:
            continue


def key_in(text: str, environ: Mapping[str, str], flags: Flags) -> str | None:
    """Return the name of a key that stands in a text, also of one that is not used; None where none does."""
    named = [flags.api_key_env] if flags.api_key_env else []
    files = [flags.api_key_file] if flags.api_key_file else []
    keys = known_keys(environ, named=named, files=files)
    return next((key.name for key in keys if Redactor(key).occurs_in(text)), None)


def _not_set(name: str) -> SettingsError:
    told = name if _VARIABLE.fullmatch(name) else "that --api-key-env names"
    return SettingsError(
        f"the variable {told} is not set or is empty",
        next="give --api-key-env the name of the variable that holds the key, and never the key",
        code="key-missing",
    )


def _unreadable(name: str, reason: str) -> SettingsError:
    return SettingsError(
        f"the key file that {name} names {reason}",
        next=f"give {name} the path of a file that holds the key alone",
        code="key-file",
    )
