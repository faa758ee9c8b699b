"""What people have made by hand of the money in a run: nobody pays out alone what they have made.

Whoever added to a payment, held, released, waived, sent back, moved a day of it, recorded a paper that lets it be paid,
or decided about what is owed, neither authorises nor finalises the run. The command line, which asks nobody, leaves
payments with an adjustment that no second person has seen; what a paper lets be paid, at the feed's price, it pays.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from models.accounts.user import User
from models.audit import AuditEvent, record
from models.base import DomainError, move, session, sum_of, utc_now
from models.payments.adjustment import Adjustment, RecoveryPlan
from models.payments.day_move import DayMove
from models.payments.debt import DebtEntry, DebtEntryKind, WriteOff
from models.payments.hold import Hold, HoldKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun, RunPayment
from models.payments.standing_hold import StandingHold
from models.records.agreement import Agreement, AgreementSource
from models.records.contract import Contract
from models.records.provider import Provider
from models.unindexed import unindexed
from models.words import Choice

P, part, line = ScheduledPayment, RunPayment, PaymentLine
Column = sa.SQLColumnExpression[Any]


class HandKind(Choice):
    ADJUSTED = "adjusted"
    CANCELLED = "cancelled an adjustment"
    HELD = "held"
    RELEASED = "released"
    SUSPENDED = "standing hold"
    WAIVED = "paid as it is"
    KEPT_BACK = "kept back again"
    SENT_BACK = "sent back"
    MOVED = "day moved"
    PAID_NOW = "paid now"
    INSTALMENTS = "instalments"
    REPAID = "repayment recorded"
    WRITTEN_OFF = "write-off"
    DEBT_MOVED = "debt moved"
    AGREED = "agreement on paper recorded"

    @property
    def is_of_debt(self) -> bool:
        """It changes what is taken from the payment for a debt, and not what its lines come to."""
        return self in (HandKind.INSTALMENTS, HandKind.REPAID, HandKind.WRITTEN_OFF, HandKind.DEBT_MOVED)


@dataclass(frozen=True)
class Hand:
    """One thing that somebody made or decided by hand, which touches a payment of the run."""

    kind: HandKind
    payment_id: int
    """The payment; of what is owed on a contract, its first payment in the run."""
    provider_id: int
    user_id: int
    at: datetime
    pence: int
    """What it is about: an adjustment's sum, what a payment or a row in it comes to, so much of a debt."""
    reason: str
    name: str
    reference: str
    """Of the payment's contract."""
    first_on: date
    """The payment's."""
    provider: str
    """Its name."""


_OF_PAYMENTS = {
    "payment.paid_as_it_is": HandKind.WAIVED,
    "payment.kept_back_again": HandKind.KEPT_BACK,
    "payment.sent_back": HandKind.SENT_BACK,
}
_OF_DEBTS = {
    DebtEntryKind.REPAID: HandKind.REPAID,
    DebtEntryKind.WRITTEN_OFF: HandKind.WRITTEN_OFF,
    DebtEntryKind.MOVED: HandKind.DEBT_MOVED,
}


def makers_of(run: PaymentRun) -> set[int]:
    """Ids of the people who have made something in the run by hand."""
    return {hand.user_id for hand in hands_in(run)}


def hands_in(run: PaymentRun) -> list[Hand]:
    """All that people have made by hand of the payments in the run, before it was closed: the oldest first, with their
    names. One query.
    """
    until = run.finalised_at or run.stopped_at
    hands = sa.union_all(
        *_adjusted(run), *_held(run), _said_of_payments(run), _moved(run), *_standing(run), *_of_debts(run),
        *_of_plans(run), _agreed_on_paper(run),
    ).subquery("hands")  # fmt: skip
    query = (
        select(*hands.c, User.name, P.first_on, Contract.reference, Provider.name.label("provider"))
        .join(P, P.id == hands.c.payment_id)
        .join(Contract, Contract.id == P.contract_id)
        .join(Provider, Provider.id == P.provider_id)
        .outerjoin(User, User.id == hands.c.user_id)
    )
    found = [
        Hand(HandKind(row.kind), row.payment_id, row.provider_id, row.user_id, row.at, int(row.pence), row.reason,
             row.name or "", row.reference, row.first_on, row.provider)
        for row in session.execute(query)
        if until is None or row.at <= until
    ]  # fmt: skip
    return sorted(found, key=lambda hand: (hand.at, hand.payment_id, hand.kind.value))


@dataclass(frozen=True)
class _Of:
    """What hands were laid on: columns of the payment's id, its provider's, and pence."""

    payment_id: Column
    provider_id: Column
    pence: Column


def _by(kind: HandKind | Column, of: _Of, user_id: Column, at: Column, reason: Column) -> Select:
    """What this person did then: one row each, of tables that the caller joins. Nothing where nobody has."""
    columns = {
        "kind": sa.literal(kind.value) if isinstance(kind, HandKind) else kind,
        "payment_id": of.payment_id, "provider_id": of.provider_id, "user_id": user_id, "at": at,
        "pence": sa.cast(of.pence, sa.BigInteger), "reason": sa.func.coalesce(reason, ""),
    }  # fmt: skip
    named = (column.label(name) for name, column in columns.items())
    return select(*named).where(user_id.is_not(None), at.is_not(None))


def _adjusted(run: PaymentRun) -> list[Select]:
    """Who made or cancelled an adjustment of which a line is in the run, paid or to be paid."""
    made, taken = Adjustment, (
        select(line.adjustment_id, line.payment_id, sum_of(line.total_pence).label("pence"))
        .join(part, part.payment_id == line.payment_id)
        .where(part.run_id == run.id, line.adjustment_id.is_not(None), _is_taken(run))
        .group_by(line.adjustment_id, line.payment_id)
        .subquery("taken")
    )  # fmt: skip
    of = _Of(taken.c.payment_id, made.provider_id, taken.c.pence)
    return [
        query.select_from(made).join(taken, taken.c.adjustment_id == made.id)
        for query in (
            _by(HandKind.ADJUSTED, of, made.created_by_id, made.created_at, made.reason),
            _by(HandKind.CANCELLED, of, made.cancelled_by_id, made.cancelled_at, made.reason),
        )
    ]


def _is_taken(run: PaymentRun) -> sa.ColumnElement[bool]:
    return sa.or_(line.run_id == run.id, line.run_id.is_(None))


def _held(run: PaymentRun) -> list[Select]:
    """Who held a payment or a row, and who released one. A query is its provider's own; who answers it releases it."""
    of_row = line.payment_id == Hold.payment_id, line.purchase_order_id == Hold.purchase_order_id, _is_taken(run)
    row_pence = select(sum_of(line.total_pence)).where(*of_row).correlate(Hold).scalar_subquery()
    of = _Of(Hold.payment_id, Hold.provider_id, sa.case((Hold.is_of_whole_payment, part.taken_pence), else_=row_pence))
    is_ours = Hold.kind != HoldKind.QUERY
    held = _by(HandKind.HELD, of, Hold.placed_by_id, Hold.placed_at, Hold.reason)
    released = _by(HandKind.RELEASED, of, Hold.released_by_id, Hold.released_at, Hold.release_reason)
    is_by_another = Hold.released_by_id.is_distinct_from(Hold.placed_by_id)
    return [
        query.select_from(Hold).join(part, part.payment_id == Hold.payment_id).where(part.run_id == run.id)
        for query in (
            held.where(is_ours, Hold.standing_id.is_(None)), released.where(sa.or_(is_ours, is_by_another)),
        )
    ]  # fmt: skip


def _said_of_payments(run: PaymentRun) -> Select:
    """Who let a payment be paid as it is, took that back, or sent it back: the audit alone says who."""
    event = AuditEvent
    kinds = {action: kind.value for action, kind in _OF_PAYMENTS.items()}
    kind, reason = (
        sa.case(kinds, value=event.action),
        sa.case((event.action == "payment.sent_back", P.council_comment), else_=P.waive_reason),
    )
    of = _Of(part.payment_id, part.provider_id, part.taken_pence)
    return (
        _by(kind, of, event.user_id, event.at, reason)
        .select_from(event)
        .join(part, event.subject == _subject(P.__tablename__, part.payment_id))
        .join(P, P.id == part.payment_id)
        .where(part.run_id == run.id, event.provider_id == part.provider_id, event.action.in_(_OF_PAYMENTS))
    )


def _moved(run: PaymentRun) -> Select:
    moved = DayMove
    kind = sa.case((moved.is_paid_now, HandKind.PAID_NOW.value), else_=HandKind.MOVED.value)
    of = _Of(moved.payment_id, moved.provider_id, part.taken_pence)
    query = _by(kind, of, moved.moved_by_id, moved.moved_at, moved.reason).select_from(moved)
    return query.join(part, part.payment_id == moved.payment_id).where(part.run_id == run.id)


def _standing(run: PaymentRun) -> list[Select]:
    """Who began, changed or ended a standing hold that has held something of the run. The audit says who changed it."""
    standing, event = StandingHold, AuditEvent
    touched = (
        select(Hold.standing_id, sa.func.min(part.payment_id).label("payment_id"),
               sum_of(part.taken_pence).label("pence"))
        .join(part, part.payment_id == Hold.payment_id)
        .where(part.run_id == run.id, Hold.standing_id.is_not(None))
        .group_by(Hold.standing_id)
        .subquery("touched")
    )  # fmt: skip
    of = _Of(touched.c.payment_id, standing.provider_id, touched.c.pence)
    reason = sa.func.coalesce(sa.func.nullif(standing.end_reason, ""), standing.reason)
    begun, ended, changed = (
        _by(HandKind.SUSPENDED, of, user_id, at, reason)
        .select_from(standing)
        .join(touched, touched.c.standing_id == standing.id)
        for user_id, at in (
            (standing.begun_by_id, standing.begun_at), (standing.ended_by_id, standing.ended_at),
            (event.user_id, event.at),
        )
    )  # fmt: skip
    return [begun, ended, changed.join(event, _is_of(event, standing, "standing_hold.changed"))]


def _of_debts(run: PaymentRun) -> list[Select]:
    """Who recorded a repayment, agreed to a write-off or moved a debt of a contract in the run, since a run last paid
    of that contract; and who had asked for that write-off.
    """
    contracts, entry, asked = _contracts_of(run), DebtEntry, WriteOff
    kind = sa.case({each: hand.value for each, hand in _OF_DEBTS.items()}, value=entry.kind)
    of_entry = _Of(contracts.c.payment_id, entry.provider_id, entry.pence + entry.surplus_pence)
    of_asked = _Of(contracts.c.payment_id, asked.provider_id, asked.pence)
    return [
        _by(kind, of_entry, entry.made_by_id, entry.made_at, entry.reason)
        .select_from(entry)
        .join(contracts, contracts.c.contract_id == entry.contract_id)
        .where(entry.kind.in_(_OF_DEBTS), _is_since(contracts, entry.made_at)),
        _by(HandKind.WRITTEN_OFF, of_asked, asked.asked_by_id, asked.decided_at, asked.reason)
        .select_from(asked)
        .join(contracts, contracts.c.contract_id == asked.contract_id)
        .where(asked.is_agreed.is_(True), _is_since(contracts, asked.decided_at)),
    ]


def _of_plans(run: PaymentRun) -> list[Select]:
    """Who agreed or ended instalments of a contract in the run since then."""
    contracts, plan, event = _contracts_of(run), RecoveryPlan, AuditEvent
    of = _Of(contracts.c.payment_id, plan.provider_id, plan.per_payment_pence)
    agreed, ended = (
        _by(HandKind.INSTALMENTS, of, user_id, at, plan.reason)
        .select_from(plan)
        .join(contracts, contracts.c.contract_id == plan.contract_id)
        .where(_is_since(contracts, at))
        for user_id, at in ((plan.created_by_id, plan.created_at), (event.user_id, event.at))
    )
    return [agreed, ended.join(event, _is_of(event, plan, "recovery_plan.ended"))]


def _agreed_on_paper(run: PaymentRun) -> Select:
    """Who recorded an agreement on paper of a line item that the run pays, where its contract waits for agreements,
    since a run last paid of that contract. The audit says who; of what a feed brings, nobody.
    """
    contracts, event = _contracts_of(run), AuditEvent
    taken = (
        select(line.item_id, line.contract_id, line.payment_id, sum_of(line.total_pence).label("pence"))
        .join(part, part.payment_id == line.payment_id)
        .join(P, P.id == line.payment_id)
        .join(Contract, Contract.id == line.contract_id)
        .where(part.run_id == run.id, line.item_id.is_not(None), _is_taken(run), _waits_for_agreements())
        .group_by(line.item_id, line.contract_id, line.payment_id)
        .subquery("taken")
    )
    of = _Of(taken.c.payment_id, Agreement.provider_id, taken.c.pence)
    return (
        _by(HandKind.AGREED, of, event.user_id, event.at, Agreement.by_name)
        .select_from(Agreement)
        .join(taken, taken.c.item_id == Agreement.item_id)
        .join(contracts, contracts.c.contract_id == taken.c.contract_id)
        .join(event, event.subject == _subject(Agreement.__tablename__, Agreement.id))
        .where(
            event.action == "agreement.recorded", Agreement.source == AgreementSource.PAPER,
            _is_since(contracts, event.at),
        )
    )  # fmt: skip


def _waits_for_agreements() -> sa.ColumnElement[bool]:
    """A condition on a payment and its contract: its line items are paid as they are agreed."""
    return sa.and_(
        Contract.is_agreement_required, sa.or_(Contract.gate_from.is_(None), Contract.gate_from <= P.first_on)
    )


def _contracts_of(run: PaymentRun) -> sa.Subquery:
    """The contracts in the run, each with its first payment there, and when an earlier run last paid of it."""
    earlier, before, its = aliased(RunPayment), aliased(PaymentRun), aliased(P)
    paid_at = (
        select(sa.func.max(before.finalised_at))
        .join(earlier, earlier.run_id == before.id)
        .join(its, its.id == earlier.payment_id)
        .where(its.contract_id == P.contract_id, earlier.is_finalised, before.id < run.id)
        .correlate(P)
        .scalar_subquery()
    )
    query = select(P.contract_id, sa.func.min(P.id).label("payment_id"), sa.func.max(paid_at).label("paid_at"))
    return query.join(part, part.payment_id == P.id).where(part.run_id == run.id).group_by(P.contract_id).subquery()


def _is_since(contracts: sa.Subquery, at: Column) -> sa.ColumnElement[bool]:
    return sa.or_(contracts.c.paid_at.is_(None), at > contracts.c.paid_at)


def _is_of(
    event: type[AuditEvent], record_of: type[StandingHold | RecoveryPlan], action: str
) -> sa.ColumnElement[bool]:
    """The event is of this action, and about this record."""
    return sa.and_(event.action == action, event.subject == _subject(record_of.__tablename__, record_of.id))


def _subject(table: str, id_: Column) -> sa.ColumnElement[str]:
    """What the audit calls the record with this id."""
    return sa.literal(f"{table}:") + sa.cast(id_, sa.String)


def has_unseen() -> sa.ColumnElement[bool]:
    """A condition on ScheduledPayment: a draft of it is of an adjustment that nobody has seen but who made it."""
    unseen = select(Adjustment.id).where(Adjustment.seen_at.is_(None))
    return P.id.in_(select(line.payment_id).where(line.adjustment_id.in_(unseen), unindexed(line.run_id).is_(None)))


def see(adjustment: Adjustment, *, by: User) -> None:
    """Say that a second person has seen the adjustment. DomainError for who made or cancelled it."""
    if by.id in (adjustment.created_by_id, adjustment.cancelled_by_id):
        raise DomainError("You made or cancelled this adjustment, so somebody else has to look at it")
    is_as_it_was = Adjustment.cancelled_at.is_(None) if adjustment.cancelled_at is None else sa.true()
    if not move(adjustment, Adjustment.seen_at.is_(None), is_as_it_was, seen_at=utc_now(), seen_by_id=by.id):
        raise DomainError("Somebody has seen this adjustment already, or it is cancelled now. Look at it again")
    record("adjustment.seen", adjustment, by=by, amount_pence=adjustment.amount_pence)
