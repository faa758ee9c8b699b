"""What has become of one visit: the figure of its week that holds, the payment lines of that, and the bank's reference.

A visit is part of a week's figure, so that what is told of money is the whole week's of its line item.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Row, Select, select

from models.base import session, sum_of
from models.calendar import Span
from models.care.plan import calendar_on, calendars_of, week_of
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import RunPayment
from models.payments.sent import SentPayment, bank_day, is_back
from models.pricing import Unit
from models.records.actual import ActualWeek, ConfirmedActual, latest_that_counts
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, ServiceLevel
from models.records.visit import Visit


@dataclass(frozen=True)
class VisitStory:
    """Of a visit that has a line item."""

    contract: Contract
    service_id: int
    unit: Unit
    span: Span
    """Its week."""
    week: ActualWeek | None
    """None where nobody has begun it."""
    figure: ConfirmedActual | None
    """The one of its week that holds; None where none does."""
    is_newer: bool
    """It was changed after the figure was confirmed, which may not know of it."""
    lines: list[Row]
    """What the week of its line item comes to, by payment: payment_first_on, payment_last_on, run_id (None: not paid
    yet), pence (VAT included), bank_on, bank_reference, is_returned.
    """


def story_of(visit: Visit) -> VisitStory | None:
    """None where it has no line item, or its contract paid nothing through the portal on its day; six queries."""
    item = CarePackageLineItem
    query = select(item.contract_id, ServiceLevel.service_id, ServiceLevel.unit, item.id)
    query = query.join(ServiceLevel, ServiceLevel.id == item.service_level_id)
    found = session.execute(query.where(item.id == visit.item_id)).one_or_none()
    if found is None:
        return None
    calendar = calendar_on(calendars_of([found.contract_id]).get(found.contract_id, ()), visit.day)
    if calendar is None:
        return None
    span = week_of(calendar, visit.day)
    own = ActualWeek.contract_id == found.contract_id, ActualWeek.service_id == found.service_id
    week = session.scalars(select(ActualWeek).where(*own, ActualWeek.first_on == span.first)).one_or_none()
    holds = ConfirmedActual.item_id == found.id, ConfirmedActual.first_on == span.first
    figure = session.scalars(latest_that_counts().where(*holds)).one_or_none()
    contract = session.scalars(select(Contract).where(Contract.id == found.contract_id)).one()
    return VisitStory(
        contract, found.service_id, found.unit, span, week, figure,
        is_newer=figure is not None and visit.changed_at > figure.confirmed_at,
        lines=list(session.execute(_lines(found.id, span))),
    )  # fmt: skip


def confirmed_weeks(visits: Collection[Visit]) -> dict[int, Span]:
    """By the id of each visit that counts in the figure of a confirmed week that of its line item: the days of that
    week. Others are left out. Four queries.
    """
    item, week = CarePackageLineItem, ActualWeek
    query = select(item.id, item.contract_id, ServiceLevel.service_id)
    query = query.join(ServiceLevel, ServiceLevel.id == item.service_level_id)
    places = {row.id: row for row in session.execute(query.where(item.id.in_({each.item_id for each in visits})))}
    calendars = calendars_of({row.contract_id for row in places.values()})
    spans: dict[int, Span] = {}
    for visit in visits:
        if place := places.get(visit.item_id or 0):
            calendar = calendar_on(calendars.get(place.contract_id, ()), visit.day)
            if calendar is not None:
                spans[visit.id] = week_of(calendar, visit.day)
    days = {span.first for span in spans.values()}
    closed = select(week.contract_id, week.service_id, week.first_on).where(~week.is_open, week.first_on.in_(days))
    weeks = {tuple(row) for row in session.execute(closed)}
    figures = latest_that_counts(ConfirmedActual.item_id, ConfirmedActual.first_on)
    figures = figures.where(ConfirmedActual.item_id.in_(places), ConfirmedActual.first_on.in_(days))
    counted = {tuple(row) for row in session.execute(figures)}
    return {
        visit.id: span
        for visit in visits
        if (span := spans.get(visit.id)) is not None and (place := places.get(visit.item_id or 0)) is not None
        and (place.contract_id, place.service_id, span.first) in weeks and (place.id, span.first) in counted
    }  # fmt: skip


def is_of_week(first_on: date, last_on: date) -> sa.ColumnElement[bool]:
    """A condition: the line is of the care of a line item in this week, whole or one side of 1 April, and no sum that
    is due on one of its days.
    """
    line = PaymentLine
    days = line.first_on >= first_on, line.last_on <= last_on
    return sa.and_(line.item_id.is_not(None), *days, line.allowance_id.is_(None), line.claim_item_id.is_(None),
                   line.adjustment_id.is_(None), line.is_own)  # fmt: skip


def _lines(item_id: int, span: Span) -> Select:
    line, payment, part = PaymentLine, ScheduledPayment, RunPayment
    of_part = sa.and_(part.payment_id == line.payment_id, part.run_id == line.run_id)
    told = (bank_day().label("bank_on"), SentPayment.bank_reference, is_back().label("is_returned"))
    return (
        select(
            payment.first_on.label("payment_first_on"), payment.last_on.label("payment_last_on"), line.run_id,
            sum_of(line.net_pence + line.vat_pence).label("pence"), *told,
        )
        .join(payment, payment.id == line.payment_id)
        .outerjoin(part, of_part)
        .outerjoin(SentPayment, SentPayment.of_part())
        .where(line.item_id == item_id, is_of_week(span.first, span.last))
        .group_by(payment.first_on, payment.last_on, payment.id, line.run_id, *(each.element for each in told[:1]),
                  SentPayment.bank_reference, told[2].element)
        .order_by(payment.first_on, line.run_id)
    )  # fmt: skip
