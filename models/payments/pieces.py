"""What a run can take of payments just now: their drafts that nothing holds, sealed by a digest."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from models.bank_holiday import working_days
from models.base import session
from models.calendar import DueDays, MovedDates
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.settlement import ToSettle, drafts_of
from models.records.contract import Calendar, PaymentMethod

CHUNK = 500
_P = ScheduledPayment
PIECE = _P.id, _P.provider_id, _P.contract_id, _P.first_on, _P.last_on, _P.is_begun
"""What a piece needs to know of its payment."""


def by_contract(due_ids: Select[int]) -> Iterator[list[int]]:
    """The ids of due payments, some CHUNK at once. Those of one contract stay together: what one carries forward, the
    next may bring forward.
    """
    payment = ScheduledPayment
    query = due_ids.with_only_columns(payment.contract_id, payment.id).order_by(None)
    rows = session.execute(query.order_by(payment.contract_id, payment.first_on, payment.id)).all()
    some: list[int] = []
    for _, of_contract in groupby(rows, key=itemgetter(0)):
        some += [row.id for row in of_contract]
        if len(some) >= CHUNK:
            yield some
            some = []
    if some:
        yield some


@dataclass(frozen=True)
class Piece:
    """What a run can take of one payment just now: its drafts that nothing holds."""

    provider_id: int
    to_settle: ToSettle
    has_held: bool

    @property
    def digest(self) -> str:
        """A seal over the drafts, but their own ids, which each calculation gives anew."""
        drafts = [tuple(map(str, _sealed(row))) for row in self.to_settle.drafts]
        return sha256(repr(drafts).encode()).hexdigest()


_sealed = attrgetter(
    "payment_id", "contract_id", "purchase_order_id", "component", "item_id", "allowance_id", "claim_item_id",
    "adjustment_id", "invoice_line_id", "first_on", "net_pence", "vat_pence",
)  # fmt: skip


def pieces_of(payment_ids: list[int]) -> list[Piece]:
    rows = session.execute(in_order(select(*PIECE).where(ScheduledPayment.id.in_(payment_ids)))).all()
    return made_of(rows, session.execute(drafts_of(PaymentLine.payment_id.in_(payment_ids))))


def in_order(query: Select) -> Select:
    payment = ScheduledPayment
    return query.order_by(payment.contract_id, payment.first_on, payment.id)


def made_of(payments: Iterable[Any], drafts: Iterable[Any]) -> list[Piece]:
    """The pieces of rows of PIECE, and of rows that `drafts_of` gives of them."""
    free: dict[int, list[Any]] = defaultdict(list)
    with_held: set[int] = set()
    for row in drafts:
        if row.is_held:
            with_held.add(row.payment_id)
        else:
            free[row.payment_id].append(row)
    return [
        Piece(
            row.provider_id,
            ToSettle(row.id, row.contract_id, row.first_on, row.last_on, row.is_begun, free[row.id]),
            row.id in with_held,
        )
        for row in payments
    ]


def due_days_of(payment_ids: Iterable[int]) -> dict[int, DueDays]:
    """The days of these payments as their calendars have them and as somebody has moved them, by id."""
    payment = ScheduledPayment
    query = select(
        payment.id, payment.first_on, payment.method_id,
        payment.moved_confirm_by, payment.moved_finalise_on, payment.moved_bank_on,
    ).where(payment.id.in_(payment_ids)).order_by(payment.id)  # fmt: skip
    rows = session.execute(query).all()
    calendars, working = _calendars({row.method_id for row in rows}), working_days()
    return {
        row.id: MovedDates(row.moved_confirm_by, row.moved_finalise_on, row.moved_bank_on).over(
            calendars[row.method_id].due_days_of(row.first_on, working)
        )
        for row in rows
    }


def _calendars(method_ids: set[int]) -> dict[int, Calendar]:
    method = PaymentMethod
    how = joinedload(method.calendar).selectinload(Calendar.overrides)
    found = session.scalars(select(method).where(method.id.in_(method_ids)).options(how))
    return {each.id: each.calendar for each in found}
