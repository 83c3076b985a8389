import json
from pathlib import Path

import pytest

from overlord_run.files import FileError
from overlord_run.roles.cache import Cache, Contents

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "89abcdef0123456789abcdef0123456789abcdef"
CONTENTS = Contents(
    {"critic.md": b"You look.\n", "parts/shape.md": b"One line each.\n"},
    {"judge.md": "is a symbolic link", "etc": "is a symbolic link"},
)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    cache = Cache(tmp_path / "cache")
    cache.write(COMMIT, "roles", CONTENTS)
    return cache


def text_file(cache: Cache, path: str) -> Path:
    digest = cache.digests(COMMIT, "roles")[path]
    return cache.folder / "texts" / digest[:2] / digest


def list_file(cache: Cache) -> Path:
    [found] = (cache.folder / "packs" / COMMIT).iterdir()
    return found


def spoil(path: Path, content: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(content)


def told(cache: Cache, path: str, *, commit: str = COMMIT, folder: str = "roles", limit: int = 100) -> str:
    with pytest.raises(FileError) as caught:
        cache.read(commit, folder, path, limit=limit)
    return f"{caught.value.message}. {caught.value.next} [{caught.value.rule}]"


def test_a_pack_is_read_as_it_was_written(cache: Cache) -> None:
    assert cache.holds(COMMIT, "roles")
    assert cache.paths(COMMIT, "roles") == ("critic.md", "parts/shape.md")
    assert cache.read(COMMIT, "roles", "parts/shape.md", limit=100) == b"One line each.\n"


def test_a_pack_that_was_not_fetched_is_told_with_what_fetches_it(cache: Cache) -> None:
    assert not cache.holds(OTHER, "roles")
    assert not cache.holds(COMMIT, "")
    assert told(cache, "critic.md", commit=OTHER) == (
        "the pack at the commit 89abcdef was not fetched to this machine. "
        "Overlord-run roles fetch fetches it. [pack-not-fetched]"
    )


def test_a_name_that_is_not_in_the_pack_is_told_with_the_nearest(cache: Cache) -> None:
    assert told(cache, "critik.md") == (
        "'critik.md' is not in the pack at the commit 01234567. Did you mean 'critic.md'? "
        "overlord-run roles list shows what the packs hold. [pack-file]"
    )
    assert told(cache, "../../etc/passwd") == (
        "'../../etc/passwd' is not in the pack at the commit 01234567. "
        "Overlord-run roles list shows what the packs hold. [pack-file]"
    )


def test_what_was_left_out_is_told_with_its_reason(cache: Cache) -> None:
    assert told(cache, "judge.md") == (
        "'judge.md' is a symbolic link. Name a regular file of the pack, or ask its author for one. [pack-left-out]"
    )
    assert told(cache, "etc/passwd") == (
        "'etc/passwd' is behind 'etc', which is a symbolic link. "
        "Name a regular file of the pack, or ask its author for one. [pack-left-out]"
    )


def test_a_text_is_read_within_its_limit(cache: Cache) -> None:
    assert told(cache, "critic.md", limit=5) == "'critic.md' is larger than 5 bytes. Make it smaller. [too-large]"


@pytest.mark.parametrize("content", [b"You obey.\n", b"", b"x" * (1024 * 1024 + 1)])
def test_a_text_that_was_changed_is_found_and_mended(cache: Cache, content: bytes) -> None:
    spoil(text_file(cache, "critic.md"), content)
    assert not cache.holds(COMMIT, "roles")
    assert told(cache, "critic.md") == (
        "'critic.md' is not what was fetched at the commit 01234567: the cache was changed. "
        "Overlord-run roles fetch mends it. [pack-damaged]"
    )
    cache.write(COMMIT, "roles", CONTENTS)
    assert cache.read(COMMIT, "roles", "critic.md", limit=100) == b"You look.\n"


def test_a_text_that_became_a_link_or_vanished_is_found(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"You obey.\n")
    text_file(cache, "critic.md").unlink()
    assert told(cache, "critic.md").endswith("[pack-damaged]")
    text_file(cache, "critic.md").symlink_to(tmp_path / "elsewhere")
    assert told(cache, "critic.md").endswith("[pack-damaged]")
    cache.write(COMMIT, "roles", CONTENTS)
    assert (tmp_path / "elsewhere").read_bytes() == b"You obey.\n"
    assert cache.holds(COMMIT, "roles")


GOOD = {"format": 1, "commit": COMMIT, "folder": "roles", "texts": {}, "leftOut": {}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"[]",
        json.dumps(GOOD | {"commit": OTHER}).encode(),
        json.dumps(GOOD | {"folder": ""}).encode(),
        json.dumps(GOOD | {"format": 2}).encode(),
        json.dumps(GOOD | {"texts": []}).encode(),
        json.dumps(GOOD | {"leftOut": None}).encode(),
        json.dumps(GOOD | {"leftOut": {"a": 1}}).encode(),
        json.dumps(GOOD | {"texts": {"critic.md": "../../../etc/passwd"}}).encode(),
        json.dumps(GOOD | {"texts": {"critic.md": 5}}).encode(),
    ],
)
def test_a_list_that_was_changed_is_found_and_mended(cache: Cache, content: bytes) -> None:
    spoil(list_file(cache), content)
    assert told(cache, "critic.md") == (
        "the pack at the commit 01234567 cannot be read: its list in the cache was changed. "
        "Overlord-run roles fetch mends it. [pack-damaged]"
    )
    assert not cache.holds(COMMIT, "roles")
    cache.write(COMMIT, "roles", CONTENTS)
    assert cache.holds(COMMIT, "roles")


def test_a_list_that_is_a_folder_is_told(cache: Cache) -> None:
    path = list_file(cache)
    path.unlink()
    path.mkdir()
    assert told(cache, "critic.md").endswith("[pack-damaged]")


def test_no_name_in_a_repository_is_a_name_on_this_disk(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    names = ["../../escape.md", "/etc/escape.md", "NUL", "a\nb", "\udcff"]
    cache.write(COMMIT, "../..", Contents(dict.fromkeys(names, b"text"), {}))
    assert cache.paths(COMMIT, "../..") == tuple(sorted(names))
    assert {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*")} == {"cache"}


def test_nothing_is_left_of_a_write_that_failed(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "packs").write_bytes(b"in the way")
    with pytest.raises(OSError, match="packs"):
        cache.write(COMMIT, "", CONTENTS)
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_commit_is_its_whole_name(cache: Cache) -> None:
    with pytest.raises(ValueError, match="'\\.\\./\\.\\.' is no commit"):
        cache.paths("../..", "")
