"""Purchase orders as a list: those that somebody looks for, in columns only, and what they come to together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session, sum_of
from models.calendar import FinancialYear
from models.folding import INITIAL, Sought, holds, is_in
from models.payments.purchase_order import CLAIMS, PurchaseOrder, clients_with
from models.records.client import Client, full_name
from models.statements import built_once
from models.words import is_found, searched


@dataclass(frozen=True)
class Word:
    """What chooses the condition that stands for a word of a search: nothing that somebody has typed."""

    kind: int
    """See models.folding.Sought."""
    is_number: bool
    """It may be an order's number, or its revision."""
    is_claims: bool
    """It is part of what the order of claims is called."""


@dataclass(frozen=True)
class Parts:
    """What chooses the conditions of a list; the rest of them are parameters."""

    of_service: bool
    words: tuple[Word, ...]

    @property
    def is_usual(self) -> bool:
        """Its statement is worth keeping: there are few like it."""
        return len(self.words) <= 2 and all(word.kind <= 1 for word in self.words)


@dataclass(frozen=True)
class Wanted:
    """Which orders a list has: of one financial year, and found by `text`; with `service_id`, of clients who have, or
    had, that service.
    """

    year: int
    service_id: int | None = None
    text: str = ""

    @property
    def parts(self) -> Parts:
        return Parts(self.service_id is not None, tuple(map(_kind_of, self._sought)))

    @property
    def given(self) -> dict[str, Any]:
        """The parameters of the statements of its parts."""
        words = enumerate(self._sought)
        found = {f"{name}_of_{at}": value for at, word in words for name, value in word.given.items()}
        return {"year": self.year, "service_id": self.service_id, **found}

    @property
    def _sought(self) -> list[Sought]:
        return [Sought.of(word) for word in searched(self.text)]


def _kind_of(word: Sought) -> Word:
    is_number = word.kind != INITIAL and word.word.isascii() and word.word.isdigit()
    return Word(word.kind, is_number, is_found(word.word, CLAIMS))


@dataclass(frozen=True)
class Listed:
    """A row of a list of orders: plain data."""

    id: int
    number: int
    revision: int
    issued_on: date
    year: FinancialYear
    client: str
    """Their full name and reference; empty for one-off claims."""
    value_pence: int
    spend_pence: int

    @property
    def reference(self) -> str:
        return f"{self.number} - {self.revision}"

    @property
    def title(self) -> str:
        return f"{self.client or CLAIMS} - {self.year}"

    @property
    def remaining_pence(self) -> int:
        return self.value_pence - self.spend_pence


@dataclass(frozen=True)
class Sums:
    """What orders of a list come to together."""

    count: int
    value_pence: int
    spend_pence: int

    @property
    def remaining_pence(self) -> int:
        return self.value_pence - self.spend_pence


NOTHING = Sums(0, 0, 0)


def listed(parts: Parts) -> Select:
    """The wanted orders, in columns only, for `in_a_list`; sorted by name. Parameters: `given`. Where they are searched
    for, each row says what all of them come to, for `sums_found`: names are looked through once.
    """
    order = PurchaseOrder
    whole = ((sum_.over(), name) for name, sum_ in _SUMS.items()) if parts.words else ()
    return (
        select(
            order.id, order.number, order.revision, order.issued_on, order.financial_year,
            Client.surname, Client.first_name, Client.reference.label("client_reference"),
            order.value_pence.label("value_pence"), order.spend_pence.label("spend_pence"),
            order.remaining_pence.label("remaining_pence"),
            *(sa.cast(pence, sa.BigInteger).label(name) for pence, name in whole),
        )
        .select_from(order)
        .outerjoin(Client, Client.id == order.client_id)
        .where(*_conditions(parts))
        .order_by(*order.name_order(), Client.reference, order.id)
    )  # fmt: skip


_SUMS: dict[str, Any] = {
    "all_count": sa.func.count(PurchaseOrder.id), "all_value": sa.func.sum(PurchaseOrder.value_pence),
    "all_spend": sa.func.sum(PurchaseOrder.spend_pence),
}  # fmt: skip


def _conditions(parts: Parts) -> Iterator[sa.ColumnElement[bool]]:
    order = PurchaseOrder
    yield sa.and_(order.is_issued)
    yield order.financial_year == sa.bindparam("year", type_=sa.Integer())
    if parts.of_service:
        yield order.client_id.in_(clients_with(sa.bindparam("service_id", type_=sa.Integer())))
    for at, word in enumerate(parts.words):
        yield sa.or_(*_is_in(at, word))


def _is_in(at: int, word: Word) -> Iterator[sa.ColumnElement[bool]]:
    def value(name: str) -> sa.BindParameter[str]:
        return sa.bindparam(f"{name}_of_{at}", type_=sa.Text())

    yield is_in(word.kind, (Client.folded_surname, Client.folded_first_name, Client.reference), value)
    if word.is_number:
        yield holds(sa.cast(PurchaseOrder.reference, sa.Text), value("word"))
    if word.is_claims:
        yield PurchaseOrder.client_id.is_(None)


def in_a_list(rows: Iterable[sa.Row]) -> list[Listed]:
    """Rows of `listed`, as they are shown."""
    return [
        Listed(
            row.id, row.number, row.revision, row.issued_on, FinancialYear(row.financial_year),
            full_name(row.surname, row.first_name, row.client_reference) if row.client_reference else "",
            row.value_pence, row.spend_pence,
        )
        for row in rows
    ]  # fmt: skip


def sums(wanted: Wanted) -> Sums:
    """What all the wanted orders come to, which nobody searches for."""
    return Sums(*session.execute(_sums(wanted.parts.of_service), wanted.given).one())


@built_once
def _sums(of_service: bool) -> Select:
    order = PurchaseOrder
    found = sa.func.count(order.id), sum_of(order.value_pence), sum_of(order.spend_pence)
    labelled = (column.label(name) for column, name in zip(found, _SUMS, strict=True))
    return select(*labelled).select_from(order).where(*_conditions(Parts(of_service, ())))


def sums_found(rows: Sequence[sa.Row]) -> Sums:
    """What all orders come to that a search has found, of which these are some."""
    return Sums(*(getattr(rows[0], name) for name in _SUMS)) if rows else NOTHING


def sums_of(rows: list[Listed]) -> Sums:
    """What some rows come to, where a page has not all of them."""
    return Sums(len(rows), sum(row.value_pence for row in rows), sum(row.spend_pence for row in rows))
