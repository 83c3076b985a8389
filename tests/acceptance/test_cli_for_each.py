"""Servants made of a list, files by globs, and a part of a council: through the command line."""

import json
from pathlib import Path

import pytest

from acceptance.invocation import Shell

TRIAGE = """\
overlord: 1
name: triage
inputs:
  reports: {type: files}
roles:
  reader: {system: You read.}
  judge: {system: You decide.}
assignments:
  - for_each: inputs.reports
    slot: "{{ item.name | slug }}"
    name: "{{ item.path }}"
    role: reader
    task: "Read {{ item.text | trim }}."
  - {slot: oak, role: judge}
redirects:
  - {id: rank, to: "role:reader", message: Rank it., require: all}
  - id: verdict
    to: oak
    message: "{{ replies.rank | items | map('first') | join(', ') }} ranked."
outputs:
  verdict: {value: replies.verdict.oak.text}
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    (tmp_path / "reports").mkdir()
    shell.write("triage.yml", TRIAGE)
    shell.write("reports/b.md", "Slow.\n")
    shell.write("reports/a.md", "No login.\n")
    return shell


def test_each_file_that_a_glob_matches_has_a_servant(shell: Shell) -> None:
    done = shell.run("triage.yml", "-i", "reports=reports/*.md", "--dry-run", "--format", "json")
    plan = done.json("plan")
    assert [(one["slot"], one["name"]) for one in plan["servants"]] == [
        ("a_md", "reports/a.md"),
        ("b_md", "reports/b.md"),
        ("oak", "oak"),
    ]
    assert [(one["slots"], one["lines"]) for one in plan["startup"]["texts"]] == [
        (["a_md"], ["Read No login.."]),
        (["b_md"], ["Read Slow.."]),
    ]
    assert str(shell.folder) not in json.dumps(plan)


def test_a_limit_leaves_servants_out_of_the_run_and_of_its_resume(shell: Shell) -> None:
    shell.write(
        "a.rehearsal.yml", "overlord: 1\nanswers:\n  b_md: {startup: {fault: die}}\n  a_md: {rank: {fault: die}}\n"
    )
    words = ("triage.yml", "-i", "reports=reports/*", "--rehearse", "a.rehearsal.yml", "--run-id", "one")
    died = shell.run(*words, "--limit", "a_md", "--limit", " oak ,a_md")
    assert died.exit not in (0, 1)
    done = shell.run("resume", "--run", "one", "--skip-unknown", "--format", "json")
    told = done.json("done")
    assert (done.exit, told["state"]) == (1, "partial")
    assert [one["slot"] for one in told["servants"]] == ["a_md", "oak"]
    other = shell.run(*words)
    assert other.exit == 11
    assert "the run one is of another plan than this playbook and these inputs give" in other.err


def test_a_part_of_a_council_says_what_went_to_nobody(shell: Shell) -> None:
    done = shell.run("triage.yml", "-i", "reports=reports/*", "--rehearse", "--limit", "role:reader")
    assert done.exit == 1
    assert "[rehearsal] verdict: skipped: nobody in this run is called 'oak'" in done.err.splitlines()
    assert "verdict: 'oak' gave no reply to 'verdict'" in done.err
    words = ("triage.yml", "-i", "reports=reports/*", "--limit", "role:reader", "--dry-run")
    lines = shell.run(*words).out.splitlines()
    assert "limit    role:reader: the others are left out" in lines
    assert "verdict: to oak; skipped: nobody in this run is called so" in lines


@pytest.mark.parametrize(
    ("words", "message", "remedy"),
    [
        (
            ["--limit", "a_md,role:readr"],
            "--limit names 'role:readr', and nobody in this playbook is called so",
            "Did you mean 'role:reader'?",
        ),
        (
            ["--limit", " , "],
            "--limit names nobody",
            "Write it as --limit TARGET: all, a slot, role:NAME, or several joined by ','.",
        ),
        (
            ["-i", "reports=reports/*.txt"],
            "no file matches 'reports/*.txt'",
            "Check it. Write a glob from the current folder, such as 'docs/**/*.md'.",
        ),
    ],
)
def test_a_target_or_a_glob_that_finds_nobody_is_refused(
    shell: Shell, words: list[str], message: str, remedy: str
) -> None:
    done = shell.run("triage.yml", "-i", "reports=reports/*", *words, "--rehearse")
    assert (done.exit, done.out) == (2, "")
    assert done.err == f"error: {message}\nnext: {remedy}\n"


def test_an_empty_list_is_told_before_the_run_and_a_missing_one_is_asked_for(shell: Shell) -> None:
    shell.write("none.yml", "reports: []\n")
    done = shell.run("triage.yml", "--inputs", "none.yml", "--rehearse", "-q")
    assert done.err.splitlines()[0] == (
        "triage.yml:9:15: warning: the list is empty, so it makes no servant "
        "(look at what the list is made of, unless this is meant) [empty-list]"
    )
    assert done.exit == 0
    missing = shell.run("triage.yml", "--rehearse")
    assert (missing.exit, missing.err) == (2, "error: input 'reports' is missing\nnext: Give -i reports=GLOB\n")
