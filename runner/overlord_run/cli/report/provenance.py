"""Tell where prompts came from: the pack, its commit, and each file with its digest."""

from collections.abc import Iterator, Mapping
from typing import Any

from overlord_run.app.history import Inspection
from overlord_run.app.provenance import Prompt, Sources
from overlord_run.cli.report.json import run_facts
from overlord_run.cli.report.recap import headline
from overlord_run.cli.report.styled import Line, Styled, line
from overlord_run.playbook.packs import BUILTIN
from overlord_run.store.state import State

_FACT, _FILE = 2, 4


def provenance_lines(state: State, sources: Sources) -> list[Line]:
    """Return the sources of the prompts of a run's servants."""
    lines = [headline(state)]
    for prompt in sources.prompts:
        lines += [Line(), _heading(prompt), *source_lines(prompt.source, sources.playbook)]
    return lines


def source_lines(source: Mapping[str, Any] | None, playbook: Mapping[str, Any]) -> Iterator[Line]:
    """Yield where a prompt came from; None is the playbook itself, of which `path` and `digest` are told."""
    if source is None:
        yield line("in the playbook", indent=_FACT)
        yield _file(str(playbook.get("path")), str(playbook.get("digest")))
        return
    yield from (line(told, indent=_FACT) for told in origin(source))
    for path, digest in source["files"].items():
        yield _file(path, digest)


def provenance_json(found: Inspection, sources: Sources) -> dict[str, Any]:
    """Return where the prompts of a run's servants came from; `path` is the plan, which has it too."""
    return {
        **run_facts(found.state),
        "path": sources.path,
        "playbookFile": {"path": sources.playbook.get("path"), "digest": sources.playbook.get("digest")},
        "servants": [
            {"slot": one.slot, "name": one.name, "role": one.role, "source": source_json(one.source)}
            for one in sources.prompts
        ],
    }


def _heading(prompt: Prompt) -> Line:
    name = "" if prompt.name == prompt.slot else f" ({prompt.name})"
    return Line((Styled(prompt.slot, "strong"), Styled(f"{name}, role {prompt.role}")))


def origin(source: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a source of roles is, a line each."""
    if source["pack"] is None:
        yield "files beside the playbook"
    elif source["pack"] == BUILTIN:
        yield "ships with the runner"
    else:
        folder = "" if source["path"] is None else f", folder {source['path']}"
        yield f"pack {source['pack']}: {source['git']}{folder}"
        yield f"commit {source['commit']}, {_rev(source)}"


def _rev(source: Mapping[str, Any]) -> str:
    """Return what was asked for, which may have moved since."""
    return "asked for as such" if source["rev"] == source["commit"] else f"{source['kind']} {source['rev']}"


def _file(path: str, digest: str) -> Line:
    return Line((Styled(f"{path} "), Styled(digest, "faint")), _FILE)


def source_json(source: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return where a prompt came from, as `plan.json` has it, its files as a list."""
    if source is None:
        return None
    files = [{"path": path, "digest": digest} for path, digest in source["files"].items()]
    return {**{key: source[key] for key in ("pack", "git", "rev", "kind", "commit", "path")}, "files": files}
