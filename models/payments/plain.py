"""Payments as plain objects, for pages that show them and change nothing: with the columns of ScheduledPayment and of
its contract, and what is worked out of these. No session knows of them: no mapped row is made.
"""

from collections.abc import Iterable
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property

from models.base import Base
from models.payments.payment import ScheduledPayment
from models.records.contract import Contract


def payment_columns() -> list[sa.Label[Any]]:
    """What a query selects, where Contract is joined, for `payment_of`."""
    return [*_labels(ScheduledPayment), *_labels(Contract)]


def payment_of(row: sa.Row[Any]) -> ScheduledPayment:
    """The payment of a row with `payment_columns`, with its contract."""
    payment = _of(row, ScheduledPayment)
    payment.contract = _of(row, Contract)
    return cast(ScheduledPayment, payment)


def by_id(rows: Iterable[sa.Row[Any]]) -> dict[int, ScheduledPayment]:
    """One for each payment of which there are such rows."""
    return {row.scheduled_payment__id: payment_of(row) for row in rows}


def _labels(entity: type[Base]) -> list[sa.Label[Any]]:
    return [getattr(entity, name).label(label) for name, label in _names(entity)]


def _names(entity: type[Base]) -> list[tuple[str, str]]:
    """The name of each column of an entity, and what it is called in a row."""
    if entity not in _named:
        _named[entity] = [
            (each.key, f"{entity.__tablename__}__{each.key}")
            for each in sa.inspect(entity).column_attrs
            if not each.deferred
        ]
    return _named[entity]


_named: dict[type[Base], list[tuple[str, str]]] = {}
_kinds: dict[type[Base], type[Any]] = {}


def _of(row: sa.Row[Any], entity: type[Base]) -> Any:
    if entity not in _kinds:
        _kinds[entity] = _kind_of(entity)
    found, values = _kinds[entity](), row._mapping
    found.__dict__.update({name: values[label] for name, label in _names(entity)})
    return found


def _kind_of(entity: type[Base]) -> type[Any]:
    """A class with what the entity works out of its columns: of what it is in SQL and in Python too, the latter."""
    members: dict[str, Any] = {}
    for kind in reversed(entity.__mro__):
        for name, each in vars(kind).items():
            if isinstance(each, hybrid_property):
                members[name] = property(each.fget)
            elif isinstance(each, property):
                members[name] = each
    return type(f"Plain{entity.__name__}", (), members)
