import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlord_run.errors import Exit, SettingsError
from overlord_run.host.shell import Host, require_supported

BASH = Host("linux", "bash", "posix")
FISH = Host("linux", "fish", "posix")
PWSH = Host("windows", "pwsh", "windows")
CMD = Host("windows", "cmd", "windows")
GIT_BASH = Host("windows", "git-bash", "posix")

POSIX_SHELLS = [BASH, Host("macos", "zsh", "posix"), Host("linux", "sh", "posix"), GIT_BASH]
NO_NUL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("host", "command"),
    [
        (BASH, "export SAKANA_API_KEY=YOUR_KEY"),
        (Host("macos", "zsh", "posix"), "export SAKANA_API_KEY=YOUR_KEY"),
        (Host("linux", "sh", "posix"), "export SAKANA_API_KEY=YOUR_KEY"),
        (GIT_BASH, "export SAKANA_API_KEY=YOUR_KEY"),
        (FISH, "set -gx SAKANA_API_KEY YOUR_KEY"),
        (PWSH, '$env:SAKANA_API_KEY = "YOUR_KEY"'),
        (Host("windows", "powershell", "windows"), '$env:SAKANA_API_KEY = "YOUR_KEY"'),
        (CMD, "set SAKANA_API_KEY=YOUR_KEY"),
    ],
)
def test_a_variable_is_set_in_the_syntax_of_the_shell(host, command):
    assert host.set_env("SAKANA_API_KEY", "YOUR_KEY") == command


def test_an_ellipsis_stands_for_a_value_without_quotes():
    assert BASH.set_env("X", "…") == "export X=…"
    assert CMD.set_env("X", "…") == "set X=…"


@pytest.mark.parametrize(
    ("host", "command"),
    [
        (BASH, """export X='a "b" $c'"""),
        (FISH, """set -gx X 'a "b" $c'"""),
        (PWSH, '$env:X = "a `"b`" `$c"'),
        (CMD, 'set X=a ^"b^" $c'),
    ],
)
def test_a_variables_value_is_quoted_for_the_shell(host, command):
    assert host.set_env("X", 'a "b" $c') == command


def test_cmd_sets_a_value_with_blanks_and_ampersands_inside_its_own_quotes():
    assert CMD.set_env("X", "a & b") == 'set "X=a & b"'


@pytest.mark.parametrize("host", [*POSIX_SHELLS, FISH, PWSH, CMD])
@pytest.mark.parametrize("word", ["run", "./plan.overlord.yml", "127.0.0.1:8000", "été", "--run", "-v"])
def test_a_plain_word_is_typed_as_it_is(host, word):
    assert host.quote(word) == word


@pytest.mark.parametrize("host", [PWSH, CMD])
def test_a_windows_path_is_plain_in_a_windows_shell(host):
    assert host.quote("C:\\work\\plan.yml") == "C:\\work\\plan.yml"


def test_a_windows_path_is_quoted_in_git_bash():
    assert GIT_BASH.quote("C:\\work\\plan.yml") == "'C:\\work\\plan.yml'"


@given(word=NO_NUL)
@pytest.mark.parametrize("host", POSIX_SHELLS)
def test_a_posix_shell_reads_back_the_word_that_was_quoted(host, word):
    assert shlex.split(host.quote(word)) == [word]


def test_the_real_shell_reads_back_words_that_are_hard_to_quote():
    words = ["", " ", "it's", "$HOME", "`id`", "a\nb", "\\", "!x", "*", "~", "=ls", "a,b", "#", "-n", "…", '"', "'\"'"]
    script = "printf '%s\\0' " + " ".join(BASH.quote(word) for word in words)
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == words


@pytest.mark.parametrize(
    ("host", "word", "typed"),
    [
        (FISH, "", "''"),
        (FISH, "it's $HOME", "'it\\'s $HOME'"),
        (FISH, "a\\b", "'a\\\\b'"),
        (PWSH, "", '""'),
        (PWSH, "a b", '"a b"'),
        (PWSH, "`$x", '"```$x"'),
        (PWSH, "@x", '"@x"'),
        (PWSH, "“x„ y", '"`“x`„ y"'),
        (PWSH, "-a.b", '"-a.b"'),
        (CMD, "", '""'),
        (CMD, "a b", '"a b"'),
        (CMD, "a&b", '"a&b"'),
        (CMD, "a b\\", '"a b\\\\"'),
        (CMD, "100%", '^"100^%^"'),
        (CMD, 'say "a b"', '^"say \\^"a b\\^"^"'),
        (CMD, 'a\\"b', '^"a\\\\\\^"b^"'),
        (CMD, "a\r\nb", '"a b"'),
    ],
)
def test_a_word_is_quoted_by_the_rules_of_the_shell(host, word, typed):
    assert host.quote(word) == typed


def test_a_host_is_recorded_as_three_facts():
    assert GIT_BASH.facts() == {"platform": "windows", "shell": "git-bash", "paths": "posix"}


def test_legacy_powershell_is_refused_with_the_way_to_pwsh():
    with pytest.raises(SettingsError) as caught:
        require_supported(Host("windows", "powershell", "windows"))
    assert caught.value.exit is Exit.NOT_PROVED
    assert caught.value.code == "shell-not-supported"
    assert caught.value.message == "Windows PowerShell (powershell.exe) is not supported"
    assert caught.value.next == (
        "start `pwsh` and run the command there; "
        "to install it: winget install --id Microsoft.PowerShell --source winget"
    )


@pytest.mark.parametrize("host", [*POSIX_SHELLS, FISH, PWSH, CMD])
def test_every_other_shell_is_supported(host):
    assert require_supported(host) is None
