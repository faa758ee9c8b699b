"""The council's one search: what a text may mean among clients, providers, contracts, orders, claims, runs, payments.

Three statements: the clients, whose names are noted when they are shown; providers and contracts by words, claims
and invoices by their number; orders and runs by number, runs and payments by the sum that they come to.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session
from models.billing.invoicing import key_of
from models.calendar import FinancialYear
from models.folding import found_by
from models.money import parse_pence
from models.payments.payment import ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import PaymentRun
from models.records.claim import Claim
from models.records.client import Client, full_name
from models.records.contract import Contract
from models.records.invoice import Invoice, InvoiceKind
from models.records.provider import Provider
from models.words import searched

P = ScheduledPayment
FEW = 5
"""So many of each kind are shown; a link leads to all."""
LARGEST = 2**31 - 1
_NUMBER = re.compile(r"(?:(?P<word>order|run)\s+)?(?P<number>[0-9]{1,10})(?:\s*-\s*[0-9]{1,4})?", re.IGNORECASE)
_MONEY = re.compile(r".*[£.,].*")


class Kind(StrEnum):
    """What is looked for, in the order of the page."""

    CLIENTS = "clients"
    PROVIDERS = "providers"
    CONTRACTS = "contracts"
    ORDERS = "purchase orders"
    CLAIMS = "one-off claims"
    INVOICES = "invoices and credit notes"
    RUNS = "payment runs"
    PAYMENTS = "payments"

    @property
    def label(self) -> str:
        return self.value.capitalize()


@dataclass(frozen=True)
class Hit:
    """One record that is found: plain data, and what its page's address takes."""

    kind: Kind
    id: int
    title: str
    more: str
    reference: str = ""
    first_on: date | None = None
    pence: int | None = None
    is_exact: bool = False
    """The text is its own reference or number."""

    @property
    def shows_reference(self) -> bool:
        """Beside a title in which it does not stand."""
        return self.kind in (Kind.CONTRACTS, Kind.PAYMENTS)


@dataclass(frozen=True)
class Group:
    kind: Kind
    count: int
    """Of all that are found, shown or not."""
    hits: list[Hit]


def search(text: str, among: Iterable[Kind]) -> list[Group]:
    """What is found of these kinds, those with nothing left out; the exact ones first."""
    kinds, text = set(among), " ".join(text.split())
    if not searched(text):
        return []
    rows = [
        *(_clients(text) if Kind.CLIENTS in kinds else ()),
        *_by_words(text, kinds),
        *_by_numbers(text, kinds),
    ]
    groups: dict[Kind, Group] = {}
    for count, hit in rows:
        groups.setdefault(hit.kind, Group(hit.kind, count, [])).hits.append(hit)
    return [groups[kind] for kind in Kind if kind in groups]


def only_exact(groups: Iterable[Group]) -> Hit | None:
    """The one record whose own reference or number was typed; None if there is none, or more than one."""
    exact = [hit for group in groups for hit in group.hits if hit.is_exact]
    return exact[0] if len(exact) == 1 else None


def amount_of(text: str) -> int | None:
    """Pence, of a text that looks like money: £1,234.50, 1234.50; a whole number may be anything else."""
    try:
        return parse_pence(text) if _MONEY.fullmatch(text) else None
    except ValueError:
        return None


Counted = tuple[int, Hit]


def _clients(text: str) -> Iterable[Counted]:
    exact = _is(Client.reference, text)
    found = session.execute(
        select(Client.id, Client.reference, Client.surname, Client.first_name, exact.label("is_exact"), _count())
        .where(Client.found_by(text))
        .order_by(exact.desc(), *Client.name_order(), Client.reference)
        .limit(FEW)
    )
    for row in found:
        title = full_name(row.surname, row.first_name, row.reference)
        yield row.found, Hit(Kind.CLIENTS, row.id, title, "", row.reference, is_exact=bool(row.is_exact))


def _by_words(text: str, kinds: set[Kind]) -> Iterable[Counted]:
    exact = _is(Provider.reference, text)
    providers = (
        _row(Kind.PROVIDERS, Provider.id, Provider.reference, Provider.name, Provider.reference, exact)
        .where(Provider.found_by(text))
        .order_by(exact.desc(), Provider.folded_name, Provider.id)
    )
    exact = _is(Contract.reference, text)
    contracts = (
        _row(Kind.CONTRACTS, Contract.id, Contract.reference, Contract.name, Provider.name, exact)
        .join(Provider, Provider.id == Contract.provider_id)
        .where(found_by(text, Contract.folded_name, Contract.reference))
        .order_by(exact.desc(), Contract.folded_name, Contract.id)
    )
    words = (
        (providers, Kind.PROVIDERS), (contracts, Kind.CONTRACTS), (_claims(text), Kind.CLAIMS),
        (_invoices(text), Kind.INVOICES),
    )  # fmt: skip
    yield from _rows(each for each, kind in words if kind in kinds)


def _claims(text: str) -> Select:
    """Those that were sent, by their own number."""
    return (
        _row(Kind.CLAIMS, Claim.id, Claim.reference, Claim.reference, Provider.name, _is(Claim.reference, text))
        .join(Provider, Provider.id == Claim.provider_id)
        .where(_is(Claim.reference, text), Claim.was_sent)
        .order_by(Claim.id)
    )


def _invoices(text: str) -> Select:
    """Those that were sent, by their provider's own number or one that looks like it, or by what they come to."""
    own, pence = Invoice, amount_of(text)
    gross = own.net_pence + own.vat_pence
    is_it = sa.and_(own.number_key == key_of(text), own.number_key != "")
    comes_to = sa.false() if pence is None else gross == pence
    is_credit = own.kind == InvoiceKind.CREDIT_NOTE
    title = sa.case((is_credit, "Credit note "), else_="Invoice ") + own.number
    return (
        _row(Kind.INVOICES, own.id, own.number, title, Provider.name, is_it,
             pence=sa.case((is_credit, -gross), else_=gross), first_on=own.invoiced_on)
        .join(Provider, Provider.id == own.provider_id)
        .where(sa.or_(is_it, comes_to), own.submitted_at.is_not(None))
        .order_by(own.invoiced_on.desc(), own.id.desc())
    )  # fmt: skip


def _by_numbers(text: str, kinds: set[Kind]) -> Iterable[Counted]:
    found, pence = _NUMBER.fullmatch(text), amount_of(text)
    number = int(found["number"]) if found and int(found["number"]) <= LARGEST else None
    word = (found["word"] or "").lower() if found else ""
    queries = []
    if number is not None and Kind.ORDERS in kinds and word != "run":
        queries.append(_orders(number))
    if Kind.RUNS in kinds and (pence is not None or (number is not None and word != "order")):
        queries.append(_runs(number, pence))
    if Kind.PAYMENTS in kinds and pence is not None:
        queries.append(_payments(pence))
    yield from _rows(queries)


def _orders(number: int) -> Select:
    order = PurchaseOrder
    year = sa.cast(order.financial_year, sa.Text)
    return (
        _row(Kind.ORDERS, order.id, order.reference, year, Provider.name, sa.true(), pence=order.value_pence)
        .join(Provider, Provider.id == order.provider_id)
        .where(order.number == number, order.is_issued)
        .order_by(order.id)
    )


def _runs(number: int | None, pence: int | None) -> Select:
    run = PaymentRun
    as_on = sa.cast(run.as_on, sa.Text)
    is_it = sa.false() if number is None else run.id == number
    comes_to = sa.false() if pence is None else run.total_pence == pence
    return (
        _row(Kind.RUNS, run.id, sa.cast(run.id, sa.Text), sa.cast(run.state, sa.Text), as_on, is_it,
             pence=run.total_pence)
        .where(sa.or_(is_it, comes_to))
        .order_by(run.id.desc())
    )  # fmt: skip


def _payments(pence: int) -> Select:
    return (
        _row(Kind.PAYMENTS, P.id, Contract.reference, Contract.name, Provider.name, sa.false(),
             pence=P.total_pence, first_on=P.first_on)
        .join(Contract, Contract.id == P.contract_id)
        .join(Provider, Provider.id == P.provider_id)
        .where(P.total_pence == pence, P.has_come)
        .order_by(P.first_on.desc(), P.id)
    )  # fmt: skip


def _row(
    kind: Kind, id_: Any, reference: Any, title: Any, more: Any, exact: Any, *, pence: Any = None, first_on: Any = None
) -> Select:
    """The columns of each part of a union."""
    return select(
        sa.literal(kind.value).label("kind"), id_.label("id"), reference.label("reference"), title.label("title"),
        more.label("more"), sa.cast(exact, sa.Boolean).label("is_exact"),
        sa.cast(sa.null() if pence is None else pence, sa.BigInteger).label("pence"),
        sa.cast(sa.null(), sa.Date).label("first_on") if first_on is None else first_on.label("first_on"), _count(),
    )  # fmt: skip


def _count() -> sa.Label[int]:
    return sa.func.count().over().label("found")


def _is(column: Any, text: str) -> sa.ColumnElement[bool]:
    """In these capitals or all in capitals, so that an index serves."""
    return column.in_(sorted({text, text.upper()}))


def _rows(queries: Iterable[Select]) -> Iterable[Counted]:
    """The first few of each query, in one statement."""
    parts = [select(query.limit(FEW).subquery()) for query in queries]
    for row in session.execute(sa.union_all(*parts)) if parts else ():
        kind = Kind(row.kind)
        title = f"{row.reference}, {FinancialYear(int(row.title))}" if kind is Kind.ORDERS else row.title
        title = f"Run {row.id}" if kind is Kind.RUNS else title
        more = row.title if kind is Kind.RUNS else row.more
        yield (
            row.found,
            Hit(kind, row.id, title, more, row.reference, row.first_on, row.pence, is_exact=bool(row.is_exact)),
        )
