"""Name the rule that only a recording can break; the id is stable."""

from typing import Final

RULE: Final = "recording"
RULES: Final = {RULE: "A recording is whole, and such as `run --record` makes."}
