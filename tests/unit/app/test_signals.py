import asyncio
import signal
from collections.abc import Callable

import pytest

from overlord_run.app.signals import Signals


def heard_by(loop: Callable[[Signals], object]) -> list[str]:
    """Return what two signals did that came before, in and after the loop."""
    done: list[str] = []
    signals = Signals({signal.SIGINT: lambda: done.append("interrupt"), signal.SIGTERM: lambda: done.append("end")})
    with signals.taken():
        loop(signals)
    return done


async def listen(signals: Signals, *sent: signal.Signals) -> None:
    with signals.heard():
        for number in sent:
            signal.raise_signal(number)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def test_a_signal_is_handed_to_the_loop() -> None:
    assert heard_by(lambda signals: asyncio.run(listen(signals, signal.SIGINT, signal.SIGTERM))) == ["interrupt", "end"]


def test_one_that_comes_before_there_is_a_loop_waits_for_it() -> None:
    def loop(signals: Signals) -> None:
        signal.raise_signal(signal.SIGTERM)
        asyncio.run(listen(signals))

    assert heard_by(loop) == ["end"]


def test_one_that_comes_after_the_loop_does_nothing() -> None:
    def loop(signals: Signals) -> None:
        asyncio.run(listen(signals))
        signal.raise_signal(signal.SIGINT)

    assert heard_by(loop) == []


def test_what_took_them_before_takes_them_again() -> None:
    with Signals({signal.SIGINT: lambda: None}).taken():
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
