"""How long others wait for the lock while an import, a calculation and a finalise go on: seconds, the longest."""

import multiprocessing
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench._data import TODAY, fill, portal
from commands.batchwise.payments import calculate_all, finalise_due
from exchange.feed import import_feed
from models.base import connect
from models.calendar import as_on
from models.portal import current_portal

PAUSE = 0.02
"""Seconds between two who want to write: a confirmation, a log-in, the note of a read."""


def measure() -> None:
    for providers, each, rows in ((200, 100, 10_000), (1_000, 100, 100_000)):
        print(f"  {providers * each:,} line items of {providers:,} providers; {rows:,} changed rows")
        sys.stdout.flush()
        report(providers, each, rows)


def report(providers: int, each: int, rows: int) -> None:
    with portal(), as_on(TODAY):
        fill(providers, each)
        with TemporaryDirectory() as folder:
            _dearer(Path(folder), rows)
            _time("calculation", calculate_all)
            _time(f"import of {rows:,} rows", lambda: import_feed(Path(folder), above_limits=True))
            _time("calculation of the new", calculate_all)
            _time("finalise", lambda: finalise_due(recalculate=False, is_calculated=True))


def _dearer(folder: Path, rows: int) -> None:
    """A feed in which that many items get another price."""
    told = [f"I{n},2019-09-23,,{300 + n % 50}.25" for n in range(1, rows + 1)]
    (folder / "item_prices.csv").write_text("\n".join(["item_ref,starts_on,ends_on,rate", *told, ""]), "utf-8")


def _time(what: str, work: Callable[[], Any]) -> None:
    with others() as waits:
        began = time.monotonic()
        work()
        took = time.monotonic() - began
    longest, count = max(waits), len(waits)
    print(f"    {what:<28} {took:>6.1f} s   longest wait {longest:>5.2f} s of {count:>5} writers", flush=True)


@contextmanager
def others():
    """Somebody in another process who writes a row again and again; gives how long each waited for the lock."""
    url = str(current_portal().engine.url)
    context = multiprocessing.get_context("spawn")
    stop, told = context.Event(), context.Queue()
    other = context.Process(target=_write_again_and_again, args=(url, stop, told))
    other.start()
    told.get()  # it has begun
    waits: list[float] = []
    try:
        yield waits
    finally:
        stop.set()
        waits.extend(told.get())
        other.join()


def _write_again_and_again(url: str, stop: Any, told: Any) -> None:
    engine = connect(url)
    waits = []
    told.put(None)
    while not stop.is_set():
        began = time.monotonic()
        with engine.connect().execution_options(write=True) as connection:
            connection.exec_driver_sql("UPDATE provider SET phone = phone WHERE id = 1")
            connection.commit()
        waits.append(time.monotonic() - began)
        time.sleep(PAUSE)
    told.put(waits)


if __name__ == "__main__":
    measure()
