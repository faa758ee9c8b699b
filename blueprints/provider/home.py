"""The first page after logging in: what needs the person, what is coming, and the tasks."""

from flask import Blueprint

from blueprints.access import may, me, requires, viewed
from blueprints.pages import render
from blueprints.provider.needs import Now, needs_of
from models.accounts.account_policy import Step
from models.accounts.pending_login import step_for
from models.calendar import FinancialYear, today
from models.permissions import Permission
from models.reports.coming import DAYS_TO_COME, Coming, coming
from models.reports.difference import told_of
from models.reports.glance import Wanted, glance
from models.reports.waits import client_of, most_waiting, since_of

bp = Blueprint("home", __name__)

SHOWN = 5
"""Payments of one bank day that stand on the page; the others are a link away."""
WAITING = 3
"""Sums that wait and stand on the page."""
NOTHING = Coming([], [])


@bp.get("/")
@requires(Permission.VIEW_HOME)
def show():
    sees_money = may(Permission.VIEW_PAYMENTS)
    year = FinancialYear.of(today())
    counted = glance(me(), viewed().id, _wanted(sees_money), year)
    found = coming(counted.owing) if sees_money else NOTHING
    waits = most_waiting(viewed().id, WAITING) if sees_money else []
    needs = needs_of(Now(found, counted, found.has_several))
    return render(
        "provider/home/show.html",
        needs=needs,
        coming=found,
        shown=SHOWN,
        told=told_of(found.pairs_of(found.next_days[:SHOWN], SHOWN)),
        is_on_track=found.is_on_track and not waits,
        others_confirm=not may(Permission.CONFIRM_PAYMENTS) and bool(found.to_confirm),
        counted=counted,
        columns=_columns(found, counted),
        client_of=client_of,
        since_of=since_of,
        waits=waits,
        year=year,
        has_security_code=_has_security_code(counted),
        last_login=me().previous_login_at,
    )


def _wanted(sees_money):
    manages, agrees = may(Permission.MANAGE_TEAM), may(Permission.AGREE_DOCUMENTS)
    orders, actions = may(Permission.VIEW_PURCHASE_ORDERS), may(Permission.VIEW_ACTIONS)
    claims = may(Permission.VIEW_CLAIMS) and bool(viewed().is_claimant)
    timesheets = may(Permission.SUBMIT_ACTUALS) and viewed().kind.sends_timesheets
    invoices = may(Permission.SUBMIT_INVOICES) and viewed().kind.sends_invoices
    return Wanted(sees_money, orders, actions, manages, agrees, claims, timesheets, invoices, manages)


def _columns(found, counted):
    """The last bank days and the next, for a picture: day, pence, whether it is still to come, and its one payment's
    contract and first day.
    """
    past = [(each.on, each.pence, False, each.payments, each.reference, each.first_on) for each in counted.paid]
    next_ = [
        (each.on, each.pence, not each.is_on_its_way, len(each.parts), each.parts[0].payment.contract.reference,
         each.parts[0].payment.first_on)
        for each in found.days[:DAYS_TO_COME]
    ]  # fmt: skip
    return past + next_


def _has_security_code(counted):
    """Whether this person logs in with a security code, which they can change."""
    own = step_for({each.role for each in me().memberships}, is_staff=me().staff is not None)
    return own is Step.SECURITY_CODE and not counted.has_strong_step
