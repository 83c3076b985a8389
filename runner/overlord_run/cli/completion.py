"""The command `completion`."""

from collections.abc import Mapping

import click
from click.shell_completion import get_completion_class

from overlord_run.cli import options
from overlord_run.cli.main import COMPLETE_VARIABLE, PROGRAM, command_line
from overlord_run.cli.report import VERSION
from overlord_run.cli.streams import is_on_terminal, write_data, write_json, write_note
from overlord_run.errors import Exit, UsageError

# Click calls it by the name of the legacy one; its script is for both.
_CLICK_NAMES: Mapping[str, str] = {"bash": "bash", "zsh": "zsh", "fish": "fish", "pwsh": "powershell"}
_INSTALL: Mapping[str, tuple[str, ...]] = {
    "bash": (
        "in this shell: source <(overlord-run completion bash)",
        "in every new one: the same line in ~/.bashrc. Bash 4.4 or later is needed",
    ),
    "zsh": (
        "in this shell: source <(overlord-run completion zsh)",
        "in every new one: the same line in ~/.zshrc, after compinit",
    ),
    "fish": (
        "in this shell: overlord-run completion fish | source",
        "in every new one: overlord-run completion fish > ~/.config/fish/completions/overlord-run.fish",
    ),
    "pwsh": (
        "in this shell: overlord-run completion pwsh | Out-String | Invoke-Expression",
        "in every new one: the same line in the file that $PROFILE names",
    ),
}
_SHELLS: Mapping[str, str] = {"git-bash": "bash", **{name: name for name in _INSTALL}}


@click.command("completion")
@click.argument("shell", metavar="[bash|zsh|fish|pwsh]", type=options.OneOf(list(_INSTALL)), required=False)
@options.output_format
@options.debug
def command(shell: str | None, output_format: str) -> Exit:
    """Print the script that lets a shell complete our command line.

    It completes commands, options, their values, playbooks, runs, slots and messages. Without an argument it is for
    the running shell. On a terminal, how to install it is told on standard error.
    """
    name = shell or _running_shell()
    script = _script(name)
    if output_format == "json":
        write_json({"schemaVersion": VERSION, "shell": name, "script": script, "install": list(_INSTALL[name])})
        return Exit.OK
    write_data(script)
    if is_on_terminal():  # a start-up file that loads the script would tell it with every new shell
        write_note("\n".join(["", "To have it", *(f"  {line}" for line in _INSTALL[name])]))
    return Exit.OK


def _script(shell: str) -> str:
    completion = get_completion_class(_CLICK_NAMES[shell])
    if completion is None:
        message = f"there is no completion for {shell}"
        raise UsageError(message, next="Click 8.5 or later brings it.")
    script = completion(command_line, {}, PROGRAM, COMPLETE_VARIABLE)
    return script.source_template % script.source_vars()  # not source(), which starts a bash to ask for its version


def _running_shell() -> str:
    from overlord_run.app.here import current_host

    running = current_host().shell
    if running not in _SHELLS:
        message = f"there is no completion for {running}, the running shell"
        raise UsageError(message, next=f"For another one: overlord-run completion {'|'.join(_INSTALL)}")
    return _SHELLS[running]
