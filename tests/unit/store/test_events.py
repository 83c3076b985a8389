import pytest

from overlord_run.store.events import camel


@pytest.mark.parametrize(
    ("name", "expected"), [("slot", "slot"), ("message_id", "messageId"), ("retry_in_s", "retryInS")]
)
def test_a_fields_name_becomes_a_key(name, expected):
    assert camel(name) == expected
