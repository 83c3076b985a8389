"""Let the system refuse what a run asks of it in its folder, call by call: exit 74, nothing corrupt, nothing sent."""

import dataclasses
import errno
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

import pytest

from faults.ptrace import WHY_NO_ERRORS
from faults.resumption import carried_on
from faults.seeded import REFUSED
from faults.traced import Blow
from faults.witness import Stage, Witnessed, complaints
from overlord_run.errors import Exit

Count = Callable[[str, object], None]
pytestmark = pytest.mark.skipif(bool(WHY_NO_ERRORS), reason=WHY_NO_ERRORS)


class Refusal(NamedTuple):
    """A call that fails, and how."""

    name: str
    code: int


REFUSALS = [
    Refusal("write", errno.ENOSPC),
    Refusal("write", errno.EDQUOT),
    Refusal("write", errno.EIO),
    Refusal("fdatasync", errno.EIO),
    Refusal("fdatasync", errno.ENOSPC),
    Refusal("fsync", errno.EIO),
    Refusal("open", errno.ENOSPC),
    Refusal("open", errno.EROFS),
    Refusal("open", errno.EMFILE),
    Refusal("rename", errno.ENOSPC),
    Refusal("rename", errno.EIO),
    Refusal("mkdir", errno.EROFS),
    Refusal("mkdir", errno.EACCES),
    Refusal("flock", errno.ENOLCK),
    Refusal("fchmod", errno.EPERM),
    Refusal("close", errno.EIO),
]


LOSES_NOTHING = {"mkdir", "flock", "close"}
"""Of these some may fail without harm: a folder is there already, a lock is freed by the end of the process."""


def refused(stage: Stage, refusal: Refusal, at: int, *, for_ever: bool) -> Witnessed:
    """Return a run whose N-th call of this name in its folder fails, and perhaps all later ones."""
    tag = f"{refusal.name}-{errno.errorcode[refusal.code]}-{at}-{'ever' if for_ever else 'once'}"
    return stage.run(tag, Blow(refusal.name, at, within="/.overlord", errno=refusal.code, for_ever=for_ever))


def wrong(stage: Stage, run: Witnessed, refusal: Refusal) -> list[str]:
    """Return what should not be after a call failed."""
    found = complaints(run, stage.api)
    if run.ended.exit == Exit.OK and refusal.name in LOSES_NOTHING:
        return found
    found += [] if run.ended.exit == Exit.STORE else [f"exit {run.ended.exit}"]
    return found + ([] if "error: " in run.ended.err else ["not told"])


@pytest.mark.parametrize(("refusal", "at"), list(zip(REFUSALS[::2], (9, 10, 3, 12, 3, 2, 5, 8), strict=True)))
def test_a_call_that_the_system_refuses_ends_a_run_with_exit_74(stage: Stage, refusal: Refusal, at: int) -> None:
    run = refused(stage, refusal, at, for_ever=bool(at % 2))
    assert run.ended.met
    assert wrong(stage, run, refusal) == []


@pytest.mark.sweep
@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal.name} {errno.errorcode[refusal.code]}")
def test_any_call_that_the_system_refuses_ends_a_run_with_exit_74_and_it_can_go_on(
    stage: Stage, record_property: Count, refusal: Refusal, *, for_ever: bool
) -> None:
    found: dict[int, list[str]] = {}
    for at in count(1):
        run = refused(stage, refusal, at, for_ever=for_ever)
        if not run.ended.met:
            break
        found[at] = wrong(stage, run, refusal) + carried_on(stage, run, decision="resend")
    assert {at: said for at, said in found.items() if said} == {}
    record_property("refused system calls", len(found))


@pytest.mark.parametrize("bug", REFUSED)
def test_refusals_find_a_seeded_bug(stage: Stage, bug: str) -> None:
    seeded = dataclasses.replace(stage, bug=bug)
    tries = ((refusal, refused(seeded, refusal, 3, for_ever=False)) for refusal in REFUSALS)
    assert any(run.ended.met and wrong(stage, run, refusal) for refusal, run in tries)
