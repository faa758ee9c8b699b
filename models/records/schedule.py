"""The published payment schedule: the days that matter to each period of a contract, as its calendars say.

What has become of the payments is another matter; nothing here asks them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import Select
from sqlalchemy.orm import joinedload, selectinload

from models.bank_holiday import working_days
from models.calendar import FinancialYear, Span, today
from models.records.contract import Calendar, ConfirmationPolicy, Contract, PaymentMethod, PeriodDates
from models.words import Choice, how_many


class Occasion(Choice):
    CONFIRM = "Last day to confirm or reject"
    CHANGES = "Last day for changes"
    BANK = "In your bank"


@dataclass(frozen=True)
class Deadline:
    """One of the days of a period. `usual` is another day where a bank holiday or the council has moved it."""

    occasion: Occasion
    on: date
    usual: date
    is_by_council: bool = False
    """The council has moved it, for this one payment."""

    @property
    def is_moved(self) -> bool:
        return self.on != self.usual

    @property
    def why(self) -> str:
        """Why it is moved."""
        return "Moved by the council" if self.is_by_council else "Bank holiday"


@dataclass(frozen=True)
class SchedulePeriod:
    contract: Contract
    span: Span
    dates: PeriodDates
    usual: PeriodDates
    by_council: tuple[bool, bool, bool] = (False, False, False)
    """Which of its days the council has moved for this one payment."""

    @property
    def deadlines(self) -> dict[Occasion, Deadline]:
        """The days in order; the first is missing where the contract asks for no confirmation."""
        found = {
            occasion: Deadline(occasion, on, usual, is_by_council)
            for occasion, on, usual, is_by_council in zip(
                Occasion, self.dates, self.usual, self.by_council, strict=True
            )
        }
        if self.contract.confirmation is ConfirmationPolicy.NONE:
            del found[Occasion.CONFIRM]
        return found


def contracts() -> Select:
    """Every contract by name, with the payment methods and calendars that its schedule comes from."""
    calendar = joinedload(PaymentMethod.calendar).selectinload(Calendar.overrides)
    return Contract.by_name().options(selectinload(Contract.methods).options(calendar))


def years(found: Iterable[Contract]) -> set[FinancialYear]:
    """Financial years with a schedule: from the first in which one of the contracts pays, to the one after today's."""
    begun = [FinancialYear.of(method.calculate_from) for contract in found for method in contract.methods]
    year, published = min(begun, default=None), set()
    while year is not None and year <= FinancialYear.of(today()).next:
        published.add(year)
        year = year.next
    return published


class MovedPeriod(NamedTuple):
    """The days of a payment of which the council has moved some, the last for an answer first."""

    dates: PeriodDates
    by_council: tuple[bool, bool, bool]


Moved = Mapping[date, MovedPeriod]
"""What the council has moved of a contract's payments, by their first day."""


def periods_of(contract: Contract, year: FinancialYear, moved: Moved) -> list[SchedulePeriod]:
    """The contract's periods that begin in that year, in order."""
    return sorted(_periods(contract, year, moved), key=lambda period: period.span)


def _periods(contract: Contract, year: FinancialYear, moved: Moved) -> Iterator[SchedulePeriod]:
    last_on, working = min(year.last_on, contract.ends_on or year.last_on), working_days()
    for method in contract.methods:
        for span in method.periods(last_on):
            if span.first >= year.first_on:
                calendar = method.calendar
                usual = calendar.usual_dates_of(span.first, working)
                own = moved.get(span.first)
                own = own or MovedPeriod(calendar.due_days_of(span.first, working).dates, (False, False, False))
                yield SchedulePeriod(contract, span, own.dates, usual, own.by_council)


def cut_offs(method: PaymentMethod) -> list[tuple[Occasion, str]]:
    """When the periods of a method are usually to be confirmed, changed for the last time, and in the bank, in words:
    the 9th day of the period, a Tuesday.
    """
    calendar = method.calendar
    days = zip(Occasion, (calendar.confirm_by_days, calendar.finalise_days, calendar.bank_days), strict=True)
    return [(occasion, _usual_day(calendar, day)) for occasion, day in days]


def _usual_day(calendar: Calendar, after: int) -> str:
    """`after` days after a period's first day."""
    length = calendar.frequency.days
    if length is None or after < 0:
        return f"{how_many(abs(after), 'day')} {'after' if after >= 0 else 'before'} the first day of the period"
    weekday = f"{calendar.anchor_on + timedelta(days=after):%A}"
    if after >= length:
        return f"{weekday}, {how_many(after - length + 1, 'day')} after the period ends"
    return f"{weekday}, day {after + 1} of the period"


def next_deadline(contract: Contract, moved: Moved) -> tuple[SchedulePeriod, Deadline] | None:
    """The first day, today or later, by which the provider has to confirm or ask for changes; None where there is none
    from last financial year to next.
    """
    this_year = FinancialYear.of(today())
    near = (FinancialYear(this_year.starts_in - 1), this_year, this_year.next)
    coming = [
        (deadline.on, period.span, period, deadline)
        for year in near
        for period in periods_of(contract, year, moved)
        for deadline in period.deadlines.values()
        if deadline.occasion is not Occasion.BANK and deadline.on >= today()
    ]
    return min(coming, key=lambda each: each[:2])[2:] if coming else None
