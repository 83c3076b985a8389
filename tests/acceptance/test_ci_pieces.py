"""What other repositories take as it is: the action, the hook, and the snippets of docs/ci.md."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import docs_kit as kit
from overlord_run import __version__

CI = kit.DOCS / "ci.md"
ACTION = kit.REPO / "action.yml"
HOOKS = kit.REPO / ".pre-commit-hooks.yaml"
SHOWN = {block.file: block.text for block in kit.blocks(CI) if block.file}
STEPS = {step.get("name"): step for step in yaml.safe_load(ACTION.read_text("utf-8"))["runs"]["steps"]}

SOUND = """\
overlord: 1
name: council
roles: {critic: {system: Judge., task: Begin.}}
assignments: [{slot: alder, role: critic}]
"""
WRONG = SOUND.replace("role: critic}", "roll: critic}")


def run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        command,
        cwd=folder,
        env={**known, "PATH": path, **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


# Files that a CI reads, by the schema of that CI

READ_BY = {
    "vendor.github-workflows": [
        ".github/workflows/playbooks.yml",
        ".github/workflows/scanning.yml",
        ".github/workflows/planned.yml",
    ],
    "vendor.gitlab-ci": [".gitlab-ci.yml"],
    "vendor.github-actions": ["action.yml"],
}


@pytest.mark.parametrize("schema", READ_BY)
def test_a_file_is_what_its_ci_reads(schema: str, tmp_path: Path) -> None:
    for name in READ_BY[schema]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(SHOWN.get(name) or ACTION.read_text("utf-8"), encoding="utf-8")
    done = run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *READ_BY[schema]], tmp_path)
    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n")


def test_every_file_that_is_shown_is_checked() -> None:
    checked = {name for names in READ_BY.values() for name in names} - {"action.yml"}
    assert set(SHOWN) == checked | {".pre-commit-config.yaml", "playbooks/council.yml"}


def test_the_release_that_is_shown_is_this_one() -> None:
    assert kit.prose(CI).count(f"`v{__version__}`") == 1
    used = [name for name, text in SHOWN.items() if "OWNER/overlord-run" in text]
    assert used == [
        ".github/workflows/playbooks.yml",
        ".github/workflows/scanning.yml",
        ".github/workflows/planned.yml",
        ".gitlab-ci.yml",
        ".pre-commit-config.yaml",
    ]
    assert [name for name in used if f"v{__version__}" not in SHOWN[name]] == []


# The action, whose steps are run as its runner runs them


def test_the_page_has_every_input_of_the_action_with_its_default() -> None:
    inputs = yaml.safe_load(ACTION.read_text("utf-8"))["inputs"]
    told = {
        kit.codes(row[0])[0]: kit.codes(row[1])[0] for row in kit.rows(kit.section(CI, "GitHub Actions"), columns=3)
    }
    assert told == {name: each["default"] for name, each in inputs.items()}


def step(name: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does: bash, from a file, with the step's own variables alone; all of them must be given."""
    assert set(STEPS[name]["env"]) == set(variables) - {"RUNNER_TEMP"} - {key for key in variables if "PIP" in key}
    script = folder / "step.sh"
    script.write_text(STEPS[name]["run"], encoding="utf-8")
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    return run(shell, folder, **{"RUNNER_TEMP": str(folder / "temp"), **variables})


def test_a_step_takes_what_users_give_from_variables_alone() -> None:
    assert [name for name, each in STEPS.items() if "${{" in each.get("run", "")] == []


def test_the_action_installs_itself_apart(tmp_path: Path) -> None:
    offline = {
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
    }  # 0 is pip's word for: no isolation
    done = step("Install overlord-run", tmp_path, PYTHON=sys.executable, SOURCE=str(kit.REPO), **offline)
    assert done.returncode == 0, done.stderr
    installed = tmp_path / "temp" / "overlord-run" / "overlord_run"
    assert (installed / "schemas" / "playbook.schema.json").exists()


PATHS = {"playbooks": 3, "playbooks/sound one.yml\n": 0, "playbooks/sound one.yml\nplaybooks/wrong.yml": 3}


@pytest.mark.parametrize("paths", PATHS)
def test_the_action_fails_where_a_playbook_is_wrong(paths: str, tmp_path: Path) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "sound one.yml").write_text(SOUND, encoding="utf-8")
    (tmp_path / "playbooks" / "wrong.yml").write_text(WRONG, encoding="utf-8")
    done = step("Validate", tmp_path, PYTHON=sys.executable, PATHS=paths)
    assert done.returncode == PATHS[paths], done.stderr
    assert ("unknown-key" in done.stdout + done.stderr) == (PATHS[paths] != 0)


# The workflow that says what a change would send, whose step is run where a pull request's merge is checked out


def test_a_change_is_told_as_a_difference_a_picture_and_a_plan(tmp_path: Path) -> None:
    steps = yaml.safe_load(SHOWN[".github/workflows/planned.yml"])["jobs"]["plan"]["steps"]
    (script,) = (each["run"] for each in steps if each.get("name") == "Plan")
    playbook = tmp_path / "playbooks" / "council.yml"
    playbook.parent.mkdir()
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@here"]
    run([*git, "init", "-q"], tmp_path)
    for task in ("Begin.", "Begin, and be brief."):
        playbook.write_text(SOUND.replace("Begin.", f'"{task}"'), encoding="utf-8")
        run([*git, "add", "."], tmp_path)
        run([*git, "commit", "-q", "-m", task], tmp_path)
    known = {"PLAYBOOK": "playbooks/council.yml", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    done = run(["bash", "-eo", "pipefail", "-c", script], tmp_path, GITHUB_ACTIONS="true", **known)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    told = (tmp_path / "plan.md").read_text("utf-8")
    assert told.startswith("1 request: 1 changed.\n\n```diff\n")
    assert '\ntext: Begin. -> "Begin, and be brief."\n' in told
    assert "\n```mermaid\nflowchart TD\n" in told
    assert told.endswith("\n```\n")
    assert (tmp_path / "summary.md").read_text("utf-8") == told
    assert '"Begin, and be brief."' in (tmp_path / "plan.json").read_text("utf-8")


# The hook: pre-commit reads the manifest, and runs it with the packages that are there, for its own would take a minute


def as_local(hook: dict[str, Any]) -> str:
    return yaml.safe_dump({"repos": [{"repo": "local", "hooks": [{**hook, "language": "system"}]}]})


def pre_commit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", *arguments, "--color=never"]
    return run(command, folder, PRE_COMMIT_HOME=str(folder / ".cache"))


def test_pre_commit_takes_the_manifest_and_the_file_that_uses_it(tmp_path: Path) -> None:
    (tmp_path / ".pre-commit-config.yaml").write_text(SHOWN[".pre-commit-config.yaml"], encoding="utf-8")
    manifest = pre_commit(tmp_path, "validate-manifest", str(HOOKS))
    config = pre_commit(tmp_path, "validate-config", ".pre-commit-config.yaml")
    assert (manifest.returncode, manifest.stdout, config.returncode, config.stdout) == (0, "", 0, "")
    [used] = yaml.safe_load(SHOWN[".pre-commit-config.yaml"])["repos"][0]["hooks"]
    assert [hook["id"] for hook in yaml.safe_load(HOOKS.read_text("utf-8"))] == [used["id"]]


def test_the_hook_stops_a_commit_of_a_wrong_playbook(tmp_path: Path) -> None:
    [hook] = yaml.safe_load(HOOKS.read_text("utf-8"))
    playbooks = tmp_path / "playbooks"
    playbooks.mkdir()
    (tmp_path / ".pre-commit-config.yaml").write_text(as_local(hook), encoding="utf-8")
    (tmp_path / "notes.yml").write_text("overlord: no playbook\n", encoding="utf-8")
    (playbooks / "council.yml").write_text(WRONG, encoding="utf-8")
    run(["git", "init", "--quiet"], tmp_path)
    run(["git", "add", "."], tmp_path)

    refused = pre_commit(tmp_path, "run")
    place, there = "playbooks/council.yml:4", "in item 1 of 'assignments'"
    assert refused.returncode == 1
    assert refused.stdout.splitlines()[1:4] == ["- hook id: overlord-validate", "- exit code: 3", ""]
    assert [line for line in refused.stdout.splitlines() if line.startswith("playbooks/")] == [
        f"{place}:15: error: 'role' is missing {there} (add it, for example role: \"critic\") [missing-key]",
        f"{place}:29: error: unknown key 'roll' {there} (did you mean 'role'?) [unknown-key]",
    ]

    (playbooks / "council.yml").write_text(SOUND, encoding="utf-8")
    run(["git", "add", "."], tmp_path)
    assert pre_commit(tmp_path, "run").returncode == 0
