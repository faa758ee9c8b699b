"""What the records are called that events of the audit are about."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row, Select, select

from models.accounts.user import User
from models.base import session
from models.payments.payment import ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.records.contract import Contract
from models.records.provider import Provider


@dataclass(frozen=True)
class Names:
    """What records are called, for the events of one page."""

    by_subject: dict[str, str]

    def of(self, subject: str) -> str:
        table, _, id_ = subject.partition(":")
        return self.by_subject.get(subject) or f"{table.replace('_', ' ')} {id_}"


def names_for(events: Iterable[Row]) -> Names:
    """Names of the records that the events are about, in one query however many events there are."""
    ids: dict[str, set[int]] = {}
    for event in events:
        for subject in (event.subject, f"provider:{event.detail.get('asked_for')}"):
            table, _, id_ = (subject or "").partition(":")
            if id_.isdigit():
                ids.setdefault(table, set()).add(int(id_))
    queries = (query.where(id_.in_(ids.get(table, ()))) for table, (id_, query) in _named().items())
    rows = session.execute(sa.union_all(*queries))
    return Names({f"{row.table}:{row.id}": f"{row.name} {row.day}" if row.day else row.name for row in rows})


_NO_DAY = sa.cast(sa.null(), sa.Date)


def _named() -> dict[str, tuple[sa.SQLColumnExpression[int], Select]]:
    """By table, the id and the query for what its records are called: `table`, `id`, `name`, and the `day` after it."""
    payment, order = ScheduledPayment, PurchaseOrder

    def query(table: str, id_: Any, name: Any, day: Any = _NO_DAY) -> tuple[sa.SQLColumnExpression[int], Select]:
        return id_, select(sa.literal(table).label("table"), id_.label("id"), name.label("name"), day.label("day"))

    id_, payments = query("scheduled_payment", payment.id, "payment " + Contract.reference, payment.first_on)
    of_contract = Contract.id == payment.contract_id
    return {
        "scheduled_payment": (id_, payments.join(Contract, of_contract)),
        "purchase_order": query("purchase_order", order.id, "order " + sa.cast(order.number, sa.Text)),
        "provider": query("provider", Provider.id, Provider.name),
        "user": query("user", User.id, User.name),
    }
