import pytest

from overlord_run.playbook.address import parse_address
from overlord_run.settings.trust import key_use, trusts

OPERATOR, PLAYBOOK = True, False
TRUSTED, UNKNOWN = True, False


@pytest.mark.parametrize(
    ("url", "by_operator", "trusted", "use"),
    [
        # the default origin, whoever names it
        ("https://api.sakana.ai/v1", PLAYBOOK, UNKNOWN, "required"),
        ("https://api.sakana.ai/v2", PLAYBOOK, UNKNOWN, "required"),
        ("https://API.sakana.ai:443/v1", PLAYBOOK, UNKNOWN, "required"),
        ("https://api.sakana.ai/v1", OPERATOR, UNKNOWN, "required"),
        # what looks like it and is another origin
        ("http://api.sakana.ai/v1", PLAYBOOK, UNKNOWN, "refused"),
        ("https://api.sakana.ai:8443/v1", PLAYBOOK, UNKNOWN, "refused"),
        ("https://api.sakana.ai.evil.example/v1", PLAYBOOK, UNKNOWN, "refused"),
        ("https://sakana.ai/v1", PLAYBOOK, UNKNOWN, "refused"),
        ("https://xn--pi-7kc.sakana.ai/v1", PLAYBOOK, UNKNOWN, "refused"),
        # another host that the playbook alone names
        ("https://llm.example.com/v1", PLAYBOOK, UNKNOWN, "refused"),
        ("http://llm.example.com/v1", PLAYBOOK, UNKNOWN, "refused"),
        ("http://10.0.0.1:8000/v1", PLAYBOOK, UNKNOWN, "refused"),
        ("http://0.0.0.0:8000/v1", PLAYBOOK, UNKNOWN, "refused"),
        ("http://localhost.evil.example/v1", PLAYBOOK, UNKNOWN, "refused"),
        ("http://127.0.0.1.evil.example/v1", PLAYBOOK, UNKNOWN, "refused"),
        ("http://[::127.0.0.1]/v1", PLAYBOOK, UNKNOWN, "refused"),
        ("https://llm.example.com/v1", PLAYBOOK, TRUSTED, "if-set"),
        ("http://llm.example.com/v1", PLAYBOOK, TRUSTED, "withheld"),
        # loopback that the playbook alone names
        ("http://127.0.0.1:8000/v1", PLAYBOOK, UNKNOWN, "withheld"),
        ("http://127.9.9.9:8000/v1", PLAYBOOK, UNKNOWN, "withheld"),
        ("https://localhost:8000/v1", PLAYBOOK, UNKNOWN, "withheld"),
        ("http://LocalHost:8000/v1", PLAYBOOK, UNKNOWN, "withheld"),
        ("http://[::1]:8000/v1", PLAYBOOK, UNKNOWN, "withheld"),
        ("http://127.0.0.1:8000/v1", PLAYBOOK, TRUSTED, "withheld"),
        # what the operator names
        ("http://127.0.0.1:8000/v1", OPERATOR, UNKNOWN, "if-set"),
        ("https://localhost:8000/v1", OPERATOR, UNKNOWN, "if-set"),
        ("http://[::1]:8000/v1", OPERATOR, TRUSTED, "if-set"),
        ("https://llm.example.com/v1", OPERATOR, UNKNOWN, "required"),
        ("https://llm.example.com/v1", OPERATOR, TRUSTED, "if-set"),
        ("http://llm.example.com/v1", OPERATOR, UNKNOWN, "none-may-be-set"),
        ("http://10.0.0.1:8000/v1", OPERATOR, UNKNOWN, "none-may-be-set"),
        ("http://llm.example.com/v1", OPERATOR, TRUSTED, "withheld"),
        ("http://api.sakana.ai/v1", OPERATOR, UNKNOWN, "none-may-be-set"),
    ],
)
def test_a_key_goes_where_its_origin_lets_it(url, by_operator, trusted, use):
    address = parse_address(url)
    assert key_use(address, is_operators=by_operator, is_trusted=trusted) == use


@pytest.mark.parametrize(
    ("hosts", "url", "trusted"),
    [
        ([], "https://llm.example.com/v1", False),
        (["other.example.com", "llm.example.com"], "https://llm.example.com/v1", True),
        (["LLM.example.com"], "https://llm.example.com/v1", True),
        (["llm.example.com"], "http://llm.example.com/v1", True),
        (["llm.example.com"], "https://llm.example.com:8443/v1", False),
        (["llm.example.com:8443"], "https://llm.example.com:8443/v1", True),
        (["llm.example.com:8443"], "https://llm.example.com/v1", False),
        (["llm.example.com:443"], "https://llm.example.com/v1", True),
        (["llm.example.com:443"], "http://llm.example.com/v1", False),
        (["example.com"], "https://llm.example.com/v1", False),
        (["llm.example.com"], "https://llm.example.com.evil.example/v1", False),
        (["[::2]"], "http://[0::2]/v1", True),
        (["[::2]:8000"], "http://[::2]:8000/v1", True),
        (["[::2]"], "http://[::2]:8000/v1", False),
    ],
)
def test_a_host_is_trusted_at_one_port_only(hosts, url, trusted):
    assert trusts(hosts, parse_address(url)) is trusted
