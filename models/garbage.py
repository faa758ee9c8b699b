"""Python's search for rubbish that goes round in circles, and when it only costs time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Ten thousand rows hold no rubbish that goes round in circles, and to look for it again and again among them takes
    as long as the work itself.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
