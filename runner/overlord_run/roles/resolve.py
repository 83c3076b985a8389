"""Read every file that a playbook names, so that each of its texts is at hand and knows where it stands."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from overlord_run.errors import InvalidPlaybookError
from overlord_run.files import FileError, decode
from overlord_run.playbook.fields import schema_at
from overlord_run.playbook.model import (
    Assignment,
    BlockRedirect,
    CheckRedirect,
    MessageRedirect,
    Playbook,
    Provenance,
    Redirect,
    Role,
    RoleFile,
)
from overlord_run.playbook.names import did_you_mean, listed, shown
from overlord_run.playbook.packs import used_packs
from overlord_run.playbook.rolefile import parse_role
from overlord_run.playbook.rules import problem
from overlord_run.playbook.source import scan, unix_lines
from overlord_run.playbook.tellers import type_of
from overlord_run.playbook.texts import Expect, FileRef, Place, Schema, Source, Text
from overlord_run.playbook.values import check_values
from overlord_run.problem import Problem
from overlord_run.roles.beside import Beside
from overlord_run.roles.includes import include
from overlord_run.roles.origins import Origin, Origins

if TYPE_CHECKING:
    from overlord_run.roles.cache import Cache


def read(playbook: Playbook, beside: Beside, cache: "Callable[[], Cache]") -> tuple[Playbook, list[Problem]]:
    """Return a playbook with every text that its files hold, and all that is wrong with them.

    Each source becomes a `Text` whose place is in the file that it came from; of a file that cannot be read, an empty
    one. A role is filled from its role file; what the playbook itself says of model, profile and description wins.

    Args:
        playbook: As parsed.
        beside: Reads what stands beside it.
        cache: Returns where packs were fetched to; asked only where the playbook uses one.
    """
    problems: list[Problem] = []
    origins = Origins(playbook.file, beside, {})
    if used_packs(playbook):
        from overlord_run.roles.packs import open_packs  # noqa: PLC0415 - most playbooks use no packs

        packs, problems = open_packs(playbook, beside, cache())
        origins = Origins(playbook.file, beside, packs)
    reader = _Reader(playbook, origins, problems)
    roles = {name: reader.role(role) for name, role in playbook.roles.items()}
    resolved = replace(
        playbook,
        roles=roles,
        assignments=tuple(reader.assignment(each) for each in playbook.assignments),
        redirects=tuple(reader.redirect(each) for each in playbook.redirects),
    )
    known = [name for name in roles if name not in reader.unread]
    return resolved, [*reader.problems, *check_values(resolved, known)]


class _Found(Struct, frozen=True):
    """A role file as read, and where it comes from."""

    role: RoleFile
    provenance: Provenance


class _Reader(Struct):
    """What is known while the files of one playbook are read.

    Attributes:
        files: The role files by what `from` says, None for one that has problems: they are told once.
        schemas: The schemas by the paths of their files.
        unread: The names of the roles whose inputs are unknown, since their file could not be read.
    """

    playbook: Playbook
    origins: Origins
    problems: list[Problem]
    files: dict[str, _Found | None] = field(default_factory=dict)
    schemas: dict[str, Schema] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def role(self, role: Role) -> Role:
        """Return a role with its texts."""
        role = replace(role, task=self._text(role.task), **self._system(role.system))
        if role.file is None:
            return role
        found = self._role_file(role.file)
        if found is None:
            self.unread.add(role.name)
            return replace(role, system=Text("", role.place))
        file = found.role
        if role.model is None and file.model is not None:
            self._check_model(role.file, file.name, file.model)
        return replace(
            role,
            system=file.system,
            inputs=file.inputs,
            description=role.description or file.description,
            model=role.model or file.model,
            profile=role.profile or file.profile,
            provenance=found.provenance,
        )

    def _system(self, source: Source | None) -> dict[str, Any]:
        """Return a prompt that the playbook holds or names the file of, and where it comes from."""
        if not isinstance(source, FileRef):
            return {"system": source}
        origin = self.origins.of_text(source.path)
        data = self._bytes(origin, source)
        files = {} if data is None else {origin.path: origin.digest(data)}
        return {"system": self._decoded(data, origin, source), "provenance": replace(origin.source, files=files)}

    def _check_model(self, file: FileRef, name: str, alias: str) -> None:
        models = self.playbook.models
        if alias not in models:
            asks = f"the role {shown(name)} in {shown(file.path)} asks for the model {shown(alias)}"
            hint = did_you_mean(alias, models) or f"declare it, or choose one here: {listed(models)}"
            self.problems.append(problem(file.place, "unknown-model", f"{asks}, which is not declared", hint))

    def assignment(self, assignment: Assignment) -> Assignment:
        """Return an assignment with its task and schema."""
        return replace(assignment, task=self._text(assignment.task), expect=self._expect(assignment.expect))

    def redirect(self, redirect: Redirect) -> Redirect:
        """Return a redirect with its texts and schemas."""
        match redirect:
            case MessageRedirect():
                message = self._text(redirect.message) or Text("", redirect.place)
                return replace(redirect, message=message, expect=self._expect(redirect.expect))
            case CheckRedirect():
                return replace(redirect, message=self._text(redirect.message))
            case BlockRedirect():
                return replace(redirect, redirects=tuple(map(self.redirect, redirect.redirects)))
        return redirect

    def _expect(self, expect: Expect | None) -> Expect | None:
        if expect is None or not isinstance(expect.schema, FileRef):
            return expect
        path = expect.schema.path
        if path not in self.schemas:
            self.schemas[path] = self._schema(expect.schema)
        return replace(expect, schema=self.schemas[path])

    def _schema(self, file: FileRef) -> Schema:
        """Return the schema that a file holds, one that anything fits where it holds none."""
        nothing = Schema({}, {})
        origin = self.origins.of_text(file.path)
        data = self._bytes(origin, file)
        if data is None:
            return nothing
        document, problems = scan(data, origin.label)
        self.problems += problems
        if document is None:
            return nothing
        if not isinstance(document.value, dict):
            message = f"the schema must be a mapping, not {type_of(document.value)}"
            self.problems.append(problem(document.place(()), "wrong-type", message, "for example {type: object}"))
            return nothing
        return schema_at(document, ())

    def _text(self, source: Source | None) -> Text | None:
        if not isinstance(source, FileRef):
            return source
        origin = self.origins.of_text(source.path)
        return self._decoded(self._bytes(origin, source), origin, source)

    def _decoded(self, data: bytes | None, origin: Origin, source: FileRef) -> Text:
        if data is None:
            return Text("", source.place)
        try:
            text = unix_lines(decode(data, shown(source.path)))
        except FileError as error:
            self._tell(source, error)
            return Text("", source.place)
        if not text.strip():
            message = f"the file {shown(source.path)} is blank"
            self.problems.append(problem(source.place, "too-short", message, "write the text into it"))
        return Text(text, Place(origin.label, 1, 1))

    def _role_file(self, file: FileRef) -> _Found | None:
        if file.path not in self.files:
            self.files[file.path] = self._found(file)
        return self.files[file.path]

    def _found(self, file: FileRef) -> _Found | None:
        """Return a role file with all that it includes; None where it cannot be read, which is told."""
        try:
            origin = self.origins.of_role(file.path)
        except LookupError:  # of a pack that cannot be read, which was told
            return None
        data = self._bytes(origin, file)
        role = None if data is None else self._parsed(data, origin.label)
        if data is None or role is None:
            return None
        included = include(role.system, origin)
        self.problems += included.problems
        files = {path: origin.digest(each) for path, each in {origin.path: data, **included.files}.items()}
        return _Found(replace(role, system=included.text), replace(origin.source, files=files))

    def _parsed(self, data: bytes, label: str) -> RoleFile | None:
        try:
            return parse_role(data, label)
        except InvalidPlaybookError as error:
            self.problems += error.problems
            return None

    def _bytes(self, origin: Origin, file: FileRef) -> bytes | None:
        try:
            return origin.read()
        except FileError as error:
            self._tell(file, error)
            return None

    def _tell(self, file: FileRef, error: FileError) -> None:
        self.problems.append(problem(file.place, error.rule, error.message, error.hint))
