"""The clocks of invoices: by when a valid one has to be paid, how soon a provider was told of a hold, and what
statutory interest would be. Information only: no payment follows from it. Figures are data: see
models/records/invoice_rule.py.

The days to pay count from the receipt of a valid invoice (Procurement Act 2023, section 68). Interest runs from the day
after the last of them, at the rate above the base rate that was in force on the last 30 June or 31 December before
(SI 2002/1675), to the day of payment; beside it stands a fixed sum by the size of the debt (1998 Act, section 5A).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from models.base import session
from models.calendar import DAY, in_words
from models.money import SCALE, round_half_away
from models.records.invoice_rule import LateFigure, LateKind

DAYS_OF_YEAR = 365


@dataclass(frozen=True)
class Interest:
    """Pence, the rate in hundredths of a per cent, and for how many days."""

    pence: int
    fixed_pence: int
    rate_basis_points: int
    days: int

    @property
    def total_pence(self) -> int:
        return self.pence + self.fixed_pence


@dataclass(frozen=True)
class Clock:
    """Of one invoice."""

    due_on: date | None
    """The last day to pay it in time; None before it is sent, and where no days to pay are on record."""
    days: int | None
    """From the day on which it was valid to its payment, or to today."""
    late_days: int
    """After the last day to pay in time."""
    interest: Interest | None = None
    missing: str = ""
    """Which figure is lacking, where one is: then nothing is worked out."""

    @property
    def is_late(self) -> bool:
        return self.late_days > 0


class Figures:
    """The figures of late payment, read once."""

    def __init__(self, rows: Iterable[LateFigure]) -> None:
        self.rows = sorted(rows, key=lambda each: (each.starts_on, each.from_pence))

    @classmethod
    def read(cls) -> "Figures":
        return cls(session.scalars(LateFigure.every()))

    def on(self, kind: LateKind, day: date, pence: int = 0) -> int | None:
        """What holds on that day; of fixed sums the one for so large a debt."""
        of_kind = [each for each in self.rows if each.kind is kind and each.starts_on <= day]
        if not of_kind:
            return None
        newest = of_kind[-1].starts_on
        fits = [each.value for each in of_kind if each.starts_on == newest and each.from_pence <= pence]
        return fits[-1] if fits else None

    def lacks_base_rate_of(self, day: date) -> date | None:
        """The 30 June or 31 December whose base rate is needed for interest that begins on that day, where none of that
        day or an earlier one is on record; None where one is.
        """
        known = reference_day(day)
        return known if self.on(LateKind.BASE_RATE, known) is None else None

    def due_on(self, valid_on: date | None) -> date | None:
        """The last day to pay in time what was valid on that day."""
        days = self.on(LateKind.PAY_DAYS, valid_on) if valid_on else None
        return valid_on + timedelta(days=days) if valid_on and days is not None else None

    def tell_by(self, received_on: date | None) -> date | None:
        """The last day to tell its provider of a hold in time, of what was received on that day."""
        days = self.on(LateKind.TELL_DAYS, received_on) if received_on else None
        return received_on + timedelta(days=days) if received_on and days is not None else None

    def told_late(self, received_on: date, told_days: int | None) -> int | None:
        """How many days too late a provider was told, so many days after the receipt; 0 in time. None where nobody had
        to be told, or no days to tell are on record.
        """
        tell_by = self.tell_by(received_on)
        if told_days is None or tell_by is None:
            return None
        return max(0, told_days - (tell_by - received_on).days)

    def clock(self, *, valid_on: date | None, paid_on: date | None, gross_pence: int, as_on: date) -> Clock:
        """Of an invoice that is to be paid; `paid_on` None: not yet, or not all of it. `gross_pence`: on what interest
        runs, with VAT: all of it, or what is still to be paid where a part is.
        """
        if valid_on is None:
            return Clock(None, None, 0)
        until = paid_on or as_on
        due_on = self.due_on(valid_on)
        days = (until - valid_on).days
        if due_on is None:
            return Clock(None, days, 0, missing=f"the days to pay on {in_words(valid_on)}")
        late = max(0, (until - due_on).days)
        if not late:
            return Clock(due_on, days, 0)
        interest, missing = self.interest(gross_pence, due_on, late)
        return Clock(due_on, days, late, interest, missing)

    def interest(self, pence: int, due_on: date, days: int) -> tuple[Interest | None, str]:
        """Simple interest a day for so many days after `due_on`, rounded once; or None, and which figure is lacking."""
        starts = due_on + DAY
        known = reference_day(starts)
        base, margin = self.on(LateKind.BASE_RATE, known), self.on(LateKind.MARGIN, starts)
        fixed = self.on(LateKind.FIXED_SUM, starts, pence)
        if base is None:
            return None, f"the base rate on {in_words(known)}"
        if margin is None:
            return None, f"what interest is above the base rate on {in_words(starts)}"
        if fixed is None:
            return None, f"the fixed sum on {in_words(starts)}"
        rate = base + margin
        return Interest(round_half_away(pence * rate * days, SCALE * DAYS_OF_YEAR), fixed, rate, days), ""


def reference_day(starts: date) -> date:
    """The 30 June or 31 December whose base rate holds for interest that begins to run on that day."""
    return date(starts.year, 6, 30) if starts.month > 6 else date(starts.year - 1, 12, 31)


@dataclass(frozen=True)
class ClockRow:
    """One paid or waiting invoice of the report; days are whole days, pence with VAT."""

    id: int
    provider_id: int
    provider: str
    number: str
    contract: str
    state: str
    received_on: date
    valid_on: date
    due_on: date | None
    paid_on: date | None
    days: int
    late_days: int
    gross_pence: int
    interest_pence: int | None
    fixed_pence: int | None
    held_days: int
    """On which it was on hold, all holds together."""
    told_days: int | None
    """From receipt to the first hold; None where it never was on hold."""
    told_late_days: int | None
    """Days after the last day to tell of a hold; 0 in time; None where it never was on hold, or no days are on record.
    """


@dataclass(frozen=True)
class ClockSums:
    """What the report says in short."""

    paid: int
    in_time: int
    average_tenths: int | None
    """Tenths of a day from a valid invoice to its payment, on average; None where none is paid."""
    open_late: int
    """Waiting, and past the last day to pay."""
    interest_pence: int
    """Statutory interest and fixed sums of all that was or is late."""
    held: int
    """Were or are on hold, where days to tell of it are on record."""
    told_in_time: int
    """Of these: the provider was told within those days."""

    @property
    def per_cent_in_time(self) -> int | None:
        """Rounded half away from zero; None where none is paid."""
        return round_half_away(100 * self.in_time, self.paid) if self.paid else None


def summed(rows: Sequence[ClockRow]) -> ClockSums:
    paid = [each for each in rows if each.paid_on is not None]
    days = sum(each.days for each in paid)
    return ClockSums(
        paid=len(paid),
        in_time=sum(not each.late_days for each in paid),
        average_tenths=round_half_away(10 * days, len(paid)) if paid else None,
        open_late=sum(each.paid_on is None and each.late_days > 0 for each in rows),
        interest_pence=sum((each.interest_pence or 0) + (each.fixed_pence or 0) for each in rows),
        held=sum(each.told_late_days is not None for each in rows),
        told_in_time=sum(each.told_late_days == 0 for each in rows),
    )
