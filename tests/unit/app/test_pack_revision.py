"""Another revision of a pack is written into a playbook, and every other character stays."""

from pathlib import Path

import pytest

from overlord_run.app.roles.revision import edit_rev
from overlord_run.errors import RunBusyError, UsageError

PLAYBOOK = (
    "overlord: 1\npacks:\n  # ours\n  acme: {{git: x, rev: {}, path: roles}}   # until Friday\n  blue: {{rev: v1}}\n"
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("spelled", "new", "written"),
    [
        ("v1", "v2", "v2"),
        ("'v1'", "v2", "v2"),
        ('"v1"', "release/2", "release/2"),
        ("v1", "1.10", '"1.10"'),
        ("v1", "true", '"true"'),
        ("v1", "a,b", '"a,b"'),
        ("v1", "ümlaut", "ümlaut"),
    ],
)
def test_a_revision_is_replaced_where_it_stands(spelled: str, new: str, written: str) -> None:
    Path("p.yml").write_text(PLAYBOOK.format(spelled), encoding="utf-8")
    edit_rev("p.yml", "acme", "v1", new).write()
    assert Path("p.yml").read_text(encoding="utf-8") == PLAYBOOK.format(written)


def test_line_ends_and_a_byte_order_mark_stay() -> None:
    before = b"\xef\xbb\xbf" + PLAYBOOK.format("v1").replace("\n", "\r\n").encode()
    Path("p.yml").write_bytes(before)
    edit_rev("p.yml", "acme", "v1", "v2").write()
    assert Path("p.yml").read_bytes() == before.replace(b"rev: v1,", b"rev: v2,")


@pytest.mark.parametrize("spelled", ["&here v1", "!!str v1", '"\\x761"'])
def test_a_revision_that_is_spelled_in_another_way_is_left_to_the_person(spelled: str) -> None:
    Path("p.yml").write_text(PLAYBOOK.format(spelled), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        edit_rev("p.yml", "acme", "v1", "v2")
    assert f"{caught.value.message}. {caught.value.next}" == (
        "the revision of the pack 'acme' in p.yml:4 cannot be replaced there. "
        "Write v2 there yourself, and run overlord-run roles lock p.yml."
    )


def test_a_playbook_that_was_changed_meanwhile_is_not_written_over() -> None:
    Path("p.yml").write_text(PLAYBOOK.format("v1"), encoding="utf-8")
    edit = edit_rev("p.yml", "acme", "v1", "v2")
    Path("p.yml").write_text("overlord: 1\n", encoding="utf-8")
    with pytest.raises(RunBusyError, match=r"p\.yml was changed meanwhile"):
        edit.write()
    assert Path("p.yml").read_text(encoding="utf-8") == "overlord: 1\n"
    Path("p.yml").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match=r"p\.yml was changed meanwhile"):
        edit_rev("p.yml", "acme", "v1", "v2")
