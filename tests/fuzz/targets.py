"""Say which files are tried, what they begin with, and what is done with each. A new kind of file is a new row."""

import contextlib
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from fuzz.oracle import NotCleanError, check, require_clean, run
from overlord_run.app.validate import load
from overlord_run.credential import Credential, Redactor
from overlord_run.engine.base import ChatMessage, Failure, Request
from overlord_run.engine.completion import read_completion
from overlord_run.engine.exchange import Asked, Exchange, exchange_line, header_line
from overlord_run.engine.wire import Answer as HttpAnswer
from overlord_run.errors import OverlordError
from overlord_run.expect.answer import Answer, read_answer
from overlord_run.roles.lock import Lock, compose_lock, parse_lock
from overlord_run.settings.config import load_config
from pack_kit import LOCK, fill
from unit.expect.answers import SCHEMAS

REPO = Path(__file__).parents[2]
EXAMPLES = REPO / "tests" / "examples"

ASKING = """\
overlord: 1
name: asking
inputs:
  text: {type: string, pattern: '^\\PC*$', default: a}
  level: {type: string, enum: [low, high], default: low}
  count: {type: integer, minimum: 0, maximum: 10, default: 0}
  share: {type: number, minimum: 0.5, default: 1}
  strict: {type: boolean, default: false}
  names: {type: array, items: {type: string}, default: []}
  options: {type: object, default: {}}
  plan: {type: file}
  docs: {type: files}
roles:
  reader:
    system: You read closely.
    task: "{{ inputs | to_json }} {{ inputs.plan | as_data }}"
assignments:
  - {slot: alder, role: reader}
  - {slot: "{{ 'e' ~ index }}", role: reader, for_each: inputs.names, name: "{{ item }}"}
"""
VALUES = "text: two words\nlevel: high\ncount: 5\nshare: 0.5\nstrict: true\nnames: [a, b]\noptions: {deep: [1, null]}\n"
EXPECTING = """\
overlord: 1
name: expecting
roles:
  judge: {system: You judge., task: Begin., expect: {schema_file: texts/answer.schema.json}}
assignments: [{slot: alder, role: judge}]
"""
TREE: Mapping[str, Any] = {
    "$defs": {
        "part": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "pattern": "^[a-z]+$", "minLength": 1, "maxLength": 9},
                "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "maxItems": 3},
                "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}},
                "weight": {"anyOf": [{"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5}, {"const": None}]},
            },
            "additionalProperties": False,
        }
    },
    "$ref": "#/$defs/part",
}
CONFIG = "trust_hosts: [llm.example.com, 'localhost:8000']\nproxy: http://127.0.0.1:3128\nca_file: ca.pem\n"
COMPLETION: Mapping[str, Any] = {
    "id": "chatcmpl-1",
    "model": "fugu-2026",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Ship it."}}],
    "usage": {
        "prompt_tokens": 11,
        "completion_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 3, "orchestration_input_tokens": 5},
    },
}


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of file.

    Attributes:
        seeds: Returns the files that are changed.
        attempt: Takes a file as the program would, in a workplace; raises what the oracle holds against it.
    """

    seeds: Callable[[], Sequence[bytes]]
    attempt: Callable[[bytes], None]


@contextlib.contextmanager
def workplace() -> Iterator[None]:
    """Work in a folder with the files that the examples name; so deep that `..` leads to nothing of this machine."""
    before, known = Path.cwd(), dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        top = Path(name, *"abcdefgh")
        valid = EXAMPLES / "valid"
        shutil.copytree(valid / "roles", top / "roles")
        shutil.copytree(valid / "texts", top / "texts")
        (top / "asking.yml").write_text(ASKING, encoding="utf-8")
        shutil.copy(valid / "packs.yml", top)
        shutil.copy(REPO / "playbooks" / "debate.yml", top)
        shutil.copytree(REPO / "playbooks" / "samples", top / "samples")
        fill(top / "packs")
        os.chdir(top)
        for variable in [one for one in os.environ if one.startswith(("OVERLORD_", "MMI_", "SAKANA_", "GITHUB_"))]:
            del os.environ[variable]
        os.environ.update({"HOME": name, "XDG_CONFIG_HOME": name, "SAKANA_API_KEY": "canary-of-the-fuzzer"})
        os.environ["OVERLORD_CACHE_DIR"] = str(top / "packs")
        try:
            yield
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(known)


def _files(*globs: str) -> list[bytes]:
    return [path.read_bytes() for glob in globs for path in sorted(REPO.glob(glob)) if path.is_file()]


def _playbooks() -> list[bytes]:
    files = _files("tests/examples/valid/*.yml", "tests/examples/invalid/*.yml", "playbooks/*.yml")
    return [content for content in files if len(content) < 16_384 and b"\nanswers:" not in content]


def _scripts() -> list[bytes]:
    return _files("playbooks/*.rehearsal.yml")


def _roles() -> list[bytes]:
    return _files("tests/examples/*/roles/*.md", "playbooks/roles/*.md")


def _locks() -> list[bytes]:
    return [*_files("tests/examples/*/overlord.lock"), compose_lock(LOCK).encode(), compose_lock(Lock()).encode()]


def _value_files() -> list[bytes]:
    as_json = json.dumps(yaml.safe_load(VALUES)).encode()
    return [VALUES.encode(), as_json, b"plan: texts/build.md\ndocs: ['texts/*', roles/*.md]\n", b"docs: texts/**\n"]


def _recordings() -> list[bytes]:
    asked = Asked("pro", "startup", 1, 0, {"model": "fugu", "messages": [{"role": "user", "content": "Ship it?"}]})
    answers = [HttpAnswer(200, {"retry-after": "1"}, json.dumps(COMPLETION).encode()), HttpAnswer(500, {}, b"<html>")]
    lines = [exchange_line(Exchange(1_800_000_000.0, asked, answer), Redactor(None)) for answer in answers]
    models = exchange_line(Exchange(1_800_000_000.0, None, HttpAnswer(200, {}, b'{"data": []}')), Redactor(None))
    return [b"".join([header_line("20261122-132501-council-7f3a", "chat"), models, *lines])]


def _schemas() -> list[bytes]:
    named = _files("tests/examples/*/texts/*.schema.json", "schemas/rehearsal.schema.json")
    return [json.dumps(one).encode() for one in (TREE, *SCHEMAS.values())] + named


@cache
def _replies() -> list[bytes]:
    return _files("tests/examples/answers/*.txt")


def _completions() -> list[bytes]:
    refused = {"error": {"message": "No.", "type": "invalid_request_error", "code": 400}}
    parts = [{"type": "text", "text": "Ship"}, {"type": "refusal", "refusal": "No."}]
    in_parts = {**COMPLETION, "choices": [{"message": {"content": parts}}]}
    return [json.dumps(one).encode() for one in (COMPLETION, refused, in_parts)]


def _try_playbook(content: bytes) -> None:
    Path("council.yml").write_bytes(content)
    if check("council.yml"):
        playbook, _ = load("council.yml")
        given = {name: _VALUE_OF[one.type] for name, one in playbook.inputs.items() if one.required}
        words = [word for name, value in given.items() for word in ("-i", f"{name}={value}")]
        run("run", "council.yml", "--dry-run", "--format", "json", *words)


_VALUE_OF: Mapping[str, str] = {
    "string": "1",
    "integer": "1",
    "number": "1",
    "boolean": "true",
    "array": '["a", "b"]',
    "object": '{"a": 1}',
    "file": "texts/build.md",
    "files": "texts/*.md",
}


def _try_role(content: bytes) -> None:
    Path("roles/critic.md").write_bytes(content)
    if check("roles/critic.md"):
        _try_playbook(
            b"overlord: 1\nname: a\nroles: {a: {from: ./roles/critic.md, task: T}}\nassignments: [{slot: b, role: a}]"
        )


def _try_script(content: bytes) -> None:
    Path("script.yml").write_bytes(content)
    check("script.yml")
    run("run", "debate.yml", "-i", "question=Why?", "--rehearse", "script.yml", "--dry-run")


def _try_lock(content: bytes) -> None:
    """Give a file as the lock beside a playbook with packs: looked at by itself, by what locks, and by a run."""
    Path("overlord.lock").write_bytes(content)
    if check("overlord.lock"):
        lock = parse_lock(content, "overlord.lock")
        if parse_lock(compose_lock(lock).encode(), "overlord.lock") != lock:
            message = "written anew it is another lock"
            raise NotCleanError(message)
    run("run", "packs.yml", "--dry-run")
    run("roles", "verify", "packs.yml")


_NEEDED = ("-i", "plan=texts/build.md", "-i", "docs=texts/*")
_NAMES = ("text", "level", "count", "share", "strict", "names", "options")
_WAYS: Sequence[Callable[[str], tuple[str, ...]]] = [
    lambda _: ("--inputs", "value"),
    lambda _: ("--inputs", "value", *_NEEDED),
    lambda _: (*_NEEDED[2:], "-i", "plan=value"),
    lambda _: (*_NEEDED[:2], "-I", "docs=value"),
    lambda text: (*_NEEDED[:2], "-i", f"docs={text}"),
    *(lambda _, name=name: (*_NEEDED, "-I", f"{name}=value") for name in _NAMES),
    *(lambda text, name=name: (*_NEEDED, "-i", f"{name}={text}") for name in _NAMES),
]
"""How a file can be given: as a file of inputs, as an input's own, or its text as a value."""


def _try_values(content: bytes) -> None:
    """Give a file as inputs, and in two of the other ways; in which ones is the file's own matter."""
    Path("value").write_bytes(content)
    text = content.decode("utf-8", "surrogateescape").replace("\0", "")
    chosen = zlib.crc32(content)
    for way in (_WAYS[1], _WAYS[chosen % len(_WAYS)], _WAYS[chosen // 7 % len(_WAYS)]):
        run("run", "asking.yml", "--dry-run", *way(text))


def _try_recording(content: bytes) -> None:
    Path("recording.jsonl").write_bytes(content)
    run("run", "debate.yml", "-i", "question=Why?", "--replay", "recording.jsonl", "--dry-run")


def _try_config(content: bytes) -> None:
    Path("config.yml").write_bytes(content)
    try:
        load_config(Path("config.yml"))
    except OverlordError as error:
        require_clean(error)


def _try_reply(content: bytes) -> None:
    for schema in (*SCHEMAS.values(), TREE):
        _read(content.decode("utf-8", "replace"), schema)


def _try_schema(content: bytes) -> None:
    """Give a file as the schema of an answer, and where it is one, have a reply looked through for it."""
    Path("texts/answer.schema.json").write_bytes(content)
    Path("council.yml").write_text(EXPECTING, encoding="utf-8")
    if not check("council.yml"):
        return
    run("run", "council.yml", "--dry-run", "--format", "json")
    run("run", "council.yml", "--rehearse", "--dry-run")
    schema = load("council.yml")[0].assignments[0].expect
    assert schema is not None
    for reply in (*_replies()[:9], b'{"name": "a", "tags": ["a", "a"], "parts": [{"name": "b"}]}'):
        _read(reply.decode(), schema.schema.content)


def _read(reply: str, schema: Mapping[str, Any]) -> None:
    answer = read_answer(reply, schema)
    if isinstance(answer, Answer):
        json.dumps(answer.value, allow_nan=False)
        return
    if not answer.reasons or not all(0 < len(reason) < 2000 for reason in answer.reasons):
        message = f"not told why: {answer.reasons}"
        raise NotCleanError(message)


def _try_completion(content: bytes) -> None:
    request = Request("alder", "startup", 1, "fugu", (ChatMessage("user", "Ship?"),), {}, 90.0)
    came = read_completion(
        HttpAnswer(200, {}, content), request, Redactor(Credential("canary-of-the-fuzzer", name="SAKANA_API_KEY"))
    )
    if not (came.reason if isinstance(came, Failure) else came.text.strip()):
        message = f"neither a reply nor a reason: {came}"
        raise NotCleanError(message)


TARGETS: Mapping[str, Target] = {
    "playbook": Target(_playbooks, _try_playbook),
    "role": Target(_roles, _try_role),
    "lock": Target(_locks, _try_lock),
    "script": Target(_scripts, _try_script),
    "inputs": Target(_value_files, _try_values),
    "recording": Target(_recordings, _try_recording),
    "config": Target(lambda: [CONFIG.encode()], _try_config),
    "schema": Target(_schemas, _try_schema),
    "reply": Target(_replies, _try_reply),
    "completion": Target(_completions, _try_completion),
}
