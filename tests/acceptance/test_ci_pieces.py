"""What other repositories take as it is: the action, the hook, and the snippets of docs/ci.md."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
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
PACK = {
    block.file.removeprefix("acme-roles/"): block.text
    for block in kit.blocks(kit.DOCS / "roles.md")
    if block.file and block.file.startswith("acme-roles/")
}
WORKFLOW = ".github/workflows/roles.yml"
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
        WORKFLOW,
    ],
    "vendor.gitlab-ci": [".gitlab-ci.yml"],
    "vendor.github-actions": ["action.yml"],
}


@pytest.mark.parametrize("schema", READ_BY)
def test_a_file_is_what_its_ci_reads(schema: str, tmp_path: Path) -> None:
    for name in READ_BY[schema]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((SHOWN | PACK).get(name) or ACTION.read_text("utf-8"), encoding="utf-8")
    done = run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *READ_BY[schema]], tmp_path)
    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n")


def test_every_file_that_is_shown_is_checked() -> None:
    checked = {name for names in READ_BY.values() for name in names} - {"action.yml", WORKFLOW}
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
    assert f"OWNER/overlord-run@v{__version__}" in PACK[WORKFLOW]


# The repository of a pack, as docs/roles.md shows it: what its workflow runs


def test_the_workflow_of_a_pack_fails_where_a_role_or_its_example_does(tmp_path: Path) -> None:
    for name, text in PACK.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    steps = [step["run"] for step in yaml.safe_load(PACK[WORKFLOW])["jobs"]["test"]["steps"] if "run" in step]
    assert steps[0].startswith("pip install ")
    commands = [[sys.executable, "-m", "overlord_run", *step.split(" ")[1:]] for step in steps[1:]]
    role = tmp_path / "roles" / "brevity_critic.md"
    sound = role.read_text("utf-8")

    def codes(text: str) -> list[int]:
        role.write_text(text, encoding="utf-8")
        return [run(command, tmp_path).returncode for command in commands]

    assert codes(sound) == [0, 0]
    assert codes(sound.replace("Give at most", "Name")) == [0, 1]
    assert codes(sound.replace("inputs.most", "inputs.least")) == [3, 3]


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


# A release that CI installs: this tree, in a repository of its own behind the address that the page shows


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with what a release is made of, tagged as the page's release is."""
    made = tmp_path_factory.mktemp("hosted") / "overlord-run"
    made.mkdir()
    for name in ("runner", "schemas", "playbooks"):
        shutil.copytree(kit.REPO / name, made / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", HOOKS.name):
        shutil.copy(kit.REPO / name, made)
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com")
    for words in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "A release"]):
        assert run(["git", *words], made).returncode == 0
    assert run(["git", *who, "tag", f"v{__version__}"], made).returncode == 0
    return made


def offline(release: Path) -> dict[str, str]:
    """Return variables with which pip and git need no network: what the package needs is that of this environment."""
    return {
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's word for: no isolation
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{release.parent.as_uri()}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/OWNER/",
    }


def with_council(folder: Path, text: str) -> Path:
    """Return the folder, with a playbook in it."""
    (folder / "playbooks").mkdir(parents=True)
    (folder / "playbooks" / "council.yml").write_text(text, encoding="utf-8")
    return folder


def scripts() -> dict[str, list[str]]:
    """Return the lines that each file that is shown has its CI run."""
    scan = yaml.safe_load(SHOWN[".github/workflows/scanning.yml"])["jobs"]["scan"]["steps"]
    return {
        ".gitlab-ci.yml": yaml.safe_load(SHOWN[".gitlab-ci.yml"])["playbooks"]["script"],
        ".github/workflows/scanning.yml": [step["run"] for step in scan if "run" in step],
    }


READS: Mapping[str, tuple[str, Callable[[Any], list[str]]]] = {
    ".gitlab-ci.yml": ("gl-code-quality-report.json", lambda report: [each["check_name"] for each in report]),
    ".github/workflows/scanning.yml": (
        "overlord.sarif",
        lambda report: [each["ruleId"] for each in report["runs"][0]["results"]],
    ),
}


@pytest.fixture(scope="module")
def installed(release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Install the release with the line that the files have in common; return where it is, as variables."""
    target = tmp_path_factory.mktemp("installed")
    first = {re.sub("--quiet ", "", lines[0]) for lines in scripts().values()}
    assert len(first) == 1
    done = run(["bash", "-ec", first.pop()], target, **offline(release), PIP_TARGET=str(target))
    assert done.returncode == 0, done.stderr
    assert (target / "overlord_run" / "schemas" / "playbook.schema.json").is_file()
    path = os.pathsep.join([str(target / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {"PATH": path, "PYTHONPATH": os.pathsep.join([str(target), sysconfig.get_path("purelib")])}


@pytest.mark.parametrize("name", READS)
def test_the_lines_that_a_ci_runs_fail_the_job_and_leave_a_report(
    name: str, installed: dict[str, str], tmp_path: Path
) -> None:
    file, rules_of = READS[name]
    commands = "\n".join(scripts()[name][1:])
    done = run(["bash", "-ec", commands], with_council(tmp_path, WRONG), **installed)
    assert (done.returncode, done.stdout) == (3, "")
    assert rules_of(json.loads((tmp_path / file).read_text("utf-8"))) == ["unknown-key"]
    (tmp_path / "playbooks" / "council.yml").write_text(SOUND, encoding="utf-8")
    done = run(["bash", "-ec", commands], tmp_path, **installed)
    assert (done.returncode, done.stderr) == (0, "1 file checked: no problems\n")
    assert rules_of(json.loads((tmp_path / file).read_text("utf-8"))) == []


# The hook: pre-commit clones the release and makes an environment for it, as it does for those who use it


PLACE, THERE = "playbooks/council.yml:4", "in item 1 of 'assignments'"
REFUSED = [
    f"{PLACE}:29: error: unknown key 'roll' {THERE} (did you mean 'role'?) [unknown-key]",
]


def pre_commit(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", *arguments, "--color=never"]
    return run(command, folder, PRE_COMMIT_HOME=str(folder / ".cache"), **variables)


def test_pre_commit_takes_the_manifest_and_the_file_that_uses_it(tmp_path: Path) -> None:
    (tmp_path / ".pre-commit-config.yaml").write_text(SHOWN[".pre-commit-config.yaml"], encoding="utf-8")
    manifest = pre_commit(tmp_path, "validate-manifest", str(HOOKS))
    config = pre_commit(tmp_path, "validate-config", ".pre-commit-config.yaml")
    assert (manifest.returncode, manifest.stdout, config.returncode, config.stdout) == (0, "", 0, "")
    [used] = yaml.safe_load(SHOWN[".pre-commit-config.yaml"])["repos"][0]["hooks"]
    assert [hook["id"] for hook in yaml.safe_load(HOOKS.read_text("utf-8"))] == [used["id"]]


def test_pre_commit_tries_the_repository_on_a_wrong_playbook(release: Path, tmp_path: Path) -> None:
    folder = with_council(tmp_path / "theirs", WRONG)
    run(["git", "init", "--quiet"], folder)
    run(["git", "add", "."], folder)
    tried = pre_commit(folder, "try-repo", str(release), "overlord-validate", "--all-files", **offline(release))
    assert tried.returncode == 1, tried.stdout
    assert "- hook id: overlord-validate\n- exit code: 3\n" in tried.stdout
    assert [line for line in tried.stdout.splitlines() if line.startswith("playbooks/")] == REFUSED


def test_the_hook_stops_a_commit_of_a_wrong_playbook(release: Path, tmp_path: Path) -> None:
    """The file that the page shows is used as it is: what is not in `playbooks` is nobody's matter."""
    folder = with_council(tmp_path / "theirs", WRONG)
    (folder / ".pre-commit-config.yaml").write_text(SHOWN[".pre-commit-config.yaml"], encoding="utf-8")
    (folder / "notes.yml").write_text("overlord: no playbook\n", encoding="utf-8")
    run(["git", "init", "--quiet"], folder)
    run(["git", "add", "."], folder)

    refused = pre_commit(folder, "run", **offline(release))
    assert refused.returncode == 1, refused.stdout
    assert [line for line in refused.stdout.splitlines() if line.startswith("playbooks/")] == REFUSED

    (folder / "playbooks" / "council.yml").write_text(SOUND, encoding="utf-8")
    run(["git", "add", "."], folder)
    assert pre_commit(folder, "run", **offline(release)).returncode == 0
