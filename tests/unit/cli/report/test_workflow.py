import json

import pytest

from overlord_run.cli.report.workflow import without_commands, without_older_commands


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("::error::gone", "\\u003a:error::gone"),
        ("Plan\n    \t::add-mask::a\nend", "Plan\n    \t\\u003a:add-mask::a\nend"),
        ("::::", "\\u003a:::"),
        ("a ##[error]gone ##[x]", "a ##\\u005berror]gone ##\\u005bx]"),
        ("a ::error::b\n: :c\nstd::vector", "a ::error::b\n: :c\nstd::vector"),
        ("# [x]\n## [x]", "# [x]\n## [x]"),
    ],
)
def test_no_line_of_a_text_is_a_command(text: str, harmless: str) -> None:
    assert without_commands(text) == harmless


def test_json_without_commands_means_the_same() -> None:
    value = {"a": ["##[error]x", "::error::x"]}
    text = without_older_commands(json.dumps(value, indent=2))
    assert "##[" not in text
    assert json.loads(text) == value
