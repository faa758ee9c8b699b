"""The first page after logging in: what needs the person, what is coming, and the tasks."""

from flask import Blueprint
from sqlalchemy import func, select

from blueprints.access import may, me, requires
from blueprints.pages import render
from models.answers import to_confirm
from models.base import session
from models.breakdown import changes, on_record
from models.calendar import FinancialYear, today
from models.held import is_not_held
from models.payment import PaymentLine, ScheduledPayment
from models.permissions import Permission
from models.purchase_order import PurchaseOrder

bp = Blueprint("home", __name__)

SHOWN = 5
"""Contracts whose next payment stands on the page; the others are a link away."""


@bp.get("/")
@requires(Permission.VIEW_HOME)
def show():
    due, is_on_track = _due()
    year = FinancialYear.of(today())
    orders = session.scalar(
        select(func.count()).select_from(PurchaseOrder.issued(year=year.starts_in).order_by(None).subquery())
    )
    return render(
        "provider/home/show.html",
        payments=due[:SHOWN],
        others=len(due) - SHOWN,
        change=_change(due[0]) if len(due) == 1 else None,
        is_on_track=is_on_track,
        to_confirm=_to_confirm(),
        open_payments=sum(payment.first_on <= today() for payment in due),
        orders=orders,
        year=year,
        last_login=me().previous_login_at,
    )


def _due():
    """The next payment of each contract, and whether nothing holds any of them."""
    found = session.execute(ScheduledPayment.next_due().add_columns(is_not_held())).all()
    return [payment for payment, _ in found], bool(found) and all(is_free for _, is_free in found)


def _to_confirm():
    """The payments that wait for this person's answer."""
    if not may(Permission.CONFIRM_PAYMENTS):
        return []
    return session.scalars(to_confirm()).all()


def _change(payment):
    """How the one next payment differs from the one before: pence, and the rows that changed; None for a first one."""
    lines = session.scalars(PaymentLine.of(payment)).all()
    before = [line for line in lines if line.payment_id != payment.id]
    if not before:
        return None
    rows = on_record([line for line in lines if line.payment_id == payment.id], payment.span)
    found = changes(rows, on_record(before, before[0].payment.span))
    return {"rows": found, "pence": sum(change.pence for change in found), "before": before[0].payment.span}
