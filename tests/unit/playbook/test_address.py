import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.playbook.address import AddressError, parse_address, parse_authority


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.sakana.ai/v1", "https://api.sakana.ai/v1"),
        ("https://api.sakana.ai/v1/", "https://api.sakana.ai/v1"),
        ("https://api.sakana.ai/v1///", "https://api.sakana.ai/v1"),
        ("https://api.sakana.ai", "https://api.sakana.ai"),
        ("https://api.sakana.ai/", "https://api.sakana.ai"),
        ("HTTPS://API.Sakana.AI/V1", "https://api.sakana.ai/V1"),
        ("https://api.sakana.ai:443/v1", "https://api.sakana.ai/v1"),
        ("http://api.sakana.ai:80/v1", "http://api.sakana.ai/v1"),
        ("http://api.sakana.ai:443/v1", "http://api.sakana.ai:443/v1"),
        ("https://h:08443/v1", "https://h:8443/v1"),
        ("https://xn--bcher-kva.example/v1", "https://xn--bcher-kva.example/v1"),
        ("http://my_service:8000/v1", "http://my_service:8000/v1"),
        ("http://[0:0:0:0:0:0:0:1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://[FE80::1]/v1", "http://[fe80::1]/v1"),
        ("https://h/a@b/v1", "https://h/a@b/v1"),
        ("https://h/a%2Fb", "https://h/a%2Fb"),
    ],
)
def test_a_base_url_has_one_way_to_be_written(text, url):
    assert parse_address(text).url == url


BLANK = "holds a blank, a control character or one that is not ASCII"
SCHEME = "does not begin with https:// or http://"
USER = "holds a user or a password"
PLACE = "has a host or a port that is not written plainly"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", SCHEME),
        ("api.sakana.ai/v1", SCHEME),
        ("ftp://h/v1", SCHEME),
        ("//h/v1", SCHEME),
        ("https:/h/v1", SCHEME),
        ("file:///etc/passwd", SCHEME),
        (" https://h/v1", BLANK),
        ("https://h/v1\n", BLANK),
        ("https://h\t/v1", BLANK),
        ("https://h/v1\0", BLANK),
        ("https://bücher.example/v1", BLANK),
        ("https://api.sakana.ai\uff0f.evil.example/v1", BLANK),
        ("https://\u0430pi.sakana.ai/v1", BLANK),
        ("https://api.sakana.ai\\@evil.example/v1", "holds a backslash"),
        ("https://user:secret@h/v1", USER),
        ("https://secret@h/v1", USER),
        ("http://127.0.0.1@evil.example/v1", USER),
        ("http://127.0.0.1:80@evil.example/v1", USER),
        ("https://h/v1?key=secret", "holds a query (?)"),
        ("https://h?@evil.example", "holds a query (?)"),
        ("https://h/v1#secret", "holds a fragment (#)"),
        ("https:///v1", PLACE),
        ("https://:443/v1", PLACE),
        ("https://h:/v1", PLACE),
        ("https://h:0/v1", PLACE),
        ("https://h:65536/v1", PLACE),
        ("https://h:-1/v1", PLACE),
        ("https://h:http/v1", PLACE),
        ("https://h:80:80/v1", PLACE),
        ("https://localhost./v1", PLACE),
        ("https://.localhost/v1", PLACE),
        ("https://a..b/v1", PLACE),
        ("https://-a/v1", PLACE),
        ("https://h%2eevil.example/v1", PLACE),
        ("https://" + "a" * 64 + "/v1", PLACE),
        ("https://" + "a." * 127 + "a/v1", PLACE),
        ("http://127.1/v1", PLACE),
        ("http://0x7f.1/v1", PLACE),
        ("http://0x7f000001/v1", PLACE),
        ("http://2130706433/v1", PLACE),
        ("http://0177.0.0.1/v1", PLACE),
        ("http://127.0.0.01/v1", PLACE),
        ("http://127.0.0.1./v1", PLACE),
        ("http://127.0.0.256/v1", PLACE),
        ("http://h.0x1/v1", PLACE),
        ("http://::1/v1", PLACE),
        ("http://[::1/v1", PLACE),
        ("http://[::1]evil/v1", PLACE),
        ("http://[::1%25lo]/v1", PLACE),
        ("http://[fe80::1%eth0]/v1", PLACE),
        ("http://[::ffff:127.0.0.1]/v1", PLACE),
        ("http://[::ffff:7f00:1]/v1", PLACE),
        ("http://[]/v1", PLACE),
        ("http://[v1.a]/v1", PLACE),
    ],
)
def test_a_url_that_two_programs_could_read_differently_is_refused_without_repeating_it(text, wrong):
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert str(caught.value) == wrong


@pytest.mark.parametrize(
    ("text", "is_loopback"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.255.255.254/v1", True),
        ("https://127.0.0.1/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://localhost:8000/v1", True),
        ("http://LOCALHOST/v1", True),
        ("http://localhost.evil.example/v1", False),
        ("http://localhost.localdomain/v1", False),
        ("http://a.localhost/v1", False),
        ("http://127.0.0.1.evil.example/v1", False),
        ("http://xn--localhost-1a/v1", False),
        ("http://128.0.0.1/v1", False),
        ("http://0.0.0.0/v1", False),
        ("http://[::]/v1", False),
        ("http://[::2]/v1", False),
        ("http://[::127.0.0.1]/v1", False),
        ("http://[64:ff9b::7f00:1]/v1", False),
        ("http://[fe80::1]/v1", False),
        ("http://10.0.0.1/v1", False),
        ("https://api.sakana.ai/v1", False),
    ],
)
def test_loopback_is_only_what_certainly_stays_on_this_machine(text, is_loopback):
    assert parse_address(text).is_loopback is is_loopback


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)) | st.text())
def test_a_url_is_refused_or_comes_back_the_same_from_its_own_text(rest):
    try:
        address = parse_address("https://" + rest)
    except AddressError:
        return
    assert parse_address(address.url) == address


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("llm.example.com", ("llm.example.com", None)),
        ("LLM.Example.com:8443", ("llm.example.com", 8443)),
        ("[::2]:1", ("[::2]", 1)),
        ("https://llm.example.com", None),
        ("llm.example.com/v1", None),
        ("*.example.com", None),
        ("*", None),
        ("", None),
    ],
)
def test_a_trusted_host_is_a_host_or_a_host_and_its_port(text, parts):
    assert parse_authority(text) == parts
