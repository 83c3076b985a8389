from collections.abc import Sequence
from threading import Event

import pytest

from overlord_run.cli.background import Background
from overlord_run.errors import StoreError, UsageError


def test_what_is_handed_in_is_written_in_order_while_the_caller_goes_on() -> None:
    written: list[list[str]] = []
    is_writing, may_write = Event(), Event()

    def write(words: Sequence[str]) -> None:
        written.append(list(words))
        is_writing.set()
        may_write.wait()

    with Background(write) as background:
        background.hand("one")
        is_writing.wait()
        background.hand("two")
        background.hand("three")
        assert written == [["one"]]
        may_write.set()
    assert [word for words in written for word in words] == ["one", "two", "three"]
    assert written[1][:2] == ["two", "three"]


def test_what_could_not_be_written_is_told_at_the_end_the_first_of_it() -> None:
    written: list[str] = []
    has_failed = Event()

    def write(words: Sequence[str]) -> None:
        if words == ["first"]:
            has_failed.set()
            raise StoreError(words[0])
        written.extend(words)

    def write_all() -> None:
        with Background(write) as background:
            background.hand("first")
            has_failed.wait()
            background.hand("rest")

    with pytest.raises(StoreError, match=r"^first$"):
        write_all()
    assert written == ["rest"]


def refuse(words: Sequence[str]) -> None:
    raise StoreError(words[0])


def test_another_error_is_not_hidden_by_one_of_writing() -> None:
    def write_and_fail() -> None:
        with Background(refuse) as background:
            background.hand("first")
            message = "why it ended"
            raise UsageError(message)

    with pytest.raises(UsageError, match=r"^why it ended$"):
        write_and_fail()
