"""Where a run stands, and what its exit code is now."""

from pathlib import Path

import pytest

from council_kit import carry_out, run_folder
from overlord_run.app.status import standing
from overlord_run.errors import Exit
from overlord_run.store.folder import RunFolder
from store_kit import RUN_ID

COUNCIL = """\
overlord: 1
name: one
roles: {critic: {system: You criticise., task: What can go wrong?}}
assignments: [{slot: alder, role: critic}]
"""


def test_a_run_that_never_began_has_no_proofs(tmp_path: Path) -> None:
    found = standing(RunFolder.create(tmp_path / ".overlord", RUN_ID))
    assert dict(found.proofs) == {}
    assert found.exit is Exit.UNFINISHED


def test_a_servant_that_answered_is_proved_but_for_its_lease(tmp_path: Path) -> None:
    carry_out(tmp_path, COUNCIL)
    found = standing(run_folder(tmp_path))
    failing = [proof.name for proof in found.proofs["alder"] if not proof.holds]
    assert failing == ["signal"]  # the kit's runs say nothing of a lease, so theirs holds for no time
    assert found.exit is Exit.OK


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"runToken": 1}', None])
def test_a_registry_that_does_not_say_whose_it_is_fails_the_proof_of_identity(
    tmp_path: Path, content: bytes | None
) -> None:
    carry_out(tmp_path, COUNCIL)
    path = run_folder(tmp_path).registry_path
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    failing = [proof.name for proof in standing(run_folder(tmp_path)).proofs["alder"] if not proof.holds]
    assert "identity" in failing
