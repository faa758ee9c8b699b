"""What a calculation could not write as a line: sums of blocked items, and contracts that it could not calculate."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Pence, rows_changed, session, sum_of, utc_now
from models.calendar import FinancialYear, today
from models.payments.payment import ScheduledPayment
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract
from models.records.provider import Provider
from models.statements import built_once
from models.tenancy import ProviderOwned, link, owned
from models.waiting import waits


class BlockedSum(ProviderOwned, Base):
    """What a blocked line item would add to a payment, VAT included, or take off. Written anew like the drafts."""

    __tablename__ = "blocked_sum"
    __table_args__ = owned(
        sa.UniqueConstraint("payment_id", "item_id"),
        link("payment_id", "scheduled_payment", ondelete="CASCADE"),
        item_id="care_package_line_item",
    )

    id: Mapped[Key]
    payment_id: Mapped[int]
    item_id: Mapped[int] = mapped_column(index=True)
    pence: Mapped[Pence]

    payment: Mapped[ScheduledPayment] = relationship(lazy="raise", viewonly=True)
    item: Mapped[CarePackageLineItem] = relationship(lazy="raise", viewonly=True)


class CalculationFault(ProviderOwned, Base):
    """A contract whose last calculation failed. Its drafts stand as they were, and no run takes them, until one
    succeeds.
    """

    __tablename__ = "calculation_fault"
    __table_args__ = owned(sa.UniqueConstraint("contract_id"), contract_id="contract")

    id: Mapped[Key]
    contract_id: Mapped[int]
    since: Mapped[datetime] = mapped_column(default=utc_now)
    fault: Mapped[str]
    """The kind of error and where it arose, for whoever mends it; never a name."""

    contract: Mapped[Contract] = relationship(lazy="raise", viewonly=True)


def note_faults(provider_ids: list[int], faults: Mapping[int, str]) -> None:
    """Keep one row for each contract that failed (by id, with its kind of fault), from when it first did; drop those of
    these providers' other contracts.
    """
    fault = CalculationFault
    query = select(fault.contract_id, fault.fault).where(fault.provider_id.in_(provider_ids))
    known = dict(session.execute(query).all())
    if mended := known.keys() - faults.keys():
        rows_changed(delete(fault).where(fault.contract_id.in_(mended)), unsynced=True)
    for contract_id in known.keys() & faults.keys():
        if known[contract_id] != faults[contract_id]:
            changed = update(fault).where(fault.contract_id == contract_id).values(fault=faults[contract_id])
            rows_changed(changed, unsynced=True)
    owners = select(Contract.id, Contract.provider_id).where(Contract.id.in_(faults.keys() - known.keys()))
    new = [
        {"provider_id": provider_id, "contract_id": contract_id, "fault": faults[contract_id]}
        for contract_id, provider_id in session.execute(owners)
    ]
    if new:
        session.execute(insert(fault), new)


def blocked_of(client_id: int, *, year: FinancialYear) -> int:
    """What blocked items of a client would add to payments of that year, or take off; pence."""
    days = {"first_on": year.first_on, "last_on": year.last_on}
    return session.execute(_blocked(), {"client_id": client_id, **days}).scalar_one()


@built_once
def _blocked() -> Select[int]:
    item, payment = CarePackageLineItem, ScheduledPayment
    first_on, last_on = (sa.bindparam(name, type_=sa.Date()) for name in ("first_on", "last_on"))
    return (
        select(sum_of(BlockedSum.pence).label("pence"))
        .join(item, item.id == BlockedSum.item_id)
        .join(payment, payment.id == BlockedSum.payment_id)
        .where(item.client_id == sa.bindparam("client_id", type_=sa.Integer()))
        .where(payment.first_on.between(first_on, last_on))
    )


def has_fault() -> sa.ColumnElement[bool]:
    """A condition on ScheduledPayment: its contract cannot be calculated, so no run takes it."""
    fault, payment = CalculationFault, ScheduledPayment
    return select(fault.id).where(fault.contract_id == payment.contract_id).correlate(payment).exists()


def faults(*, name: str = "", provider_ids: list[int] | None = None) -> Select:
    """The contracts that cannot be calculated, the oldest fault first: rows with reference, contract, provider, the
    provider's reference, since, fault, and how many of the contract's payments are due today or overdue.
    """
    fault, payment = CalculationFault, ScheduledPayment
    due = (
        select(sa.func.count(payment.id))
        .where(payment.contract_id == fault.contract_id, payment.is_due(today()))
        .correlate(fault)
        .scalar_subquery()
    )
    query = (
        select(
            fault.contract_id,
            Contract.reference,
            Contract.name.label("contract"),
            Provider.name.label("provider"),
            Provider.reference.label("provider_reference"),
            fault.since,
            fault.fault,
            due.label("due"),
        )
        .join(Contract, Contract.id == fault.contract_id)
        .join(Provider, Provider.id == fault.provider_id)
        .order_by(fault.since, Contract.reference)
    )
    if provider_ids is not None:
        query = query.where(fault.provider_id.in_(provider_ids))
    return query.where(Provider.found_by(name)) if name else query


FAULTS = "not calculated"


def waiting() -> Select:
    """The contracts that cannot be calculated, counted: see models.waiting."""
    fault = CalculationFault
    return waits(FAULTS, sa.func.count(fault.id), sa.func.min(fault.since))
