"""Each sum that is held or blocked, or waits for actuals, with the reason, since when and until when: the parts of
whereabouts that wait.
"""

from collections.abc import Collection, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from models.base import UTCDateTime, choice, session, sum_of
from models.calendar import DAY, london_day, today
from models.engine.component import Component
from models.payments.awaited import AwaitedSum
from models.payments.blocked import BlockedSum
from models.payments.hold import Hold, HoldKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.records.agreement import Agreement
from models.records.care_package import CarePackageLineItem
from models.records.client import Client, masked_name
from models.records.contract import Contract, ServiceLevel
from models.records.provider import Provider
from models.reports.waiting_reasons import Reason
from models.statements import TODAY, Id, built_once

P = ScheduledPayment
MOST = sa.bindparam("most", type_=sa.Integer()) + sa.literal_column("0")
"""A sum, since SQLite plans a statement anew each time whose LIMIT is a bare parameter."""


class Where(StrEnum):
    """What a sum that waits is a part of."""

    HELD = "held"
    """The drafts of a payment."""
    PLANNED = "planned"
    """What is planned for a payment whose period has not begun."""
    BLOCKED = "blocked"
    """No payment yet."""
    AWAITED = "awaited"
    """What is planned for weeks that have ended, and whose actuals are not confirmed: no part of the entitlement."""


def waits_pence(provider_id: int) -> int | None:
    """What is held and blocked of a provider's money; None where nothing is."""
    sums = {key: pence for key, pence in of_each_kind(provider_id).items() if key[1] != Where.AWAITED}
    return sum(sums.values()) if sums else None


def most_waiting(provider_id: int, most: int) -> Sequence[sa.Row]:
    """What is held or blocked of a provider's money, one row for each person and reason: what is blocked first, then by
    pence. Before them, if there is any, one row of what waits for actuals, with the number of people. Of the rows the
    first `most` are given, each with what all of them come to (`all_pence`).
    """
    return session.execute(_most_waiting(), {"provider_id": provider_id, "most": most}).all()


@built_once
def _most_waiting() -> Select:
    each = _all_waiting(sa.bindparam("provider_id", type_=sa.Integer())).c
    is_awaited = each.where_it_is == Where.AWAITED.value
    own = (sa.case((~is_awaited, each[name])).label(name) for name in ("surname", "first_name", "client_reference"))
    c = select(
        each.reason, *own, sa.case((~is_awaited, each.item_id)).label("item_id"), each.pence, each.since_at,
        each.since_on, each.until_on, each.paid_on, each.client_reference.label("person"),
        sa.case((is_awaited, 0), else_=1).label("place"),
    ).subquery().c  # fmt: skip
    keys = c.place, c.reason, c.surname, c.first_name, c.client_reference
    pence, item_id = sum_of(c.pence), sa.func.max(c.item_id)
    return (
        select(
            *keys, item_id.label("item_id"), pence.label("pence"), sa.func.min(c.since_at).label("since_at"),
            sa.func.min(c.since_on).label("since_on"), sa.func.min(c.until_on).label("until_on"),
            sa.func.min(c.paid_on).label("paid_on"), sa.func.count(sa.distinct(c.person)).label("people"),
            sa.cast(sa.func.sum(pence).over(), sa.BigInteger).label("all_pence"),
        )
        .group_by(*keys)
        .order_by(c.place, item_id.is_(None), sa.func.abs(pence).desc(), c.client_reference, c.reason)
        .limit(MOST)
    )  # fmt: skip


def waiting(
    *,
    provider_id: int | None = None,
    reason: Reason | None = None,
    name: str = "",
    payment_ids: Collection[int] | None = None,
    blocked_in_open: bool = False,
) -> Select:
    """Every sum that is held or blocked, or waits for actuals, of one provider or all, or of these payments: rows with
    reason, pence, provider, contract, the payment that it is in, client, `service` or `order_number`, since when and
    until when. The oldest period first. With `blocked_in_open` only what Concern.WAITING of models.payments.worklist
    counts.
    """
    found = _all_waiting(provider_id, payment_ids)
    query = select(*found.c).order_by(
        found.c.first_on, found.c.folded_provider, found.c.reference, found.c.order_number, found.c.item_id
    )
    if reason is not None:
        query = query.where(found.c.reason == reason)
    if blocked_in_open:
        query = query.where(found.c.where_it_is == Where.BLOCKED.value, found.c.is_open)
    if name:
        query = query.join(Provider, Provider.id == found.c.provider_id).where(Provider.found_by(name))
    return query


def client_of(row: sa.Row) -> str:
    """As payments name clients: S, Bart (C2000020). Empty for one-off claims."""
    return masked_name(row.surname, row.first_name, row.client_reference) if row.surname is not None else ""


def since_of(row: sa.Row) -> date | None:
    """The day since which the sum waits, in London; None where none is on record, or the first is still to come."""
    at = london_day(row.since_at) if row.since_at is not None else None
    days = [at] if at is not None else [row.since_on, row.paid_on + DAY if row.paid_on else None]
    return min((day for day in days if day is not None and day <= today()), default=None)


def of_each_kind(provider_id: int) -> dict[tuple[int, str], int]:
    """Pence by contract and `Where`."""
    c = _all_waiting(provider_id).c
    query = select(c.contract_id, c.where_it_is, sum_of(c.pence)).group_by(c.contract_id, c.where_it_is)
    return {(contract_id, where): pence for contract_id, where, pence in session.execute(query)}


def _all_waiting(provider_id: Id | None, payment_ids: Collection[int] | None = None) -> sa.Subquery:
    parts = [_held(), _rejected_early(), _blocked(), _awaited()]
    if payment_ids is not None:
        parts = [part.where(P.id.in_(payment_ids)) for part in parts]
    if provider_id is not None:
        parts = [part.where(P.provider_id == provider_id) for part in parts]
    return sa.union_all(*parts).subquery()


def _columns(where: Where, **more: sa.SQLColumnExpression[Any]) -> Select:
    return select(
        sa.literal(where.value).label("where_it_is"), P.id.label("payment_id"),
        P.provider_id, Provider.name.label("provider"), Provider.folded_name.label("folded_provider"),
        P.contract_id, Contract.reference, Contract.name.label("contract"), P.first_on, P.last_on,
        P.is_open.label("is_open"),
        *(column.label(name) for name, column in more.items()),
        Client.surname, Client.first_name, Client.reference.label("client_reference"),
    ).select_from(P)  # fmt: skip


def _case(
    *whens: tuple[sa.SQLColumnExpression[bool], Reason], otherwise: Reason | None = None
) -> sa.ColumnElement[Reason]:
    none = otherwise.value if otherwise is not None else sa.null()
    return sa.type_coerce(sa.case(*((when, reason.value) for when, reason in whens), else_=none), choice(Reason))


def _held() -> Select:
    """Drafts that no run takes, row by row of their payments."""
    line, whole, row = PaymentLine, aliased(Hold), aliased(Hold)
    drafts = (
        select(line.payment_id, line.purchase_order_id, sum_of(line.total_pence).label("pence"))
        .where(line.payment_id.in_(_kept_payments()), (line.run_id + 0).is_(None))  # found by payment, not by run
        .group_by(line.payment_id, line.purchase_order_id)
        .subquery()
    )
    is_asked = sa.and_(P.waits_for_confirmation, P.answer_by >= TODAY, P.asked_by.is_not(None))
    reason = _case(
        (whole.id.is_not(None), Reason.HELD),
        (P.is_rejected, Reason.REJECTED),
        (P.is_overtime, Reason.MISSED),
        (row.kind == HoldKind.QUERY, Reason.QUERIED),
        (row.id.is_not(None), Reason.HELD),
        (is_asked, Reason.ASKED),
    )
    since_at = sa.case(
        (whole.id.is_not(None), whole.placed_at), (P.is_rejected, P.answered_at), else_=row.placed_at
    )  # fmt: skip
    of_whole = sa.and_(whole.payment_id == P.id, whole.is_of_whole_payment, whole.is_in_force)
    of_row = sa.and_(row.payment_id == P.id, row.purchase_order_id == drafts.c.purchase_order_id, row.is_in_force)
    return (
        _columns(
            Where.HELD, reason=reason, pence=drafts.c.pence, since_at=since_at,
            since_on=sa.case((P.is_overtime, P.answer_by), else_=sa.null()),
            until_on=sa.case((is_asked, P.answer_by), else_=sa.null()),
            item_id=sa.cast(sa.null(), sa.Integer), service=sa.cast(sa.null(), sa.Text),
            order_number=PurchaseOrder.number, paid_on=sa.cast(sa.null(), sa.Date),
        )
        .join(drafts, drafts.c.payment_id == P.id)
        .join(Contract, Contract.id == P.contract_id)
        .join(Provider, Provider.id == P.provider_id)
        .outerjoin(PurchaseOrder, PurchaseOrder.id == drafts.c.purchase_order_id)
        .outerjoin(Client, Client.id == PurchaseOrder.client_id)
        .outerjoin(whole, of_whole)
        .outerjoin(row, of_row)
        .where(reason.is_not(None), drafts.c.pence != 0)
    )  # fmt: skip


def _kept_payments() -> Select:
    """The ids of payments of which some may be held: no other's drafts need be read."""
    kept = aliased(P)
    is_held = select(Hold.id).where(Hold.payment_id == kept.id, Hold.is_in_force).exists()
    is_missed_or_asked = sa.or_(kept.answer_by < TODAY, kept.asked_by.is_not(None))
    waits = sa.and_(kept.waits_for_confirmation, is_missed_or_asked)
    return select(kept.id).where(sa.or_(kept.is_rejected, waits, is_held))


def _rejected_early() -> Select:
    """What is planned for payments that their providers rejected before the period began: they have no lines yet."""
    line = PaymentLine
    has_lines = select(line.id).where(line.payment_id == P.id).exists()
    reason = sa.type_coerce(sa.literal(Reason.REJECTED.value), choice(Reason))
    return (
        _columns(
            Where.PLANNED, reason=reason, pence=P.total_pence, since_at=P.answered_at,
            since_on=sa.cast(sa.null(), sa.Date), until_on=sa.cast(sa.null(), sa.Date),
            item_id=sa.cast(sa.null(), sa.Integer), service=sa.cast(sa.null(), sa.Text),
            order_number=sa.cast(sa.null(), sa.Integer), paid_on=sa.cast(sa.null(), sa.Date),
        )
        .join(Contract, Contract.id == P.contract_id)
        .join(Provider, Provider.id == P.provider_id)
        .outerjoin(Client, sa.false())
        .where(P.is_rejected, P.closed_run_id.is_(None), ~P.is_begun, ~has_lines, P.total_pence != 0)
    )  # fmt: skip


def blocked_reason() -> sa.ColumnElement[Reason]:
    """Why a care package line item is blocked, or a part of what is due for it."""
    item = CarePackageLineItem
    gated = select(Contract.id).where(Contract.id == item.contract_id, Contract.waits_for_agreement).correlate(item)
    waits = sa.and_(item.authorised_on <= TODAY, gated.exists())
    return _case(
        (item.is_suspended, Reason.SUSPENDED), (item.authorised_on.is_(None), Reason.UNAUTHORISED),
        (sa.and_(waits, Agreement.is_of(item)), Reason.ABOVE_AGREED), (waits, Reason.NOT_AGREED),
        otherwise=Reason.LATER,
    )  # fmt: skip


def _blocked() -> Select:
    """Sums of blocked care packages. They wait since the day after the last that was paid for (`paid_on`), or their
    first day; what waits for an agreement, since no earlier day than that on which its contract's gate began.
    """
    item, line = CarePackageLineItem, PaymentLine
    paid_until = (
        select(sa.func.max(line.last_on))
        .where(line.item_id == item.id, line.component == Component.CARE, line.run_id.is_not(None))
        .correlate(item)
        .scalar_subquery()
    )
    reason = blocked_reason()
    is_gated = sa.and_(reason.in_((Reason.NOT_AGREED, Reason.ABOVE_AGREED)), Contract.gate_from.is_not(None))
    begun = sa.case((sa.and_(is_gated, Contract.gate_from > sa.func.coalesce(paid_until, item.starts_on)),
                     Contract.gate_from))  # fmt: skip
    first = sa.case((paid_until.is_(None), item.starts_on))
    return (
        _columns(
            Where.BLOCKED, reason=reason, pence=BlockedSum.pence, since_at=sa.cast(sa.null(), UTCDateTime),
            since_on=sa.func.coalesce(begun, first), until_on=item.authorised_on,
            item_id=item.id, service=ServiceLevel.name, order_number=sa.cast(sa.null(), sa.Integer),
            paid_on=sa.case((begun.is_(None), paid_until)),
        )
        .join(BlockedSum, BlockedSum.payment_id == P.id)
        .join(item, item.id == BlockedSum.item_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(Contract, Contract.id == P.contract_id)
        .join(Provider, Provider.id == P.provider_id)
        .join(Client, Client.id == item.client_id)
    )  # fmt: skip


def _awaited() -> Select:
    """What is planned for weeks that have ended, by line item. It waits since the first day of the first of them."""
    item, own = CarePackageLineItem, AwaitedSum
    sums = (
        select(own.payment_id, own.item_id, sum_of(own.pence).label("pence"), sa.func.min(own.first_on).label("first"))
        .where(own.is_over())
        .group_by(own.payment_id, own.item_id)
        .subquery()
    )
    none = sa.cast(sa.null(), sa.Date)
    return (
        _columns(
            Where.AWAITED, reason=sa.type_coerce(sa.literal(Reason.AWAITED.value), choice(Reason)), pence=sums.c.pence,
            since_at=sa.cast(sa.null(), UTCDateTime), since_on=sums.c.first, until_on=none,
            item_id=item.id, service=ServiceLevel.name, order_number=sa.cast(sa.null(), sa.Integer), paid_on=none,
        )
        .join(sums, sums.c.payment_id == P.id)
        .join(Contract, Contract.id == P.contract_id)
        .join(Provider, Provider.id == P.provider_id)
        .outerjoin(item, item.id == sums.c.item_id)  # each is there: outer joins are read after the sums, which are few
        .outerjoin(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .outerjoin(Client, Client.id == item.client_id)
        .where(P.closed_run_id.is_(None))
    )  # fmt: skip
