"""A provider's own list of Scheduled Payments, by financial year and contract, what it can be asked for, and one of
them.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session
from models.calendar import FinancialYear
from models.payments.payment import ScheduledPayment
from models.payments.plain import payment_columns, payment_of
from models.records.contract import Contract
from models.statements import built_once

P = ScheduledPayment
REFERENCE = sa.bindparam("reference", type_=sa.Text())
YEAR_FROM, YEAR_TO = (sa.bindparam(name, type_=sa.Date()) for name in ("year_from", "year_to"))
OFFSET, LIMIT = (sa.bindparam(name, type_=sa.Integer()) + sa.literal_column("0") for name in ("offset", "limit"))
"""The part of a list that a page shows. Sums, since SQLite plans a statement anew each time whose LIMIT is a bare
parameter.
"""


def listed(
    year: FinancialYear, contract: str | None, *, future: bool, offset: int, limit: int
) -> tuple[list[ScheduledPayment], int]:
    """Some payments of periods that begin in the year, of one contract or all, to be shown; and how many there are.
    Without `future`: periods that have begun, or are paid in advance and due, the newest first. With it: periods to
    come, the next first.
    """
    which: dict[str, Any] = {"year_from": year.first_on, "year_to": year.last_on, "offset": offset, "limit": limit}
    of_one = {"reference": contract} if contract is not None else {}
    rows = session.execute(_listed(future, contract is not None), which | of_one).all()
    return [payment_of(row) for row in rows], rows[0].all if rows else 0


@built_once
def _listed(future: bool, of_one: bool) -> Select:
    query = (
        select(*payment_columns(), sa.func.count().over().label("all"))
        .join(P.contract)
        .where(P.first_on.between(YEAR_FROM, YEAR_TO), ~P.has_come if future else P.has_come)
        .order_by(P.first_on if future else P.first_on.desc(), Contract.folded_name, P.id)
        .offset(OFFSET)
        .limit(LIMIT)
    )
    return query.where(Contract.reference == REFERENCE) if of_one else query


def found(contract_reference: str, first_on: date) -> Sequence[ScheduledPayment]:
    """What `ScheduledPayment.of` finds, by a statement that is built once."""
    return session.scalars(_found(), {"reference": contract_reference, "first_on": first_on}).unique().all()


@built_once
def _found() -> Select:
    return P.with_all().where(Contract.reference == REFERENCE, P.first_on == sa.bindparam("first_on", type_=sa.Date()))


def reach() -> Sequence[sa.Row[Any]]:
    """Every contract's reference and name, with the first days of its first and last payment."""
    return session.execute(_reach()).all()


@built_once
def _reach() -> Select:
    return (
        select(
            Contract.reference, Contract.name,
            sa.func.min(P.first_on).label("first"), sa.func.max(P.first_on).label("last"),
        )
        .join(Contract, Contract.id == P.contract_id)
        .group_by(Contract.id, Contract.reference, Contract.name)
        .order_by(Contract.folded_name, Contract.reference)
    )  # fmt: skip
