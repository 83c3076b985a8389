"""Send many messages to a run, one after the other, and tell what came of each: a process of its own.

Its words: the run's folder, its own name, how many, the targets, of which each message's is drawn by lot, what seeds
that, and the name of a bug for the harness to find, or an empty one.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from overlord_run.app.own import Audience, now, this_process
from overlord_run.app.send import Manner, send
from overlord_run.errors import OverlordError
from overlord_run.settings.model import Flags
from overlord_run.store import events as ev
from overlord_run.store.folder import RunFolder
from overlord_run.store.log import read
from overlord_run.store.recorder import Recorder

Told = dict[str, Any]
Tell = Callable[[RunFolder, str, str], Told]


def sent(folder: RunFolder, id_: str, target: str) -> Told:
    """Send a message and return what comes of it."""
    audience = Audience(lambda _event, _state: None, lambda: None)
    try:
        done = send(folder, target, f"{id_}: go on.", Manner(Flags(), id_), audience)
    except OverlordError as error:
        return {"id": id_, "error": error.message}
    results = {} if done.message is None else done.message.results
    return {"id": id_, "exit": int(done.exit), "replies": {slot: result.reply for slot, result in results.items()}}


def lost_on_its_way(_folder: RunFolder, id_: str, _target: str) -> Told:
    """Say that a message was answered which nobody got."""
    return {"id": id_, "exit": 0, "replies": {}}


def taken_twice(folder: RunFolder, id_: str, target: str) -> Told:
    """Send a message, and take the same request once more."""
    told = sent(folder, id_, target)
    accepted = [event.body for event in read(folder.log_path) if isinstance(event.body, ev.MessageAccepted)]

    async def take() -> None:
        listen = Audience(lambda _event, _state: None, lambda: None).listen
        recorder = await Recorder.open(folder, this_process("send"), clock=now, listen=listen)
        await recorder.record(ev.MessageAccepted("again", target, ["alder"], "", accepted[-1].request_id))
        await recorder.aclose()

    asyncio.run(take())
    return told


def mixed_up(folder: RunFolder, id_: str, target: str) -> Told:
    """Send two messages, and tell the answer to one as that to the other."""
    return sent(folder, id_, target) | {"id": sent(folder, f"{id_}-too", target)["id"]}


BUGS: Mapping[str, Tell] = {"lost on its way": lost_on_its_way, "taken twice": taken_twice, "mixed up": mixed_up}


def main() -> None:
    folder, name, times, targets, seed, bug = RunFolder(Path(sys.argv[1])), *sys.argv[2:]
    random, tell = Random(f"{seed} {name}"), BUGS.get(bug, sent)
    for number in range(int(times)):
        told = tell(folder, f"{name}-{number}", random.choice(targets.split()))
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
