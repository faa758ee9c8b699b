"""On PostgreSQL two processes share the batches of a long work. SQLite has one writer at a time, so one does them all.

Every other batch goes to a process that is forked for the work and has connections of its own. It says after each batch
what came of it. Where it dies, or a batch fails there, this process does what it has not told of: a batch is a
transaction, so that nothing stays of a half, and one that is done twice changes nothing the second time.
"""

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from models.base import connect, let_others_write, scope
from models.portal import current_portal

T = TypeVar("T")
Batch = list[int]


def shared(batches: list[Batch], work: Callable[[Batch], T]) -> Iterator[tuple[Batch, T]]:
    """Each batch with what `work` has made of it, in no order. `work` must change nothing when it is done again. What
    it raises is raised here, and the batches that are done stay done.
    """
    if len(batches) < 2 or current_portal().engine.dialect.name != "postgresql":
        yield from _alone(batches, work)
        return
    ours, theirs = batches[::2], batches[1::2]
    receiver, sender = multiprocessing.Pipe(duplex=False)
    other = multiprocessing.get_context("fork").Process(target=_apart, args=(theirs, work, sender), daemon=True)
    other.start()
    sender.close()
    told = 0
    try:
        for batch in ours:
            yield batch, work(batch)
            for each in _told(receiver, len(theirs) - told, waits=False):
                yield theirs[told], each
                told += 1
        for each in _told(receiver, len(theirs) - told, waits=True):
            yield theirs[told], each
            told += 1
        other.join()
        yield from _alone(theirs[told:], work)
    finally:
        other.terminate()
        other.join()
        receiver.close()


def _alone(batches: list[Batch], work: Callable[[Batch], T]) -> Iterator[tuple[Batch, T]]:
    for at, batch in enumerate(batches):
        if at:
            let_others_write()
        yield batch, work(batch)


def _told(receiver: Connection, most: int, *, waits: bool) -> Iterator[Any]:
    """What the other process says of its next batches, until it is gone, or has nothing to say where nobody waits."""
    with suppress(EOFError, ConnectionResetError):
        for _ in range(most):
            if waits or receiver.poll():
                yield receiver.recv()


def _apart(batches: list[Batch], work: Callable[[Batch], T], sender: Connection) -> None:
    """In the other process. What a batch raises there ends it silently: the first one does that batch and tells it."""
    for each in (signal.SIGTERM, signal.SIGINT):  # whoever handles them is the other process
        signal.signal(each, signal.SIG_DFL)
    url = current_portal().engine.url.render_as_string(hide_password=False)
    engine = connect(url)
    with suppress(Exception), scope(replace(current_portal(), engine=engine)):
        for batch in batches:
            sender.send(work(batch))
    engine.dispose()
    sender.close()
