"""The mail to the council's team about its own work: what is overdue, due and waiting. Counts and sums, no names."""

from collections.abc import Iterator
from datetime import timedelta

from models.calendar import today
from models.money import gbp
from models.payments import blocked
from models.payments.due import Due, what_is_due
from models.payments.run import RunState
from models.payments.worklist import WORK, runs_that_wait, waiting
from models.waiting import Waiting, ask
from models.words import how_many

DIGEST = """\
Payments to be finalised

{due}

What waits for somebody

{waiting}

My work on the council's pages of the Provider Portal has each of them.
"""


def subject() -> str:
    return f"What is due and what waits on {today():%A} {today().day} {today():%B}"


def body() -> str:
    return DIGEST.format(due="\n".join(_due()), waiting="\n".join(_waiting()) or "Nothing.")


def _due() -> Iterator[str]:
    """What is overdue, due today and due tomorrow; nothing of later days."""
    days = {each.on: each for each in what_is_due()}
    overdue = [each for each in days.values() if each.is_overdue]
    yield from (_line(f"Overdue, since {each.on:%A} {each.on.day} {each.on:%B}", each) for each in overdue)
    for what, day in (("Today", today()), ("Tomorrow", today() + timedelta(days=1))):
        yield _line(what, days[day]) if day in days else f"{what}: none."


def _line(what: str, due: Due) -> str:
    held = f" and {gbp(due.held_pence)} held" if due.held_pence else ""
    return f"{what}: {how_many(due.count, 'payment')}, {gbp(due.pence)} not held{held}."


RUNS = {RunState.PREPARED: "Payment runs to authorise", RunState.AUTHORISED: "Payment runs to finalise"}


def _waiting() -> Iterator[str]:
    """Faults, runs, and then what has waited longest."""
    found = ask(blocked.waiting(), *map(runs_that_wait, RUNS), *map(waiting, WORK))
    if broken := found[blocked.FAULTS].count:
        yield f"Contracts that cannot be calculated: {broken:,}."
    for state, what in RUNS.items():
        yield from _queue(what, found[f"runs {state}"])
    for concern in sorted(WORK, key=lambda each: found[each].since or today()):
        yield from _queue(concern.queue, found[concern])


def _queue(what: str, queue: Waiting) -> Iterator[str]:
    if queue.count:
        yield f"{what}: {queue.count:,}, {gbp(queue.pence or 0)}{_since(queue.since)}."


def _since(day: object) -> str:
    return f", the oldest since {day:%d/%m/%Y}" if day is not None else ""
