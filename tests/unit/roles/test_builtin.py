import pytest

from overlord_run.files import FileError
from overlord_run.playbook.rolefile import parse_role
from overlord_run.roles.builtin import names, read


def test_each_name_is_a_role_that_ships_with_the_runner() -> None:
    assert "judge" in names()
    assert names() == sorted(names())
    for name in names():
        assert parse_role(read(name), name).name == name


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("security-critic", "did you mean 'security_critic'? "),
        ("judge.md", "did you mean 'judge'? "),
        ("Judge", "did you mean 'judge'? "),
        ("", ""),
        (".", ""),
        ("..", ""),
        ("../roles/judge", ""),
        ("../../schemas/role.schema.json", ""),
        ("/etc/passwd", ""),
        ("nul", ""),
        ("\0", ""),
    ],
)
def test_a_name_that_is_not_there_is_never_a_path(name: str, near: str) -> None:
    with pytest.raises(FileError) as caught:
        read(name)
    assert caught.value.rule == "unknown-builtin"
    assert caught.value.reason == "is not a role that ships with the runner"
    assert caught.value.hint == f"{near}there are {', '.join(map(repr, names()))}"
