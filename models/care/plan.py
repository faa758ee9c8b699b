"""What is planned for each person in a week, and when the weeks of a contract begin."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session
from models.calendar import FAR_FUTURE, Frequency, Span
from models.engine.actuals import BY_PLAN, planned_units
from models.engine.facts import Dated, Quantity, Terms
from models.pricing import Convention, Unit
from models.records.actual import WEEK
from models.records.care_package import Absence, CarePackageLineItem, ItemQuantity
from models.records.client import Client
from models.records.contract import Calendar, Contract, PaymentMethod, ServiceLevel
from models.statements import built_once
from models.words import folded


class Planned(NamedTuple):
    """What one line item's week is planned to be."""

    item_id: int
    item_reference: str
    contract_id: int
    contract_reference: str
    service_id: int
    level_id: int
    level_name: str
    unit: Unit
    client_id: int
    client_reference: str
    surname: str
    first_name: str
    week: Span
    planned_e4: int
    first_on: date
    """The first day in the week on which it is payable."""
    last_on: date
    in_hospital: bool
    """The council knows of a stay in hospital on one of these days."""

    @property
    def key(self) -> tuple[int, date]:
        return self.item_id, self.week.first


class PlannedItem(Protocol):
    """What of a line item its plan is made of: a row of a query with these columns, or a tuple."""

    @property
    def id(self) -> int: ...
    @property
    def reference(self) -> str: ...
    @property
    def contract_id(self) -> int: ...
    @property
    def contract_reference(self) -> str: ...
    @property
    def contract_ends_on(self) -> date | None: ...
    @property
    def service_id(self) -> int: ...
    @property
    def service_level_id(self) -> int: ...
    @property
    def level_name(self) -> str: ...
    @property
    def unit(self) -> Unit: ...
    @property
    def convention(self) -> Convention: ...
    @property
    def client_id(self) -> int: ...
    @property
    def client_reference(self) -> str: ...
    @property
    def surname(self) -> str: ...
    @property
    def first_name(self) -> str: ...
    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date | None: ...


class Weekly(Protocol):
    """What of a calendar says when weeks begin: itself, or a row of a query with these columns."""

    @property
    def frequency(self) -> Frequency: ...
    @property
    def anchor_on(self) -> date: ...


def weeks_begin_on(calendar: Weekly) -> int:
    """The weekday (0 is Monday) on which the contract's weeks begin: that of its periods or, where these are months,
    Monday.
    """
    return calendar.anchor_on.weekday() if calendar.frequency is not Frequency.MONTHLY else 0


def week_of(calendar: Weekly, day: date) -> Span:
    first = day - timedelta(days=(day.weekday() - weeks_begin_on(calendar)) % 7)
    return Span(first, first + WEEK)


def calendars_of(contract_ids: Collection[int]) -> dict[int, list[PaymentMethod]]:
    """The payment methods of these contracts with their calendars, the oldest of each first."""
    found: dict[int, list[PaymentMethod]] = defaultdict(list)
    query = select(PaymentMethod).where(PaymentMethod.contract_id.in_(contract_ids))
    query = query.options(sa.orm.joinedload(PaymentMethod.calendar))
    for method in session.scalars(query.order_by(PaymentMethod.contract_id, PaymentMethod.calculate_from)):
        found[method.contract_id].append(method)
    return found


def calendar_on(methods: Iterable[PaymentMethod], day: date) -> Calendar | None:
    """The calendar by which the contract pays on that day; None before its first method."""
    begun = [method for method in methods if method.calculate_from <= day + WEEK]
    return begun[-1].calendar if begun else None


def plans(contract_ids: Collection[int], weeks: Collection[Span]) -> list[Planned]:
    """Every line item of these contracts that is authorised and has a payable day in one of the weeks, in the order of
    masked names; two queries. Weeks that do not begin on their contract's weekday are left to the caller.
    """
    if not weeks:
        return []
    first, last = min(week.first for week in weeks), max(week.last for week in weeks)
    of_one = len(contract_ids) == 1
    return plans_of(session.execute(_items(of_one), _of(contract_ids, first, last)), contract_ids, weeks)


def plans_of(items: Iterable[PlannedItem], contract_ids: Collection[int], weeks: Collection[Span]) -> list[Planned]:
    """Of these line items of those contracts, in their order, for whoever has read them; one query. Each has a
    payable day in one of the weeks, or is left out; so is what has no actuals.
    """
    if not weeks:
        return []
    first, last = min(week.first for week in weeks), max(week.last for week in weeks)
    quantities, hospital = _facts(contract_ids, first, last)
    found: list[Planned] = []
    in_order = sorted(weeks, key=lambda each: each.first)
    known: dict[Hashable, int] = {}  # most of many line items are planned alike
    for row in items:
        if row.unit in BY_PLAN:
            continue
        terms = Terms(
            row.starts_on, row.ends_on or FAR_FUTURE, row.unit, row.convention,
            contract_ends_on=row.contract_ends_on or FAR_FUTURE, quantities=quantities.get(row.id, ()),
        )  # fmt: skip
        for week in in_order:
            window = week.overlap(terms.starts_on, terms.last_payable_on)
            if window is not None:
                away = any(window.overlap(*days) for days in hospital.get(row.id, ()))
                key = (window.first, window.last, row.unit, *_quantities_in(window, terms.quantities))
                if key not in known:
                    known[key] = planned_units(terms, week)
                found.append(_planned(row, week, window, known[key], away))
    return found


def _quantities_in(
    window: Span, quantities: Iterable[Dated]
) -> Iterator[tuple[date, date, int, tuple[int, ...] | None]]:
    """Those that hold on a day of the window, from when and until when in it."""
    first, last = window.first, window.last
    for each in quantities:
        if each.first <= last and each.last >= first:
            begins, ends = max(each.first, first), min(each.last, last)
            yield begins, ends, each.value.weekly_e4, each.value.timetable_e4


def planned_of(contract_id: int, service_id: int, first_on: date) -> list[Planned]:
    """The plan of a week of one service under one contract, in the order of the list."""
    found = plans([contract_id], [Span(first_on, first_on + WEEK)])
    return [each for each in found if each.service_id == service_id]


_IDS: sa.BindParameter[int] = sa.bindparam("contract_ids", expanding=True)
_ID = sa.bindparam("contract_id", type_=sa.Integer())
_FIRST, _LAST = sa.bindparam("first", type_=sa.Date()), sa.bindparam("last", type_=sa.Date())


def _are_theirs(of_one: bool) -> sa.ColumnElement[bool]:
    """A condition on CarePackageLineItem: it is of these contracts, or of the only one, as a week's page asks."""
    return CarePackageLineItem.contract_id == _ID if of_one else CarePackageLineItem.contract_id.in_(_IDS)


@built_once
def _items(of_one: bool) -> sa.Select:
    """The line items. Parameters, here and below: `contract_ids` or `contract_id`, `first` and `last`."""
    item = CarePackageLineItem
    return (
        select(
            item.id, item.reference, item.contract_id, item.client_id, item.service_level_id, item.starts_on,
            item.ends_on, Contract.reference.label("contract_reference"), Contract.ends_on.label("contract_ends_on"),
            ServiceLevel.service_id, ServiceLevel.name.label("level_name"), ServiceLevel.unit, ServiceLevel.convention,
            Client.reference.label("client_reference"), Client.surname, Client.first_name,
        )
        .join(Contract, Contract.id == item.contract_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(Client, Client.id == item.client_id)
        .where(_are_theirs(of_one), item.is_activated, ServiceLevel.unit.not_in(BY_PLAN))
        .where(item.starts_on <= _LAST, sa.or_(item.ends_on.is_(None), item.ends_on >= _FIRST))
        .order_by(*Client.shown_order(), item.reference)
    )  # fmt: skip


def _facts(
    contract_ids: Collection[int], first: date, last: date
) -> tuple[dict[int, tuple[Dated, ...]], dict[int, list[tuple[date, date]]]]:
    """By item, what holds on one of these days: its quantities, the oldest first, and the days on which the council
    knows the client to be in hospital.
    """
    quantities: dict[int, tuple[Dated, ...]] = defaultdict(tuple)
    hospital: dict[int, list[tuple[date, date]]] = defaultdict(list)
    rows = session.execute(_dated(len(contract_ids) == 1), _of(contract_ids, first, last))
    for item_id, starts_on, ends_on, quantity_e4, timetable_e4, reason in rows:
        if reason is None:
            units = Quantity(quantity_e4, tuple(timetable_e4) if timetable_e4 else None)
            quantities[item_id] += (Dated(starts_on, ends_on or FAR_FUTURE, units),)
        elif "hospital" in folded(reason):
            hospital[item_id].append((starts_on, ends_on or FAR_FUTURE))
    return quantities, hospital


@built_once
def _dated(of_one: bool) -> sa.CompoundSelect:
    """Quantities, which have no reason, and absences, which have nothing else."""
    own, away = ItemQuantity, Absence
    none: sa.Null = sa.null()
    quantities = select(own.item_id, own.starts_on.label("first_on"), own.ends_on, own.quantity_e4, own.timetable_e4,
                        sa.cast(none, sa.Text).label("reason"))  # fmt: skip
    absences = select(away.item_id, away.starts_on.label("first_on"), away.ends_on, sa.cast(none, sa.BigInteger),
                      sa.cast(none, own.timetable_e4.type), away.reason)  # fmt: skip
    parts = _in_days(quantities, own, of_one), _in_days(absences, away, of_one)
    return sa.union_all(*parts).order_by("item_id", "first_on")


def _in_days(query: sa.Select, own: type[ItemQuantity] | type[Absence], of_one: bool) -> sa.Select:
    """What holds of items of these contracts on one of these days."""
    item = CarePackageLineItem
    query = query.join(item, item.id == own.item_id).where(_are_theirs(of_one))
    return query.where(own.starts_on <= _LAST, sa.or_(own.ends_on.is_(None), own.ends_on >= _FIRST))


def _of(contract_ids: Collection[int], first: date, last: date) -> dict[str, object]:
    which = (
        {"contract_id": next(iter(contract_ids))} if len(contract_ids) == 1 else {"contract_ids": list(contract_ids)}
    )
    return {**which, "first": first, "last": last}


def _planned(row: PlannedItem, week: Span, window: Span, planned_e4: int, away: bool) -> Planned:
    return Planned(
        row.id, row.reference, row.contract_id, row.contract_reference, row.service_id, row.service_level_id,
        row.level_name, row.unit, row.client_id, row.client_reference, row.surname, row.first_name, week, planned_e4,
        window.first, window.last, away,
    )  # fmt: skip
