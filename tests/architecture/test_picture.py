"""README.md's picture is of this program: `make picture` would draw it as it is."""

import pytest

import picture_kit as kit


@pytest.fixture(scope="module")
def scenes() -> list[kit.Scene]:
    return kit.scenes()


def test_the_picture_is_what_the_program_shows_now(scenes: list[kit.Scene]) -> None:
    drawn = kit.PICTURE.read_text(encoding="utf-8")
    assert drawn == kit.picture(scenes), "the program shows something else now: make picture"


def test_the_picture_tells_a_run_from_its_beginning_to_its_end(scenes: list[kit.Scene]) -> None:
    assert "alder  pending" in scenes[0].text
    assert "birch  waiting" in scenes[1].text
    assert "oak    asking" in scenes[-2].text
    assert "Exit 0: done, and nothing failed" in scenes[-1].text
    widest = max(len(line) for scene in scenes for line in scene.text.splitlines())
    assert widest <= kit.SIZE.columns


@pytest.mark.parametrize("word", ["://", "<script", "@import", "href", "@font-face"])
def test_the_picture_fetches_nothing_and_runs_nothing(word: str) -> None:
    drawn = kit.PICTURE.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert word not in drawn
