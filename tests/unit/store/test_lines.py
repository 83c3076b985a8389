import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from overlord_run.errors import StoreError
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.lines import (
    MAX_FIELDS_BYTES,
    Misfit,
    body_from_json,
    body_to_json,
    build,
    legible_batch,
    make_entry,
    parse,
    parse_alone,
)
from store_kit import created, queued, replied, servant, story

AT = "2026-11-22T13:25:01.042Z"
FOLDER = RunFolder(Path("/runs/one"))

TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
VALUES: Mapping[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    str | None: st.none() | TEXT,
    int: st.integers(-(2**63), 2**63 - 1),
    int | None: st.none() | st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    float | None: st.none() | st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    Mapping[str, Any]: st.dictionaries(TEXT, JSON, max_size=3),
    Mapping[str, Any] | None: st.none() | st.dictionaries(TEXT, JSON, max_size=3),
    Mapping[str, str]: st.dictionaries(TEXT, TEXT, max_size=3),
    Sequence[str]: st.lists(TEXT, max_size=3),
    Sequence[Mapping[str, Any]]: st.lists(
        st.builds(servant, st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True), name=TEXT), max_size=3
    ),
}
BODIES = st.one_of(
    [
        st.builds(body, **{field.name: VALUES[field.type] for field in fields(body)})
        for body in ev.BODIES.values()
        if body is not ev.RunCreated
    ]
)


def first_line(**changes: Any) -> tuple[bytes, ev.Event]:
    return build(make_entry(AT, created(FOLDER, **changes)), seq=1, epoch=1, batch=1, prev=ev.NO_HASH)


LINE, FIRST = first_line()


def sealed(data: Mapping[str, Any]) -> bytes:
    """Return a line with a right hash, whatever it holds."""
    content = json.dumps({key: value for key, value in data.items() if key != "hash"}, separators=(",", ":")).encode()
    return content[:-1] + b',"hash":"' + hashlib.sha256(content).hexdigest().encode() + b'"}\n'


def second(**changes: Any) -> dict[str, Any]:
    """Return a second line's JSON that fits the first, with changes."""
    line, _ = build(make_entry(AT, ev.ServantReady("alder")), seq=2, epoch=1, batch=2, prev=FIRST.hash)
    return json.loads(line) | changes


@given(BODIES)
def test_an_event_comes_back_from_its_line_as_it_was(body):
    line, event = build(make_entry(AT, body), seq=2, epoch=1, batch=1, prev=FIRST.hash)
    again = parse(line, FIRST)
    assert json.dumps(body_to_json(again.body)) == json.dumps(body_to_json(body))
    assert (again.seq, again.prev, again.hash, again.extra) == (2, FIRST.hash, event.hash, {})
    assert build(make_entry(AT, again.body), seq=2, epoch=1, batch=1, prev=FIRST.hash)[0] == line


@pytest.mark.parametrize("body", [body for batch in story() for body in batch], ids=lambda body: body.type)
def test_every_event_of_a_run_comes_back_equal(body):
    line, event = build(make_entry(AT, body), seq=2, epoch=1, batch=1, prev=FIRST.hash)
    assert parse(line, FIRST) == event


def test_a_line_has_its_keys_in_order_in_ascii_without_blanks():
    line, _ = build(make_entry(AT, queued("rank", "alder", "é")), seq=7, epoch=1, batch=3, prev="0" * 64)
    assert line == (
        b'{"v":1,"seq":7,"epoch":1,"batch":3,"at":"2026-11-22T13:25:01.042Z","type":"message_queued","messageId":"rank",'
        b'"target":"all","slot":"alder","text":"\\u00e9","system":null,"prev":"' + b"0" * 64 + b'",'
        b'"hash":"e0f5597712977e38c0fe959c303f6f4278ca0d8a9025255c6de7cc06bd99bb4d"}\n'
    )


def test_the_hash_is_that_of_the_line_without_it():
    data = json.loads(LINE)
    content = LINE.replace(f',"hash":"{data["hash"]}"'.encode(), b"").rstrip(b"\n")
    assert data["hash"] == hashlib.sha256(content).hexdigest() == FIRST.hash


def test_the_first_line_names_no_hash_before_it():
    assert (FIRST.prev, FIRST.seq) == ("0" * 64, 1)
    assert parse(LINE, None) == FIRST


def test_a_type_of_a_newer_version_is_kept_as_it_is():
    event = parse(sealed(second(type="moon_rose", phase="full")), FIRST)
    assert event.body == ev.UnknownBody("moon_rose", {"slot": "alder", "phase": "full"})


def test_a_key_of_a_newer_version_is_kept_beside_the_event():
    event = parse(sealed(second(mood="calm")), FIRST)
    assert (event.body, event.extra) == (ev.ServantReady("alder"), {"mood": "calm"})


def test_a_field_with_a_default_may_be_left_out():
    body = body_to_json(replied("rank", "alder"))
    del body["note"]
    assert body_from_json(body) == (replied("rank", "alder"), {})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LINE[:-1], "its final newline is missing"),
        (LINE.replace(b"sakana", b"sak\0na"), "it holds NUL bytes"),
        (LINE.replace(b"sakana", b"sahana"), "its hash is not that of its bytes"),
        (b"[]\n", "it is no event of ours"),
        (b'{"v":true}\n', "it is no event of ours"),
        (b"nothing\n", "it is no JSON of ours: Expecting value: line 1 column 1 (char 0)"),
        (b'{"v":NaN}\n', "it is no JSON of ours: NaN"),
        (b'{"v":' + b"[" * 100_000 + b"\n", "it is no JSON of ours: it is nested too deeply"),
        (
            b'"\xff"\n',
            "it is no JSON of ours: 'ascii' codec can't decode byte 0xff in position 1: ordinal not in range(128)",
        ),
        (b'{"v":1}\n', "it does not end with its hash"),
        (sealed(second(prev="1" * 64)), "its prev is not the hash of the line before"),
        (sealed(second(seq=3)), "its seq is not 2"),
        (sealed(second(seq="2")), "its seq is not 2"),
        (sealed(second(epoch=0)), "its epoch is lower than that of the line before"),
        (sealed(second(batch=3)), "its batch does not follow that of the line before"),
        (sealed(second(batch=True)), "its batch does not follow that of the line before"),
        (sealed(second(at=None)), "it has no time"),
        (sealed(second(at="2026-13-40T13:25:01.042Z")), "it has no time"),
        (sealed(second(type=None)), "it has no type"),
        (sealed(json.loads(LINE) | second(type="run_created")), "run_created is the first line, and only the first"),
        (sealed(second(slot=["alder"])), "the value of slot in its servant_ready is of another type"),
        (sealed({key: value for key, value in second().items() if key != "slot"}), "its servant_ready lacks a field"),
    ],
)
def test_a_line_that_does_not_fit_says_what_does_not(line, reason):
    with pytest.raises(Misfit) as caught:
        parse(line, FIRST)
    assert str(caught.value) == reason


def test_a_number_without_end_is_no_json_of_ours():
    with pytest.raises(Misfit, match="it is no JSON of ours: Exceeds the limit"):
        parse(b'{"v":' + b"9" * 5000 + b"}\n", FIRST)


def test_the_log_begins_with_run_created():
    line = sealed(second(prev="0" * 64, seq=1, batch=1))
    with pytest.raises(Misfit, match="run_created is the first line, and only the first"):
        parse(line, None)


@pytest.mark.parametrize(
    "facts",
    [
        "alder",
        {},
        servant("alder") | {"slot": 1},
        servant("../../etc/passwd"),
        servant("alder", assignment=1),
        servant("alder", scopeToken=None),
        {key: value for key, value in servant("alder").items() if key != "assignment"},
    ],
)
def test_servants_of_another_shape_do_not_fit(facts):
    with pytest.raises(Misfit) as caught:
        parse(sealed(json.loads(LINE) | {"servants": [facts]}), None)
    assert str(caught.value) == "the value of servants in its run_created is of another type"


def test_a_newer_version_is_refused_with_what_to_do():
    with pytest.raises(StoreError) as caught:
        parse(b'{"v":2,"seal":"other"}\n', FIRST)
    assert caught.value.message == "the log is of version 2; this program knows version 1"
    assert caught.value.next == "use the version of overlord-run that wrote it, or a newer one"
    assert caught.value.code == "log-newer"


def test_an_event_that_no_line_can_hold_is_refused_before_it_is_handed_in():
    with pytest.raises(StoreError) as caught:
        make_entry(AT, replied("rank", "alder", "x" * MAX_FIELDS_BYTES))
    assert (
        caught.value.message
        == "a reply_received of 33,553,719 bytes is more than a line of the log may hold (33,553,408)"
    )
    assert caught.value.next == "ask for shorter replies (max_tokens), or hand over fewer of them as outputs"


def test_a_value_that_is_no_json_is_refused_before_it_is_handed_in():
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        make_entry(AT, ev.RunFinished("completed", None, {"score": float("nan")}, {}))


@pytest.mark.parametrize(
    ("line", "batch"),
    [
        (LINE, 1),
        (b'{"v":1,"seq":12,"epoch":1,"batch":34,"at":"20\0\0', 34),
        (b'{"v":1,"seq":12,"epoch":1,"batch":3', None),
        (b"\0\0\0", None),
    ],
)
def test_a_torn_lines_batch_is_read_where_it_is_legible(line, batch):
    assert legible_batch(line) == batch


@pytest.mark.parametrize("key", ["seq", "epoch", "batch"])
def test_a_line_alone_whose_place_is_no_number_is_no_event(key):
    with pytest.raises(Misfit, match="it is no event of ours"):
        parse_alone(sealed(json.loads(LINE) | {key: "7"}))
