"""Draw docs/images/terminal.svg: what a terminal shows while quickstart.yml is rehearsed. `make picture` does it.

The run is a real one, recorded; only its times, its id and its folder are settled, so that the same program always
draws the same file. Where a viewer does not move pictures, or a person does not want them moved, the end stands still.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace
from rich.console import Console

import docs_kit as kit
from overlord_run.cli.paint import painted
from overlord_run.cli.report.board import board
from overlord_run.cli.report.guidance import next_command
from overlord_run.cli.report.outputs import outputs_text
from overlord_run.cli.report.progress import Progress
from overlord_run.cli.report.recap import recap
from overlord_run.cli.report.rows import Rows
from overlord_run.cli.report.size import Size
from overlord_run.cli.report.styled import Line, Styled, line, plain
from overlord_run.errors import Exit
from overlord_run.host import Host
from overlord_run.store import events as ev
from overlord_run.store.fold import apply
from overlord_run.store.log import read
from overlord_run.store.state import State

PICTURE = kit.DOCS / "images" / "terminal.svg"
COMMAND = "overlord-run playbooks/quickstart.yml --rehearse playbooks/quickstart.rehearsal.yml"
SIZE = Size(columns=88, lines=24)
RUN_ID = "20260131-120000-quickstart-7f3a"
RUN_DIR = f"/home/you/council/.overlord/runs/{RUN_ID}"
BEGAN_AT = datetime(2026, 1, 31, 12, tzinfo=UTC)

# When each attempt leaves and ends, in seconds, by message, slot and number.
ATTEMPTS: Mapping[tuple[str, str, int], tuple[float, float]] = {
    ("startup", "alder", 1): (1.0, 6.2),
    ("startup", "birch", 1): (1.0, 1.4),
    ("startup", "birch", 2): (3.4, 8.9),
    ("rebuttal", "alder", 1): (9.0, 13.1),
    ("rebuttal", "birch", 1): (9.0, 15.8),
    ("verdict", "oak", 1): (15.9, 23.6),
}
MOMENTS = (0.5, 2.0, 5.0, 7.0, 11.0, 14.0, 19.0)
"""When the table is looked at, in seconds."""
SHOWN_S, END_SHOWN_S = 1.5, 7.5


@dataclass(frozen=True)
class Scene:
    """What stands on the screen for a while."""

    lines: Sequence[Line]
    seconds: float = SHOWN_S

    @property
    def text(self) -> str:
        """The scene without colours."""
        return "".join(f"{one.rstrip()}\n" for one in plain(self.lines).split("\n"))


def scenes() -> list[Scene]:
    """Return what stands on the screen while the run goes on, and then its end."""
    events = list(settled(recorded()))
    return [*(_during(events, _at(moment)) for moment in MOMENTS), _end(events)]


def recorded() -> list[ev.Event]:
    """Return the events of a run of COMMAND, which really happens now."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "playbooks").mkdir()
        for playbook in (kit.REPO / "playbooks").glob("quickstart*.yml"):
            (folder / "playbooks" / playbook.name).write_bytes(playbook.read_bytes())
        kit.printed(COMMAND, folder)
        (log,) = folder.glob(".overlord/runs/*/events.jsonl")
        return list(read(log))


def settled(events: Iterable[ev.Event]) -> Iterator[ev.Event]:
    """Yield the events with their times, the run's id and its folder settled, in the order of those times."""
    timed: list[tuple[float, ev.Event]] = []
    latest = 0.0
    for event in events:
        latest = max(latest, _time(event.body))
        timed.append((_time(event.body) or latest, replace(event, body=_named(event.body))))
    for time, event in sorted(timed, key=lambda one: one[0]):
        yield replace(event, at=_at(time))


def _time(body: ev.Body | ev.UnknownBody) -> float:
    """Return when something happens to a call; 0 for what follows from other events."""
    match body:
        case ev.MessageQueued():
            return ATTEMPTS[body.message_id, body.slot, 1][0] - 0.05
        case ev.RequestSent():
            return ATTEMPTS[body.message_id, body.slot, body.attempt][0]
        case ev.ReplyReceived() | ev.RequestFailed():
            return ATTEMPTS[body.message_id, body.slot, body.attempt][1]
        case _:
            return 0.0


def _named(body: ev.Body | ev.UnknownBody) -> ev.Body | ev.UnknownBody:
    return replace(body, run_id=RUN_ID, run_dir=RUN_DIR) if isinstance(body, ev.RunCreated) else body


def _at(second: float) -> str:
    return (BEGAN_AT + timedelta(seconds=second)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _heard(events: Iterable[ev.Event]) -> tuple[list[Line], Rows, State]:
    """Return the prompt with the lines that stay, the rows of the table, and the state of the run."""
    stay = [Line((Styled("$ ", "faint"), Styled(COMMAND, "strong")))]
    progress, rows, state = Progress(replies=False), Rows(), State()
    for event in events:
        apply(state, event)
        rows.hear(event, state)
        stay += progress.lines(event, state)
    return stay, rows, state


def _during(events: Sequence[ev.Event], now: str) -> Scene:
    stay, rows, _ = _heard(event for event in events if event.at <= now)
    return Scene([*stay, *board(rows, SIZE, now)])


def _end(events: Sequence[ev.Event]) -> Scene:
    stay, _, state = _heard(events)
    following = next_command(state, Host("linux", "bash", "posix"))
    answer = line(outputs_text(state.outputs or {}))
    told = recap(state, Exit.OK, next_command=following, details={})
    return Scene([*stay, Line(), answer, Line(), *told], END_SHOWN_S)


PAGE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title">
<title id="title">{command}</title>
<style>
text {{ font: 20px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; }}
.scene {{ visibility: hidden; }}
.scene:last-of-type {{ visibility: visible; }}
@media (prefers-reduced-motion: no-preference) {{
{timing}
}}
{styles}
</style>
<rect x="1" y="1" width="{inner_width}" height="{inner_height}" rx="8" fill="#292929" stroke="#5f5f5f"/>
<g fill="#5f5f5f"><circle cx="26" cy="22" r="7"/><circle cx="48" cy="22" r="7"/><circle cx="70" cy="22" r="7"/></g>
{scenes}
</svg>
"""
"""The picture's frame. Nothing in it is fetched from anywhere."""
CHARACTER, LINE, LEFT, TOP, BELOW = 12.2, 24.4, 9, 41, 12
_CUT = "<!-- cut -->"


def picture(shown: Sequence[Scene]) -> str:
    """Return the scenes as an SVG that shows one after the other, again and again."""
    parts = [_drawn(scene, number) for number, scene in enumerate(shown)]
    lines = max(len(scene.lines) for scene in shown)
    width, height = round(LEFT * 2 + SIZE.columns * CHARACTER), round(TOP + lines * LINE + BELOW)
    return PAGE.format(
        command=COMMAND,
        width=width,
        height=height,
        inner_width=width - 2,
        inner_height=height - 2,
        timing="\n".join(_timing(shown)),
        styles="\n".join(styles for styles, _ in parts),
        scenes="\n".join(scene for _, scene in parts),
    )


def _timing(shown: Sequence[Scene]) -> Iterator[str]:
    total = sum(scene.seconds for scene in shown)
    yield f".scene {{ animation: {total:g}s step-end infinite; }}"
    begins = 0.0
    for number, scene in enumerate(shown):
        first, last = begins / total, (begins + scene.seconds) / total
        before = "0% { visibility: hidden; } " if first else ""
        yield f".scene-{number} {{ animation-name: scene-{number}; }}"
        yield (
            f"@keyframes scene-{number} {{ {before}{first:.2%} {{ visibility: visible; }} "
            f"{last:.2%} {{ visibility: hidden; }} }}"
        )
        begins += scene.seconds


def _drawn(scene: Scene, number: int) -> tuple[str, str]:
    """Return the rules of a scene's colours, and what draws it."""
    console = Console(file=StringIO(), record=True, width=SIZE.columns, color_system="standard", no_color=False)
    for one in scene.lines:
        console.print(painted(one), highlight=False, markup=False, soft_wrap=True)
    exported = console.export_svg(
        code_format=_CUT.join(["{styles}", "{lines}", "{matrix}"]),
        unique_id=f"scene-{number}",
        font_aspect_ratio=CHARACTER / 20,
    )
    styles, clips, texts = exported.split(_CUT)
    texts = texts.replace("<text", "\n<text")
    defined = f"<defs>{clips}</defs>" if clips.strip() else ""
    return styles, f'<g class="scene scene-{number}" transform="translate({LEFT}, {TOP})">{defined}{texts}\n</g>'


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    sys.stdout.write(f"{PICTURE}\n")
    PICTURE.write_text(picture(scenes()), encoding="utf-8", newline="\n")
