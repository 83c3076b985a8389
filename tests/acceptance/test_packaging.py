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
        [str(word) for word in command], cwd=cwd, env=environ, capture_output=True, text=True, check=False
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


def test_the_wheel_holds_the_schemas_and_the_license(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    schemas = {f"overlord_run/schemas/{path.name}" for path in (REPO / "schemas").glob("*.json")}
    assert schemas
    assert schemas <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "overlord_run/py.typed" in names


def test_an_installed_wheel_runs_the_quickstart_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    python = fresh_environment(tmp_path / "env")
    run(python, "-m", "pip", "install", "--no-index", "--no-deps", wheel)
    done = rehearse_quickstart(python, tmp_path / "elsewhere")
    where = run(python, "-c", "import overlord_run; print(overlord_run.__file__)", cwd=tmp_path).stdout
    assert where.startswith(str(tmp_path / "env"))
    assert done["state"] == "completed"
    assert (tmp_path / "elsewhere" / ".overlord" / "runs").is_dir()


def test_an_editable_install_runs_the_quickstart_from_another_folder(tmp_path: Path) -> None:
    python = fresh_environment(tmp_path / "env")
    run(python, "-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation", "--editable", REPO)
    done = rehearse_quickstart(python, tmp_path / "elsewhere")
    where = run(python, "-c", "import overlord_run; print(overlord_run.__file__)", cwd=tmp_path).stdout
    assert where.startswith(str(REPO / "runner"))
    assert done["state"] == "completed"
