"""What a run can take of payments just now: their drafts that nothing holds, sealed by a digest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from itertools import groupby
from operator import add, itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import joinedload
from sqlalchemy.sql.functions import FunctionElement

from models.bank_holiday import working_days
from models.base import session
from models.calendar import DueDays, MovedDates
from models.payments.hold import has_row_held
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.settlement import ToSettle, drafts_of_payments
from models.records.contract import Calendar, PaymentMethod

CHUNK = 500
_P = ScheduledPayment


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
    lines: int
    """How many drafts it takes."""
    digest: str
    """A seal over them, but their own ids, which each calculation gives anew."""


class joined_in_order(FunctionElement[str]):  # an aggregate of SQL, as sa.func.max is
    """Texts, the first column, with a comma between each two, in the order of the columns after it."""

    inherit_cache = True
    type = sa.Text()


@compiles(joined_in_order)
def _joined_in_order(element: joined_in_order, compiler: Any, name: str = "string_agg", **options: Any) -> str:
    text, *order = (compiler.process(each, **options) for each in element.clauses)
    return f"{name}({text}, ', ' ORDER BY {', '.join(order)})"


@compiles(joined_in_order, "sqlite")
def _joined_in_order_sqlite(element: joined_in_order, compiler: Any, **options: Any) -> str:
    return _joined_in_order(element, compiler, "group_concat", **options)


_L = PaymentLine
_ORDER = (
    _L.purchase_order_id, _L.component, _L.item_id, _L.allowance_id, _L.claim_item_id, _L.adjustment_id,
    _L.invoice_line_id, _L.first_on, _L.net_pence, _L.vat_pence,
)  # fmt: skip


def _as_sealed() -> sa.ColumnElement[str]:
    """A draft in the seal, as Python writes a tuple of texts: ('12', 'care', 'None'). Older runs are sealed so."""
    none, start, between, end = (
        sa.literal_column(each, sa.Text()) for each in ("'None'", "'('''", "''', '''", "''')'")
    )
    said: list[sa.ColumnElement[str]] = []
    for column in (_L.payment_id, _L.contract_id, *_ORDER):
        text = sa.cast(column, sa.Text)
        said += [between, sa.func.coalesce(text, none) if column.property.columns[0].nullable else text]
    return reduce(add, [start, *said[1:], end])


def pieces_query(*which: sa.ColumnElement[bool]) -> Select:
    """Rows for `made_of` of some payments (`which` of ScheduledPayment), by contract and day: of each how many drafts
    nothing holds, how many are held, and the text of the seal over the first.
    """
    is_free = ~has_row_held()
    drafts = (
        select(
            _L.payment_id,
            sa.func.count(sa.case((is_free, 1))).label("free"),
            sa.func.count(sa.case((~is_free, 1))).label("held"),
            joined_in_order(sa.case((is_free, _as_sealed())), *_ORDER).label("sealed"),
        )
        .where(_L.run_id.is_(None), _L.payment_id.in_(select(_P.id).where(*which)))
        .group_by(_L.payment_id)
        .subquery("of_payment")
    )
    told = drafts.c.free, drafts.c.held, drafts.c.sealed
    query = select(_P.id, _P.provider_id, _P.contract_id, _P.first_on, _P.last_on, _P.is_begun, *told)
    query = query.outerjoin(drafts, drafts.c.payment_id == _P.id).where(*which)
    return query.order_by(_P.contract_id, _P.first_on, _P.id)


def pieces_of(payment_ids: list[int]) -> list[Piece]:
    """What a run can take of these payments, by contract and day."""
    rows = session.execute(pieces_query(_P.id.in_(payment_ids))).all()
    return made_of(rows, drafts_of_payments(_L.payment_id.in_(payment_ids), ~has_row_held()))


def made_of(rows: Iterable[Any], drafts: Mapping[int, Sequence[Any]]) -> list[Piece]:
    """The pieces of rows of `pieces_query`, with what their drafts that nothing holds add up to, by payment id."""
    return [
        Piece(
            row.provider_id,
            ToSettle(row.id, row.contract_id, row.first_on, row.last_on, row.is_begun, drafts.get(row.id, ())),
            has_held=bool(row.held),
            lines=row.free or 0,
            digest=sha256(f"[{row.sealed or ''}]".encode()).hexdigest(),
        )
        for row in rows
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
