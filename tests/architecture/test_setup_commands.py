"""README.md's two set-up commands are what CI runs, each on one line."""

import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
AWK = next(
    line for line in (REPO / ".ci" / "run").read_text(encoding="utf-8").splitlines() if line.strip().startswith("awk")
)


@pytest.mark.parametrize(
    ("name", "ends"), [("run", "playbooks/quickstart.yml --rehearse"), ("test", "bin/pytest -n auto --dist loadscope")]
)
def test_ci_takes_each_command_from_the_readme(name: str, ends: str) -> None:
    script = AWK.strip().replace("$1", name)
    done = subprocess.run(
        ["bash", "-c", script], cwd=REPO, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("python3 -m venv ")
    assert lines[0].endswith(ends)
