"""What every case is handed: the API, a folder to work in, and how much of the whole is wanted."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.api import Api

KEY = "sk-bench-0123456789"
REPO = Path(__file__).parents[1]
BARE = REPO / "benchmarks" / "bare"
PROGRAM = (sys.executable, "-m", "overlord_run")
# An interpreter that compiles its modules anew at each start measures that; ours and what others set would come into
# the way of what is measured.
_UNSET = ("PYTHONDONTWRITEBYTECODE", "PYTHONWARNDEFAULTENCODING", "PYTHONPROFILEIMPORTTIME", "FORCE_COLOR")


@dataclass(frozen=True, slots=True)
class Bench:
    """What every case is handed.

    Attributes:
        api: The API.
        folder: To work in; the program's runs stand in it too.
        is_quick: Whether one round of small sizes will do.
        most_rounds: How many rounds there are at most.
    """

    api: Api
    folder: Path
    is_quick: bool = False
    most_rounds: int = 5

    def rounds(self, full: int = 5) -> int:
        """Return how many rounds to measure."""
        return 1 if self.is_quick else min(full, self.most_rounds)

    def size(self, full: int, quick: int) -> int:
        """Return how large a case is."""
        return quick if self.is_quick else full

    def environ(self, *, base_url: str | None = None, state_dir: Path | None = None) -> Mapping[str, str]:
        """Return the environment of a process, in which the program finds the API and where its runs stand."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("OVERLORD_") and name not in _UNSET
        }
        return kept | {
            "OVERLORD_BASE_URL": base_url or self.api.thinking,
            "OVERLORD_API_KEY": KEY,
            "OVERLORD_STATE_DIR": str(state_dir or self.folder / "state"),
        }

    def file(self, name: str, text: str) -> Path:
        """Write a file and return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def fresh(self, name: str) -> Path:
        """Return the path of a folder that is not there."""
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        return path


def bare(script: str, base_url: str, servants: int, redirects: int, chars: int = 0) -> Sequence[str]:
    """Return the command of a bare loop."""
    numbers = (servants, redirects, chars)
    return [sys.executable, str(BARE / f"{script}.py"), base_url, *map(str, numbers)]
