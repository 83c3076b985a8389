import os
from pathlib import Path

import pytest

from overlord_run.errors import Exit, SettingsError
from overlord_run.settings.config import config_path, load_config
from overlord_run.settings.model import Config


def written(tmp_path, text):
    path = tmp_path / "config.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_nothing_is_said(tmp_path):
    path = tmp_path / "nowhere" / "config.yml"
    assert load_config(path) == Config(path)
    assert load_config(Path("/dev/null/config.yml")) == Config(Path("/dev/null/config.yml"))


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}\n"])
def test_an_empty_file_says_nothing(tmp_path, text):
    path = written(tmp_path, text)
    assert load_config(path) == Config(path)


def test_a_file_says_which_hosts_are_trusted_and_the_way_out(tmp_path):
    path = written(
        tmp_path,
        "trust_hosts: [llm.example.com, 'gpu:8000']\nproxy: http://proxy.example.com:3128\nca_file: /etc/ca.pem\n",
    )
    assert load_config(path) == Config(
        path, ("llm.example.com", "gpu:8000"), "http://proxy.example.com:3128", "/etc/ca.pem"
    )


def test_a_ca_file_is_found_beside_the_config_file(tmp_path):
    path = written(tmp_path, "ca_file: ca.pem\n")
    assert load_config(path).ca_file == str(tmp_path / "ca.pem")


TRUST_HINT = "(write it without https:// and path, like llm.example.com or llm.example.com:8443)"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("trust_host: [a]\n", ["1:1: unknown key 'trust_host' (did you mean 'trust_hosts'?)"]),
        ("base_url: x\n", ["1:1: unknown key 'base_url' (the keys are 'trust_hosts', 'proxy', 'ca_file')"]),
        ("trust_hosts: a\n", ["1:1: trust_hosts must be a list (write it like [llm.example.com])"]),
        (
            "trust_hosts:\n  - a.example\n  - https://b\n  - 7\n",
            [
                f"3:5: this is no host, or host and port {TRUST_HINT}",
                f"4:5: this is no host, or host and port {TRUST_HINT}",
            ],
        ),
        ("proxy: 3128\nca_file: [a]\n", ["1:1: proxy must be a text", "2:1: ca_file must be a text"]),
        ("proxy: ''\n", ["1:1: proxy must be a text"]),
        ("- a\n", ["1:1: the file must be a map (its keys are 'trust_hosts', 'proxy', 'ca_file')"]),
        ("proxy: a\nproxy: b\n", ["2:1: the key 'proxy' stands here twice, first on line 1 (keep one of them)"]),
    ],
)
def test_all_that_is_wrong_in_a_file_is_told_at_its_place(tmp_path, text, lines):
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_config(path)
    assert caught.value.message == "\n".join(f"{path}:{line}" for line in lines)
    assert caught.value.next == "correct the config file"
    assert (caught.value.code, caught.value.exit) == ("config-invalid", Exit.NOT_PROVED)


def test_of_many_problems_the_first_are_told(tmp_path):
    path = written(tmp_path, "".join(f"key_{number}: 1\n" for number in range(100)))
    with pytest.raises(SettingsError) as caught:
        load_config(path)
    assert len(caught.value.message.splitlines()) == 10


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Path.mkdir, "is a folder, not a file"),
        (os.mkfifo, "is a named pipe, not a file"),
        (lambda path: path.write_bytes(b"#" * 70_000), "is larger than 65,536 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path, make, reason):
    path = tmp_path / "config.yml"
    make(path)
    with pytest.raises(SettingsError) as caught:
        load_config(path)
    assert caught.value.message == f"the config file '{path}' {reason}"
    assert caught.value.code == "config-unreadable"


def test_the_file_is_in_a_folder_of_our_own():
    assert config_path().is_absolute()
    assert config_path().parts[-2:] == ("overlord-run", "config.yml")
