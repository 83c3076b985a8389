"""Two runs, two playbooks, and a playbook against a revision, compared through the command line."""

import shutil
import subprocess
from pathlib import Path

import pytest

from acceptance.invocation import COUNCIL, Done, Shell
from canary import CANARY

SCHEMA = '{"type": "object", "required": ["decision"], "properties": {"decision": {"enum": ["ship", "hold"]}}}\n'
ROLE = "---\noverlord: 1\nrole: critic\n---\nYou criticise plans.\n"
BOOK = """\
overlord: 1
name: council
inputs:
  plan: {type: file}
roles:
  critic: {from: ../roles/critic.md, task_file: texts/task.md}
assignments:
  - {slot: alder, role: critic}
  - {slot: birch, role: critic}
redirects:
  - {id: verdict, to: alder, message: Decide., expect: {schema_file: schema.json}}
"""


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Return a folder with a playbook and three rehearsals of it: two that are the same, and one with a failure."""
    shell = Shell(tmp_path_factory.mktemp("council"))
    shell.write("council.yml", COUNCIL)
    shell.write("script.yml", "overlord: 1\nanswers:\n  birch:\n    rank: {fault: empty}\n")
    for run_id, script in (("first", ()), ("again", ()), ("failed", ("script.yml",))):
        shell.run("council.yml", "--rehearse", *script, "--run-id", run_id)
    return shell


@pytest.fixture
def repository(tmp_path: Path) -> Shell:
    """Return the root of a repository with a council that names a role, a text and a schema."""
    shell = Shell(tmp_path)
    for folder in ("books/texts", "roles"):
        (tmp_path / folder).mkdir(parents=True)
    shell.write("books/council.yml", BOOK)
    shell.write("books/texts/task.md", "What can go wrong?\n{{ inputs.plan | as_data }}\n")
    shell.write("books/schema.json", SCHEMA)
    shell.write("roles/critic.md", ROLE)
    shell.write("plan.md", "Ship on Friday.\n")
    commit(shell, "init", "--quiet", "--initial-branch", "main")
    return shell


def commit(shell: Shell, *first: str) -> None:
    """Commit all that is there."""
    me = ("-c", "user.name=me", "-c", "user.email=me@here")
    for words in (first, ("add", "--all", "."), (*me, "commit", "--quiet", "--allow-empty", "--message", "x")):
        if words:
            subprocess.run(["git", *words], cwd=shell.folder, env=shell.environ(), check=True)


def against(shell: Shell, *words: str, **environ: str) -> Done:
    return shell.run("diff", "books/council.yml", "--against", "main", "-i", "plan=plan.md", *words, **environ)


def test_two_runs_in_which_the_same_was_said_do_not_differ(council: Shell) -> None:
    done = council.run("diff", "first", "again")
    assert (done.exit, done.err) == (0, "")
    assert done.out.startswith("Nothing differs in 5 results. Tokens: ")
    told = council.run("diff", "first", "again", "--format", "json").json("diff")
    assert (told["differences"], told["exit"]) == ([], 0)
    assert told["counts"] == {"same": 5, "changed": 0, "added": 0, "removed": 0}


def test_a_failure_and_all_that_follows_from_it_is_told(council: Shell) -> None:
    done = council.run("diff", "first", "failed")
    assert (done.exit, done.err) == (1, "")
    assert done.out.startswith(
        "--- first (a rehearsal: no model was asked)\n+++ failed (a rehearsal: no model was asked)\n"
    )
    assert "rank to birch: the same prompt\nstate: completed -> failed\n" in done.out
    assert "verdict to oak: another prompt\nprompt\n@@ " in done.out
    assert "\n5 results: 2 changed and 3 the same. Tokens: " in done.out
    assert "alder:" not in done.out.replace("-alder: This", "").replace(" alder: This", "")
    told = council.run("diff", "first", "failed", "--format", "json", "--max-chars", "10").json("diff")
    assert (told["before"]["engine"], told["after"]["state"], told["exit"]) == ("rehearsal", "partial", 1)
    (failed,) = (one for one in told["differences"] if (one["name"], one["slot"]) == ("rank", "birch"))
    (answer,) = (change for change in failed["changes"] if change["fact"] == "answer")
    assert (answer["before"], answer["truncated"]) == ("This is a ", True)


def test_a_run_that_is_not_here_is_exit_11(council: Shell) -> None:
    done = council.run("diff", "first", "none")
    assert (done.exit, done.out) == (11, "")
    assert done.err.startswith("error: there is no run 'none' here")


def test_two_playbooks_are_compared_by_what_they_would_send(council: Shell) -> None:
    changed = COUNCIL.replace("Rank your findings.", "Rank your worst findings.").replace(
        "{slot: birch", "{slot: cedar"
    )
    council.write("other.yml", "# A comment.\n" + changed)
    done = council.run("diff", "council.yml", "other.yml")
    assert (done.exit, done.err) == (1, "")
    assert done.out.startswith("--- council.yml\n+++ other.yml\n\nservant birch: gone\n\nservant cedar: new\n")
    assert 'rank to alder\ntext: "Rank your findings." -> "Rank your worst findings."\n' in done.out
    assert "\nrank to birch: gone\n\nrank to cedar: new\n" in done.out
    assert done.out.endswith("\n7 requests: 1 changed, 2 new, 2 gone and 2 the same.\n")


def test_an_input_goes_to_the_playbooks_that_declare_it(council: Shell) -> None:
    more = COUNCIL.replace("inputs:\n", "inputs:\n  extra: {type: string}\n").replace(
        "You decide.", "You decide.\n    task: '{{ inputs.extra }}'"
    )
    council.write("more.yml", more)
    done = council.run("diff", "council.yml", "more.yml", "-i", "extra=Be brief.", "-I", "plan=-", stdin="Wait.\n")
    assert 'startup to oak: new\ntext: "Be brief."\n' in done.out
    assert "startup to alder" not in done.out


def test_the_files_of_a_playbook_are_read_as_they_were(repository: Shell) -> None:
    assert against(repository).out == "Nothing differs in 3 requests.\n"
    repository.write("roles/critic.md", ROLE.replace("criticise", "praise"))
    repository.write("books/texts/task.md", "What is good?\n{{ inputs.plan | as_data }}\n")
    repository.write("books/schema.json", SCHEMA.replace("hold", "wait"))
    repository.write("plan.md", "Ship on Monday.\n")
    done = against(repository)
    assert (done.exit, done.err) == (1, "")
    assert done.out.startswith("--- main:books/council.yml\n+++ books/council.yml\n\nservant alder, birch\nsystem\n@@ ")
    for line in (
        "-You criticise plans.",
        "+You praise plans.",
        "-What can go wrong?",
        "+What is good?",
        '+        "wait"',
    ):
        assert f"\n{line}\n" in done.out
    assert "Monday" not in done.out.replace(" Ship on Monday.", "")
    assert str(repository.folder) not in done.out
    commit(repository)
    before = repository.run("diff", "books/council.yml", "--against", "main~1", "-i", "plan=plan.md")
    assert before.out == done.out.replace("main:", "main~1:")


def test_a_subfolder_and_a_linked_worktree_have_the_same_revisions(repository: Shell) -> None:
    repository.write("books/texts/task.md", "{{ inputs.plan }}\n")
    inside = Shell(repository.folder / "books").run(
        "diff", "council.yml", "--against", "HEAD", "-i", "plan=../plan.md", GIT_DIR="x"
    )
    assert inside.out.startswith("--- HEAD:council.yml\n+++ council.yml\n\nstartup to alder, birch\n")
    git = ["git", "worktree", "add", "--quiet", "--detach", "linked"]
    subprocess.run(git, cwd=repository.folder, env=repository.environ(), check=True)
    assert against(Shell(repository.folder / "linked")).out == "Nothing differs in 3 requests.\n"


def test_a_playbook_that_was_not_there_is_new_and_one_that_is_there_no_more_is_gone(repository: Shell) -> None:
    shutil.copy(repository.folder / "books" / "council.yml", repository.folder / "books" / "new.yml")
    done = repository.run("diff", "books/new.yml", "--against", "main", "-i", "plan=plan.md")
    assert done.exit == 1
    assert done.out.startswith("--- main:books/new.yml, which does not exist\n+++ books/new.yml\n\nplaybook: new\n")
    assert done.out.endswith("\n3 requests: 3 new.\n")
    shutil.rmtree(repository.folder / "books")
    done = against(repository)
    assert done.exit == 1
    assert done.out.endswith("\nverdict to alder: gone\n\n3 requests: 3 gone.\n")


def test_the_problems_of_a_side_are_told_as_its_own(repository: Shell) -> None:
    (repository.folder / "roles" / "critic.md").unlink()
    commit(repository)
    repository.write("roles/critic.md", ROLE)
    repository.write("books/council.yml", BOOK.replace("to: alder", "to: aldr"))
    done = against(repository, "--format", "json")
    told = done.json("error")["error"]
    assert (done.exit, told["code"]) == (3, "playbook-invalid")
    assert [(problem["file"], problem["line"], problem["rule"]) for problem in told["problems"]] == [
        ("books/council.yml", 11, "unknown-slot"),
        ("main:books/council.yml", 6, "file-missing"),
    ]


def test_a_key_that_stands_in_a_playbook_is_not_told(tmp_path: Path) -> None:
    """The folder is looked through for the key, so both playbooks take it from standard input."""
    shell = Shell(tmp_path)
    shell.write("council.yml", COUNCIL)
    shell.write("other.yml", COUNCIL.replace("What can go wrong", "What goes wrong"))
    done = shell.run("diff", "council.yml", "other.yml", "-I", "plan=-", stdin=CANARY, SAKANA_API_KEY=CANARY)
    assert (done.exit, done.out) == (4, "")
    assert done.err.startswith("error: the API key of SAKANA_API_KEY stands in a playbook, a role or an input\n")


def test_what_differs_has_colour_where_that_is_asked_for(council: Shell) -> None:
    done = council.run("diff", "first", "failed", FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[31m-This is a rehearsal" in done.out
