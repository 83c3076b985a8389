"""The command `diff`."""

from typing import TYPE_CHECKING

import click

from overlord_run.cli import candidates, options
from overlord_run.errors import Exit, UsageError
from overlord_run.files import is_file

if TYPE_CHECKING:
    from overlord_run.app.diff.compare import Comparison


@click.command("diff")
@click.argument("before", metavar="RUN|PLAYBOOK", shell_complete=candidates.runs_and_playbooks)
@click.argument("after", metavar="[RUN|PLAYBOOK]", required=False, shell_complete=candidates.runs_and_playbooks)
@click.option(
    "--against",
    "revision",
    metavar="REV",
    help="Compare one playbook, and the files that it names, with what they were at this git revision.",
)
@options.inputs
@options.max_chars
@click.option(
    "--format",
    "output_format",
    type=options.OneOf(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="What to print: text for people, one JSON object, or Markdown for a comment on a pull request.",
)
@options.state_dir
@options.debug
def command(
    before: str,
    after: str | None,
    revision: str | None,
    *,
    arguments: tuple[str, ...],
    value_files: tuple[str, ...],
    input_files: tuple[str, ...],
    max_chars: int | None,
    output_format: str,
    state_dir: str | None,
) -> Exit:
    """Tell what differs between two runs, or in what two playbooks would send.

    Of two runs, each message to each servant is compared: prompt, answer, state, tokens. Of two playbooks, or of one
    with --against REV, what would be sent to whom; nothing is sent, and no key is needed. A word that names a file, or
    ends in .yml or .yaml, is a playbook, any other a run's id. Exit 0 when nothing differs, 1 when something does.
    """
    words = [before] if after is None else [before, after]
    are_playbooks = {_is_playbook(word) for word in words}
    if len(are_playbooks) > 1:
        message = "a run and a playbook cannot be compared"
        raise UsageError(message, next="Name two runs, or two playbooks; overlord-run list shows the runs here.")
    if are_playbooks == {True}:
        found = _playbooks(words, revision, (arguments, value_files, input_files))
    else:
        _refuse_for_runs(words, revision, has_inputs=bool(arguments or value_files or input_files))
        from overlord_run.app.diff.runs import compare_runs

        found = compare_runs(before, words[-1], state_dir)
    return _tell(found, output_format, max_chars)


def _is_playbook(word: str) -> bool:
    return word.lower().endswith(candidates.PLAYBOOK_SUFFIXES) or is_file(word)


def _playbooks(
    words: list[str], revision: str | None, inputs: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
) -> "Comparison":
    from overlord_run.app.diff.playbooks import Source, compare_playbooks
    from overlord_run.cli.given import Stdin, given

    if (len(words) == 1) == (revision is None):
        message = "a playbook is compared with another one, or with itself at a revision"
        ways = "overlord-run diff PLAYBOOK PLAYBOOK, or overlord-run diff PLAYBOOK --against REV"
        raise UsageError(message, next=ways)
    return compare_playbooks(Source(words[0], revision), Source(words[-1]), given(*inputs, Stdin()))


def _refuse_for_runs(words: list[str], revision: str | None, *, has_inputs: bool) -> None:
    if len(words) == 1:
        message = f"'{words[0]}' is no playbook, and a run is compared with another run"
        raise UsageError(message, next="Name two runs; overlord-run list shows those here.")
    if revision is not None or has_inputs:
        message = f"runs have {'inputs of their own' if has_inputs else 'no revision'}"
        raise UsageError(message, next="Leave out what is for playbooks: --against, -i, -I and --inputs.")


def _tell(found: "Comparison", output_format: str, max_chars: int | None) -> Exit:
    from overlord_run.cli.lines import write_report_lines
    from overlord_run.cli.report.diff import comparison_lines, comparison_markdown
    from overlord_run.cli.report.diff_json import comparison_json
    from overlord_run.cli.streams import write_json, write_note, write_out

    exit_code = Exit.FAILED if found.differences else Exit.OK
    if output_format == "json":
        write_json(comparison_json(found, exit_code, max_chars=max_chars))
        return exit_code
    if output_format == "markdown":
        write_out(comparison_markdown(found, max_chars=max_chars))
    else:
        write_report_lines(comparison_lines(found, max_chars=max_chars))
    for note in found.notes:
        write_note(f"note: {note}")
    return exit_code
