"""Name the rules that only a script of a rehearsal, or a recording, can break; the ids are stable."""

from typing import Final

RECORDING: Final = "recording"
RULES: Final = {
    "no-effect": "What a script says has an effect.",
    RECORDING: "A recording is whole, and such as `run --record` makes.",
}
