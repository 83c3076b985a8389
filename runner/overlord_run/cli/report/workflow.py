"""Keep what somebody else wrote from passing for a workflow command in the log of a step of GitHub's Actions.

Source: GitHub, "Workflow commands for GitHub Actions", and `ActionCommand.cs` of its runner: `::NAME …::` is a command
behind the blanks at a line's beginning, the older `##[NAME …]` anywhere in a line, in either stream.
"""

import re

_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_OLDER = "##["


def without_commands(text: str) -> str:
    r"""Return a text for people with the sign that would make a line a command as its JSON escape, like `\u003a`."""
    return without_older_commands(_COMMAND.sub(r"\1\\u003a", text))


def without_older_commands(text: str) -> str:
    """Return a text, or JSON that means the same, with nothing in it that is a command wherever it stands."""
    return text.replace(_OLDER, r"##\u005b")
