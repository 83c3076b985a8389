"""Hold a playbook and a role file as frozen values."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct, field

from overlord_run.playbook.money import Budget, Price
from overlord_run.playbook.texts import Expect, FileRef, Place, Source, Text

InputType = Literal["string", "integer", "number", "boolean", "array", "object", "file", "files"]
Profile = Literal["consultation", "implementation"]
OnFailure = Literal["continue", "stop"]
Preflight = Literal["models", "probe"]
Recovery = Literal["manual", "auto"]
AtMax = Literal["fail", "continue"]
JsonMode = Literal["none", "object", "schema"]


class Input(Struct, frozen=True):
    """A typed value that a run, or a role, is given.

    Attributes:
        default: The value to use when none is given; meaningful only where `required` is false.
        checks: The JSON Schema keywords `enum pattern minimum maximum items`, as written.
    """

    name: str
    type: InputType
    place: Place
    description: str = ""
    required: bool = True
    default: Any = None
    checks: Mapping[str, Any] = field(default_factory=dict)


class Model(Struct, frozen=True):
    """An alias for an API model id and its parameters.

    Attributes:
        place: None for the two that exist unless overridden.
        json_mode: What the request says where an answer in JSON is expected, as far as the endpoint takes it.
        price: What its tokens cost, where the playbook says so.
    """

    alias: str
    id: str
    params: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: float | None = None
    place: Place | None = None
    json_mode: JsonMode = "none"
    price: Price | None = None


class Pack(Struct, frozen=True):
    """A folder of role files in a git repository, under the name that `from` calls it by.

    Attributes:
        git: The repository's URL, without anything secret in it.
        rev: The tag, branch or commit that is asked for; a name for people: what is read is the commit of the lock.
        path: The folder, from the repository's root; empty for the root itself.
        place: Of its name.
    """

    name: str
    git: str
    rev: str
    path: str
    place: Place


class Provenance(Struct, frozen=True):
    """Where the text of a role comes from, a text that stands in a file of its own.

    Attributes:
        pack: The pack, by its name; empty for a file beside the playbook. Only of a pack that is locked there is more.
        files: `sha256:` and the hex digest of each file that was read, the role's own first, by the path from the
            playbook's folder or the pack's.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    pack: str = ""
    git: str = ""
    rev: str = ""
    path: str = ""
    kind: str = ""
    commit: str = ""


class Role(Struct, frozen=True):
    """A reusable system prompt.

    Attributes:
        system: The prompt's template; None while the role is still named by `file` only.
        file: The role file that `from` names; None for an inline role. Resolving fills `system` from it.
        values: `with`, unrendered: each string in it, at any depth, is held as a `Text`, a template in the playbook's
            scope.
        model: A model's alias, or None where nothing is said (then `normal`).
        provenance: None for a prompt that stands in the playbook.
    """

    name: str
    place: Place
    system: Source | None = None
    file: FileRef | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    task: Source | None = None
    model: str | None = None
    description: str = ""
    profile: Profile | None = None
    provenance: Provenance | None = None


class RoleFile(Struct, frozen=True):
    """A role file as read: its front matter and its body."""

    name: str
    place: Place
    system: Text
    description: str = ""
    model: str | None = None
    profile: Profile | None = None
    inputs: Mapping[str, Input] = field(default_factory=dict)


class ForEach(Struct, frozen=True):
    """What makes several servants of one assignment: an expression that gives a list, and templates for each element.

    Attributes:
        name: None where nothing is said; then the name is the slot.
    """

    elements: Text
    slot: Text
    name: Text | None = None


class Assignment(Struct, frozen=True):
    """A slot, its role, and the first task; `expect` is for the reply to that.

    Attributes:
        slot: As written: where `for_each` is given, a template.
        name: As written, like the slot.
    """

    slot: str
    role: str
    place: Place
    name: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    task: Source | None = None
    model: str | None = None
    profile: Profile | None = None
    expect: Expect | None = None
    for_each: ForEach | None = None


class Redirect(Struct, frozen=True, kw_only=True):
    """A declared step after the startup; its class says which kind.

    Attributes:
        after: The ids that must have ended; None for the one before.
        needs: The ids that must have succeeded.
        when: An expression; where it is false the redirect is skipped.
    """

    id: str
    place: Place
    after: tuple[str, ...] | None = None
    needs: tuple[str, ...] = ()
    when: Text | None = None
    on_failure: OnFailure = "continue"


class MessageRedirect(Redirect, frozen=True, kw_only=True):
    """A follow-up message to servants.

    Attributes:
        to: `all`, a slot or `role:NAME`, in the order written.
        only: An expression for each target; where it is false the target is left out.
        require: How many targets must answer: `any`, `all`, a count, or a percentage like `90%`.
    """

    to: tuple[str, ...]
    message: Source
    only: Text | None = None
    timeout_s: float | None = None
    require: str | int = "any"
    expect: Expect | None = None


class CheckRedirect(Redirect, frozen=True, kw_only=True):
    """An expression that must hold; else the run ends, and `message` says why."""

    check: Text
    message: Source | None = None


class PauseRedirect(Redirect, frozen=True, kw_only=True):
    """A question that waits for a person's word."""

    pause: Text


class BlockRedirect(Redirect, frozen=True, kw_only=True):
    """Redirects that go together, in rounds where it says so.

    Attributes:
        redirects: None of them is a block.
    """

    redirects: tuple[Redirect, ...]
    repeat: "Repeat | None" = None


class Repeat(Struct, frozen=True):
    """How often a block is gone through.

    Attributes:
        max: Of rounds, at least 1.
        until: An expression that is looked at behind each round; where it holds the block is done. None: all rounds.
        at_max: What the block comes to where `until` does not hold behind the last round.
    """

    max: int
    until: Text | None = None
    at_max: AtMax = "fail"


def flattened(redirects: Iterable[Redirect]) -> Iterator[Redirect]:
    """Yield each redirect, a block before those in it."""
    for redirect in redirects:
        yield redirect
        if isinstance(redirect, BlockRedirect):
            yield from redirect.redirects


class Output(Struct, frozen=True):
    """What the run hands over: an expression's value, or a rendered text; `file` is its name under `--outputs`."""

    name: str
    place: Place
    value: Text | None = None
    text: Text | None = None
    file: str | None = None


class Rate(Struct, frozen=True):
    """How many requests, and tokens, may leave within any minute; None where there is no limit."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


class Engine(Struct, frozen=True):
    """What the playbook says of the API and of its servants' readiness; None where it is silent.

    Attributes:
        lease_s: How long a sign of a servant proves that it is ready.
        startup_require: How many servants must answer their first task: `any`, `all`, a count, or a percentage.
    """

    base_url: str | None = None
    base_url_place: Place | None = None
    provider: str | None = None
    timeout_s: float | None = None
    concurrency: int | None = None
    preflight: Preflight | None = None
    attempts: int | None = None
    rate: Rate | None = None
    lease_s: float | None = None
    startup_require: str | int | None = None
    recovery: Recovery | None = None
    budget: Budget = field(default_factory=Budget)


class Playbook(Struct, frozen=True):
    """A whole playbook. For problems that are found later, `places` and `written` are by the path of a key or value.

    Attributes:
        files: The digest of each file beside it that was read, by its path from the playbook's folder.
        places: Where each key or value stands.
        written: What stands in the file, of plain scalars alone.
    """

    file: str
    name: str
    digest: str
    assignments: tuple[Assignment, ...]
    description: str = ""
    inputs: Mapping[str, Input] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict)
    engine: Engine = field(default_factory=Engine)
    models: Mapping[str, Model] = field(default_factory=dict)
    packs: Mapping[str, Pack] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    redirects: tuple[Redirect, ...] = ()
    outputs: tuple[Output, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[tuple[str | int, ...], Place] = field(default_factory=dict)
    written: Mapping[tuple[str | int, ...], str] = field(default_factory=dict)

    def every_redirect(self) -> Iterator[Redirect]:
        """Yield each redirect, a block before those in it."""
        return flattened(self.redirects)

    def messages(self) -> Iterator[MessageRedirect]:
        """Yield each redirect that is a message, those in blocks too."""
        return (each for each in self.every_redirect() if isinstance(each, MessageRedirect))
