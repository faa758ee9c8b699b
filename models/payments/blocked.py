"""What a calculation could not write as a line: sums of blocked items, and contracts that it could not calculate."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Pence, session, utc_now
from models.payments.payment import ScheduledPayment
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract
from models.records.provider import Provider
from models.tenancy import ProviderOwned, link, owned


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


def note_faults(provider_ids: list[int], calculated: Iterable[int], faults: Mapping[int, str]) -> None:
    """Keep one row for each of these contracts that failed, from when it first did; drop those that succeed again."""
    fault = CalculationFault
    mended = [contract_id for contract_id in calculated if contract_id not in faults]
    known = dict(
        session.execute(select(fault.contract_id, fault.fault).where(fault.provider_id.in_(provider_ids))).all()
    )
    if known:
        session.execute(delete(fault).where(fault.contract_id.in_(set(mended) & set(known))))
    owners = select(Contract.id, Contract.provider_id).where(Contract.id.in_(set(faults) - set(known)))
    new = [
        {"provider_id": provider_id, "contract_id": contract_id, "fault": faults[contract_id]}
        for contract_id, provider_id in session.execute(owners)
    ]
    if new:
        session.execute(insert(fault), new)


def faults() -> Select:
    """The contracts that cannot be calculated: rows with reference, contract, provider, since and fault."""
    fault = CalculationFault
    return (
        select(
            Contract.reference,
            Contract.name.label("contract"),
            Provider.name.label("provider"),
            fault.since,
            fault.fault,
        )
        .join(Contract, Contract.id == fault.contract_id)
        .join(Provider, Provider.id == fault.provider_id)
        .order_by(fault.since, Contract.reference)
    )
