"""A pack that was fetched and locked, for tests that are not about fetching: what of it is wrong is said beside it."""

import hashlib
from pathlib import Path

from overlord_run.playbook.model import Pack
from overlord_run.playbook.packs import LOCK_NAME
from overlord_run.playbook.texts import Place
from overlord_run.roles.cache import Cache, Contents
from overlord_run.roles.lock import Lock, LockedPack, compose_lock

GIT = "https://github.com/acme/roles"
COMMIT = "1a2b3c4d" * 5
NEVER_FETCHED = "5e6f7081" * 5
FOLDER = "roles"

CRITIC = """\
---
overlord: 1
role: critic
description: Finds what can go wrong, most harmful first.
inputs:
  focus: {type: string, default: correctness, enum: [correctness, security]}
---
You review for {{ inputs.focus }}. Most harmful first.
{% include "tone/plain.md" %}
"""
JUDGE = "---\noverlord: 1\nrole: judge\n---\nYou weigh the findings.\n"
TEXTS = {
    "critic.md": CRITIC,
    "tone/plain.md": "Write plainly. You are {{ servant.slot }}.\n",
    "judge.md": JUDGE,  # not in the lock
    "changed.md": JUDGE,  # with another digest in the lock
    "damaged.md": "---\noverlord: 1\nrole: damaged\n---\nYou were whole.\n",  # its text in the cache is another one
    "README.md": "# Roles\n",
}
LEFT_OUT = {"link.md": "is a symbolic link"}
LOCKED = ("critic.md", "tone/plain.md", "changed.md", "damaged.md")


def digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def entry(pack: str = "acme", rev: str = "v1.4.0", **changed: str) -> LockedPack:
    """Return what the lock has of the pack; more can be changed."""
    files = {path: digest(TEXTS[path]) for path in LOCKED} | {"changed.md": digest("Another text.\n")}
    facts = {"pack": pack, "git": GIT, "rev": rev, "path": FOLDER, "kind": "tag", "commit": COMMIT, **changed}
    return LockedPack(**facts, files=files)  # type: ignore[arg-type]


LOCK = Lock(
    (
        entry(),
        entry("nightly", "main", kind="branch"),
        entry("distant", "v2", commit=NEVER_FETCHED),
    )
)


def declared(name: str = "acme", rev: str = "v1.4.0", git: str = GIT, path: str = FOLDER) -> Pack:
    return Pack(name, git, rev, path, Place("council.yml", 1, 1))


def fill(folder: Path) -> Cache:
    """Return a cache in a folder that holds the pack, one text of it damaged."""
    cache = Cache(folder)
    cache.write(COMMIT, FOLDER, Contents({path: text.encode() for path, text in TEXTS.items()}, LEFT_OUT))
    name = digest(TEXTS["damaged.md"]).partition(":")[2]
    damaged = folder / "texts" / name[:2] / name
    damaged.chmod(0o600)
    damaged.write_bytes(b"You are damaged.\n")
    return cache


def write_lock(folder: Path, lock: Lock = LOCK) -> None:
    (folder / LOCK_NAME).write_bytes(compose_lock(lock).encode())
