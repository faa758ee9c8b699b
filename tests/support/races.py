"""Two people who press at the same moment."""

import threading
from collections.abc import Callable
from datetime import date

from models.base import DomainError
from models.calendar import as_on
from tests.support.portal import in_this_portal


def at_once(*acts: Callable[[], object], on: date) -> list[str]:
    """What each is told on that day: "done", or why not; those that are done first."""
    told: list[str] = []
    start = threading.Barrier(len(acts))

    def press(act: Callable[[], object]) -> None:
        with as_on(on):
            start.wait()
            try:
                act()
                told.append("done")
            except DomainError as refusal:
                told.append(str(refusal))

    threads = [threading.Thread(target=in_this_portal(press), args=(each,)) for each in acts]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sorted(told, key=len)
