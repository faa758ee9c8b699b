"""What happens to the money of a payment: what is in the bank or goes there, what is held and why, what is taken for a
debt or added to one. Every page, file and mail that names such a sum asks here.

For what no run has taken yet it is a forecast: as if each open payment were finalised in order of its first day, with
what is held left out. It is worked out anew each time, so that it is never behind; a fixed number of queries, however
many payments.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session, sum_of
from models.engine.component import Component
from models.engine.recovery import Settlement
from models.payments.blocked import has_fault
from models.payments.hold import Hold, HoldKind, has_hold
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.settlement import ToSettle, drafts_of, settle_all
from models.words import Choice


class Kept(Choice):
    """Why no run takes a payment just now."""

    HELD = "held"
    """The council holds the whole of it."""
    REJECTED = "rejected"
    UNCALCULATED = "uncalculated"
    """Its contract cannot be calculated, so nobody knows what it comes to."""
    MISSED = "missed"
    """Nobody has confirmed it in time, and its contract pays only what is confirmed."""
    ASKED = "asked"
    """It waits for a confirmation, which can still be given: the forecast takes it as given."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One payment's money, in pence with VAT: total = bank + taken - added + held."""

    total_pence: int
    bank_pence: int
    """What is in the bank, on its way there, or expected to go there."""
    held_pence: int = 0
    """Drafts that no run takes: the whole of what is not finalised, or rows."""
    queried_pence: int = 0
    """Of those, what the provider has queried."""
    taken_pence: int = 0
    """For what is owed."""
    added_pence: int = 0
    """To what is owed."""
    held_rows_pence: int = 0
    """What is held row by row, whatever becomes of the rest."""
    paid_pence: int = 0
    """Of `bank_pence`, what runs have paid already."""
    kept: Kept | None = None
    is_forecast: bool = True
    """A run is still to take some of it."""

    @property
    def is_plain(self) -> bool:
        """All of it goes to the bank, and nothing is to be said about it."""
        return self.bank_pence == self.total_pence and self.kept is None

    @property
    def to_confirm_pence(self) -> int:
        """What a confirmation lets go: the total without the rows that are held."""
        return self.total_pence - self.held_rows_pence


@dataclass(slots=True)
class _Finalised:
    paid: int = 0
    brought: int = 0
    carried: int = 0


@dataclass(slots=True)
class _Drafts:
    free: list[Any] = field(default_factory=list)
    held: int = 0
    queried: int = 0

    @property
    def pence(self) -> int:
        return self.held + sum(row.net_pence + row.vat_pence for row in self.free)


class Stands(Protocol):
    """A payment, or a row of a list of them."""

    @property
    def id(self) -> int: ...
    @property
    def contract_id(self) -> int: ...
    @property
    def first_on(self) -> date: ...
    @property
    def total_pence(self) -> int: ...
    @property
    def closed_run_id(self) -> int | None: ...


def standings(payments: Iterable[Stands]) -> dict[int, Standing]:
    """How each of these payments stands, by its id."""
    wanted = {payment.id: payment for payment in payments}
    if not wanted:
        return {}
    open_ones = _open_until(list(wanted.values()))
    finalised = _finalised([*wanted, *(row.id for row in open_ones)])
    drafts = _drafts([row.id for row in open_ones])
    kept = {row.id: _why_kept(row) for row in open_ones}
    settled = settle_all(
        ToSettle(
            row.id, row.contract_id, row.first_on, row.last_on, row.is_begun, drafts[row.id].free,
            planned_pence=row.total_pence - drafts[row.id].pence - _own(finalised[row.id]),
        )
        for row in open_ones
        if kept[row.id] in (None, Kept.ASKED)
    )  # fmt: skip
    return {
        id_: _standing(payment, finalised[id_], drafts[id_], kept.get(id_), settled.get(id_))
        for id_, payment in wanted.items()
    }


def standing_of(payment: Stands) -> Standing:
    return standings([payment])[payment.id]


def _standing(
    payment: Stands, finalised: _Finalised, drafts: _Drafts, kept: Kept | None, settled: Settlement | None
) -> Standing:
    """Without a settlement nothing of it is taken: it is closed, or the whole rest of it is kept back."""
    done = settled or Settlement()
    rest = payment.total_pence - _own(finalised)
    return Standing(
        total_pence=payment.total_pence,
        bank_pence=finalised.paid + done.bank_pence,
        held_pence=drafts.held if settled else rest,
        queried_pence=drafts.queried,
        held_rows_pence=drafts.held,
        taken_pence=finalised.brought + done.brought_pence,
        added_pence=finalised.carried + done.carried_pence,
        paid_pence=finalised.paid,
        kept=kept,
        is_forecast=payment.closed_run_id is None,
    )


def _own(finalised: _Finalised) -> int:
    """What is finalised of the payment's own lines."""
    return finalised.paid + finalised.brought - finalised.carried


def _open_until(payments: Sequence[Stands]) -> Sequence[Any]:
    """The payments of the same contracts that are not closed, up to the last that is asked about."""
    payment = ScheduledPayment
    last = max(each.first_on for each in payments)
    return session.execute(
        select(
            payment.id, payment.contract_id, payment.first_on, payment.last_on, payment.is_begun,
            payment.total_pence.label("total_pence"), payment.is_overtime.label("is_overtime"),
            payment.is_rejected.label("is_rejected"), payment.waits_for_confirmation.label("is_waiting"),
            has_hold(Hold.is_of_whole_payment, Hold.is_in_force).label("is_held"), has_fault().label("has_fault"),
        ).where(
            payment.contract_id.in_({each.contract_id for each in payments}),
            payment.closed_run_id.is_(None),
            payment.first_on <= last,
        )
    ).all()  # fmt: skip


def _why_kept(row: Any) -> Kept | None:
    if row.has_fault:
        return Kept.UNCALCULATED
    if row.is_held:
        return Kept.HELD
    if row.is_rejected:
        return Kept.REJECTED
    if row.is_waiting:
        return Kept.MISSED if row.is_overtime else Kept.ASKED
    return None


def _drafts(payment_ids: Sequence[int]) -> dict[int, _Drafts]:
    found: dict[int, _Drafts] = defaultdict(_Drafts)
    query = select(Hold.payment_id, Hold.purchase_order_id, Hold.kind).where(
        Hold.payment_id.in_(payment_ids), ~Hold.is_of_whole_payment, Hold.is_in_force
    )
    kinds = {(row.payment_id, row.purchase_order_id): row.kind for row in session.execute(query)}
    for row in session.execute(drafts_of(PaymentLine.payment_id.in_(payment_ids))):
        kind = kinds.get((row.payment_id, row.purchase_order_id))
        of_payment = found[row.payment_id]
        if kind is None:
            of_payment.free.append(row)
            continue
        of_payment.held += row.net_pence + row.vat_pence
        if kind is HoldKind.QUERY:
            of_payment.queried += row.net_pence + row.vat_pence
    return found


def _finalised(payment_ids: Sequence[int]) -> dict[int, _Finalised]:
    """What runs have paid of these payments, taken for debts and added to them."""
    line = PaymentLine

    def of(component: Component) -> sa.ColumnElement[int]:
        return sum_of(sa.case((line.component == component, line.net_pence), else_=0))

    query = (
        select(line.payment_id, sum_of(line.total_pence), of(Component.BROUGHT_FORWARD), of(Component.CARRIED_FORWARD))
        .where(line.payment_id.in_(payment_ids), line.run_id.is_not(None))
        .group_by(line.payment_id)
    )
    found: dict[int, _Finalised] = defaultdict(_Finalised)
    for payment_id, paid, brought, carried in session.execute(query):
        found[payment_id] = _Finalised(paid, -brought, carried)
    return found
