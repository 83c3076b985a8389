"""Find the files that a glob matches, the same ones on every platform, and read them within bounds.

What `**` at the end, capitals and hidden names match in `pathlib` and `glob` depends on the platform and Python's
version, and `glob` follows links in circles. Here `*`, `?`, `[…]` match within a name, and capitals count. `**` is any
number of folders, and enters no link. A name that begins with a dot is matched only by a part that does so, too. A glob
that is the path of a file is that file.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import translate
from itertools import takewhile
from pathlib import Path, PureWindowsPath

from overlord_run.errors import UsageError
from overlord_run.files import INPUT_LIMIT, FileError, decode, is_file, is_folder, read_bytes
from overlord_run.playbook.names import LONGEST_PATH, shown
from overlord_run.playbook.source import unix_lines

MOST_FILES = 10_000
MOST_BYTES = 64 * 1024 * 1024
"""Of all the files of one input together."""

_MAGIC = re.compile(r"[*?\[]")
_DEEP = "**"
_UP = ".."
_WRITE_IT = "Write a glob from the current folder, such as 'docs/**/*.md'."

Parts = tuple[str, ...]


def read_files(
    globs: Sequence[str], *, most_files: int = MOST_FILES, most_bytes: int = MOST_BYTES, platform: str = sys.platform
) -> list[dict[str, str]]:
    r"""Return `path`, `name` and `text` of each regular file that some globs match, each once, sorted by path.

    Args:
        globs: From the current folder, with `/` between folders; on Windows `\` will do.
        most_files: Of all globs together.
        most_bytes: Of all files together.
        platform: As `sys.platform` has it.

    Raises:
        UsageError: A glob is none, or matches nothing, or too much; or a file cannot be read.
    """
    found: dict[str, Path] = {}
    for glob in globs:
        matched = False
        for path, file in _matches(_parts(glob, platform)):
            matched = True
            found[path] = file
            if len(found) > most_files:
                message = f"more than {most_files:,} files are matched"
                raise UsageError(message, next="Give a narrower glob.")
        if not matched:
            remedy = f"It is a folder: {glob}/** is all that it holds." if is_folder(glob) else f"Check it. {_WRITE_IT}"
            message = f"no file matches {_told(glob)}"
            raise UsageError(message, next=remedy)
    return _read(found, most_bytes)


def _read(found: Mapping[str, Path], most_bytes: int) -> list[dict[str, str]]:
    files = []
    left = most_bytes
    for path in sorted(found):
        data = read_bytes(found[path], limit=INPUT_LIMIT, subject=_told(path))
        left -= len(data)
        if left < 0:
            message = f"the files are larger than {most_bytes:,} bytes together"
            raise UsageError(message, next="Give a narrower glob, or smaller files.")
        text = unix_lines(decode(data, _told(path)))
        files.append({"path": path, "name": path.rpartition("/")[2], "text": text})
    return files


def _parts(glob: str, platform: str) -> Parts:
    """Return the parts of a glob between its slashes.

    Raises:
        UsageError: It does not lead from the current folder to files.
    """
    is_windows = platform == "win32"
    plain = glob.replace("\\", "/") if is_windows else glob
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    inside = parts[len(list(takewhile(_UP.__eq__, parts))) :]
    faults = {
        "holds a NUL": "\0" in plain,
        "is absolute, and would put this machine's folders into the plan": plain.startswith("/")
        or (is_windows and PureWindowsPath(plain).drive != ""),
        "names no file": not inside,
        "has '..' behind a folder": _UP in inside,
    }
    for fault in (fault for fault, is_so in faults.items() if is_so):
        message = f"the glob {_told(glob)} {fault}"
        raise UsageError(message, next=_WRITE_IT)
    deep_once = (part for number, part in enumerate(parts) if (part, parts[number - 1 : number]) != (_DEEP, [_DEEP]))
    parts = list(deep_once)
    return (*parts, "*") if parts[-1] == _DEEP else tuple(parts)


def _matches(parts: Parts) -> Iterator[tuple[str, Path]]:
    """Yield each regular file that matches: its path as it was matched, and where it is, links resolved.

    Raises:
        UsageError: A link leads out of the folder that the glob names, a folder cannot be read, or a name is no text.
    """
    named = tuple(takewhile(lambda part: not _MAGIC.search(part), parts[:-1]))
    top = Path(*named)
    if not is_folder(top):
        return
    inside_of = top.resolve()
    whole = "/".join(parts)  # a file may be called `[id].md`
    paths = [whole] if is_file(whole) else _walk("/".join(named), parts[len(named) :])
    for path in paths:
        if not is_file(path):
            continue
        file = Path(path).resolve()
        _require_text(path)
        if not file.is_relative_to(inside_of):
            where = _told("/".join(named)) if named else "the current folder"
            hint = "leave it out of the glob, or put the file itself there"
            raise FileError(_told(path), f"is a link that leads out of {where}", rule="file-outside", hint=hint)
        yield path, file


def _walk(folder: str, parts: Parts) -> Iterator[str]:
    """Yield the paths below a folder that some parts match, whatever is there; a path may come again."""
    pending = [(folder, parts)]
    seen = set(pending)
    while pending:
        folder, (first, *rest) = pending.pop()
        more: list[tuple[str, Parts]] = []
        if first == _DEEP:
            more = [(folder, tuple(rest)), *((inner, (first, *rest)) for inner in _folders(folder))]
        elif rest:
            more = [(inner, tuple(rest)) for inner in _named(folder, first) if is_folder(inner)]
        else:
            yield from _named(folder, first)
        pending += [one for one in more if one not in seen]
        seen.update(more)


def _named(folder: str, part: str) -> Iterator[str]:
    """Yield the paths of what one part of a glob matches in a folder."""
    if not _MAGIC.search(part):
        yield _join(folder, part)
        return
    pattern = re.compile(translate(part))
    for entry in _entries(folder):
        if pattern.match(entry.name) and (part.startswith(".") or not entry.name.startswith(".")):
            yield _join(folder, entry.name)


def _folders(folder: str) -> Iterator[str]:
    """Yield the folders in a folder that `**` enters."""
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield _join(folder, entry.name)


def _entries(folder: str) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder or ".") as entries:
            return list(entries)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or 'the system refuses it'}"
        hint = "leave the folder out of the glob, or let it be read"
        raise FileError(_told(folder or "."), reason, rule="file-unreadable", hint=hint) from error


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _require_text(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        hint = "rename it, or leave it out of the glob"
        raise FileError(_told(path), "has a name that is not UTF-8", rule="encoding", hint=hint) from error


def _told(path: str) -> str:
    return shown(path, longest=LONGEST_PATH)
