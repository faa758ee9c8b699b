"""The rows of a payment that an exception of a run is about, and how they were worked out, this time and last time."""

from sqlalchemy import select

from models.base import session
from models.payments.finding import Finding
from models.payments.payment import ScheduledPayment
from models.reports.breakdown import rows_of, with_working
from models.reports.explanation import Row
from models.reports.payment_rows import Rows, Show, SortedBy, Wanted

MOST = 10
"""Of a whole payment, the rows that have changed most are shown, so many."""


def exception_rows(payment: ScheduledPayment, client_reference: str | None, kind: Finding) -> Rows:
    """Those of the client; without one, those of the payment that have changed, the largest difference first. A client
    who is not in this payment any more has the row of the payment before, without money.
    """
    if client_reference is None and not kind.names_clients:
        return rows_of(payment, Wanted(show=Show.CHANGED, order=SortedBy.CHANGE), limit=MOST)
    text = client_reference or "One-Off Claims"
    found = rows_of(payment, Wanted(text=text))
    return found if found.items else rows_of(payment, Wanted(text=text, show=Show.CHANGED))


def workings(payment: ScheduledPayment, rows: Rows) -> list[Row]:
    """How each of these rows was worked out in the payment."""
    return [told for row in rows.items for told in with_working(payment, row.key)]


def workings_before(payment: ScheduledPayment, rows: Rows) -> list[Row]:
    """How the same rows were worked out in the payment before; nothing where there is none."""
    before = session.scalars(select(ScheduledPayment).where(ScheduledPayment.id == payment.id_before)).one_or_none()
    return workings(before, rows) if before is not None else []
