"""Declare the command `run` and its flags. What it does is in run.py, which is heavy, and imported when it runs."""

from typing import Any

import click

from overlord_run.cli import candidates, options
from overlord_run.errors import Exit


@click.command("run")
@click.argument("playbook", metavar="PLAYBOOK", required=False, shell_complete=candidates.playbooks)
@options.inputs
@click.option(
    "--outputs",
    "outputs_dir",
    metavar="DIR",
    shell_complete=candidates.folders,
    help="Also write each output to a file in this folder.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print what would be sent to whom, without a key or the network; -v adds the exact request bodies.",
)
@click.option(
    "--rehearse",
    metavar="[SCRIPT]",
    shell_complete=candidates.playbooks,
    is_flag=False,
    flag_value="",
    help="Let the built-in rehearsal answer: no key, no network, no cost. A YAML SCRIPT tells it what to answer.",
)
@click.option(
    "--record",
    metavar="FILE",
    shell_complete=candidates.files,
    help="Keep every exchange with the API in this new file, without the key: a recording.",
)
@click.option(
    "--replay",
    metavar="FILE",
    shell_complete=candidates.files,
    help="Answer from a recording: no key, no network, no cost. What it does not hold is an error.",
)
@click.option(
    "--limit",
    "limits",
    metavar="TARGET",
    multiple=True,
    help="Who takes part: all, a slot, role:NAME, or several joined by ','; the others are left out. Repeatable.",
)
@click.option(
    "--run-id", "chosen_id", metavar="ID", help="The run's id: a second start of the same plan never pays again."
)
@click.option("--detach", is_flag=True, help="Return once the run can be addressed; another process carries it out.")
@click.option("--wait", metavar="DURATION", help="Like --detach, and wait so long for its end at most; else exit 9.")
@click.option("--model", metavar="ID", help="The API's id for the model `normal`.")
@click.option("--ultra-model", metavar="ID", help="The API's id for the model `ultra`.")
@click.option("--base-url", metavar="URL", help="The OpenAI-compatible API, up to and including its version.")
@click.option("--api-key-env", metavar="NAME", help="The environment variable that holds the API key.")
@click.option(
    "--api-key-file", metavar="PATH", shell_complete=candidates.files, help="The file that holds the API key."
)
@click.option("--timeout", metavar="DURATION", help="What one attempt may take, from 5s to 10m, like 90s.")
@click.option("--concurrency", type=click.IntRange(1, 1000), metavar="N", help="How many calls are under way at most.")
@click.option(
    "--trust-host",
    "trust_hosts",
    metavar="HOST",
    multiple=True,
    help="A host that the playbook's own base_url may name; may be repeated.",
)
@click.option("--proxy", metavar="URL", help="The HTTP proxy for every call; none is taken from the environment.")
@click.option(
    "--ca-file",
    metavar="PATH",
    shell_complete=candidates.files,
    help="Certificates to trust instead of the usual ones, as PEM.",
)
@click.option("--fail-fast", is_flag=True, help="Make one attempt a call, and no other.")
@click.option("--max-usd", metavar="AMOUNT", help="What the run may cost in USD; the playbook's budget may be smaller.")
@click.option(
    "--max-tokens",
    type=click.IntRange(1, 10**12),
    metavar="N",
    help="How many tokens the run may take; the playbook's budget may be smaller.",
)
@click.option(
    "--format",
    "output_format",
    type=options.OneOf(["text", "json", "mermaid", "github", "gitlab", "sarif", "junit"]),
    default="text",
    show_default=True,
    help="What to print: text for people, or JSON objects whose shape `overlord-run schema output` tells. With "
    "--dry-run also the plan as a picture in Mermaid's language, or the problems alone, as validate tells them.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress; the recap only when something failed.")
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Tell each request as it leaves, and what it had to wait for; with --dry-run the request bodies.",
)
@click.option("--debug", is_flag=True, help="Tell attempts that are made again, what the API said, and stack traces.")
@options.state_dir
def command(**given: Any) -> Exit:
    """Run a playbook: preflight, startup, redirects.

    The outputs go to standard output, progress and the recap to standard error. With --format json standard output has
    a `launch` line as soon as the run can be addressed, and a `done` line at its end.
    """
    from overlord_run.cli.run import carry_out

    return carry_out(**given)
