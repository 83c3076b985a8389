"""Makes git repositories without git: objects as bytes, so a tree can hold what no git would write."""

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE, PROGRAM, LINK, FOLDER, SUBMODULE = b"100644", b"100755", b"120000", b"40000", b"160000"


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in a tree beside regular files: a mode and the name of an object, or a text for one."""

    mode: bytes
    content: bytes | str


def link(target: str) -> Entry:
    return Entry(LINK, target.encode())


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare repository in a folder."""

    path: Path
    digest: str = "sha1"

    @classmethod
    def make(cls, path: Path, config: str = "[uploadpack]\n\tallowFilter = true\n") -> "Repository":
        for name in ("objects", "refs/heads", "refs/tags", "hooks"):
            (path / name).mkdir(parents=True)
        (path / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
        (path / "config").write_text(
            f"[core]\n\trepositoryformatversion = 0\n\tbare = true\n{config}", encoding="utf-8"
        )
        return cls(path)

    @property
    def url(self) -> str:
        return self.path.as_uri()

    def put(self, kind: str, content: bytes) -> str:
        whole = f"{kind} {len(content)}\0".encode() + content
        name = hashlib.new(self.digest, whole, usedforsecurity=False).hexdigest()
        path = self.path / "objects" / name[:2] / name[2:]
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.write_bytes(zlib.compress(whole, 1))
        return name

    def tree(self, entries: Iterable[tuple[bytes, bytes, str]]) -> str:
        """Write a tree of modes, names and objects as they are, however they are named, in git's order."""
        ordered = sorted(entries, key=lambda one: one[1] + (b"/" if one[0] == FOLDER else b""))
        return self.put(
            "tree", b"".join(mode + b" " + name + b"\0" + bytes.fromhex(sha) for mode, name, sha in ordered)
        )

    def folder(self, files: Mapping[str, Any]) -> str:
        """Write a tree of texts, entries and folders by their names."""
        return self.tree((mode, name.encode(), sha) for name, (mode, sha) in self._written(files).items())

    def commit(self, files: Mapping[str, Any], *, on: str | None = "main", parent: str | None = None) -> str:
        """Commit texts, entries and folders by their names, and let a branch be that."""
        return self.commit_tree(self.folder(files), on=on, parent=parent)

    def commit_tree(self, tree: str, *, on: str | None = "main", parent: str | None = None) -> str:
        above = f"parent {parent}\n" if parent else ""
        who = "Jo <jo@example.com> 1700000000 +0000"
        name = self.put("commit", f"tree {tree}\n{above}author {who}\ncommitter {who}\n\nRoles\n".encode())
        if on is not None:
            self.branch(on, name)
        return name

    def branch(self, name: str, commit: str) -> None:
        self._ref(f"heads/{name}", commit)

    def tag(self, name: str, commit: str, *, annotated: bool = False, kind: str = "commit") -> None:
        if annotated:
            who = "Jo <jo@example.com> 1700000000 +0000"
            commit = self.put("tag", f"object {commit}\ntype {kind}\ntag {name}\ntagger {who}\n\nRoles\n".encode())
        self._ref(f"tags/{name}", commit)

    def delete(self, ref: str) -> None:
        (self.path / "refs" / ref).unlink()

    def forget(self, name: str) -> None:
        """Take an object out, as a rewritten history that was cleaned up."""
        (self.path / "objects" / name[:2] / name[2:]).unlink()

    def _ref(self, name: str, commit: str) -> None:
        path = self.path / "refs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{commit}\n", encoding="utf-8")

    def _written(self, files: Mapping[str, Any]) -> dict[str, tuple[bytes, str]]:
        return {name: self._one(content) for name, content in files.items()}

    def _one(self, content: Any) -> tuple[bytes, str]:
        if isinstance(content, Mapping):
            return FOLDER, self.folder(content)
        if isinstance(content, Entry):
            is_name = isinstance(content.content, str)
            return content.mode, content.content if is_name else self.put("blob", content.content)
        return FILE, self.put("blob", content.encode() if isinstance(content, str) else content)
