"""What a payment that has not begun would be made of, read in one statement: the facts of those care packages that it
would pay, their clients and orders, and what it is compared with. Its rows are worked out in models.reports.planned.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, func, select

from models.agreed_terms import AgreedTerms
from models.base import session, sum_of
from models.calendar import FAR_FUTURE, Span, year_of
from models.engine.facts import Dated, DueSum, ItemFacts, Terms
from models.engine.weeks import days_of_cells
from models.payments.hold import Hold, is_told_of
from models.payments.loading import as_quantity, sorted_deductions
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.pricing import Convention, DeductionKind, Unit
from models.records.agreement import Agreement
from models.records.care_package import (
    Absence,
    Allowance,
    CarePackageLineItem,
    CollectedBy,
    Deduction,
    ItemPrice,
    ItemQuantity,
)
from models.records.client import Client
from models.records.contract import Contract, ContractRate, ServiceLevel
from models.statements import built_once

Item = CarePackageLineItem
PAYMENT_ID = sa.bindparam("payment_id", type_=sa.Integer())
CONTRACT_ID = sa.bindparam("contract_id", type_=sa.Integer())
CLIENT_ID = sa.bindparam("client_id", type_=sa.Integer())
FIRST, LAST = sa.bindparam("first_on", type_=sa.Date()), sa.bindparam("last_on", type_=sa.Date())
"""The days that the cells of the payment are for."""
FIRST_YEAR, LAST_YEAR = (sa.bindparam(name, type_=sa.Integer()) for name in ("first_year", "last_year"))


@dataclass(frozen=True)
class Plan:
    """What was read for one payment; `spans` are the days of its cells."""

    spans: list[Span]
    rows: Mapping[str, list[Any]]

    @property
    def clients(self) -> dict[int, Any]:
        """Rows with reference, surname and first_name, by client."""
        return {row.key: row for row in self.rows["item"]}

    @cached_property
    def orders(self) -> dict[tuple[int, int], int]:
        """Ids of the orders that have been issued, by client and year."""
        return {(row.key, row.other): row.id for row in self.rows["order"]}

    @cached_property
    def then(self) -> dict[int | None, Any]:
        """What the payment before pays for each client: rows with pence (`number`), and the latest `year`."""
        return {row.key: row for row in self.rows["then"]}

    @cached_property
    def before(self) -> Span | None:
        """The days of the payment before; None where it has no lines, or there is none."""
        return next((Span(row.first_on, row.last_on) for row in self.rows["then"]), None)

    @property
    def told_of(self) -> set[int | None]:
        """Ids of the orders whose rows are queried or held."""
        return {row.key for row in self.rows["told of"]}

    @property
    def has_lines(self) -> bool:
        """It has lines of its own already, beside what is planned."""
        return bool(self.rows["line"])

    @cached_property
    def items(self) -> list[ItemFacts]:
        """The facts of each care package, as far as they are about these days. They equal those of
        models.payments.loading for all that is paid by plan.
        """
        levels = {row.id: row for row in self.rows["level"]}
        prices, rates = self._dated("price", _number), self._dated("rate", _number)
        quantities = self._dated("quantity", lambda row: (row.number, row.json))
        absences = self._dated("absence", _number)
        deductions = self._dated("deduction", lambda row: (DeductionKind(row.kind), CollectedBy(row.also), row.number))
        allowances: dict[int, list[DueSum]] = defaultdict(list)
        for row in self.rows["allowance"]:
            allowances[row.key].append(DueSum(row.id, row.name, row.first_on, row.number))
        found = []
        for row in self.rows["item"]:
            level = levels[row.other]
            always, when_net = sorted_deductions(deductions[row.id])
            terms = Terms(
                starts_on=row.first_on,
                ends_on=row.last_on or FAR_FUTURE,
                unit=Unit(level.kind),
                convention=Convention(level.also),
                contract_ends_on=row.contract_ends_on or FAR_FUTURE,
                vat_basis_points=level.number,
                prices=tuple(prices[row.id] if row.number else rates[row.other]),
                quantities=tuple(as_quantity(dated) for dated in quantities[row.id]),
                absences=tuple(absences[row.id]),
                deductions=always,
            )
            found.append(
                ItemFacts(
                    row.id, row.key, level.name, terms, when_net, allowances[row.id], row.authorised_on,
                    bool(row.flag), AgreedTerms.from_dict(row.json) if row.json else None,
                )
            )  # fmt: skip
        return found

    def _dated(self, what: str, value: Callable[[Any], Any]) -> dict[int, list[Dated]]:
        found: dict[int, list[Dated]] = defaultdict(list)
        for row in self.rows[what]:
            found[row.key].append(Dated(row.first_on, row.last_on or FAR_FUTURE, value(row)))
        return found


def _number(row: Any) -> int:
    number: int = row.number
    return number


def plan_of(payment: ScheduledPayment, client_id: int | None = None) -> Plan:
    """What is read for a payment or, with `client_id`, for one client's rows of it."""
    spans = days_of_cells(payment.method, payment.span)
    first, last = min((payment.span, *spans)).first, payment.last_on
    which = {
        "payment_id": payment.id, "contract_id": payment.contract_id, "first_on": first, "last_on": last,
        "first_year": year_of(first), "last_year": year_of(last),
    }  # fmt: skip
    if client_id is not None:
        which["client_id"] = client_id
    rows: dict[str, list[Any]] = defaultdict(list)
    for row in sorted(session.execute(_statement(client_id is not None), which), key=_place):
        rows[row.what].append(row)
    return Plan(spans, rows)


def _place(row: Any) -> tuple[Any, ...]:
    """Dated facts by their first days, all else by its number."""
    return (row.first_on.toordinal() if row.what in _BY_DAY else 0, row.id)


_BY_DAY = frozenset({"price", "rate", "quantity", "absence", "deduction", "allowance"})


@built_once
def _statement(is_of_client: bool) -> sa.CompoundSelect:
    return sa.union_all(*_parts(is_of_client))


def _columns(what: str, **given: Any) -> list[sa.Label[Any]]:
    """The columns of every part, in order; those that are not given are empty."""
    number, text, day = sa.BigInteger, sa.Text, sa.Date
    empty: dict[str, Any] = {
        "what": sa.literal(what), "id": sa.literal(0), "key": sa.cast(sa.null(), sa.Integer),
        "other": sa.cast(sa.null(), sa.Integer), "number": sa.cast(sa.null(), number), "flag": sa.literal(0),
        **{name: sa.cast(sa.null(), day) for name in ("first_on", "last_on", "authorised_on", "contract_ends_on")},
        **{name: sa.cast(sa.null(), text) for name in ("name", "kind", "also")},
        "json": sa.cast(sa.null(), sa.JSON),
        **{name: sa.cast(sa.null(), text) for name in ("reference", "surname", "first_name")},
    }  # fmt: skip
    return [(empty | given)[name].label(name) for name in empty]


def _parts(is_of_client: bool) -> Iterable[Select[Any]]:
    """A query for each kind of fact; the first says of which type the columns are."""
    which = [Item.contract_id == CONTRACT_ID, Item.starts_on <= LAST]
    which.append(sa.or_(Item.ends_on.is_(None), Item.ends_on >= FIRST))
    if is_of_client:
        which.append(Item.client_id == CLIENT_ID)
    items, levels = select(Item.id).where(*which), select(Item.service_level_id).where(*which)
    yield _items(which)
    yield select(
        *_columns(
            "level", id=ServiceLevel.id, number=sa.cast(ServiceLevel.vat_basis_points, sa.BigInteger),
            name=ServiceLevel.name, kind=_word(ServiceLevel.unit), also=_word(ServiceLevel.convention),
        )
    ).where(ServiceLevel.id.in_(levels))  # fmt: skip
    yield _dated("price", ItemPrice, items, number=ItemPrice.rate_e4)
    timetable = sa.type_coerce(ItemQuantity.timetable_e4, sa.JSON)
    yield _dated("quantity", ItemQuantity, items, number=ItemQuantity.quantity_e4, json=timetable)
    yield _dated("absence", Absence, items, number=sa.cast(Absence.pay_percent, sa.BigInteger))
    yield _dated(
        "deduction", Deduction, items, number=Deduction.weekly_rate_e4, kind=_word(Deduction.kind),
        also=_word(Deduction.collected_by),
    )  # fmt: skip
    rate = ContractRate
    yield select(
        *_columns("rate", id=rate.id, key=rate.service_level_id, first_on=rate.starts_on, last_on=rate.ends_on,
                  number=rate.rate_e4)
    ).where(rate.contract_id == CONTRACT_ID, rate.service_level_id.in_(levels), *_holds(rate))  # fmt: skip
    due = Allowance
    yield select(
        *_columns("allowance", id=due.id, key=due.item_id, first_on=due.due_on, name=due.name, number=due.amount_pence)
    ).where(due.item_id.in_(items), due.due_on.between(FIRST, LAST))
    order = PurchaseOrder
    yield select(*_columns("order", id=order.id, key=order.client_id, other=order.financial_year)).where(
        order.client_id.in_(select(Item.client_id).where(*which)), order.is_issued,
        order.financial_year.between(FIRST_YEAR, LAST_YEAR),
    )  # fmt: skip
    own = select(PaymentLine.id).where(PaymentLine.payment_id == PAYMENT_ID)
    yield select(*_columns("line")).where(own.exists())
    if not is_of_client:
        yield _then()
        told = Hold.payment_id == PAYMENT_ID, is_told_of()
        yield select(*_columns("told of", id=Hold.id, key=Hold.purchase_order_id)).where(*told)


def _items(which: list[sa.ColumnElement[bool]]) -> Select[Any]:
    own = select(ItemPrice.id).where(ItemPrice.item_id == Item.id).exists()
    return (
        select(
            *_columns(
                "item", id=Item.id, key=Item.client_id, other=Item.service_level_id,
                number=sa.cast(sa.case((own, 1), else_=0), sa.BigInteger), flag=sa.cast(Item.is_suspended, sa.Integer),
                first_on=Item.starts_on, last_on=Item.ends_on, authorised_on=Item.authorised_on,
                contract_ends_on=Contract.ends_on, json=sa.type_coerce(Agreement.terms, sa.JSON),
                reference=Client.reference, surname=Client.surname, first_name=Client.first_name,
            )
        )
        .join(Client, Client.id == Item.client_id)
        .join(Contract, Contract.id == Item.contract_id)
        .outerjoin(Agreement, sa.and_(Agreement.item_id == Item.id, Agreement.in_force()))
        .where(*which)
    )  # fmt: skip


def _dated(what: str, entity: Any, items: Select[Any], **given: Any) -> Select[Any]:
    days = {"first_on": entity.starts_on, "last_on": entity.ends_on}
    columns = _columns(what, id=entity.id, key=entity.item_id, **days, **given)
    return select(*columns).where(entity.item_id.in_(items), *_holds(entity))


def _holds(entity: Any) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions: it holds on one of the days of the cells."""
    return entity.starts_on <= LAST, sa.or_(entity.ends_on.is_(None), entity.ends_on >= FIRST)


def _word(column: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[str]:
    return sa.cast(column, sa.Text)


def _then() -> Select[Any]:
    line, order, this = PaymentLine, PurchaseOrder, sa.orm.aliased(ScheduledPayment)
    before = ScheduledPayment
    by = order.client_id, Client.reference, Client.surname, Client.first_name, before.first_on, before.last_on
    return (
        select(
            *_columns(
                "then", key=order.client_id, other=func.max(order.financial_year), number=sum_of(line.total_pence),
                first_on=before.first_on, last_on=before.last_on, reference=Client.reference, surname=Client.surname,
                first_name=Client.first_name,
            )
        )
        .select_from(line)
        .join(order, order.id == line.purchase_order_id)
        .join(before, before.id == line.payment_id)
        .outerjoin(Client, Client.id == order.client_id)
        .where(line.payment_id == select(this.id_before).where(this.id == PAYMENT_ID).scalar_subquery())
        .group_by(*by)
    )  # fmt: skip
