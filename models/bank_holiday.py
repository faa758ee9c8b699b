"""England's bank holidays, and with them the working days: what is on the list is one, and nothing else.

New databases begin with what the package `holidays` knows; the council's staff keep the list. Whatever is due after a
change of it is worked out anew; what is finalised keeps the day that it went to the bank with.
"""

from collections import Counter
from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

import holidays
import sqlalchemy as sa
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from models.audit import Actor, record
from models.base import Base, DomainError, Key, insert_first, move, rows_changed, session
from models.calendar import SATURDAY, FinancialYear, WorkingDays, in_words, today
from models.job import Job, JobKind
from models.portal import current_portal
from models.statements import built_once, day_of
from models.waiting import waits

IN_A_YEAR = 8
"""Bank holidays that every year has at least; with fewer on the list, the year is not known."""
MOST_NEEDED = 3
"""Calendar years, this one among them, that the schedules of this financial year and the next touch."""
FARTHEST = timedelta(days=3_653)
"""How far from today one may be: a mistyped year would be looked for in vain."""
_KEPT = "working_days"
"""Under which name a session keeps what it has read."""


class BankHoliday(Base):
    """A day from Monday to Friday on which banks are shut. Where one falls on a weekend, its substitute day."""

    __tablename__ = "bank_holiday"

    id: Mapped[Key]
    day: Mapped[date] = mapped_column(unique=True)
    name: Mapped[str]

    @classmethod
    def of_year(cls, year: int | None) -> Select["BankHoliday"]:
        """The days of that calendar year, or all, in order."""
        query = select(cls).order_by(cls.day)
        return query.where(cls.day.between(date(year, 1, 1), date(year, 12, 31))) if year else query

    @classmethod
    def numbered(cls, id_: int) -> Select["BankHoliday"]:
        return select(cls).where(cls.id == id_)


class Proposal(NamedTuple):
    day: date
    name: str


def working_days() -> WorkingDays:
    """The portal's working days, as the list is now. They are read once in a scope, that is, in one query a request or
    none.
    """
    found: WorkingDays | None = session.info.get(_KEPT)
    if found is None:
        days = frozenset(session.scalars(_every_day()))
        found = session.info[_KEPT] = WorkingDays(days, current_portal().bank_day)
    return found


@built_once
def _every_day() -> Select[date]:
    return select(BankHoliday.day)


def is_working_day(day: date) -> bool:
    """Monday to Friday, and no bank holiday on the list."""
    return day in working_days()


def working_days_after(day: date, count: int) -> date:
    """The `count`-th working day after `day`: the day itself does not count."""
    return working_days().after(day, count)


def years() -> list[int]:
    """Calendar years with a day on the list, in order."""
    return sorted({day.year for day in working_days().holidays})


def known_to() -> date:
    """The 31 December up to which every year from this one on is known: last year's where this one is not."""
    days_in = Counter(day.year for day in working_days().holidays)
    year = today().year
    while days_in[year] >= IN_A_YEAR:
        year += 1
    return date(year - 1, 12, 31)


def needed_to() -> date:
    """The last day of the payment schedules that are published: bank days up to then are promised."""
    return FinancialYear.of(today()).next.last_on


def what_is_short() -> str:
    """A sentence where the list ends too early; empty where it does not."""
    known, needed = known_to(), needed_to()
    if known >= needed:
        return ""
    return (
        f"Bank holidays are known to {in_words(known)}, and schedules are published to {in_words(needed)}: add those "
        f"of {known.year + 1}"
    )


def waiting() -> Select:
    """The calendar years that are needed and not known, counted: see models.waiting."""
    return waits("bank holidays", sum((_is_missing(from_now) for from_now in range(MOST_NEEDED)), sa.literal(0)))


def _is_missing(from_now: int) -> sa.ColumnElement[int]:
    """1 where the calendar year so many years from now is needed and not known, else 0."""
    first_on = day_of(f"holidays_from_{from_now}", lambda: date(today().year + from_now, 1, 1))
    last_on = day_of(f"holidays_to_{from_now}", lambda: date(today().year + from_now, 12, 31))
    known = select(sa.func.count(BankHoliday.id)).where(BankHoliday.day.between(first_on, last_on)).scalar_subquery()
    return sa.case((sa.and_(first_on <= day_of("holidays_needed_to", needed_to), known < IN_A_YEAR), 1), else_=0)


def proposed(year: int) -> list[Proposal]:
    """What the package `holidays` knows of that year and is not on the list, in order."""
    return [each for each in known_by_package([year]) if each.day not in working_days().holidays]


def known_by_package(of_years: Collection[int]) -> list[Proposal]:
    """England's bank holidays of those years, in order; none at a weekend."""
    found = holidays.country_holidays("GB", subdiv="ENG", years=of_years)
    days = ((day, name.replace("(observed)", "(substitute day)")) for day, name in found.items())
    return sorted(Proposal(day, name) for day, name in days if day.weekday() < SATURDAY)


def add(day: date, name: str, *, by: Actor) -> None:
    """Put a day on the list. DomainError where it is there already, at a weekend, or more than ten years from today."""
    if day.weekday() >= SATURDAY:
        raise DomainError("Banks are shut on Saturdays and Sundays anyway. Enter the day that they are shut instead")
    if abs(day - today()) > FARTHEST:
        raise DomainError("This day is more than ten years from today. Enter a nearer one")
    _put_on([Proposal(day, name)], by)


def add_proposed(days: Collection[date], *, year: int, by: Actor) -> int:
    """Put those days of that year's proposal on the list, and say how many. DomainError where none is chosen, or one is
    proposed no more.
    """
    chosen = [each for each in proposed(year) if each.day in days]
    if not chosen or len(chosen) < len(set(days)):
        raise DomainError("The list has changed since you opened this page. Look at what is proposed now")
    _put_on(chosen, by)
    return len(chosen)


def rename(holiday: BankHoliday, name: str, *, by: Actor) -> None:
    """DomainError where somebody has renamed it, or taken it off, since it was read."""
    if not move(holiday, BankHoliday.name == holiday.name, name=name):
        raise DomainError("Somebody else has just changed this day. Look at it again")
    record("bank_holiday.renamed", holiday, by=by, day=str(holiday.day))


def take_off(holiday: BankHoliday, *, by: Actor) -> None:
    """Banks work on that day after all. DomainError where somebody has taken it off already."""
    if not rows_changed(delete(BankHoliday).where(BankHoliday.id == holiday.id), unsynced=True):
        raise DomainError("Somebody else has just taken this day off the list")
    record("bank_holiday.removed", holiday, by=by, day=str(holiday.day))
    _changed(by)


def _put_on(found: Collection[Proposal], by: Actor) -> None:
    for day, name in found:
        is_first = insert_first(BankHoliday, day=day, name=name)
        row = session.scalars(select(BankHoliday).where(BankHoliday.day == day)).one()
        if not is_first:
            raise DomainError(f"This day is on the list already, as {row.name}")
        record("bank_holiday.added", row, by=by, day=str(day))
    _changed(by)


def _changed(by: Actor) -> None:
    """Read the list again, and let every provider be calculated: open payments get their new bank days."""
    session.info.pop(_KEPT, None)
    Job.ask(JobKind.CALCULATE, by=by, anew=True)
