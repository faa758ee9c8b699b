"""What one care package line item has paid, and what comes next: in pence with VAT apart, by payment, the newest first.

Lines of its care, its allowances and its deductions count. Of payments whose days have not begun there are no lines
yet: what they would pay is worked out from the item's own facts, as models.reports.planned does of a whole payment.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from models.base import session, sum_of
from models.calendar import FAR_FUTURE, Span
from models.engine.agreed import agreed_pence, planned
from models.engine.facts import Dated, DueSum, ItemFacts, Quantity, Terms
from models.engine.weeks import days_of_cells
from models.money import SCALE, times
from models.payments.blocked import BlockedSum
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import RunPayment
from models.pricing import Basis, DeductionKind, Unit
from models.records.agreement import Agreement
from models.records.care_package import (
    Absence,
    Allowance,
    CollectedBy,
    Deduction,
    ItemPrice,
    ItemQuantity,
    dated_facts,
)  # fmt: skip
from models.records.contract import Contract, ContractRate, PaymentMethod
from models.together import read_together

P = ScheduledPayment
NEXT = 3
"""Payments to come that a line item's page tells."""


@dataclass(frozen=True)
class ItemMoney:
    """What one payment has, or will have, of one line item; pence, VAT included."""

    reference: str
    """The contract's."""
    first_on: date
    last_on: date
    bank_on: date
    pence: int
    waits_pence: int = 0
    """What is blocked of it: neither paid nor taken back before it is settled."""
    is_planned: bool = False
    """Worked out from the facts as they stand, since its days have not begun."""


@dataclass(frozen=True)
class ItemFunding:
    """The dated facts of one line item, as its page shows them, each oldest first; and its agreements, the one in force
    first.
    """

    prices: Sequence[ItemPrice | ContractRate]
    quantities: Sequence[ItemQuantity]
    absences: Sequence[Absence]
    deductions: Sequence[Deduction]
    allowances: Sequence[Allowance]
    agreements: Sequence[Agreement]

    def is_taken_off(self, deduction: Deduction, basis: Basis | None) -> bool:
        """Whether it lessens what the council pays: what the provider collects, contributions only where pay is net."""
        if deduction.kind is DeductionKind.CONTRIBUTION:
            return basis is Basis.NET
        return deduction.collected_by is CollectedBy.PROVIDER

    def facts(self, item: sa.Row) -> ItemFacts:
        """What the engine takes. `item` is a row of models.reports.care_packages.one."""
        always = [each for each in self.deductions if each.kind is not DeductionKind.CONTRIBUTION]
        terms = Terms(
            starts_on=item.starts_on, ends_on=item.ends_on or FAR_FUTURE, unit=item.unit, convention=item.convention,
            contract_ends_on=item.contract_ends_on or FAR_FUTURE, vat_basis_points=item.vat_basis_points,
            prices=tuple(_as_dated(each, each.rate_e4) for each in self.prices),
            quantities=tuple(
                _as_dated(each, Quantity(each.quantity_e4, tuple(each.timetable_e4) if each.timetable_e4 else None))
                for each in self.quantities
            ),
            absences=tuple(_as_dated(each, each.pay_percent) for each in self.absences),
            deductions=_deducted(each for each in always if self.is_taken_off(each, None)),
        )  # fmt: skip
        return ItemFacts(
            item.id, item.client_id, item.service_level, terms,
            _deducted(each for each in self.deductions if each not in always),
            [DueSum(each.id, each.name, each.due_on, each.amount_pence) for each in self.allowances],
            item.authorised_on, item.is_suspended, self.agreements[0].terms if self.agreements else None,
        )  # fmt: skip


def _as_dated(row: Any, value: Any) -> Dated:
    return Dated(row.starts_on, row.ends_on or FAR_FUTURE, value)


def _deducted(rows: Iterable[Deduction]) -> tuple[tuple[DeductionKind, Dated], ...]:
    return tuple((each.kind, _as_dated(each, each.weekly_rate_e4)) for each in rows)


def funding_of(item: sa.Row) -> ItemFunding:
    """The dated facts of a line item, a row of models.reports.care_packages.one. Where it has no price of its own, its
    contract's rates of its days.
    """
    rate = ContractRate
    own = rate.contract_id == item.contract_id, rate.service_level_id == item.level_id
    is_over_before = sa.and_(rate.ends_on.is_not(None), rate.ends_on < item.starts_on)
    in_its_days = ~is_over_before, rate.starts_on <= (item.ends_on or FAR_FUTURE)
    rates = select(rate).where(*own, *in_its_days).order_by(rate.starts_on, rate.id)
    found = read_together(rates, Agreement.of_item(item.id), *dated_facts([item.id]))
    of_contract, agreements, prices, quantities, absences, deductions, allowances = found
    return ItemFunding(prices or of_contract, quantities, absences, deductions, allowances, agreements)


def weekly_pence(item: sa.Row) -> int | None:
    """What it comes to in a week, VAT and deductions left out, at the price and quantity of today (or of its first or
    last day). None where it is priced by the night or the month, or has no price.
    """
    if item.rate_e4 is None or not (item.unit.is_counted_weekly or item.unit is Unit.WEEK):
        return None
    return times(item.rate_e4, SCALE if item.quantity_e4 is None else item.quantity_e4)


def paid_of(item_id: int) -> Select:
    """What runs have paid of the item: by payment and bank day, rows with reference, first_on, last_on, bank_on and
    pence, the newest first.
    """
    line, part = PaymentLine, RunPayment
    bank_on = sa.func.coalesce(part.bank_on, P.bank_on)
    by = Contract.reference, P.first_on, P.last_on
    return (
        select(*by, bank_on.label("bank_on"), sum_of(line.total_pence).label("pence"))
        .select_from(line)
        .join(P, P.id == line.payment_id)
        .join(Contract, Contract.id == line.contract_id)
        .outerjoin(part, sa.and_(part.run_id == line.run_id, part.payment_id == line.payment_id))
        .where(line.item_id == item_id, line.run_id.is_not(None))
        .group_by(P.id, *by, bank_on)
        .order_by(P.first_on.desc(), bank_on.desc(), P.id)
    )  # fmt: skip


def coming_of(item: sa.Row, funding: ItemFunding) -> list[ItemMoney]:
    """What the next payments of its contract have of the item, the earliest first: those with drafts or blocked sums of
    it, and then as many more as make up NEXT. Those in which there is nothing of it are left out.
    """
    line = PaymentLine
    of_item = line.payment_id == P.id, line.item_id == item.id, line.run_id.is_(None)
    draft = select(sum_of(line.total_pence)).where(*of_item).correlate(P).scalar_subquery()
    has_draft = select(line.id).where(*of_item).correlate(P).exists()
    blocked = (
        select(sum_of(BlockedSum.pence))
        .where(BlockedSum.payment_id == P.id, BlockedSum.item_id == item.id)
        .correlate(P)
        .scalar_subquery()
    )
    query = (
        select(P.first_on, P.last_on, P.bank_on, P.has_come.label("has_come"), has_draft.label("has_draft"),
               draft.label("pence"), blocked.label("waits_pence"), PaymentMethod,
               Contract.waits_on(P.first_on).label("waits"))
        .join(PaymentMethod, PaymentMethod.id == P.method_id)
        .join(Contract, Contract.id == P.contract_id)
        .options(joinedload(PaymentMethod.calendar))
        .where(P.contract_id == item.contract_id, P.closed_run_id.is_(None))
        .where(sa.or_(~P.has_come, has_draft, blocked != 0))
        .order_by(P.first_on, P.id)
        .limit(NEXT)
    )  # fmt: skip
    facts = funding.facts(item)
    return list(_told(item, session.execute(query), facts))


def _told(item: sa.Row, rows: Iterable[sa.Row], facts: ItemFacts) -> Iterator[ItemMoney]:
    for row in rows:
        is_planned = not row.has_come and not row.has_draft
        pence = _planned(facts, row) if is_planned and not item.is_suspended else row.pence
        found = ItemMoney(
            item.contract_reference, row.first_on, row.last_on, row.bank_on, pence, row.waits_pence, is_planned
        )
        if found.pence or found.waits_pence or row.has_draft:
            yield found


def _planned(facts: ItemFacts, row: sa.Row) -> int:
    """What the facts as they stand come to in one whole payment period, as far as they are agreed where that payment
    waits for agreements; pence with VAT.
    """
    span = Span(row.first_on, row.last_on)
    spans = days_of_cells(row.PaymentMethod, span)
    cells = planned(facts, row.PaymentMethod.basis, spans, bool(row.waits))
    care = sum(cell.net_pence + cell.vat_pence for cell in cells)
    due = [each for each in facts.allowances if each.due_on in span and facts.terms_gross.is_payable_on(each.due_on)]
    return care + sum(
        min(each.amount_pence, agreed_pence(facts, each)) if row.waits else each.amount_pence for each in due
    )
