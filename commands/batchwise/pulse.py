"""Saying that a process is alive while it is at something that cannot report by itself."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy.exc import OperationalError

from models.base import scope
from models.job import Overtaken
from models.portal import current_portal

EVERY_SECONDS = 15.0


@contextmanager
def pulse(beat: Callable[[], object]) -> Iterator[None]:
    """To the end of the block, call `beat` every EVERY_SECONDS in a thread of its own. While the database cannot be
    written, a beat is left out.
    """
    portal, is_over = current_portal(), threading.Event()

    def go() -> None:
        while not is_over.wait(EVERY_SECONDS):
            with suppress(OperationalError, Overtaken), scope(portal):
                beat()

    thread = threading.Thread(target=go, name="pulse", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
