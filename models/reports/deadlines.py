"""The days that matter to a person's payments, for a calendar program: the last day to confirm, the last day for
changes, the bank day, and the last day to confirm a week of actuals. No sum and no client stands in them, since such
programs belong to others and keep copies.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from models.accounts.user import Membership, User
from models.base import session
from models.calendar import Span, today
from models.care.register import is_asked, weeks
from models.payments.confirmation import Confirmation
from models.payments.hold import is_kept_back
from models.payments.payment import ScheduledPayment
from models.permissions import GRANTS, Permission
from models.records.contract import Contract
from models.records.provider import Provider
from models.records.schedule import Occasion

P = ScheduledPayment
BACK, AHEAD = timedelta(days=28), timedelta(days=92)


@dataclass(frozen=True, slots=True)
class PaymentDay:
    """One day of one payment. `reference` is its contract's."""

    reference: str
    span: Span
    occasion: Occasion
    on: date


def days_of(user: User) -> list[PaymentDay]:
    """At every provider at which this person may see payments just now, from BACK ago to AHEAD; by day. They are the
    payments' own, as the council has moved them. Money that is held, and £0.00 or less, is promised for no bank day; an
    answer that is given has no last day. One statement, across providers.
    """
    roles = [role for role, granted in GRANTS.items() if Permission.VIEW_PAYMENTS in granted]
    own = select(Membership.provider_id).where(
        Membership.user_id == user.id, Membership.granted_at.is_not(None), Membership.role.in_(roles)
    )
    first, last = today() - BACK, today() + AHEAD
    query = (
        select(P, sa.and_(P.closed_run_id.is_(None), is_kept_back()).label("is_held"))
        .join(P.contract)
        .options(contains_eager(P.contract))
        .where(P.provider_id.in_(own), P.bank_on >= first, P.first_on <= last)
        .order_by(P.first_on, Contract.reference, P.id)
    )
    found = [
        PaymentDay(payment.contract.reference, payment.span, occasion, on)
        for payment, is_held in session.execute(query)
        for occasion, on in _days(payment, is_held)
        if first <= on <= last
    ]
    return sorted(found, key=lambda each: (each.on, each.reference, each.span.first))


@dataclass(frozen=True, slots=True)
class ActualsDay:
    """The last day on which a week of actuals is confirmed in time. `reference` is its contract's."""

    reference: str
    service_id: int
    service_name: str
    span: Span
    on: date


def actuals_days_of(user: User) -> list[ActualsDay]:
    """Of weeks that have begun and are not confirmed, at every provider at which this person may submit them; by day.
    A statement for the providers, and two for each that is asked for actuals.
    """
    roles = [role for role, granted in GRANTS.items() if Permission.SUBMIT_ACTUALS in granted]
    place = Membership.user_id == user.id, Membership.granted_at.is_not(None), Membership.role.in_(roles)
    query = select(Provider.id).join(Membership, Membership.provider_id == Provider.id).where(*place, is_asked())
    found = [
        ActualsDay(week.reference, week.service_id, week.service_name, week.span, week.in_time_until)
        for provider_id in session.scalars(query.order_by(Provider.id)).all()
        for week in weeks(today() - BACK, provider_id)
        if week.standing.is_to_do
    ]
    return sorted(found, key=lambda each: (each.on, each.reference, each.service_id))


def _days(payment: P, is_held: bool) -> list[tuple[Occasion, date]]:
    is_asked = payment.contract.asks_for_confirmation and payment.confirmation is Confirmation.UNCONFIRMED
    asked = [(Occasion.CONFIRM, payment.answer_by)] if is_asked else []
    comes = [] if is_held or payment.total_pence <= 0 else [(Occasion.BANK, payment.bank_on)]
    return [*asked, (Occasion.CHANGES, payment.finalise_on), *comes]
