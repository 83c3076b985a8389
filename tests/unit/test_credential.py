import base64
import copy
import json
import pickle
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.credential import REDACTED, Credential, Redactor, parse_credential
from overlord_run.errors import Exit, SettingsError

KEY = 'sk-Canary/+0123"\\456789abcdefXYZ'
KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=80)


@pytest.fixture
def credential() -> Credential:
    return parse_credential(KEY, name="SAKANA_API_KEY")


def test_a_key_is_given_away_only_by_reveal(credential: Credential) -> None:
    assert credential.reveal() == KEY
    assert repr(credential) == "<credential from SAKANA_API_KEY>"
    assert repr([credential, {"key": credential}]) == (
        "[<credential from SAKANA_API_KEY>, {'key': <credential from SAKANA_API_KEY>}]"
    )


@pytest.mark.parametrize(
    "slip",
    [
        pytest.param(str, id="str"),
        pytest.param("{}".format, id="format"),
        pytest.param(lambda key: f"Bearer {key}", id="f-string"),
        pytest.param(pickle.dumps, id="pickle"),
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(json.dumps, id="json"),
        pytest.param(vars, id="vars"),
        pytest.param(lambda key: key.__getstate__(), id="getstate"),
        pytest.param(lambda key: key + "", id="concatenation"),
    ],
)
def test_a_key_that_slips_is_an_error_that_does_not_tell_it(credential: Credential, slip) -> None:
    with pytest.raises(TypeError) as caught:
        slip(credential)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("slip", [copy.copy, copy.deepcopy, pickle.dumps, lambda redactor: redactor.__getstate__()])
def test_a_redactor_does_not_tell_the_key_either(credential: Credential, slip) -> None:
    redactor = Redactor(credential)
    assert repr(redactor) == "<redactor>"
    with pytest.raises(TypeError, match=r"^what knows the API key cannot be copied or pickled$"):
        slip(redactor)


def test_keys_compare_by_identity(credential: Credential) -> None:
    assert credential != parse_credential(KEY, name="SAKANA_API_KEY")
    assert credential != KEY


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("", "is empty"),
        (" \t", "is empty"),
        ("\n", "is empty"),
        (KEY + "\n", "ends with a line break"),
        (KEY + "\r\n", "ends with a line break"),
        (KEY + " ", "has a blank or a line break in it"),
        (" " + KEY, "has a blank or a line break in it"),
        ("sk-two\nlines", "has a blank or a line break in it"),
        ("sk-no\u00a0break", "has a blank or a line break in it"),
        ("sk-\u200bzero", "has a character that is not printable ASCII"),
        ("sk-schlüssel", "has a character that is not printable ASCII"),
        ("sk-\x00nul", "has a character that is not printable ASCII"),
        ("sk-\x7fdel", "has a character that is not printable ASCII"),
        ("k" * 4097, "is longer than 4096 characters"),
    ],
)
def test_a_key_that_no_header_can_carry_is_refused_without_telling_it(value: str, wrong: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_credential(value, name="SAKANA_API_KEY")
    error = caught.value
    assert error.message == f"the API key in SAKANA_API_KEY {wrong}"
    assert error.next == "put the key alone into SAKANA_API_KEY, as the provider shows it"
    assert (error.code, error.exit) == ("key-malformed", Exit.NOT_PROVED)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_one_line_break_at_the_end_of_a_key_file_is_the_editors(ending: str) -> None:
    assert parse_credential(KEY + ending, name="key.txt", is_file=True).reveal() == KEY


def test_two_line_breaks_at_the_end_of_a_key_file_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"^the API key in key.txt ends with a line break$"):
        parse_credential(KEY + "\n\n", name="key.txt", is_file=True)


def _escaped(key: str, pattern: str) -> str:
    return "".join(pattern.format(ord(character)) for character in key)


SPELLINGS = {
    "verbatim": lambda key: key,
    "backwards": lambda key: key[::-1],
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64-unpadded": lambda key: base64.b64encode(key.encode()).decode().rstrip("="),
    "base64url": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "base64-at-1": lambda key: base64.b64encode(f"x{key}xx".encode()).decode(),
    "base64-at-2": lambda key: base64.b64encode(f"xx{key}x".encode()).decode(),
    "base64url-at-1": lambda key: base64.urlsafe_b64encode(f"x{key}".encode()).decode(),
    "basic-auth": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "url": lambda key: quote(key, safe=""),
    "url-path": quote,
    "url-all": lambda key: _escaped(key, "%{:02X}"),
    "url-all-lower": lambda key: _escaped(key, "%{:02x}"),
    "json": lambda key: json.dumps({"key": key}),
    "json-slashes": lambda key: json.dumps({"key": key}).replace("/", "\\/"),
    "unicode": lambda key: _escaped(key, "\\u{:04x}"),
    "unicode-upper": lambda key: _escaped(key, "\\u{:04X}"),
    "hex": lambda key: key.encode().hex(),
    "hex-upper": lambda key: key.encode().hex().upper(),
    "escaped-bytes": lambda key: _escaped(key, "\\x{:02x}"),
    "repr": lambda key: repr({"authorization": f"Bearer {key}"}),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS.keys())
@given(key=KEYS, before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_key_is_found_and_taken_out_in_every_spelling(spell, key: str, before: str, after: str) -> None:
    redactor = Redactor(Credential(key, name="KEY"))
    text = f"{before} {spell(key)} {after}"
    assert redactor.occurs_in(text)
    redacted = redactor.redact(text)
    assert REDACTED in redacted
    assert not redactor.occurs_in(redacted) or redactor.occurs_in(REDACTED)


@given(key=KEYS, text=st.text(max_size=200))
def test_a_text_without_the_key_stays_as_it_is(key: str, text: str) -> None:
    redactor = Redactor(Credential(key, name="KEY"))
    assert redactor.occurs_in(text) or redactor.redact(text) == text


def test_every_place_is_redacted() -> None:
    redactor = Redactor(Credential(KEY, name="KEY"))
    assert redactor.redact(f"{KEY}, {KEY} and {KEY.encode().hex()}") == "[redacted], [redacted] and [redacted]"


def test_without_a_key_nothing_is_redacted() -> None:
    redactor = Redactor(None)
    assert redactor.redact(KEY) == KEY
    assert not redactor.occurs_in(KEY)


@pytest.mark.parametrize("key", ["x", "EMPTY", "ollama", "sk-test"])
def test_a_placeholder_of_fewer_than_eight_characters_spoils_no_text(key: str) -> None:
    redactor = Redactor(parse_credential(key, name="KEY"))
    assert redactor.redact(f"We run {key} here.") == f"We run {key} here."
    assert not redactor.occurs_in(f"We run {key} here.")
    assert redactor.redact(f"Authorization: Bearer {key}") == "Authorization: [redacted]"


def test_a_large_text_is_redacted_in_place() -> None:
    redactor = Redactor(Credential(KEY, name="KEY"))
    text = "a reply of a model, " * 200_000
    assert redactor.redact(f"{text}{KEY}{text}") == f"{text}[redacted]{text}"
