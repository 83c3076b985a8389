"""Find what is wrong with a playbook beyond what its schema can say: names, references, and keys that do not agree.

The checks read the document, not the Playbook, so they also work beside mistakes that the schema has found.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Set
from itertools import islice

from overlord_run.playbook.address import AddressError, parse_address
from overlord_run.playbook.declarations import check_declarations
from overlord_run.playbook.fields import Fields
from overlord_run.playbook.model import Playbook
from overlord_run.playbook.names import did_you_mean, folded, inner_path_fault, is_device, is_reserved, listed, shown
from overlord_run.playbook.packs import check_packs
from overlord_run.playbook.redirects import check_redirects
from overlord_run.playbook.rules import MAX_PROBLEMS, problem
from overlord_run.playbook.sequence import check_sequence, every_redirect
from overlord_run.playbook.slots import holds_template
from overlord_run.playbook.source import Document
from overlord_run.playbook.texts import Place
from overlord_run.problem import Problem

DEFAULT_MODELS = {"normal": "fugu", "ultra": "fugu-ultra"}

SHORTEST_TIMEOUT_S = 5.0
LONGEST_TIMEOUT_S = 600.0
SHORTEST_LEASE_S = 10.0
LONGEST_LEASE_S = 168 * 3600.0
SHORTEST_TIME_S = 1.0
LONGEST_TIME_S = 168 * 3600.0


def check(document: Document, found: Collection[Problem]) -> list[Problem]:
    """Return what is wrong with a playbook that its schema cannot say.

    Args:
        document: The playbook as read.
        found: What was already found; checks that would only repeat it are left out.
    """
    fields = Fields.of(document)
    places = {Place(each.file, each.line, each.column) for each in found}
    return list(islice((each for look in _CHECKS for each in look(fields, places)), MAX_PROBLEMS + 1))


def warnings(playbook: Playbook) -> list[Problem]:
    """Return what a resolved playbook declares and nobody uses."""
    used_roles = {assignment.role for assignment in playbook.assignments}
    used_models = {
        assignment.model or playbook.roles[assignment.role].model or "normal" for assignment in playbook.assignments
    }
    unused = [
        problem(role.place, "unused-role", f"the role {shown(name)} is not used", "assign it, or remove it", "warning")
        for name, role in playbook.roles.items()
        if name not in used_roles
    ]
    used_packs = {role.file.path.partition("/")[0] for role in playbook.roles.values() if role.file is not None}
    unused += [
        problem(pack.place, "unused-pack", f"the pack {shown(name)} is not used", "use it, or remove it", "warning")
        for name, pack in playbook.packs.items()
        if name not in used_packs
    ]
    for name, model in playbook.models.items():
        if model.place is not None and name not in used_models:
            message = f"the model {shown(name)} is not used"
            unused.append(
                problem(model.place, "unused-model", message, "choose it for a role, or remove it", "warning")
            )
    return unused


def _check_names(fields: Fields, _: Set[Place]) -> Iterator[Problem]:
    for name in ("vars", "roles"):
        inner = fields.inner(name)
        yield from _reserved((key, inner.key_of(key)) for key in inner.content)
    for each in fields.listed("assignments"):
        yield from _reserved((slot, each.place_of("slot")) for slot in [each.string("slot")] if slot is not None)


def _reserved(names: Iterable[tuple[str, Place]]) -> Iterator[Problem]:
    for name, place in names:
        if is_reserved(name):
            yield problem(place, "reserved-name", f"the name {shown(name)} is reserved", "choose another name")


def _check_roles(fields: Fields, found: Set[Place]) -> Iterator[Problem]:
    models = [*DEFAULT_MODELS, *fields.mapping("models")]
    for _, role in fields.named("roles"):
        yield from _check_model(role, models)
        if role.has("from") and role.has("inputs"):
            message = "a role file declares its inputs itself"
            yield problem(role.key_of("inputs"), "inputs-with-from", message, "remove 'inputs' here")
        yield from check_declarations(role, found)


def _check_model(fields: Fields, models: Collection[str]) -> Iterator[Problem]:
    alias = fields.string("model")
    if alias is not None and alias not in models:
        hint = did_you_mean(alias, models) or f"declared are {listed(models)}"
        yield problem(fields.place_of("model"), "unknown-model", f"there is no model {shown(alias)}", hint)


def _check_assignments(fields: Fields, _: Set[Place]) -> Iterator[Problem]:
    roles = fields.mapping("roles")
    models = [*DEFAULT_MODELS, *fields.mapping("models")]
    first: dict[str, Place] = {}
    for assignment in fields.listed("assignments"):
        slot, role = assignment.string("slot"), assignment.string("role")
        is_many = assignment.has("for_each")
        if not is_many:
            yield from _check_no_template(assignment)
        if slot is not None and not is_many:
            place = assignment.place_of("slot")
            if slot in first:
                message = f"the slot {shown(slot)} is taken, on line {first[slot].line}"
                yield problem(place, "duplicate-slot", message, "give each servant a slot of its own")
            first.setdefault(slot, place)
        if role is not None and roles and role not in roles:
            hint = did_you_mean(role, roles) or f"declared are {listed(roles)}"
            yield problem(assignment.place_of("role"), "unknown-role", f"there is no role {shown(role)}", hint)
        yield from _check_model(assignment, models)


def _check_no_template(assignment: Fields) -> Iterator[Problem]:
    for key in ("slot", "name"):
        if holds_template(assignment.string(key) or ""):
            message = f"{shown(key)} holds a template, and only 'for_each' makes it one"
            hint = "give the assignment a 'for_each', or write a plain text"
            yield problem(assignment.place_of(key), "needs-for-each", message, hint)


def _check_expects(fields: Fields, _: Set[Place]) -> Iterator[Problem]:
    """Find an `expect` that no task goes with, and two words on an answer's form in one request."""
    roles = {name: role.has("task") or role.has("task_file") for name, role in fields.named("roles")}
    for assignment in fields.listed("assignments"):
        has_task = (
            assignment.has("task") or assignment.has("task_file") or roles.get(assignment.string("role") or "", True)
        )
        if assignment.has("expect") and not has_task:
            message = f"{shown(assignment.string('slot'))} has no task whose reply could be expected to fit"
            hint = "give it or its role a task, or write 'expect' at its redirects"
            yield problem(assignment.key_of("expect"), "expect-without-task", message, hint)
    for _alias, model in fields.named("models"):
        if model.string("json_mode") in ("object", "schema") and "response_format" in model.mapping("params"):
            message = "'json_mode' and 'response_format' exclude each other"
            yield problem(model.inner("params").key_of("response_format"), "one-of", message, "keep one of them")


def _check_timeouts(fields: Fields, _: Set[Place]) -> Iterator[Problem]:
    models = [model for _, model in fields.named("models")]
    for owner in (fields.inner("engine"), *models, *every_redirect(fields)):
        seconds = owner.seconds("timeout")
        if seconds is not None and not SHORTEST_TIMEOUT_S <= seconds <= LONGEST_TIMEOUT_S:
            message = f"'timeout' is {shown(owner.string('timeout'))}; it must be from 5s to 10m"
            yield problem(owner.place_of("timeout"), "out-of-range", message, "for example 90s")


def _check_lease(fields: Fields, _: Set[Place]) -> Iterator[Problem]:
    engine = fields.inner("engine")
    seconds = engine.seconds("lease", units="smh")
    if seconds is not None and not SHORTEST_LEASE_S <= seconds <= LONGEST_LEASE_S:
        message = f"'lease' is {shown(engine.string('lease'))}; it must be from 10s to 168h"
        yield problem(engine.place_of("lease"), "out-of-range", message, "for example 30m")


def _check_budget(fields: Fields, _: Set[Place]) -> Iterator[Problem]:
    budget = fields.inner("engine").inner("budget")
    seconds = budget.seconds("time", units="smh")
    if seconds is not None and not SHORTEST_TIME_S <= seconds <= LONGEST_TIME_S:
        message = f"'time' is {shown(budget.string('time'))}; it must be from 1s to 168h"
        yield problem(budget.place_of("time"), "out-of-range", message, "for example 30m")


def _check_base_url(fields: Fields, _: Set[Place]) -> Iterator[Problem]:
    engine = fields.inner("engine")
    url = engine.string("base_url")
    if not url:
        return
    try:
        parse_address(url)
    except AddressError as error:
        hint = "write http or https, a host and a path, such as https://api.sakana.ai/v1"
        yield problem(engine.place_of("base_url"), "base-url", f"the base URL {error}", hint)


def _check_outputs(fields: Fields, _: Set[Place]) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    folders: dict[str, str] = {}
    for name, output in fields.named("outputs"):
        if is_device(name):
            yield problem(output.key, "reserved-name", f"the name {shown(name)} is reserved", "choose another name")
        file = output.string("file")
        if file is None:
            continue
        if fault := inner_path_fault(file) or _clash(folded(file), name, taken, folders):
            message = f"the file {shown(file)} {fault}"
            yield problem(output.place_of("file"), "output-file", message, "write a path such as reports/verdict.md")


def _clash(file: str, name: str, taken: dict[str, str], folders: dict[str, str]) -> str:
    """Return which other output's file or folder a file would be; where it is none, note it.

    Args:
        file: The path, folded: not every file system tells all paths apart.
        name: The output's.
        taken: The outputs by their files.
        folders: The outputs by the folders of their files.
    """
    parts = file.split("/")
    above = ["/".join(parts[:length]) for length in range(1, len(parts))]
    other = taken.get(file) or folders.get(file) or next((taken[folder] for folder in above if folder in taken), "")
    if other:
        return f"cannot stand beside that of the output {shown(other)}"
    taken[file] = name
    folders.update(dict.fromkeys(above, name))
    return ""


_CHECKS: tuple[Callable[[Fields, Set[Place]], Iterator[Problem]], ...] = (
    _check_names,
    check_declarations,
    _check_timeouts,
    _check_lease,
    _check_budget,
    _check_base_url,
    check_packs,
    _check_roles,
    _check_assignments,
    _check_expects,
    check_sequence,
    check_redirects,
    _check_outputs,
)
