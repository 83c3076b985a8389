from msgspec.structs import replace

from overlord_run.credential import Credential, Redactor
from overlord_run.engine.base import ChatMessage, Request
from overlord_run.engine.guard import Guard

KEY = "sk-guarded-0123456789"
ASKED = Request("alder", "rank", 1, "fugu", (ChatMessage("system", "You."), ChatMessage("user", "One.")), {}, 5.0)


class CountingRedactor(Redactor):
    """A redactor that tells which texts it looked through."""

    __slots__ = ("seen",)

    def __init__(self) -> None:
        super().__init__(Credential(KEY, name="SAKANA_API_KEY"))
        self.seen: list[str] = []

    def occurs_in(self, text: str) -> bool:
        self.seen.append(text)
        return super().occurs_in(text)


def test_a_text_is_looked_through_once() -> None:
    redactor = CountingRedactor()
    guard = Guard(redactor)
    assert not guard.holds_key(ASKED)
    assert sorted(redactor.seen) == ["One.", "You.", '["fugu"]']
    redactor.seen.clear()
    assert not guard.holds_key(replace(ASKED, messages=(*ASKED.messages, ChatMessage("assistant", "Yes."))))
    assert sorted(redactor.seen) == ["Yes.", '["fugu"]']


def test_a_request_that_holds_the_key_is_stopped_each_time() -> None:
    guard = Guard(CountingRedactor())
    told = replace(ASKED, messages=(*ASKED.messages, ChatMessage("user", f"It is {KEY}.")))
    assert guard.holds_key(told)
    assert guard.holds_key(told)
    assert guard.holds_key(replace(ASKED, params={"user": KEY}))
    assert guard.holds_key(replace(ASKED, model=KEY))
    assert not guard.holds_key(ASKED)
