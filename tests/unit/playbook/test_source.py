import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overlord_run.errors import InvalidPlaybookError
from overlord_run.playbook.source import read_yaml, scan
from overlord_run.playbook.texts import Place, Text


def problems_of(content: bytes | str) -> list[str]:
    """Return what is wrong with a file, each as line:column rule: message (hint)."""
    with pytest.raises(InvalidPlaybookError) as caught:
        read_yaml(content, "f.yml")
    return [f"{each.line}:{each.column} {each.rule}: {each.message} ({each.hint})" for each in caught.value.problems]


def test_a_document_is_plain_values() -> None:
    content = b"a: 1\nb: [x, 2.5, null, true]\nc: {d: 'it''s', e: }\n"
    assert read_yaml(content, "f.yml").value == {
        "a": 1,
        "b": ["x", 2.5, None, True],
        "c": {"d": "it's", "e": None},
    }


@pytest.mark.parametrize("content", ["a", "- 1", "5", "''", "false", "[]", "{}"])
def test_a_document_may_be_any_value(content: str) -> None:
    assert read_yaml(content, "f.yml").value == yaml.safe_load(content)


def test_quoted_and_block_scalars_are_always_text() -> None:
    assert read_yaml("['1', \"true\", 'null', ~]", "f").value == ["1", "true", "null", None]
    assert read_yaml("a: |\n  1\nb: >-\n  true\n", "f").value == {"a": "1\n", "b": "true"}


PLACES = """\
a: 1
b:
  - x
  - {c: y, d: }
é😀: "z"
e:
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        ((), (1, 1), (1, 1)),
        (("a",), (1, 1), (1, 4)),
        (("b",), (2, 1), (3, 3)),
        (("b", 0), (3, 5), (3, 5)),
        (("b", 1), (4, 5), (4, 5)),
        (("b", 1, "c"), (4, 6), (4, 9)),
        (("b", 1, "d"), (4, 12), (4, 12)),
        (("é😀",), (5, 1), (5, 5)),
        (("e",), (6, 1), (6, 1)),
    ],
)
def test_a_key_and_its_value_have_their_places_and_an_empty_value_its_keys(
    path: tuple[str | int, ...], key: tuple[int, int], value: tuple[int, int]
) -> None:
    document = read_yaml(PLACES, "f.yml")
    assert document.key(path) == Place("f.yml", *key)
    assert document.place(path) == Place("f.yml", *value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("t: plain\n", Text("plain", Place("f", 1, 4))),
        ("t: 'quoted'\n", Text("quoted", Place("f", 1, 4))),
        ("t: two\n  lines\n", Text("two lines", Place("f", 1, 4))),
        ('t: "a\\nb"\n', Text("a\nb", Place("f", 1, 4), by_line=False)),
        ("t: 'a\n\n  b'\n", Text("a\nb", Place("f", 1, 4), by_line=False)),
        ("t: |\n  a\n  b\n", Text("a\nb\n", Place("f", 2, 3))),
        ("t: |-\n    a\n     b\n", Text("a\n b", Place("f", 2, 5))),
        ("t: |+\n  a\n\nu: 1\n", Text("a\n\n", Place("f", 2, 3))),
        ("t: |\n\n\n  a\n", Text("\n\na\n", Place("f", 2, 3))),
        ("t: |2\n    a\n   b\n", Text("  a\n b\n", Place("f", 2, 3))),
        ("t: |1-\n\n   a\n", Text("\n  a", Place("f", 2, 2))),
        ("t: |  # note\n  a\n", Text("a\n", Place("f", 2, 3))),
        ("t:\n\n  |\n  a\n", Text("a\n", Place("f", 4, 3))),
        ("t: |\n  a\tb\n", Text("a\tb\n", Place("f", 2, 3))),
        ("t: |\nu: 1\n", Text("", Place("f", 2, 1))),
        ("t: |+\n\n\nu: 1\n", Text("\n\n", Place("f", 2, 1))),
        ("t: >\n  a\n  b\n", Text("a b\n", Place("f", 2, 3), by_line=False)),
        ("t: >-\n\n\n   a\n", Text("\n\na", Place("f", 4, 4), by_line=False)),
        ("t: &x |\n  a\n", Text("a\n", Place("f", 2, 3))),
        ("t: &x # note | more\n\n  |\n  a\n", Text("a\n", Place("f", 4, 3))),
        ("t: |\r\n  a\r\n  b\r\n", Text("a\nb\n", Place("f", 2, 3))),
        ("t: |\r  a\r  b\r", Text("a\nb\n", Place("f", 2, 3))),
        ("t: |\n  a\u2028  b\n", Text("a\u2028b\n", Place("f", 2, 3), by_line=False)),
        ("t: |\n  a\x85  b\n", Text("a\nb\n", Place("f", 2, 3))),
        ("t: |\n  {{ é }}\n", Text("{{ é }}\n", Place("f", 2, 3))),
        ("\ufefft: |\n  a\n", Text("a\n", Place("f", 2, 3))),
    ],
)
def test_a_text_knows_where_its_lines_stand(content: str, text: Text) -> None:
    assert read_yaml(content, "f").text(("t",)) == text


@given(
    lines=st.lists(st.sampled_from(["", "x", "  x", "{{ a }}", "é", "x  "]), min_size=1).filter(any),
    indent=st.integers(1, 9),
    chomping=st.sampled_from(["", "-", "+"]),
    anchored=st.booleans(),
)
def test_line_n_of_a_literal_block_is_line_n_of_the_file_below_its_indicator(
    lines: list[str], indent: int, chomping: str, *, anchored: bool
) -> None:
    header = f"t: {'&a ' if anchored else ''}|{indent}{chomping}"
    content = "\n".join(["# note", header, *[" " * indent + line for line in lines], ""])
    text = read_yaml(content, "f").text(("t",))
    for number, line in enumerate(text.source.removesuffix("\n").split("\n"), 1):
        place = text.at(number)
        assert content.split("\n")[place.line - 1][place.column - 1 :] == line


def test_what_an_alias_names_is_placed_where_it_is_used_and_its_text_where_it_stands() -> None:
    document = read_yaml("a: &x\n  b: |\n    text\nc: *x\n", "f")
    assert document.value == {"a": {"b": "text\n"}, "c": {"b": "text\n"}}
    assert document.place(("c",)) == Place("f", 4, 4)
    assert document.key(("c", "b")) == Place("f", 2, 3)
    assert document.text(("c", "b")) == Text("text\n", Place("f", 3, 5))


def test_an_anchor_may_be_set_again_and_an_alias_may_be_a_key() -> None:
    assert read_yaml("[&a x, *a, &a y, *a]", "f").value == ["x", "x", "y", "y"]
    assert read_yaml("{a: &k key, *k : 1}", "f").value == {"a": "key", "key": 1}


TRAPS: dict[str, tuple[bytes | str, list[str]]] = {
    "no bytes": (b"", ["1:1 empty-file: the file holds nothing (write it)"]),
    "a comment": (b"# note\n", ["1:1 empty-file: the file holds nothing (write it)"]),
    "null": (b"--- ~\n", ["1:1 empty-file: the file holds nothing (write it)"]),
    "a bad byte": (b"a: \xff", ["1:4 encoding: the byte 0xff at offset 3 is not UTF-8 (save the file as UTF-8)"]),
    "a bad byte behind others": (
        b"\xef\xbb\xbfa: \xc3\xa4\nb: \xe4\n",
        ["2:4 encoding: the byte 0xe4 at offset 12 is not UTF-8 (save the file as UTF-8)"],
    ),
    "a surrogate in UTF-8": (
        b"a: \xed\xa0\x80",
        ["1:4 encoding: the byte 0xed at offset 3 is not UTF-8 (save the file as UTF-8)"],
    ),
    "UTF-16": ("a: 1".encode("utf-16"), ["1:1 encoding: the file is UTF-16, not UTF-8 (save the file as UTF-8)"]),
    "UTF-16 without its mark": (
        "a:".encode("utf-16-be"),
        [
            "1:1 control-character: the character U+0000 is not allowed here (remove it)",
            "1:3 control-character: the character U+0000 is not allowed here (remove it)",
        ],
    ),
    "control characters": (
        b"a: \x00\r\nb: \x1b\x7f\n",
        [
            "1:4 control-character: the character U+0000 is not allowed here (remove it)",
            "2:4 control-character: the character U+001B is not allowed here (remove it)",
            "2:5 control-character: the character U+007F is not allowed here (remove it)",
        ],
    ),
    "a lone surrogate": ("a: \ud800", ["1:4 control-character: the character U+D800 is not allowed here (remove it)"]),
    "no character": ("a: \ufffe", ["1:4 control-character: the character U+FFFE is not allowed here (remove it)"]),
    "a large file": (b"x" * 10_000_000, ["1:1 too-large: the file is larger than 4,194,304 bytes (split it)"]),
    "30,000 lists": (b"[" * 30_000, ["1:51 too-deep: values are nested more than 50 deep (nest them less deeply)"]),
    "30,000 mappings": (b"{" * 30_000, ["1:51 too-deep: values are nested more than 50 deep (nest them less deeply)"]),
    "30,000 items": (b"- " * 30_000, ["1:101 too-deep: values are nested more than 50 deep (nest them less deeply)"]),
    "30,000 keys": (b"? " * 30_000, ["1:101 too-deep: values are nested more than 50 deep (nest them less deeply)"]),
    "deep blocks": (
        "\n".join(" " * depth + "a:" for depth in range(2000)).encode(),
        ["50:50 too-deep: values are nested more than 50 deep (nest them less deeply)"],
    ),
    "many values": (
        b"[" + b"a," * 200_000 + b"]",
        [
            (
                "1:300000 too-large: the file holds more than 150,000 values once its aliases are expanded"
                " (split it, or use fewer aliases)"
            )
        ],
    ),
    "a long text many times": (
        b"a: &a " + b"x" * 1_000_000 + b"\nb: [" + b"*a," * 100 + b"]",
        [
            (
                "2:26 too-large: the file holds more than 8,388,608 characters once its aliases are expanded"
                " (split it, or use fewer aliases)"
            )
        ],
    ),
    "a long key many times": (
        b"a: &a {" + b"k" * 1000 + b": 1}\nb: [" + b"*a," * 9000 + b"]",
        [
            (
                "2:25142 too-large: the file holds more than 8,388,608 characters once its aliases are expanded"
                " (split it, or use fewer aliases)"
            )
        ],
    ),
    "a number of 5,000 digits": (
        b"a: " + b"9" * 5000,
        [f"1:4 number: {'9' * 40}… is too large: a number must fit in 64 bits (quote it if it is meant as text)"],
    ),
    "a list in itself": (
        b"&a [*a]",
        [
            (
                "1:5 alias: the alias *a stands inside what it names"
                " (name the value with & before the alias *, and outside of it)"
            )
        ],
    ),
    "an open list": (
        b"a: [1, 2",
        [
            (
                "1:4 yaml-syntax: this is not YAML: did not find expected ',' or ']' while parsing a flow sequence"
                " (close the list with ], and quote a text that holds ': ' or ' #')"
            )
        ],
    ),
    "an escaped surrogate": (
        b'a: "\\ud800"',
        [
            (
                "1:7 yaml-syntax: this is not YAML: found invalid Unicode character escape code"
                " while parsing a quoted scalar (write the character itself)"
            )
        ],
    ),
    "a bracket too many": (
        b"a: 1\nb: }",
        [
            (
                "2:4 yaml-syntax: this is not YAML: did not find expected node content while parsing a block node"
                " (quote texts that hold special characters, and check the indentation)"
            )
        ],
    ),
    "another YAML": (
        b"%YAML 2.0\n---\na: 1",
        [
            (
                "1:1 yaml-syntax: this is not YAML: found incompatible YAML document"
                " (quote texts that hold special characters, and check the indentation)"
            )
        ],
    ),
}


@pytest.mark.parametrize(("content", "expected"), TRAPS.values(), ids=TRAPS)
def test_each_trap_has_its_clear_answer(content: bytes | str, expected: list[str]) -> None:
    assert problems_of(content) == expected


def test_1_2_may_be_named_and_a_document_may_be_opened_and_closed() -> None:
    assert read_yaml("%YAML 1.2\n---\na: 1\n...\n", "f").value == {"a": 1}


def test_all_that_is_wrong_is_told_and_the_rest_is_read() -> None:
    document, problems = scan("a: 1\na: 2\n5: x\nb: 1e999\n<<: {c: 1}\n", "f")
    assert document is not None
    assert document.value == {"a": 1, "b": "1e999"}
    assert [problem.rule for problem in problems] == ["duplicate-key", "key-type", "number", "merge-key"]


def test_a_quoted_merge_key_is_a_key() -> None:
    assert read_yaml("'<<': 1", "f").value == {"<<": 1}


def test_of_very_many_problems_the_first_are_told() -> None:
    assert len(problems_of("a: 1\n" * 5000)) == 201
    assert len(problems_of("\0\n" * 5000)) == 200


def is_plain(value: Any) -> bool:
    return json.loads(json.dumps(value)) == value


def assert_read(content: bytes | str) -> None:
    document, problems = scan(content, "f")
    assert document is not None or problems
    assert [problem for problem in problems if problem.line < 1 or problem.column < 1 or not problem.hint] == []
    if document is not None and not problems:
        assert is_plain(document.value)
        assert () in document.marks


@given(st.binary())
@example(b"2001-99-99")
@example(b"\xef\xbb\xbf\xef\xbb\xbfa: |\n b")
def test_any_bytes_are_a_document_or_problems(content: bytes) -> None:
    assert_read(content)


YAML_PIECES = [
    *["a", "b: ", ": ", "- ", "? ", "[", "]", "{", "}", ",", "&x ", "*x", "!t ", "|", ">", "|2-", "'", '"', "\\"],
    *["\n", "\n  ", "\n    ", " ", "\t", "\r\n", "\r", "\x85", "\u2028", "\ufeff", "é", "😀", "{{ x }}", "\0"],
    *["#", " # c", "---\n", "...\n", "%YAML 1.1\n", "<<", "1e9", "0x", "~"],
]


@settings(max_examples=500)
@given(st.lists(st.sampled_from(YAML_PIECES), max_size=30).map("".join))
def test_any_mix_of_yaml_is_a_document_or_problems(content: str) -> None:
    assert_read(content)
