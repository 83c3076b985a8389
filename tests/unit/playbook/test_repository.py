import pytest

from overlord_run.playbook.repository import folder_fault, is_commit, rev_fault, url_fault

LIKE = "write it like https://github.com/acme/roles"
NAMED = "name a tag, a branch, or a commit by its 40 characters"
FROM_ROOT = "write the path from the repository's root, like roles or council/roles"
BARE = "take it out; git asks the credential helper, or ssh its agent, of whoever runs it"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/roles",
        "https://github.com/acme/roles.git",
        "https://git.example.com:8443/team/council/roles",
        "https://[::1]:8443/roles",
        "ssh://git@github.com/acme/roles.git",
        "ssh://git.example.com:2222/~team/roles",
        "file:///srv/git/roles",
        "file:///C:/Users/jo/roles",
        "file:///srv/gÿt/roles",
    ],
)
def test_the_address_of_a_repository_is_taken(url: str) -> None:
    assert url_fault(url) is None


OPTION = "begins with '-', which git would take for an option"
UNPRINTABLE = "holds a blank or a character that cannot be printed"
BLANK = f"{LIKE}, and a blank as %20"
NO_SCHEME = "does not begin with https://, ssh:// or file://"
SECRET = "holds a user's name or password"
NOT_ONE = "is not the address of a repository"


@pytest.mark.parametrize(
    ("url", "reason", "hint"),
    [
        ("", NO_SCHEME, LIKE),
        ("--upload-pack=touch canary", OPTION, LIKE),
        ("https://github.com/" + "a" * 1000, "is longer than 1,000 characters", LIKE),
        ("https://github.com/acme\nhost=evil.example", UNPRINTABLE, BLANK),
        ("https://github.com/acme%0ahost=evil.example", UNPRINTABLE, BLANK),
        ("https://github.com/a b", UNPRINTABLE, BLANK),
        ("https://github.com\\@evil.example/roles", "holds a backslash; folders are separated by '/'", LIKE),
        ("ext::sh -c touch% canary", UNPRINTABLE, BLANK),
        ("ext::canary", "names a program of git's to run, by '::'", LIKE),
        ("fd::17", "names a program of git's to run, by '::'", LIKE),
        ("https::https://github.com/acme/roles", "names a program of git's to run, by '::'", LIKE),
        (
            "git@github.com:acme/roles",
            "is in the short form of ssh",
            "write it like ssh://git@github.com/acme/roles",
        ),
        ("http://github.com/acme/roles", NO_SCHEME, LIKE),
        ("git://github.com/acme/roles", NO_SCHEME, LIKE),
        ("HTTPS://github.com/acme/roles", NO_SCHEME, LIKE),
        ("../roles", NO_SCHEME, LIKE),
        ("/srv/git/roles", NO_SCHEME, LIKE),
        ("https://jo@github.com/acme/roles", SECRET, BARE),
        ("https://jo:hunter2@github.com/acme/roles", SECRET, BARE),
        ("ssh://git:hunter2@github.com/acme/roles", SECRET, BARE),
        (
            "https://github.com/acme/roles?private_token=hunter2",
            "holds '?' or '#'",
            "name the repository alone; 'rev' and 'path' say the rest",
        ),
        (
            "https://github.com/acme/roles#main",
            "holds '?' or '#'",
            "name the repository alone; 'rev' and 'path' say the rest",
        ),
        ("file://server/share", "names a host", "write it like file:///srv/git/roles, with three slashes"),
        ("file:///srv/git/../../etc", "holds '..'", "write the path that it leads to"),
        ("ssh://-oProxyCommand=canary/roles", NOT_ONE, LIKE),
        ("ssh://-oProxyCommand=canary@github.com/roles", NOT_ONE, LIKE),
        ("ssh://github.com/-x", NOT_ONE, LIKE),
        ("ssh://github.com/$(canary)", NOT_ONE, LIKE),
        ("ssh://github.com/roles;canary", NOT_ONE, LIKE),
        ("https://github.com", NOT_ONE, LIKE),
        ("https:///acme/roles", NOT_ONE, LIKE),
        ("https://github.com:x/roles", NOT_ONE, LIKE),
        ("https://g\u0456thub.com/acme/roles", NOT_ONE, LIKE),
        ("file:///", NOT_ONE, LIKE),
    ],
)
def test_any_other_address_is_refused_and_not_repeated(url: str, reason: str, hint: str) -> None:
    assert url_fault(url) == (reason, hint)
    assert "hunter2" not in reason + hint


@pytest.mark.parametrize("rev", ["main", "v1.4.0", "release/2026-11", "ümlaut", "a" * 40, "refs/tags/v1", "HEAD"])
def test_what_can_be_a_tag_a_branch_or_a_commit_is_taken(rev: str) -> None:
    assert rev_fault(rev) is None


NO_NAME = "is not the name of a tag, a branch or a commit"


@pytest.mark.parametrize(
    ("rev", "reason"),
    [
        ("", "is empty"),
        ("--upload-pack=canary", OPTION),
        ("a" * 201, "is longer than 200 characters"),
        *(
            (rev, NO_NAME)
            for rev in (
                "main~1",
                "main^{commit}",
                "main:roles",
                "main..v1",
                "@{upstream}",
                "@",
                "v*",
                "a b",
                "a\nb",
                "a\\b",
                ".hidden",
                "a/.b",
                "/main",
                "main/",
                "main.",
                "main.lock",
                "a//b",
                "\u202emain",
            )
        ),
    ],
)
def test_any_other_revision_is_refused(rev: str, reason: str) -> None:
    assert rev_fault(rev) == (reason, NAMED)


@pytest.mark.parametrize("folder", ["", "roles", "council/roles", ".github", "a b"])
def test_a_folder_of_a_repository_is_taken(folder: str) -> None:
    assert folder_fault(folder) is None


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("..", "leads out of the repository"),
        ("roles/../..", "leads out of the repository"),
        ("/etc", "is absolute, not relative"),
        ("C:/roles", "is absolute, not relative"),
        ("roles\\critic", "holds a backslash; folders are separated by '/'"),
        ("./roles", "holds '.' or an empty part"),
        ("roles/", "holds '.' or an empty part"),
        (".git/hooks", "names git's own folder"),
        ("roles/.GIT", "names git's own folder"),
        ("roles/NUL", "holds the name of a Windows device"),
        ("a\nb", "holds a character that cannot be printed"),
    ],
)
def test_any_other_folder_is_refused(folder: str, reason: str) -> None:
    assert folder_fault(folder) == (reason, FROM_ROOT)


def test_a_commit_is_forty_characters_of_lower_hex() -> None:
    assert is_commit("0123456789abcdef0123456789abcdef01234567")
    assert not is_commit("0123456")
    assert not is_commit("0123456789ABCDEF0123456789abcdef01234567")
    assert not is_commit("0123456789abcdef0123456789abcdef01234567\n")
