"""The package as people install it: a wheel and an editable install, each run from another folder."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, REPO)
    return next(out.glob("*.whl"))


def run(*command: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def fresh_environment(path: Path) -> Path:
    """Return the interpreter of a new environment that has our dependencies, and not us.

    No network: the dependencies are those of the environment that runs the tests. A path that a .pth file adds is not
    searched for other .pth files, so an editable install of ours there is not seen.
    """
    venv.create(path, with_pip=True, symlinks=os.name != "nt")
    python = path / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    purelib = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip()
    Path(purelib, "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python


def rehearse_quickstart(python: Path, folder: Path) -> dict[str, object]:
    folder.mkdir()
    playbook = REPO / "playbooks" / "quickstart.yml"
    done = run(python, "-m", "overlord_run", playbook, "--rehearse", "--format", "json", cwd=folder)
    return json.loads(done.stdout.splitlines()[-1])


def use_every_builtin_role(python: Path, folder: Path) -> dict[str, object]:
    """Rehearse a playbook that stands alone in a folder, with a servant for each role that the source tree has."""
    folder.mkdir()
    names = sorted(path.stem for path in (REPO / "playbooks" / "roles").glob("*.md"))
    playbook = {
        "overlord": 1,
        "name": "everybody",
        "roles": {name: {"from": f"builtin/{name}", "task": "Begin."} for name in names},
        "assignments": [{"slot": name, "role": name} for name in names],
    }
    (folder / "everybody.yml").write_text(json.dumps(playbook), encoding="utf-8")
    done = run(python, "-m", "overlord_run", "everybody.yml", "--rehearse", "--format", "json", cwd=folder)
    ended: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    assert sorted(ended["outputs"]) == names
    return ended


@pytest.mark.parametrize("folder", ["schemas", "playbooks/roles"])
def test_the_wheel_holds_all_data_that_ships_with_the_runner(wheel: Path, folder: str) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    data = sorted(f"overlord_run/{folder}/{path.name}" for path in (REPO / folder).iterdir())
    assert data
    assert sorted(name for name in names if name.startswith(f"overlord_run/{folder}/")) == data


def test_the_wheel_holds_the_license_and_the_marker_of_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "overlord_run/py.typed" in names


def test_an_installed_wheel_runs_the_quickstart_and_every_builtin_role(wheel: Path, tmp_path: Path) -> None:
    python = fresh_environment(tmp_path / "env")
    run(python, "-m", "pip", "install", "--no-index", "--no-deps", wheel)
    done = rehearse_quickstart(python, tmp_path / "elsewhere")
    where = run(python, "-c", "import overlord_run; print(overlord_run.__file__)", cwd=tmp_path).stdout
    assert where.startswith(str(tmp_path / "env"))
    assert done["state"] == "completed"
    assert (tmp_path / "elsewhere" / ".overlord" / "runs").is_dir()
    assert use_every_builtin_role(python, tmp_path / "roles")["state"] == "completed"


def test_an_editable_install_runs_the_quickstart_and_every_builtin_role(tmp_path: Path) -> None:
    python = fresh_environment(tmp_path / "env")
    run(python, "-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation", "--editable", REPO)
    done = rehearse_quickstart(python, tmp_path / "elsewhere")
    where = run(python, "-c", "import overlord_run; print(overlord_run.__file__)", cwd=tmp_path).stdout
    assert where.startswith(str(REPO / "runner"))
    assert done["state"] == "completed"
    assert use_every_builtin_role(python, tmp_path / "roles")["state"] == "completed"
