"""Reading what a calculation knows: the facts of some providers' contracts, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cache

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from models.base import session
from models.calendar import FAR_FUTURE
from models.engine.facts import ActualsRule, ContractFacts, Dated, DueSum, ItemFacts, Quantity, Terms
from models.engine.weeks import pays_weeks
from models.payments.adjustment import Adjustment
from models.payments.confirmed_figures import figures_that_count
from models.payments.invoiced import invoiced
from models.payments.methods import MethodsOf
from models.payments.miles import books
from models.pricing import DeductionKind
from models.records.actual_rule import ActualRule, RuleKind
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
from models.records.claim import DECIDED, PAYABLE, Claim, ClaimItem
from models.records.contract import Calendar, Contract, ContractRate, PaymentMethod, ServiceLevel

DatedRow = ItemPrice | ItemQuantity | Absence | Deduction
"""What holds of a line item from one day to another."""


def load(provider_ids: list[int]) -> dict[int, ContractFacts]:
    """The facts of those providers' contracts that have a payment method, by contract id."""
    contracts = contracts_of(provider_ids)
    on_actuals = {id_ for id_, facts in contracts.items() if any(map(pays_weeks, facts.methods))}
    found = figures_that_count(provider_ids, on_actuals)
    for contract_id, item in _items(provider_ids):
        if contract_id in contracts:
            item.delivered = {
                each.first_on: item.actuals_rule.paid(each.actual_e4, each.frustrated_e4, each.by_day_e4)
                for each in found.get(item.id, ())
            }
            contracts[contract_id].items.append(item)
    for contract_id, claim, decided_on in _claims(provider_ids):
        if contract_id in contracts:
            contracts[contract_id].claims.append((claim, decided_on))
    _add_adjustments(contracts, provider_ids)
    for contract_id, line in invoiced(provider_ids):
        if contract_id in contracts:
            contracts[contract_id].invoices.append(line)
    of_providers = books(provider_ids)
    for facts in contracts.values():
        facts.miles = of_providers.get(facts.provider_id)
    return contracts


def contracts_of(provider_ids: list[int]) -> dict[int, ContractFacts]:
    """Those that have a payment method, by id, without their items and what else is paid under them."""
    query = select(Contract).where(Contract.provider_id.in_(provider_ids)).order_by(Contract.id)
    with_calendars = joinedload(PaymentMethod.calendar).options(selectinload(Calendar.overrides))
    methods_of = MethodsOf()
    return {
        contract.id: ContractFacts(
            contract.id, contract.provider_id, contract.ends_on, methods_of(contract),
            waits_from=contract.waits_for_agreement_from,
        )
        for contract in session.scalars(query.options(selectinload(Contract.methods).options(with_calendars)))
        if contract.methods
    }  # fmt: skip


def _items(provider_ids: list[int]) -> Iterable[tuple[int, ItemFacts]]:
    """With what is paid beside the price, and what was agreed."""
    allowances: dict[int, list[DueSum]] = defaultdict(list)
    for item_id, allowance_id, name, due_on, pence in session.execute(
        select(Allowance.item_id, Allowance.id, Allowance.name, Allowance.due_on, Allowance.amount_pence)
        .where(Allowance.provider_id.in_(provider_ids))
        .order_by(Allowance.due_on, Allowance.id)
    ):
        allowances[item_id].append(DueSum(allowance_id, name, due_on, pence))
    in_force = select(Agreement.item_id, Agreement.terms).where(Agreement.provider_id.in_(provider_ids))
    agreed = dict(session.execute(in_force.where(Agreement.in_force())).all())
    for contract_id, item in priced_items(provider_ids):
        item.allowances, item.agreed = allowances.get(item.id, []), agreed.get(item.id)
        yield contract_id, item


def priced_items(provider_ids: list[int]) -> Iterable[tuple[int, ItemFacts]]:
    """Contract by contract id, the line items with all that decides what a week of care comes to; not what is paid
    beside it, was agreed or was delivered.
    """
    prices = _dated(ItemPrice, ItemPrice.rate_e4, provider_ids)
    quantities = _dated(ItemQuantity, (ItemQuantity.quantity_e4, ItemQuantity.timetable_e4), provider_ids)
    absences = _dated(Absence, Absence.pay_percent, provider_ids)
    deductions = _dated(Deduction, (Deduction.kind, Deduction.collected_by, Deduction.weekly_rate_e4), provider_ids)
    rates = _contract_rates(provider_ids)
    item = CarePackageLineItem
    for row in session.execute(
        select(
            item.id, item.contract_id, item.client_id, item.service_level_id, item.starts_on, item.ends_on,
            item.authorised_on, item.is_suspended, Contract.ends_on.label("contract_ends_on"),
            ServiceLevel.name, ServiceLevel.unit, ServiceLevel.convention, ServiceLevel.vat_basis_points,
            ServiceLevel.is_extra_allowed, ServiceLevel.is_frustrated_paid, ActualRule.refuses_from.label("plan_from"),
        )
        .join(Contract, Contract.id == item.contract_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .outerjoin(ActualRule, sa.and_(
            ActualRule.service_level_id == ServiceLevel.id, ActualRule.kind == RuleKind.PAID_ON_PLAN))
        .where(item.provider_id.in_(provider_ids))
        .order_by(item.id)
    ):  # fmt: skip
        taken_off, contributions = sorted_deductions(deductions.get(row.id, ()))
        terms = Terms(
            starts_on=row.starts_on,
            ends_on=row.ends_on or FAR_FUTURE,
            unit=row.unit,
            convention=row.convention,
            contract_ends_on=row.contract_ends_on or FAR_FUTURE,
            vat_basis_points=row.vat_basis_points,
            prices=tuple(prices.get(row.id, ()) or rates.get((row.contract_id, row.service_level_id), ())),
            quantities=tuple(as_quantity(dated) for dated in quantities.get(row.id, ())),
            absences=tuple(absences.get(row.id, ())),
            deductions=taken_off,
        )
        yield row.contract_id, ItemFacts(
            row.id, row.client_id, row.name, terms, contributions, [], row.authorised_on, row.is_suspended,
            actuals_rule=ActualsRule(row.is_extra_allowed, row.plan_from, row.is_frustrated_paid),
        )  # fmt: skip


def _dated(entity: type[DatedRow], value: object, provider_ids: list[int]) -> dict[int, list[Dated]]:
    columns = value if isinstance(value, tuple) else (value,)
    found: dict[int, list[Dated]] = defaultdict(list)
    for row in session.execute(
        select(entity.item_id, entity.starts_on, entity.ends_on, *columns)
        .where(entity.provider_id.in_(provider_ids))
        .order_by(entity.item_id, entity.starts_on, entity.id)
    ):
        fact = row[3] if len(columns) == 1 else tuple(row[3:])
        found[row.item_id].append(Dated(row.starts_on, row.ends_on or FAR_FUTURE, fact))
    return found


def _contract_rates(provider_ids: list[int]) -> dict[tuple[int, int], list[Dated]]:
    found: dict[tuple[int, int], list[Dated]] = defaultdict(list)
    rate = ContractRate
    for row in session.execute(
        select(rate.contract_id, rate.service_level_id, rate.starts_on, rate.ends_on, rate.rate_e4)
        .where(rate.provider_id.in_(provider_ids))
        .order_by(rate.contract_id, rate.service_level_id, rate.starts_on)
    ):
        found[row.contract_id, row.service_level_id].append(
            Dated(row.starts_on, row.ends_on or FAR_FUTURE, row.rate_e4)
        )
    return found


def as_quantity(dated: Dated) -> Dated:
    weekly, timetable = dated.value
    return Dated(dated.first, dated.last, _quantity(weekly, tuple(timetable) if timetable else None))


@cache
def _quantity(weekly_e4: int, timetable_e4: tuple[int, ...] | None) -> Quantity:
    return Quantity(weekly_e4, timetable_e4)


Deducted = tuple[tuple[DeductionKind, Dated], ...]


def sorted_deductions(found: Iterable[Dated]) -> tuple[Deducted, Deducted]:
    """Those taken off whatever the method, and the contributions, taken off where it is Net."""
    always, when_net = [], []
    for dated in found:
        kind, collected_by, weekly = dated.value
        deduction = (kind, Dated(dated.first, dated.last, weekly))
        if kind is DeductionKind.CONTRIBUTION:
            when_net.append(deduction)
        elif collected_by is CollectedBy.PROVIDER:
            always.append(deduction)
    return tuple(always), tuple(when_net)


def _claims(provider_ids: list[int]) -> Iterable[tuple[int, DueSum, date | None]]:
    """Items that are paid a sum; one that the panel left out, or a claim that it rejected, comes to nothing."""
    item = ClaimItem
    payable = sa.and_(Claim.status.in_(PAYABLE), item.is_included)
    for row in session.execute(
        select(
            item.contract_id, item.id, item.called(), item.spent_on, Claim.decided_on,
            sa.case((payable, item.accepted_pence), else_=0).label("due"),
        )
        .join(Claim, Claim.id == item.claim_id)
        .where(item.provider_id.in_(provider_ids), Claim.status.in_(DECIDED), sa.not_(item.is_priced))
        .order_by(item.id)
    ):  # fmt: skip
        yield row.contract_id, DueSum(row.id, row.called, row.spent_on, row.due), row.decided_on


def _add_adjustments(contracts: dict[int, ContractFacts], provider_ids: list[int]) -> None:
    """A cancelled adjustment comes to nothing; it stays, so that what was paid of it is taken back."""
    made = Adjustment
    amount = sa.case((made.cancelled_at.is_(None), made.amount_pence), else_=0).label("due")
    for row in session.execute(
        select(made.contract_id, made.id, made.client_id, made.reason, made.for_day, amount)
        .where(made.provider_id.in_(provider_ids))
        .order_by(made.id)
    ):
        if row.contract_id in contracts:
            found = DueSum(row.id, row.reason, row.for_day, row.due)
            contracts[row.contract_id].adjustments.append((found, row.client_id))
