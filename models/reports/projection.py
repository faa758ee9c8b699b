"""The part of a purchase order that is not yet paid, in sentences."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from models.calendar import FinancialYear, Span
from models.engine.component import DEDUCTIONS, Component
from models.engine.working import Expected, Lump
from models.pricing import Unit
from models.reports.explanation import days_text, price_text

WEEK = timedelta(days=7)
_KINDS = {
    Component.ALLOWANCE: "due",
    Component.CLAIM: "one-off claim of",
    Component.INVOICE: "for",
    Component.ADJUSTMENT: "adjustment of",
}


@dataclass(frozen=True)
class Projection:
    """One sentence about what is still to come, and its amounts."""

    text: str
    net_pence: int
    vat_pence: int

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence


def tell_expected(rows: Iterable[Expected]) -> list[Projection]:
    """What an order expects, in words."""
    return [Projection(_text(row), row.amount.net_pence, row.amount.vat_pence) for row in rows]


def expected_until(rows: Iterable[Expected], year: FinancialYear) -> date | None:
    """The last day for which an order of the year expects something; None where it expects nothing. In the last week of
    the year that is the year's last day, since not every day of a week need be paid.
    """
    last = max((row.amount.last for row in rows), default=None)
    return year.last_on if last and last > year.last_on - WEEK else last


def _text(row: Expected) -> str:
    amount, component = row.amount, row.component
    span = Span(amount.first, amount.last)
    if isinstance(amount, Lump):
        again = "correction, " if amount.is_correction else ""
        return f"{row.name}, {again}{_KINDS.get(component, 'for')} {span.words()}"
    what = f"{component.label} taken off" if component in DEDUCTIONS else row.name
    rounded = ", each payment rounded by itself" if row.slices > 1 else ""
    if row.slices > 1 and amount.unit is Unit.MONTH:
        rounded = ", the days of each month rounded together"
    return f"{what}: {days_text([amount], span)}, {span.words()}, {price_text(amount)}{rounded}"
