"""Calculating three years for 1,000 line items of one contract, and two weeks for 2,000 to 100,000: seconds and MB."""

import resource
import subprocess
import sys
import time
from datetime import date, timedelta

from bench._data import START, TODAY, fill, portal
from commands.batchwise.payments import calculate_all, finalise_due
from models.calendar import as_on

THREE_YEARS_ON = START + timedelta(days=3 * 364 + 6)
"""A Sunday: 157 weeks are due."""


def measure() -> None:
    """Each in a process of its own, so that its peak is its own."""
    for providers, items, day in (
        (1, 1_000, THREE_YEARS_ON), (20, 100, TODAY), (200, 100, TODAY), (1_000, 100, TODAY),
    ):  # fmt: skip
        print(f"  {providers:>5} providers x {items:>5} items to {day}")
        sys.stdout.flush()
        subprocess.run([sys.executable, "-m", "bench.calculation", str(providers), str(items), str(day)], check=True)


def report(providers: int, items: int, day: date) -> None:
    with portal():
        fill(providers, items)
        print(f"    before              {'':>8}   {peak_mb():>5} MB")
        with as_on(day):
            _time("first calculation", calculate_all)
            _time("calculated again", calculate_all)
            _time("finalised", lambda: finalise_due(recalculate=False))
        with as_on(day + timedelta(days=1)):
            _time("a night later", calculate_all)


def peak_mb() -> int:
    """The most memory that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _time(what: str, work) -> None:
    """In seconds of the processor, which other work on the machine does not change much."""
    began = time.process_time()
    work()
    print(f"    {what:<19} {time.process_time() - began:>6.1f} s   {peak_mb():>5} MB", flush=True)


if __name__ == "__main__":
    report(int(sys.argv[1]), int(sys.argv[2]), date.fromisoformat(sys.argv[3]))
