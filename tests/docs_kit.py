"""Take Markdown pages apart, and run the commands that they show."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).parents[1]
DOCS = REPO / "docs"
PAGES = (REPO / "README.md", REPO / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")))

SHELLS = ("console", "sh", "bash", "shell", "zsh", "pwsh", "powershell", "cmd", "bat")
LANGUAGES = (*SHELLS, "yaml", "json", "markdown", "diff", "text")
SHOWN_SERVER = "http://127.0.0.1:8000/v1"

_BLOCK = re.compile(r"^(?:<!-- (file|set-up): (\S+) -->\n)?^(`{3,})(\w*)\n(.*?)^\3$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_CODE = re.compile(r"(`+) ?(.+?) ?\1")
_CELL = re.compile(r"(?<!\\)\|")
_OURS = ("OVERLORD_", "MMI_OVERLORD_", "SAKANA_", "FORCE_COLOR", "NO_COLOR", "GITHUB_ACTIONS")
_INSTALLED = """\
overlord-run() { "$PYTHON" -m overlord_run "$@"; }
.venv/bin/overlord-run() { overlord-run "$@"; }
check-jsonschema() { "$PYTHON" -m check_jsonschema "$@"; }"""

# What differs from run to run, and what only a tokenizer's or a text's change would touch.
_VARYING = (
    (re.compile(r"\d{8}-\d{6}-([a-z-]+)-[0-9a-f]{4}"), r"RUN-\1"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"), "TIME"),
    (re.compile(r"\d+(\.\d)? (ms|s)\b"), "AWHILE"),
    (re.compile(r"\b(sha256:|rehearsal-|digest )[0-9a-f]{12,64}"), r"\1DIGEST"),
    (re.compile(r"(?<!\w:)(?<!\d)\d[\d,]*\d(?!:?\d)"), "MANY"),  # but no FILE:LINE:COLUMN
    (re.compile(r"[ \t]+"), " "),
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: Where it stands.
        line: The line of its mark or fence, from 1.
        language: What stands behind its fence.
        text: What stands between its fences.
        file: The name that a mark above it gives it, `<!-- file: NAME -->`.
        set_up: The name of the set-up command that it is, `<!-- set-up: NAME -->`.
    """

    page: Path
    line: int
    language: str
    text: str
    file: str | None = None
    set_up: str | None = None

    def __str__(self) -> str:
        return f"{self.page.relative_to(REPO)}:{self.line}"


def blocks(page: Path, *languages: str) -> list[Block]:
    """Return the blocks of a page that are in one of these languages."""
    text = page.read_text(encoding="utf-8")
    found = [
        Block(page, text.count("\n", 0, match.start()) + 1, match[4], match[5], **_mark(match[1], match[2]))
        for match in _BLOCK.finditer(text)
    ]
    return [block for block in found if not languages or block.language in languages]


def _mark(kind: str | None, name: str) -> dict[str, str]:
    return {} if kind is None else {kind.replace("-", "_"): name}


def prose(page: Path) -> str:
    """Return a page without its blocks."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def headings(page: Path) -> list[str]:
    """Return the headings of a page."""
    return [match[2] for match in _HEADING.finditer(prose(page))]


def anchor(heading: str) -> str:
    """Return the fragment by which a heading is linked to."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def section(page: Path, heading: str) -> str:
    """Return what stands under a heading, up to the next one of any level."""
    text = page.read_text(encoding="utf-8")
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", _without_comments(text), re.MULTILINE | re.DOTALL)
    assert found, f"{page.name} has no heading {heading}"
    return found[1]


def _without_comments(text: str) -> str:
    """Return a page in which no line of a block looks like a heading."""
    return _BLOCK.sub(lambda match: match[0].replace("\n#", "\n #"), text)


def rows(text: str, *, columns: int) -> Iterator[list[str]]:
    """Yield the cells of each table row that has so many columns and begins with code."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in _CELL.split(line)[1:-1]]
        if len(cells) == columns and cells[0].startswith("`"):
            yield cells


def codes(cell: str) -> list[str]:
    """Return the pieces of code in a cell or a line."""
    return [match[2].replace("\\|", "|") for match in _CODE.finditer(cell)]


def keys(text: str, *, columns: int) -> dict[str, str]:
    """Return the first code of each row, with the row."""
    return {codes(cells[0])[0]: " | ".join(cells) for cells in rows(text, columns=columns)}


def write_files(page: Path, folder: Path) -> None:
    """Write the blocks of a page that have a name."""
    for block in blocks(page):
        if block.file is not None:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text, encoding="utf-8")


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """Yield each command that a console block shows, with what it is said to print; a `\\` at its end continues it."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command = re.match(r"(?:.*\\\n)*.*\n", part)
        assert command, f"{block} ends within a command"
        yield command[0], part[command.end() :]


def printed(command: str, folder: Path) -> str:
    """Return what a command prints on both streams, run in a folder as a person would, in bash."""
    return ran(command, folder)[1]


def ran(script: str, folder: Path, **variables: str) -> tuple[int, str]:
    """Run a script likewise; return its exit code and what it prints. Of our variables only those given are set."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    home = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), str(folder / "home"))
    done = subprocess.run(
        ["bash", "-c", f"{_INSTALLED}\n{script}"],
        cwd=folder,
        env={**known, **home, "PYTHON": sys.executable, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout


def fits(output: str, shown: str) -> bool:
    """Say whether an output is what a page shows; `…` stands for anything, on a line of its own for any lines."""
    pattern = "".join(_line_pattern(line) for line in _settled(shown).splitlines())
    return re.fullmatch(pattern, _settled(output)) is not None


def _line_pattern(line: str) -> str:
    if line.strip() == "…":
        return r"(?:.*\n)*?"
    return ".*".join(map(re.escape, line.split("…"))) + r"\n"


def _settled(text: str) -> str:
    for varying, settled in _VARYING:
        text = varying.sub(settled, text)
    lines = [line.strip() for line in text.splitlines()]
    return "".join(f"{line}\n" for line in lines)
