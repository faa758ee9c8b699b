"""The clock report: of every invoice that was received between two days, how long it took."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy import func, select

from models.base import days_in, session
from models.billing.credited import credited
from models.billing.invoice_clock import ClockRow, Figures
from models.billing.invoice_listing import invoices, pays
from models.calendar import today
from models.records.invoice import Invoice, InvoiceHold, InvoiceKind, InvoiceState, InvoiceStatus

COUNTED = (InvoiceStatus.SUBMITTED, InvoiceStatus.ON_HOLD, InvoiceStatus.APPROVED)


def clock_rows(first: date, last: date) -> list[ClockRow]:
    """Invoices (no credit notes, and none that was rejected or cancelled, or that is a record because its contract does
    not pay by invoice) received from `first` to `last`, both included, the one that was received first in front. What
    approved credit notes take back is owed no more: an invoice of which nothing else is left is not counted. Four
    statements.
    """
    figures, day = Figures.read(), today()
    within = Invoice.received_on.between(first, last), Invoice.status.in_(COUNTED), pays()
    query = invoices(kind=InvoiceKind.INVOICE).where(*within)
    rows = session.execute(query.order_by(None).order_by(Invoice.received_on, Invoice.id)).all()
    held, gone = _held(first, last, day), credited(select(Invoice.id).where(*within))
    found = []
    for row in rows:
        left = left_to_pay(row.state, row.gross_pence, row.paid_pence, gone.get(row.id, 0))
        if not left and not row.paid_pence:
            continue
        paid_on = None if left else row.paid_on  # not as long as a part of it waits
        owed = left or row.gross_pence
        clock = figures.clock(valid_on=row.valid_on, paid_on=paid_on, gross_pence=owed, as_on=day)
        held_days, first_held = held.get(row.id, (0, None))
        told_days = (first_held - row.received_on).days if first_held else None
        found.append(
            ClockRow(
                row.id, row.provider_id, row.provider, row.number, row.contract, row.state.label, row.received_on,
                row.valid_on, clock.due_on, paid_on, clock.days or 0, clock.late_days, row.gross_pence,
                clock.interest.pence if clock.interest else None,
                clock.interest.fixed_pence if clock.interest else None, held_days,
                told_days, figures.told_late(row.received_on, told_days),
            )
        )  # fmt: skip
    return found


def left_to_pay(state: InvoiceState, gross_pence: int, paid_pence: int, credited_pence: int) -> int:
    """Pence with VAT of an invoice that are neither paid nor taken back by approved credit notes; 0 of a paid one."""
    return 0 if state is InvoiceState.PAID else max(0, gross_pence - paid_pence - credited_pence)


def _held(first: date, last: date, day: date) -> dict[int, tuple[int, date | None]]:
    """By invoice: on how many days it was on hold, and the day of its first hold."""
    held = InvoiceHold
    until = func.coalesce(held.ended_on, sa.literal(day))
    days = func.sum(days_in(held.held_on, until) - 1)
    query = (
        select(held.invoice_id, days.label("days"), func.min(held.held_on).label("first"))
        .join(Invoice, Invoice.id == held.invoice_id)
        .where(Invoice.received_on.between(first, last))
        .group_by(held.invoice_id)
    )
    return {row.invoice_id: (int(row.days), row.first) for row in session.execute(query)}


STEPS = (
    (7, "0 to 7 days"),
    (14, "8 to 14"),
    (21, "15 to 21"),
    (30, "22 to 30"),
    (45, "31 to 45"),
    (None, "46 or more"),
)
"""Of the picture: the last day of each step, and its words."""


def by_step(rows: list[ClockRow]) -> list[tuple[str, int, bool]]:
    """How many paid invoices took so many days, step by step; whether the step is within 30 days."""
    paid = [each.days for each in rows if each.paid_on is not None]
    found, lower = [], -1
    for upper, words in STEPS:
        count = sum(lower < days and (upper is None or days <= upper) for days in paid)
        found.append((words, count, upper is not None and upper <= 30))
        lower = upper if upper is not None else lower
    return found
