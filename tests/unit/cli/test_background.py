from threading import Event

import pytest

from overlord_run.cli.background import Background
from overlord_run.errors import StoreError, UsageError


def test_what_is_handed_in_is_written_in_order_while_the_caller_goes_on() -> None:
    written: list[str] = []
    may_write = Event()
    with Background() as background:
        background.hand(may_write.wait)
        background.hand(lambda: written.append("one"))
        background.hand(lambda: written.append("two"))
        assert written == []
        may_write.set()
    assert written == ["one", "two"]


def refuse(message: str) -> None:
    raise StoreError(message)


def test_what_could_not_be_written_is_told_at_the_end_the_first_of_it() -> None:
    written: list[str] = []

    def write_all() -> None:
        with Background() as background:
            background.hand(lambda: refuse("first"))
            background.hand(lambda: refuse("second"))
            background.hand(lambda: written.append("rest"))

    with pytest.raises(StoreError, match=r"^first$"):
        write_all()
    assert written == ["rest"]


def test_another_error_is_not_hidden_by_one_of_writing() -> None:
    def write_and_fail() -> None:
        with Background() as background:
            background.hand(lambda: refuse("first"))
            message = "why it ended"
            raise UsageError(message)

    with pytest.raises(UsageError, match=r"^why it ended$"):
        write_and_fail()
