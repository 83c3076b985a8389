"""The benchmarks work: one tiny case goes all the way from its processes to the results."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.page import PAGE, RESULTS, page, plots
from benchmarks.results import Results

REPO = Path(__file__).parents[2]


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the benchmarks read Linux's /proc")
def test_a_case_is_measured_told_and_written(tmp_path: Path) -> None:
    path = tmp_path / "results" / "bench.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", "help", "--json", str(path)]
    done = subprocess.run(command, cwd=REPO, env=os.environ, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    results = Results.from_json(path.read_text("utf-8"))
    assert results.facts["API"].startswith(("nginx", "uvicorn"))
    assert [(figure.case, figure.what, figure.bar) for figure in results.figures] == [
        ("help", "time, over import click", None),
        ("help", "CPU, over import click", 2.0),
    ]
    assert [list(figure.sides) for figure in results.figures] == [["--help", "import click"]] * 2
    assert f"API: {results.facts['API']}" in done.stdout
    assert f"the results are in {path}" in done.stdout


def test_the_page_and_its_plots_say_what_the_results_say() -> None:
    results = Results.from_json(RESULTS.read_text("utf-8"))
    text = PAGE.read_text("utf-8")
    assert page(text, results) == text
    drawn = dict(plots(results))
    assert {path.name: path.read_text("utf-8") for path in drawn} == {path.name: drawn[path] for path in drawn}
    assert all(f"images/{path.name}" in text for path in drawn)
