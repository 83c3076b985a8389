"""Time whole processes against the least that could do the same work, in turn, and print medians and ratios.

`make bench` runs it. The API is a uvicorn on loopback in this process that answers after 50 ms; with many servants it
is itself a bottleneck, for both sides alike.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

REPO = Path(__file__).parents[1]
sys.path.insert(0, str(REPO / "tests"))

from fake_api import Answer, FakeApi  # noqa: E402 - the path to it was just made

RUNS = 5
THINKING_S = 0.05
KEY = "sk-bench-0123456789"

BARE = """
import asyncio, sys, httpx
base, servants = sys.argv[1], int(sys.argv[2])
async def servant(client):
    messages = [{"role": "system", "content": "You advise."}]
    for text in ("Task.", "First.", "Second."):
        messages.append({"role": "user", "content": text})
        reply = await client.post(base + "/chat/completions", json={"model": "fugu", "messages": messages})
        choice = reply.raise_for_status().json()["choices"][0]
        messages.append({"role": "assistant", "content": choice["message"]["content"]})
async def main():
    headers = {"authorization": "Bearer KEY"}
    async with httpx.AsyncClient(headers=headers, timeout=90, limits=httpx.Limits(max_connections=servants)) as client:
        (await client.get(base + "/models")).raise_for_status()
        await asyncio.gather(*(servant(client) for _ in range(servants)))
asyncio.run(main())
""".replace("KEY", KEY)


@dataclass(frozen=True)
class Case:
    """Two commands that are compared."""

    name: str
    ours: list[str]
    bare: list[str]
    servants: int = 0
    environ: Mapping[str, str] = field(default_factory=dict)


def playbook(servants: int) -> str:
    """Return a council in which each servant has a task and two redirects."""
    slots = "\n".join(f"  - {{slot: s{number}, role: adviser}}" for number in range(servants))
    return (
        f"overlord: 1\nname: bench\nengine: {{concurrency: {servants}}}\n"
        f"roles:\n  adviser: {{system: You advise., task: Task.}}\nassignments:\n{slots}\n"
        "redirects:\n  - {id: first, to: all, message: First.}\n  - {id: second, to: all, message: Second.}\n"
    )


def seconds(command: list[str], folder: Path, environ: Mapping[str, str]) -> float:
    """Return how long a command takes; it must succeed."""
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env={**os.environ, **environ}, check=True, capture_output=True)
    return time.perf_counter() - began


def measure(case: Case, folder: Path, api: FakeApi) -> str:
    """Return a row: both medians, the median of the ratios pair by pair, and their spread."""
    ratios, ours, bare = [], [], []
    for _ in range(RUNS + 1):  # the first pair warms the caches
        times = []
        for command in (case.ours, case.bare):
            api.answer("fugu", *[Answer("Ready.", delay_s=THINKING_S)] * 3 * case.servants)
            times.append(seconds(command, folder, case.environ))
        ours.append(times[0])
        bare.append(times[1])
        ratios.append(times[0] / times[1])
    low, high = min(ratios[1:]), max(ratios[1:])
    middle = [statistics.median(series[1:]) for series in (ours, bare, ratios)]
    return f"{case.name:<34} {middle[0]:7.3f} s {middle[1]:7.3f} s   {middle[2]:5.2f}   ({low:.2f} to {high:.2f})"


def main() -> None:
    """Run every case and print its row."""
    program = [sys.executable, "-m", "overlord_run"]
    with tempfile.TemporaryDirectory() as name, FakeApi(key=KEY) as api:
        folder = Path(name)
        for servants in (3, 20, 200):
            (folder / f"{servants}.yml").write_text(playbook(servants), encoding="utf-8")
        (folder / "many").mkdir()
        for number in range(200):
            (folder / "many" / f"{number}.yml").write_text(playbook(20), encoding="utf-8")
        environ = {"OVERLORD_BASE_URL": api.base_url, "OVERLORD_API_KEY": KEY}
        imports = "import click, yaml, jsonschema, jinja2"
        cases = [
            Case("--help : import click", [*program, "--help"], [sys.executable, "-c", "import click"]),
            Case("validate, 20 : its imports", [*program, "validate", "20.yml"], [sys.executable, "-c", imports]),
            Case("validate, 200 files : one", [*program, "validate", "many"], [*program, "validate", "20.yml"]),
        ]
        cases += [
            Case(
                f"run, {servants} servants : bare httpx",
                [*program, f"{servants}.yml"],
                [sys.executable, "-c", BARE, api.base_url, str(servants)],
                servants,
                environ,
            )
            for servants in (3, 200)
        ]
        print(f"{'whole process, median of ' + str(RUNS):<34} {'ours':>9} {'bare':>9}   ratio   (lowest to highest)")
        for case in cases:
            print(measure(case, folder, api), flush=True)


if __name__ == "__main__":
    main()
