"""The published payment schedule: the days that matter to each period of a contract, as its calendars say.

What has become of the payments is another matter; nothing here asks them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select
from sqlalchemy.orm import joinedload, selectinload

from models.calendar import FinancialYear, Span, today
from models.records.contract import Calendar, ConfirmationPolicy, Contract, PaymentMethod, PeriodDates
from models.words import Choice


class Occasion(Choice):
    CONFIRM = "Last day to confirm or reject"
    CHANGES = "Last day for changes"
    BANK = "In your bank"


@dataclass(frozen=True)
class Deadline:
    """One of the days of a period. `usual` is another day where a bank holiday has moved it."""

    occasion: Occasion
    on: date
    usual: date

    @property
    def is_moved(self) -> bool:
        return self.on != self.usual


@dataclass(frozen=True)
class SchedulePeriod:
    contract: Contract
    span: Span
    dates: PeriodDates
    usual: PeriodDates

    @property
    def deadlines(self) -> dict[Occasion, Deadline]:
        """The days in order; the first is missing where the contract asks for no confirmation."""
        found = {
            Occasion.CONFIRM: Deadline(Occasion.CONFIRM, self.dates.confirm_by, self.usual.confirm_by),
            Occasion.CHANGES: Deadline(Occasion.CHANGES, self.dates.finalise_on, self.usual.finalise_on),
            Occasion.BANK: Deadline(Occasion.BANK, self.dates.bank_on, self.usual.bank_on),
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


def periods_of(contract: Contract, year: FinancialYear) -> list[SchedulePeriod]:
    """The contract's periods that begin in that year, in order."""
    return sorted(_periods(contract, year), key=lambda period: period.span)


def _periods(contract: Contract, year: FinancialYear) -> Iterator[SchedulePeriod]:
    last_on = min(year.last_on, contract.ends_on or year.last_on)
    for method in contract.methods:
        for span in method.periods(last_on):
            if span.first >= year.first_on:
                calendar = method.calendar
                yield SchedulePeriod(
                    contract, span, calendar.dates_of(span.first), calendar.usual_dates_of(span.first)
                )  # fmt: skip


def next_deadline(contract: Contract) -> tuple[SchedulePeriod, Deadline] | None:
    """The first day, today or later, by which the provider has to confirm or ask for changes; None where there is none
    from last financial year to next.
    """
    this_year = FinancialYear.of(today())
    near = (FinancialYear(this_year.starts_in - 1), this_year, this_year.next)
    coming = [
        (deadline.on, period.span, period, deadline)
        for year in near
        for period in periods_of(contract, year)
        for deadline in period.deadlines.values()
        if deadline.occasion is not Occasion.BANK and deadline.on >= today()
    ]
    return min(coming, key=lambda each: each[:2])[2:] if coming else None
