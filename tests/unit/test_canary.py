from pathlib import Path

import pytest

from canary import CANARY, SPELLINGS, leaks, leaks_under


def test_there_are_eight_spellings_and_no_two_are_the_same() -> None:
    assert len(SPELLINGS) == len(set(SPELLINGS.values())) == 8


@pytest.mark.parametrize("name", SPELLINGS)
def test_the_canary_is_found_in_a_text_and_in_a_file_however_it_is_spelled(tmp_path: Path, name: str) -> None:
    assert name in leaks("nothing", f"a{SPELLINGS[name]}b")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"\xff" + SPELLINGS[name].encode() + b"\0")
    assert f"deep/file: {name}" in leaks_under(tmp_path)


@pytest.mark.parametrize("name", ["percent-encoded", "hex", "base64url"])
def test_the_canary_is_found_in_a_files_name(tmp_path: Path, name: str) -> None:
    (tmp_path / f"x-{SPELLINGS[name]}").touch()
    assert f"a name: {name}" in leaks_under(tmp_path)


def test_what_only_looks_like_it_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(CANARY[:-1] + CANARY.upper(), encoding="utf-8")
    assert leaks(CANARY[1:]) == []
    assert leaks_under(tmp_path) == []
