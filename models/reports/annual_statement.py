"""The annual statement of a carer: what came to the bank in a year, by child and by kind, and weeks of care by age.

It goes by bank day, as the finance system told it last: what was in the bank on 31 March 2023 belongs to the tax year
2022/2023, whatever days it was for. What the bank has returned is in no year until it is paid again.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session
from models.calendar import DAY, FinancialYear, Span, today
from models.engine.component import CARRIED, Component
from models.engine.working import Slice
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import RunPayment
from models.payments.sent import SentPayment, bank_day, is_back
from models.records.client import Client, masked_name
from models.records.contract import Contract
from models.reports.care_relief import CareRelief
from models.tax_year import ReportYear, TaxYear

OLDER_FROM = 11
"""Years of age from which a week counts at the higher rate. A week counts by the age on its Monday."""
CLAIMS, OWED = "One-Off Claims", "What you owe"


@dataclass
class Kind:
    """What was paid of one kind; pence."""

    name: str
    net_pence: int = 0
    vat_pence: int = 0

    @property
    def total_pence(self) -> int:
        return self.net_pence + self.vat_pence


@dataclass
class Child:
    """One child or adult, or what is of nobody in particular, with what was paid by kind and the weeks of care."""

    name: str
    reference: str
    born_on: date | None
    kinds: dict[str, Kind] = field(default_factory=dict)
    weeks: set[date] = field(default_factory=set)
    """The Mondays of those that were first paid in the year."""

    @property
    def total_pence(self) -> int:
        return sum(kind.total_pence for kind in self.kinds.values())

    @property
    def younger_weeks(self) -> int:
        return sum(not self._is_older(monday) for monday in self.weeks) if self.born_on else 0

    @property
    def older_weeks(self) -> int:
        return sum(self._is_older(monday) for monday in self.weeks) if self.born_on else 0

    @property
    def is_of_unknown_age(self) -> bool:
        return bool(self.weeks) and self.born_on is None

    def _is_older(self, day: date) -> bool:
        born_on = self.born_on or date.min
        age = day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
        return age >= OLDER_FROM


@dataclass(frozen=True)
class Paid:
    """One payment of one run, as it came to the bank."""

    bank_on: date
    contract: str
    span: Span
    pence: int


@dataclass(frozen=True)
class Statement:
    year: ReportYear
    children: Sequence[Child]
    payments: Sequence[Paid]
    relief: CareRelief | None
    """The figures of the tax year, if they are on record and checked."""
    missing: str
    """Why there is no qualifying amount, and what is lacking; empty where there is one."""

    @property
    def is_so_far(self) -> bool:
        """The year goes on."""
        return today() <= self.year.span.last

    @property
    def total_pence(self) -> int:
        """What went to the bank."""
        return sum(payment.pence for payment in self.payments)

    @property
    def kinds(self) -> list[Kind]:
        """What was paid by kind, over all children."""
        found: dict[str, Kind] = {}
        for child in self.children:
            for kind in child.kinds.values():
                whole = found.setdefault(kind.name, Kind(kind.name))
                whole.net_pence += kind.net_pence
                whole.vat_pence += kind.vat_pence
        return sorted(found.values(), key=lambda kind: kind.name)

    @property
    def younger_weeks(self) -> int:
        return sum(child.younger_weeks for child in self.children)

    @property
    def older_weeks(self) -> int:
        return sum(child.older_weeks for child in self.children)

    @property
    def qualifying_pence(self) -> int | None:
        """None where something is missing that it needs."""
        if self.missing or self.relief is None:
            return None
        return self.relief.qualifying_pence(self.younger_weeks, self.older_weeks)


def years_paid() -> list[ReportYear]:
    """Tax years in which something came to the bank, the newest first, then the financial years: to this one."""
    came = select(sa.func.min(bank_day())).select_from(RunPayment).outerjoin(SentPayment, SentPayment.of_part())
    first_on = session.scalar(came.where(RunPayment.is_finalised, ~is_back()))
    if first_on is None:
        return []
    last_on = max(today(), first_on)
    tax = range(TaxYear.of(last_on).starts_in, TaxYear.of(first_on).starts_in - 1, -1)
    financial = range(FinancialYear.of(last_on).starts_in, FinancialYear.of(first_on).starts_in - 1, -1)
    years: list[TaxYear | FinancialYear] = [*map(TaxYear, tax), *map(FinancialYear, financial)]
    return [ReportYear(year) for year in years]


def statement_of(year: ReportYear) -> Statement:
    """Of the provider at hand, in four queries whatever the number of children."""
    lines = session.execute(_lines(year.span)).all()
    children: dict[int | str, Child] = {}
    payments: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in lines:
        child = children.setdefault(_whose(row), _child(row))
        name = _kind_of(row)
        kind = child.kinds.setdefault(name, Kind(name))
        kind.net_pence += row.net_pence
        kind.vat_pence += row.vat_pence
        payments[row.run_id, row.payment_id].append(row)
    _count_weeks(children, lines, year.span.first)
    in_order = sorted(children.values(), key=lambda child: (not child.reference, child.name))
    relief, missing = _relief(year, in_order)
    return Statement(year, in_order, [_paid(rows) for rows in payments.values()], relief, missing)


def _whose(row: Any) -> int | str:
    if row.client_id is not None:
        return int(row.client_id)
    return OWED if row.component in CARRIED else CLAIMS


def _child(row: Any) -> Child:
    if row.client_id is None:
        return Child(str(_whose(row)), "", None)
    return Child(masked_name(row.surname, row.first_name, row.reference), row.reference, row.born_on)


def _kind_of(row: Any) -> str:
    """Fees apart from allowances: care and allowances by their names, the others by what they are."""
    if row.component in (Component.CARE, Component.ALLOWANCE) and row.working.name:
        return str(row.working.name)
    return str(row.component.label)


def _paid(rows: Sequence[Any]) -> Paid:
    first = rows[0]
    pence = sum(row.net_pence + row.vat_pence for row in rows)
    return Paid(first.bank_on, first.contract, Span(first.period_first_on, first.period_last_on), pence)


def _lines(span: Span) -> Select:
    """What was in the bank in these days, payments in order of bank day."""
    line, part, payment = PaymentLine, RunPayment, ScheduledPayment
    return (
        select(
            line.id, line.run_id, line.payment_id, line.component, line.item_id, line.first_on, line.net_pence,
            line.vat_pence, line.working, bank_day().label("bank_on"), PurchaseOrder.client_id, Client.surname,
            Client.first_name, Client.reference, Client.born_on, Contract.name.label("contract"),
            payment.first_on.label("period_first_on"), payment.last_on.label("period_last_on"),
        )
        .join(part, sa.and_(part.run_id == line.run_id, part.payment_id == line.payment_id))
        .join(payment, payment.id == line.payment_id)
        .join(Contract, Contract.id == payment.contract_id)
        .outerjoin(PurchaseOrder, PurchaseOrder.id == line.purchase_order_id)
        .outerjoin(Client, Client.id == PurchaseOrder.client_id)
        .outerjoin(SentPayment, SentPayment.of_part())
        .where(bank_day().between(span.first, span.last), ~is_back())
        .order_by(bank_day(), payment.first_on, line.payment_id, line.id)
    )  # fmt: skip


def _count_weeks(children: dict[int | str, Child], lines: Iterable[Any], first_on: date) -> None:
    """The weeks, Monday to Sunday, of which a day was paid, a part of one as a whole: in the year in which they were
    first paid. Of a cell that was corrected within the year, its last state counts.
    """
    cells: dict[tuple[int, int, date], Any] = {}
    for row in lines:
        if row.component is Component.CARE and row.client_id is not None:
            key = row.client_id, row.item_id, row.first_on
            if key not in cells or cells[key].id < row.id:
                cells[key] = row
    for (client_id, _, _), row in cells.items():
        children[client_id].weeks |= _mondays(row.working.slices)
    mondays = [monday for child in children.values() for monday in child.weeks]
    if not mondays:
        return
    for row in session.execute(_paid_before(first_on, min(mondays))):
        if row.client_id in children:
            children[row.client_id].weeks -= _mondays(row.working.slices)


def _paid_before(first_on: date, monday: date) -> Select:
    """Care for days from that Monday on that was in the bank before the year began."""
    line, part = PaymentLine, RunPayment
    return (
        select(PurchaseOrder.client_id, line.working)
        .join(part, sa.and_(part.run_id == line.run_id, part.payment_id == line.payment_id))
        .join(PurchaseOrder, PurchaseOrder.id == line.purchase_order_id)
        .outerjoin(SentPayment, SentPayment.of_part())
        .where(line.component == Component.CARE, bank_day() < first_on, ~is_back(), line.last_on >= monday)
        .order_by(line.id)
    )


def _mondays(slices: Iterable[Slice]) -> set[date]:
    """The Mondays of the weeks in which a day of these is paid."""
    found: set[date] = set()
    for part in slices:
        if part.net_pence > 0:
            monday = part.first - timedelta(days=part.first.weekday())
            while monday <= part.last:
                found.add(monday)
                monday += 7 * DAY
    return found


def _relief(year: ReportYear, children: Iterable[Child]) -> tuple[CareRelief | None, str]:
    """The figures of the year, and what is missing."""
    if not isinstance(year.year, TaxYear):
        return None, "Qualifying care relief goes by the tax year, 6 April to 5 April. Choose a tax year to see it"
    found = session.scalars(CareRelief.of(year.year)).one_or_none()
    if found is None:
        return None, f"The figures of the tax year {year.year} are not on record: the council has to enter that row"
    if not found.is_checked:
        return None, f"The figures of the tax year {year.year} are on record, and nobody has checked that row yet"
    unknown = [child.name for child in children if child.is_of_unknown_age]
    if unknown:
        return None, f"The date of birth is not on record of {', '.join(unknown)}, so the weeks have no rate"
    return found, ""
