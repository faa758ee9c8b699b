"""The first page after logging in: what needs the person, what is coming, and the tasks."""

from flask import Blueprint
from sqlalchemy import func, select

from blueprints.access import may, me, requires, viewed
from blueprints.pages import render
from models.accounts import access_review, refused_mail
from models.accounts.account_policy import Step, policy
from models.accounts.pending_login import own_step, step_of
from models.base import session
from models.calendar import FinancialYear, today
from models.payments.answers import to_confirm
from models.payments.owing import listed
from models.payments.purchase_order import PurchaseOrder
from models.permissions import Permission
from models.refused_address import RefusedAddress
from models.reports.breakdown import told
from models.reports.coming import Coming, coming, paid_before
from models.reports.whereabouts import waits_pence

bp = Blueprint("home", __name__)

SHOWN = 5
"""Payments of one bank day that stand on the page; the others are a link away."""
NOTHING = Coming([], [])


@bp.get("/")
@requires(Permission.VIEW_HOME)
def show():
    found = coming() if may(Permission.VIEW_PAYMENTS) else NOTHING
    current = [part.payment for part in found.parts if not part.is_on_its_way and part.payment.is_open]
    to_be_told = current or [part.payment for part in found.parts if not part.is_on_its_way][:1]
    year = FinancialYear.of(today())
    return render(
        "provider/home/show.html",
        coming=found,
        shown=SHOWN,
        told=told(to_be_told[0]) if len(to_be_told) == 1 else None,
        is_on_track=bool(found.parts) and not found.kept and not any(part.adds_to_debt for part in found.parts),
        others_confirm=not may(Permission.CONFIRM_PAYMENTS) and any(each.is_to_be_confirmed for each in current),
        to_confirm=_to_confirm(),
        owed=_owed(),
        open_payments=len({each.id for each in current} | {part.payment.id for part in found.kept}),
        bars=_bars(found) if may(Permission.VIEW_PAYMENTS) else [],
        waits=waits_pence(viewed().id) if may(Permission.VIEW_PAYMENTS) else None,
        orders=_orders(year),
        year=year,
        review_due_on=_review_due_on(),
        refused=_refused(),
        has_security_code=_has_security_code(),
        last_login=me().previous_login_at,
    )


def _bars(found):
    """The last bank days and the next, for a picture: the label and pence of each."""
    days = [*paid_before(), *((day.on, day.pence) for day in found.days)]
    return [(f"{on.day} {on:%b %Y}", pence) for on, pence in days]


def _owed():
    """The contracts on which something is owed, with what is left to take it from. None for who sees no money."""
    found = session.execute(listed()).all() if may(Permission.VIEW_PAYMENTS) else []
    return [row for row in found if row.owed_pence]


def _orders(year):
    if not may(Permission.VIEW_PURCHASE_ORDERS):
        return 0
    issued = PurchaseOrder.issued(year=year.starts_in).order_by(None)
    return session.scalar(select(func.count()).select_from(issued.subquery()))


def _review_due_on():
    """The day on which the review of who has access was due, for who can do it."""
    day = access_review.due_on(viewed().id) if may(Permission.MANAGE_TEAM) else None
    return day if access_review.is_due(day) else None


def _refused():
    """Colleagues' addresses that refuse mail, for who looks after them; one's own for everybody else."""
    own = RefusedAddress.marked().where(RefusedAddress.address == me().email)
    return session.scalars(refused_mail.of_colleagues() if may(Permission.MANAGE_TEAM) else own).all()


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
