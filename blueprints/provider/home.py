"""The first page after logging in: what needs the person, what is coming, and the tasks."""

from flask import Blueprint
from sqlalchemy import func, select

from blueprints.access import may, me, requires, viewed
from blueprints.pages import render
from models.accounts import access_review
from models.accounts.account_policy import Step, policy
from models.accounts.pending_login import own_step, step_of
from models.base import session
from models.calendar import FinancialYear, today
from models.payments.answers import to_confirm
from models.payments.hold import is_held
from models.payments.payment import ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.permissions import Permission
from models.reports.breakdown import told

bp = Blueprint("home", __name__)

SHOWN = 5
"""Contracts whose next payment stands on the page; the others are a link away."""


@bp.get("/")
@requires(Permission.VIEW_HOME)
def show():
    due, is_on_track = _due()
    year = FinancialYear.of(today())
    return render(
        "provider/home/show.html",
        payments=due[:SHOWN],
        others=len(due) - SHOWN,
        told=told(due[0]) if len(due) == 1 else None,
        is_on_track=is_on_track,
        others_confirm=not may(Permission.CONFIRM_PAYMENTS) and any(payment.is_to_be_confirmed for payment in due),
        to_confirm=_to_confirm(),
        open_payments=sum(payment.is_open for payment in due),
        orders=_orders(year),
        year=year,
        review_due_on=_review_due_on(),
        has_security_code=_has_security_code(),
        last_login=me().previous_login_at,
    )


def _due():
    """The next payment of each contract, and whether nothing holds any of them. Nothing for who sees no money."""
    if not may(Permission.VIEW_PAYMENTS):
        return [], False
    found = session.execute(ScheduledPayment.next_due().add_columns(is_held())).all()
    return [payment for payment, _ in found], bool(found) and not any(held for _, held in found)


def _orders(year):
    if not may(Permission.VIEW_PURCHASE_ORDERS):
        return 0
    issued = PurchaseOrder.issued(year=year.starts_in).order_by(None)
    return session.scalar(select(func.count()).select_from(issued.subquery()))


def _review_due_on():
    """The day on which the review of who has access was due, for who can do it."""
    day = access_review.due_on(viewed().id) if may(Permission.MANAGE_TEAM) else None
    return day if access_review.is_due(day) else None


def _has_security_code():
    """Whether this person logs in with a security code, which they can change."""
    in_use = {policy().carers, policy().organisations, policy().staff}
    if Step.SECURITY_CODE not in in_use or step_of(me()) is not Step.SECURITY_CODE:
        return False
    return own_step(me()) is not Step.AUTHENTICATOR


def _to_confirm():
    """The payments that wait for this person's answer."""
    if not may(Permission.CONFIRM_PAYMENTS):
        return []
    return session.scalars(to_confirm()).all()
