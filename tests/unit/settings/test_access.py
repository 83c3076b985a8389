import os
from pathlib import Path

import pytest

from overlord_run.errors import Exit, SettingsError, UsageError
from overlord_run.playbook.model import Engine
from overlord_run.playbook.texts import Place
from overlord_run.settings.access import no_access, settle_access
from overlord_run.settings.model import Config, Flags

CANARY = "sk-canary-9f8e7d6c5b4a"
KEY = {"SAKANA_API_KEY": CANARY}
NO_CONFIG = Config(Path("/home/me/.config/overlord-run/config.yml"))


def settle(flags=Flags(), environ=KEY, engine=Engine(), config=NO_CONFIG):  # noqa: B008 - frozen values
    return settle_access(flags, environ, engine, config)


def playbook(base_url):
    return Engine(base_url=base_url, base_url_place=Place("council.yml", 7, 13))


def refusal(error_type=SettingsError, **facts):
    with pytest.raises(error_type) as caught:
        settle(**facts)
    error = caught.value
    shown = f"{error!r} {error} {error.message} {error.next} {error.__cause__!r}"
    assert CANARY not in shown
    return error


def test_by_default_the_key_goes_to_the_default_host():
    access = settle()
    assert access.address.url == "https://api.sakana.ai/v1"
    assert access.key.reveal() == CANARY
    assert (access.key_name, access.key_required, access.note) == ("SAKANA_API_KEY", True, None)


def test_without_a_key_the_default_host_still_needs_one():
    access = settle(environ={})
    assert (access.key, access.key_name, access.key_required) == (None, None, True)


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        (
            {"SAKANA_API_KEY": CANARY, "MMI_OVERLORD_LLM_API_KEY": "second", "OVERLORD_API_KEY": "third"},
            "SAKANA_API_KEY",
        ),
        ({"MMI_OVERLORD_LLM_API_KEY": CANARY, "OVERLORD_API_KEY": "third"}, "MMI_OVERLORD_LLM_API_KEY"),
        ({"SAKANA_API_KEY": "", "MMI_OVERLORD_LLM_API_KEY": "", "OVERLORD_API_KEY": CANARY}, "OVERLORD_API_KEY"),
        ({"SAKANA_API_KEY": CANARY, "SAKANA_API_KEY_FILE": "/nowhere"}, "SAKANA_API_KEY"),
    ],
)
def test_the_first_variable_that_is_set_is_the_key(environ, name):
    access = settle(environ=environ)
    assert (access.key.reveal(), access.key_name) == (CANARY, name)


def test_the_variable_that_a_flag_names_is_the_only_one_read():
    access = settle(Flags(api_key_env="MY_KEY"), {"MY_KEY": CANARY, "SAKANA_API_KEY": "another"})
    assert (access.key.reveal(), access.key_name) == (CANARY, "MY_KEY")


@pytest.mark.parametrize("environ", [KEY, {**KEY, "MY_KEY": ""}])
def test_a_variable_that_a_flag_names_and_that_is_not_set_is_told_by_its_name(environ):
    error = refusal(flags=Flags(api_key_env="MY_KEY"), environ=environ)
    assert error.message == "the variable MY_KEY is not set or is empty"
    assert error.next == "give --api-key-env the name of the variable that holds the key, and never the key"
    assert error.code == "key-missing"


def test_a_key_given_in_place_of_a_variables_name_is_not_repeated():
    error = refusal(flags=Flags(api_key_env=CANARY))
    assert error.message == "the variable that --api-key-env names is not set or is empty"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_key_is_read_from_a_file_of_one_line(tmp_path, ending, mark):
    file = tmp_path / "key"
    file.write_bytes(mark + f"{CANARY}{ending}".encode())
    by_variable = settle(environ={"SAKANA_API_KEY_FILE": str(file)})
    assert (by_variable.key.reveal(), by_variable.key_name) == (CANARY, "SAKANA_API_KEY_FILE")
    by_flag = settle(Flags(api_key_file=str(file)), {"SAKANA_API_KEY": "another"})
    assert (by_flag.key.reveal(), by_flag.key_name) == (CANARY, "--api-key-file")


def test_a_key_file_of_two_lines_is_refused_without_repeating_it(tmp_path):
    (tmp_path / "key").write_text(f"{CANARY}\n{CANARY}\n", encoding="utf-8")
    error = refusal(flags=Flags(api_key_file=str(tmp_path / "key")))
    assert error.message == "the API key in the file of --api-key-file has a blank or a line break in it"


def fifo(path):
    os.mkfifo(path)


def folder(path):
    path.mkdir()


def device(path):
    path.symlink_to("/dev/zero")


def large(path):
    path.write_bytes(b"k" * 20_000)


def missing(path):
    assert not path.exists()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (fifo, "is a named pipe, not a file"),
        (folder, "is a folder, not a file"),
        (device, "is a device, not a file"),
        (large, "is larger than 16,384 bytes"),
        (missing, "does not exist"),
    ],
)
def test_a_key_file_that_cannot_be_read_is_told_without_its_path(tmp_path, make, reason):
    path = tmp_path / CANARY
    make(path)
    error = refusal(flags=Flags(api_key_file=str(path)))
    assert error.message == f"the key file that --api-key-file names {reason}"
    assert error.next == "give --api-key-file the path of a file that holds the key alone"
    assert error.code == "key-file"
    assert str(path) not in error.message + error.next


def test_a_path_with_a_nul_character_is_no_crash():
    assert refusal(flags=Flags(api_key_file="a\0b")).message == (
        "the key file that --api-key-file names cannot be read: no file can have this path"
    )


def test_the_two_flags_for_a_key_exclude_each_other():
    error = refusal(UsageError, flags=Flags(api_key_env="A", api_key_file="b"))
    assert error.message == "--api-key-env and --api-key-file cannot both be given"


@pytest.mark.parametrize("value", [f"{CANARY}\n", f"{CANARY} x", f" {CANARY}", f"{CANARY}é", f"{CANARY}\x1b[0m", "   "])
def test_a_malformed_key_is_never_repeated(value):
    error = refusal(environ={"SAKANA_API_KEY": value})
    assert error.message.startswith("the API key in SAKANA_API_KEY ")
    assert value.strip() == "" or value.strip() not in error.message + error.next


@pytest.mark.parametrize("name", ["MMI_OVERLORD_LLM_BASE_URL", "OVERLORD_BASE_URL"])
@pytest.mark.parametrize("url", ["https://llm.example.com/v1", "http://127.0.0.1:8000/v1"])
def test_the_key_goes_to_an_address_that_a_variable_names(name, url):
    access = settle(environ={**KEY, name: url})
    assert (access.address.url, access.named_by, access.key.reveal()) == (url, name, CANARY)


def test_a_local_server_that_the_operator_names_needs_no_key():
    access = settle(Flags(base_url="http://localhost:8000/v1"), {})
    assert (access.key, access.key_required) == (None, False)


def test_a_local_server_that_the_playbook_names_gets_no_key():
    access = settle(engine=playbook("http://127.0.0.1:8000/v1"), environ={"SAKANA_API_KEY": "not even looked at\n"})
    assert (access.key, access.key_name, access.key_required) == (None, None, False)
    assert access.note == (
        "the key in SAKANA_API_KEY is not sent to 127.0.0.1:8000: the playbook alone names it; --base-url would send it"
    )
    assert settle(engine=playbook("http://127.0.0.1:8000/v1"), environ={}).note is None


def test_another_host_that_the_playbook_names_is_refused_with_the_way_to_trust_it():
    error = refusal(engine=playbook("https://llm.example.com:8443/v1"))
    assert error.message == (
        "council.yml:7:13: the playbook's base_url leads to llm.example.com:8443, a host that you do not trust yet"
    )
    assert error.next == (
        "to trust it: --trust-host llm.example.com:8443, "
        "or list it under trust_hosts in /home/me/.config/overlord-run/config.yml"
    )
    assert (error.code, error.exit) == ("untrusted-host", Exit.NOT_PROVED)


@pytest.mark.parametrize(
    ("flags", "config"),
    [
        (Flags(trust_hosts=("llm.example.com",)), NO_CONFIG),
        (Flags(), Config(Path("config.yml"), trust_hosts=("llm.example.com",))),
    ],
)
def test_a_trusted_host_gets_the_key_over_https_and_is_recorded(flags, config):
    access = settle(flags, engine=playbook("https://llm.example.com/v1"), config=config)
    assert (access.key.reveal(), access.key_required, access.trusted) == (CANARY, False, "llm.example.com")
    without = settle(flags, {}, engine=playbook("https://llm.example.com/v1"), config=config)
    assert (without.key, without.key_required) == (None, False)


@pytest.mark.parametrize(
    ("flags", "engine"),
    [
        (Flags(trust_hosts=("gpu:8000",)), playbook("http://gpu:8000/v1")),
        (Flags(trust_hosts=("gpu:8000",), base_url="http://gpu:8000/v1"), Engine()),
    ],
)
def test_a_trusted_host_over_plain_http_gets_no_key(flags, engine):
    access = settle(flags, engine=engine)
    assert (access.key, access.key_required) == (None, False)
    assert access.note == "the key in SAKANA_API_KEY is not sent to gpu:8000: it is reached over plain http"


def test_a_key_is_not_sent_over_plain_http_even_where_the_operator_names_the_address():
    error = refusal(flags=Flags(base_url="http://gpu:8000/v1"))
    assert error.message == (
        "the key in SAKANA_API_KEY would go to gpu:8000 over plain http, for anyone on the way to read"
    )
    assert error.next == "use https://, or --trust-host gpu:8000 to go on without the key"
    assert error.code == "key-over-http"


def test_plain_http_without_a_key_goes_where_the_operator_says():
    access = settle(Flags(base_url="http://gpu:8000/v1"), {})
    assert (access.address.url, access.key, access.key_required) == ("http://gpu:8000/v1", None, False)


@pytest.mark.parametrize("host", ["https://llm.example.com", "llm.example.com/v1", "*", ""])
def test_a_trusted_host_that_is_none_is_a_mistake_of_the_command_line(host):
    error = refusal(UsageError, flags=Flags(trust_hosts=("fine.example.com", host)))
    assert error.message == "--trust-host takes a host or a host and its port"
    assert error.next == "write it without https:// and path, like llm.example.com or llm.example.com:8443"


@pytest.mark.parametrize(
    ("flags", "environ", "name"),
    [
        (Flags(base_url=f"https://user:{CANARY}@llm.example.com/v1"), {}, "--base-url"),
        (Flags(), {"OVERLORD_BASE_URL": f"https://user:{CANARY}@llm.example.com/v1"}, "OVERLORD_BASE_URL"),
    ],
)
def test_an_operators_malformed_base_url_is_told_by_the_name_it_stands_under_and_not_repeated(flags, environ, name):
    error = refusal(flags=flags, environ=environ)
    assert error.message == f"the URL in {name} holds a user or a password"
    assert error.next == "write it as https://HOST/PATH or https://HOST:PORT/PATH"
    assert error.code == "url-malformed"


def test_a_rehearsal_has_an_address_that_exists_nowhere_and_no_key():
    access = no_access("rehearsal")
    assert access.address.url == "https://rehearsal.invalid/v1"
    assert (access.key, access.key_required) == (None, False)
