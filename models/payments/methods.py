"""How contracts pay, as plain values for the engine: the contracts of a batch share their calendars, so that the days
of each period are worked out once for all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from models.calendar import DueDays, Frequency, Span, WorkingDays
from models.pricing import Basis, PayOnActuals
from models.records.contract import Calendar, Contract, PaymentMethod


class CalendarFacts:
    """A calendar, and the days of its periods that somebody has asked for. See models.engine.facts.PaymentCalendar."""

    def __init__(self, calendar: Calendar) -> None:
        self.frequency: Frequency = calendar.frequency
        self.anchor_on: date = calendar.anchor_on
        self._calendar = calendar
        self._known: dict[date, DueDays] = {}

    def due_days_of(self, first_on: date, working: WorkingDays) -> DueDays:
        """`working` is the same whenever one calculation asks."""
        found = self._known.get(first_on)
        if found is None:
            found = self._known[first_on] = self._calendar.due_days_of(first_on, working)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class MethodFacts:
    """A payment method. See models.engine.facts.Method."""

    method: PaymentMethod
    id: int
    basis: Basis
    is_by_invoice: bool
    calendar: CalendarFacts
    pay_on_actuals: PayOnActuals
    calculate_from: date
    ends_on: date | None

    def periods(self, until: date) -> Iterator[Span]:
        return self.method.periods(until)


class MethodsOf:
    """Gives the methods of one contract after the other."""

    def __init__(self) -> None:
        self._calendars: dict[int, CalendarFacts] = {}

    def __call__(self, contract: Contract) -> list[MethodFacts]:
        return [
            MethodFacts(
                each, each.id, each.basis, each.is_by_invoice, self._calendar(each.calendar), each.pay_on_actuals,
                each.calculate_from, each.ends_on,
            )
            for each in contract.methods
        ]  # fmt: skip

    def _calendar(self, calendar: Calendar) -> CalendarFacts:
        if calendar.id not in self._calendars:
            self._calendars[calendar.id] = CalendarFacts(calendar)
        return self._calendars[calendar.id]
