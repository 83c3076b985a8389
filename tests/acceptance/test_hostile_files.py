"""Any file that a user gives has a clean answer, whatever it holds: in little time, in little memory, at its place."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from hostile.forking import Measured, run_all
from hostile.traps import BESIDE, ELSEWHERE, KINDS, LONG_WORDS, SPECIAL, TRAPS, unread

REPO = Path(__file__).parents[2]
MOST_SECONDS = 6.0
"""Of CPU. The bar is 2; a busy machine makes it more, what hangs makes it 30."""

MOST_MIB = 256

UNREAD = [(special, kind) for special in SPECIAL for kind in KINDS]
_SHOWN = re.compile(r"^ *\d* \|.*\n", re.MULTILINE)
_COUNT = re.compile(r"^error: \d+ problems? found\n", re.MULTILINE)
Name = str | tuple[str, str]


@pytest.fixture(scope="module")
def came(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Name, Measured]:
    """Have all files made and all commands run, one after the other, and return what came of each."""
    top = tmp_path_factory.mktemp("hostile")
    jobs: dict[Name, tuple[Path, list[str]]] = {}

    def folder() -> Path:
        made = top / str(len(jobs))
        made.mkdir()
        for name, text in BESIDE.items():
            (made / name).write_text(text, encoding="utf-8")
        return made

    for special, kind in UNREAD:
        where = folder()
        SPECIAL[special][0](where / KINDS[kind].name)
        jobs[special, kind] = (where, list(KINDS[kind].words))
    for name, trap in TRAPS.items():
        where = folder()
        content = trap.content if isinstance(trap.content, bytes) else trap.content.encode()
        (where / KINDS[trap.kind].name).write_bytes(content)
        jobs[name] = (where, list(KINDS[trap.kind].words))
    for name, (words, *_) in LONG_WORDS.items():
        jobs[name] = (folder(), list(words))
    return dict(zip(jobs, run_all(list(jobs.values()), top), strict=True))


def told(one: Measured) -> str:
    """Return what was printed, without the lines that show the file's text, and without how many problems there are."""
    return _COUNT.sub("", _SHOWN.sub("", one.told)).strip("\n")


def require_within_bounds(one: Measured) -> None:
    assert one.seconds < MOST_SECONDS
    assert one.mib < MOST_MIB


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_told_for_what_it_is(name: str, came: Mapping[Name, Measured]) -> None:
    trap = TRAPS[name]
    assert told(came[name]) == trap.told.replace("AT", KINDS[trap.kind].name)
    assert came[name].exit == trap.exit
    require_within_bounds(came[name])


@pytest.mark.parametrize(("special", "kind"), UNREAD)
def test_what_is_no_file_is_never_waited_for(special: str, kind: str, came: Mapping[Name, Measured]) -> None:
    code, expected = unread(special, kind)
    assert told(came[special, kind]) == expected.replace("AT", KINDS[kind].name)
    assert came[special, kind].exit == code
    require_within_bounds(came[special, kind])


@pytest.mark.parametrize("name", LONG_WORDS)
def test_a_word_that_is_too_long_for_a_path_is_told(name: str, came: Mapping[Name, Measured]) -> None:
    _, code, beginning = LONG_WORDS[name]
    assert told(came[name])[: len(beginning)] == beginning
    assert came[name].exit == code
    require_within_bounds(came[name])


@pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_trap_that_is_tested_elsewhere_is(place: str) -> None:
    path, _, name = place.partition("::")
    assert not name or re.search(rf"^def {name}\(", (REPO / path).read_text("utf-8"), re.MULTILINE)
    assert (REPO / path).is_file()
