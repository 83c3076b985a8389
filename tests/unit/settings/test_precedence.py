import json
import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from overlord_run.errors import SettingsError, UsageError
from overlord_run.plan.model import Plan, PlannedModel
from overlord_run.playbook.model import Engine, Model, Playbook, Rate
from overlord_run.playbook.texts import Place
from overlord_run.settings.environment import API_KEY, API_KEY_FILE, BASE_URL, CA_FILE, MODEL, TIMEOUT_MS, ULTRA_MODEL
from overlord_run.settings.model import Config, Flags
from overlord_run.settings.precedence import models_to_prove, resolve

CANARY = "sk-canary-9f8e7d6c5b4a"
CONFIG = Config(Path("config.yml"))
HERE = Place("council.yml", 1, 1)
BUILT_IN = {"normal": Model("normal", "fugu"), "ultra": Model("ultra", "fugu-ultra")}


def settled(flags=Flags(), environ=None, engine=Engine(), config=CONFIG, *, models=BUILT_IN, stand_in=None):  # noqa: B008 - frozen values
    return resolve(flags, environ or {}, engine, config, models=models, stand_in=stand_in)


def test_the_defaults_are_those_of_the_api():
    settings = settled()
    assert settings.to_json() == {
        "baseUrl": "https://api.sakana.ai/v1",
        "provider": "sakana",
        "keyName": None,
        "keyRequired": True,
        "timeoutS": 90.0,
        "concurrency": 8,
        "attempts": 3,
        "rate": {"requestsPerMinute": None, "tokensPerMinute": None},
        "preflight": "models",
        "modelIds": {},
        "proxy": None,
        "caFile": None,
        "trusted": None,
        "baseUrlFrom": None,
        "leaseS": 1800.0,
        "budget": None,
        "overrides": [],
        "notes": [],
    }


@dataclass(frozen=True)
class Row:
    """A setting, who may say it, and values that can be told apart. What is None cannot say it."""

    name: str
    values: tuple
    default: object
    flag: str | None = None
    variables: tuple = ()
    playbook: str | None = None


ADDRESSES = tuple(f"https://{name}.example.com/v1" for name in "abcd")
ROWS = [
    Row("base_url", ADDRESSES, "https://api.sakana.ai/v1", "base_url", BASE_URL, "base_url"),
    Row("timeout_s", (6.0, 70.0, 80.0, 500.0), 90.0, "timeout", TIMEOUT_MS, "timeout_s"),
    Row("concurrency", (1, 3, 9, 1000), 8, "concurrency", playbook="concurrency"),
    Row("provider", ("a", "b"), "sakana", playbook="provider"),
    Row("attempts", (1, 2, 4), 3, playbook="attempts"),
    Row("rate", (Rate(60), Rate(None, 9000)), Rate(), playbook="rate"),
    Row("preflight", ("models", "probe"), "models", playbook="preflight"),
    Row("ca_file", ("/a.pem", "/b.pem", "/c.pem"), None, "ca_file", CA_FILE),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@given(data=st.data())
def test_the_most_specific_that_is_said_wins(row, data):
    def drawn(names):
        said = st.none() | st.sampled_from(row.values)
        return {name: data.draw(said, label=name) for name in names if name}

    flags, variables, playbook = drawn([row.flag]), drawn(row.variables), drawn([row.playbook])
    settings = settled(
        Flags(
            **{name: f"{value}s" if value and name == "timeout" else value for name, value in flags.items()},
            trust_hosts=tuple(address.split("/")[2] for address in ADDRESSES),
        ),
        {name: "" if value is None else in_environment(value) for name, value in variables.items()},
        Engine(**playbook),
    )
    said = [*flags.values(), *variables.values(), *playbook.values()]
    expected = next((value for value in said if value is not None), row.default)
    assert getattr(settings, row.name) == expected


def in_environment(value):
    """Return a value as a variable says it: a timeout in milliseconds."""
    return str(value * 1000) if isinstance(value, float) else str(value)


def test_the_variables_have_the_names_that_are_documented_the_seeds_first():
    assert BASE_URL == ("MMI_OVERLORD_LLM_BASE_URL", "OVERLORD_BASE_URL")
    assert MODEL == ("MMI_OVERLORD_LLM_MODEL", "OVERLORD_MODEL")
    assert ULTRA_MODEL == ("MMI_OVERLORD_LLM_ULTRA_MODEL", "OVERLORD_ULTRA_MODEL")
    assert API_KEY == ("SAKANA_API_KEY", "MMI_OVERLORD_LLM_API_KEY", "OVERLORD_API_KEY")
    assert API_KEY_FILE == ("SAKANA_API_KEY_FILE",)
    assert TIMEOUT_MS == ("MMI_OVERLORD_LLM_TIMEOUT_MS", "OVERLORD_TIMEOUT_MS")


@pytest.mark.parametrize(
    ("flags", "environ", "model_ids"),
    [
        (Flags(), {}, {}),
        (Flags(model="a"), {"MMI_OVERLORD_LLM_MODEL": "b", "OVERLORD_MODEL": "c"}, {"normal": "a"}),
        (Flags(), {"MMI_OVERLORD_LLM_MODEL": "b", "OVERLORD_MODEL": "c"}, {"normal": "b"}),
        (Flags(), {"MMI_OVERLORD_LLM_MODEL": "", "OVERLORD_MODEL": "c"}, {"normal": "c"}),
        (Flags(ultra_model="a"), {"MMI_OVERLORD_LLM_ULTRA_MODEL": "b", "OVERLORD_ULTRA_MODEL": "c"}, {"ultra": "a"}),
        (Flags(), {"MMI_OVERLORD_LLM_ULTRA_MODEL": "b", "OVERLORD_ULTRA_MODEL": "c"}, {"ultra": "b"}),
        (Flags(), {"OVERLORD_MODEL": "b", "OVERLORD_ULTRA_MODEL": "c"}, {"normal": "b", "ultra": "c"}),
    ],
)
def test_the_operator_chooses_the_two_models(flags, environ, model_ids):
    assert settled(flags, environ).model_ids == model_ids


def test_a_blank_model_is_a_mistake_of_the_command_line():
    with pytest.raises(UsageError) as caught:
        settled(Flags(ultra_model=" "))
    assert (caught.value.message, caught.value.next) == ("--ultra-model is blank", "give a model id, like fugu")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/v1", "http://localhost:8000/v1", "https://[::1]/v1"])
def test_on_loopback_two_calls_are_in_flight_unless_something_else_is_said(url):
    assert settled(Flags(base_url=url)).concurrency == 2
    assert settled(Flags(base_url=url), engine=Engine(concurrency=5)).concurrency == 5
    assert settled(Flags(base_url=url, concurrency=4), engine=Engine(concurrency=5)).concurrency == 4


@pytest.mark.parametrize("attempts", [None, 1, 5])
def test_fail_fast_leaves_one_attempt(attempts):
    assert settled(Flags(fail_fast=True), engine=Engine(attempts=attempts)).attempts == 1


@pytest.mark.parametrize(
    ("flags", "config", "proxy"),
    [
        (Flags(proxy="http://p:3128/"), replace(CONFIG, proxy="http://q:3128"), "http://p:3128"),
        (Flags(), replace(CONFIG, proxy="http://q:3128"), "http://q:3128"),
        (Flags(base_url="http://127.0.0.1:8000", proxy="http://p:3128"), CONFIG, None),
    ],
)
def test_a_proxy_is_the_flags_else_the_config_files_and_never_stands_before_loopback(flags, config, proxy):
    assert settled(flags, config=config).proxy == proxy


@pytest.mark.parametrize(
    ("flags", "config", "name"),
    [
        (Flags(proxy=f"http://me:{CANARY}@p:3128"), CONFIG, "--proxy"),
        (Flags(), replace(CONFIG, proxy=f"http://me:{CANARY}@p:3128"), "config.yml: proxy"),
    ],
)
def test_a_proxys_password_is_refused_and_not_repeated(flags, config, name):
    with pytest.raises(SettingsError) as caught:
        settled(flags, config=config)
    assert caught.value.message == f"the URL in {name} holds a user or a password"


def test_the_environment_has_no_say_on_proxies():
    environ = {"HTTPS_PROXY": "http://p:3128", "https_proxy": "http://p:3128", "ALL_PROXY": "http://p:3128"}
    assert settled(environ=environ).proxy is None


def test_the_config_files_certificates_are_the_last_choice():
    config = replace(CONFIG, ca_file="/etc/ca.pem")
    assert settled(config=config).ca_file == "/etc/ca.pem"
    assert settled(environ={"SSL_CERT_FILE": "/pem"}, config=config).ca_file == "/pem"


def test_a_sentence_tells_each_setting_that_won_over_the_playbooks():
    engine = Engine(base_url="https://API.example.com/v1", timeout_s=30.0, concurrency=4, attempts=2)
    models = {"normal": Model("normal", "small", place=HERE), "ultra": Model("ultra", "fugu-ultra")}
    flags = Flags(
        base_url="http://127.0.0.1:8000/v1/", concurrency=1, fail_fast=True, model="tiny", ultra_model="large"
    )
    assert settled(flags, {"OVERLORD_TIMEOUT_MS": "60000"}, engine, models=models).overrides == (
        "the base URL is http://127.0.0.1:8000/v1, from --base-url; the playbook says https://api.example.com/v1",
        "the timeout is 60 s, from OVERLORD_TIMEOUT_MS; the playbook says 30 s",
        "the concurrency is 1, from --concurrency; the playbook says 4",
        "the number of attempts is 1, from --fail-fast; the playbook says 2",
        "the model normal is tiny, from --model; the playbook says small",
    )


def test_nothing_is_overridden_where_the_operator_says_what_the_playbook_says():
    engine = Engine(base_url="https://llm.example.com/v1", timeout_s=30.0, concurrency=4, attempts=1)
    models = {"normal": Model("normal", "small", place=HERE)}
    flags = Flags(base_url="https://LLM.example.com/v1/", timeout="30s", concurrency=4, fail_fast=True, model="small")
    assert settled(flags, engine=engine, models=models).overrides == ()


def test_what_was_asked_and_not_done_is_noted():
    environ = {"OVERLORD_TIMEOUT_MS": "1", "SAKANA_API_KEY": CANARY}
    assert settled(environ=environ, engine=Engine(base_url="http://127.0.0.1:8000/v1")).notes == (
        (
            "the key in SAKANA_API_KEY is not sent to 127.0.0.1:8000: "
            "the playbook alone names it; --base-url would send it"
        ),
        "OVERLORD_TIMEOUT_MS asks for 0.001 s; a request may take from 5 s to 10 min, so it is 5 s",
    )


@pytest.mark.parametrize(
    ("url", "where"), [("http://127.0.0.1:8000/v1", "127.0.0.1:8000"), ("https://[::1]/v1", "[::1]")]
)
def test_a_proxy_that_is_asked_for_and_not_used_on_loopback_is_noted(url, where):
    settings = settled(Flags(base_url=url, proxy="http://p:3128"))
    assert (settings.proxy, settings.notes) == (None, (f"--proxy is not used: {where} is on this machine",))


def test_the_config_files_proxy_is_for_what_leaves_this_machine_and_needs_no_note():
    config = replace(CONFIG, proxy="http://p:3128")
    assert settled(Flags(base_url="http://127.0.0.1:8000/v1"), config=config).notes == ()


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (Flags(), ()),
        (Flags(model="a", timeout="60s", concurrency=1, fail_fast=True, state_dir="runs"), ()),
        (Flags(base_url="https://h/v1"), ("--base-url",)),
        (Flags(api_key_env="NAME"), ("--api-key-env",)),
        (Flags(trust_hosts=("a", "b")), ("--trust-host",)),
        (Flags(api_key_file="key", proxy="http://p", ca_file="pem"), ("--api-key-file", "--proxy", "--ca-file")),
    ],
)
def test_each_flag_that_plays_no_part_in_a_rehearsal_is_noted(flags, names):
    assert settled(flags, stand_in="rehearsal").notes == tuple(
        f"{name} is not used: a rehearsal sends nothing" for name in names
    )


def test_the_key_is_in_no_text_of_the_settings():
    settings = settled(environ={"SAKANA_API_KEY": CANARY})
    assert settings.key.reveal() == CANARY
    assert settings.to_json()["keyName"] == "SAKANA_API_KEY"
    assert CANARY not in json.dumps(settings.to_json()) + repr(settings) + str(settings)
    with pytest.raises(TypeError):
        pickle.dumps(settings)


@pytest.mark.parametrize(
    ("flags", "environ", "engine"),
    [
        (Flags(api_key_file="/nowhere", proxy="nonsense", trust_hosts=("*",)), {}, Engine()),
        (Flags(api_key_env="MISSING", base_url="nonsense"), {}, Engine()),
        (Flags(), {"SAKANA_API_KEY": "malformed\n", "OVERLORD_BASE_URL": "http://gpu:8000/v1"}, Engine()),
        (
            Flags(),
            {"SAKANA_API_KEY_FILE": "/nowhere", "SSL_CERT_FILE": "/nowhere"},
            Engine(base_url="https://evil.example/", rate=Rate(1, 1)),
        ),
    ],
)
def test_in_a_rehearsal_no_key_is_read_and_no_address_matters(flags, environ, engine):
    settings = settled(flags, environ, engine, stand_in="rehearsal")
    assert (settings.key, settings.key_name, settings.key_required) == (None, None, False)
    assert (settings.base_url, settings.proxy, settings.ca_file) == ("https://rehearsal.invalid/v1", None, None)
    assert (settings.concurrency, settings.rate, settings.overrides) == (8, Rate(), ())


def playbook(models):
    return Playbook(file="council.yml", name="council", digest="", assignments=(), models=models)


def plan(**ids):
    models = {alias: PlannedModel(alias, model_id, {}) for alias, model_id in ids.items()}
    return Plan("council", "", {}, {}, None, models, (), (), ())


NAMED = {"fast": Model("fast", "quick", place=HERE), "spare": Model("spare", "unused", place=HERE)}


@pytest.mark.parametrize(
    ("flags", "models", "used", "proved"),
    [
        (Flags(), BUILT_IN, {"normal": "fugu"}, ("fugu", "fugu-ultra")),
        (Flags(model="a"), BUILT_IN, {"normal": "a"}, ("a", "fugu-ultra")),
        (Flags(ultra_model="b"), BUILT_IN, {"normal": "fugu"}, ("b", "fugu")),
        (Flags(), BUILT_IN | NAMED, {"fast": "quick"}, ("fugu", "fugu-ultra", "quick", "unused")),
        (Flags(), BUILT_IN | {"ultra": Model("ultra", "big", place=HERE)}, {}, ("big", "fugu")),
        (Flags(ultra_model="b"), BUILT_IN | {"ultra": Model("ultra", "big", place=HERE)}, {}, ("b", "fugu")),
        (Flags(base_url="http://[::1]/v1"), BUILT_IN, {"normal": "fugu"}, ("fugu",)),
        (Flags(base_url="http://[::1]/v1"), BUILT_IN | NAMED, {"normal": "fugu"}, ("fugu", "quick", "unused")),
        (Flags(base_url="http://[::1]/v1", ultra_model="b"), BUILT_IN, {"normal": "fugu"}, ("b", "fugu")),
        (Flags(base_url="http://[::1]/v1", model="same", ultra_model="same"), BUILT_IN, {}, ("same",)),
    ],
)
def test_every_model_that_is_used_or_configured_must_be_listed(flags, models, used, proved):
    settings = settled(flags, models=models)
    assert models_to_prove(settings, playbook(models), plan(**used)) == proved
