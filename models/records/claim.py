"""One-off claims: mileage, parking, equipment. For now as the finance system has decided them."""

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Pence, Reference, TenThousandths
from models.records.feed import FromFeed
from models.tenancy import ProviderOwned, owned


class ClaimStatus(StrEnum):
    UNSUBMITTED = "unsubmitted"
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Claim(FromFeed, ProviderOwned, Base):
    __tablename__ = "claim"
    __table_args__ = owned()

    id: Mapped[Key]
    reference: Mapped[Reference]
    claimed_on: Mapped[date]
    notes: Mapped[str] = mapped_column(default="")
    status: Mapped[ClaimStatus]
    decided_on: Mapped[date | None]


class ClaimItem(FromFeed, ProviderOwned, Base):
    """One thing claimed. It is paid by the contract that owns its service level, at what was accepted."""

    __tablename__ = "claim_item"
    __table_args__ = owned(claim_id="claim", contract_id="contract")

    id: Mapped[Key]
    reference: Mapped[Reference]
    claim_id: Mapped[int] = mapped_column(index=True)
    contract_id: Mapped[int] = mapped_column(index=True)
    service_level_id: Mapped[int] = mapped_column(sa.ForeignKey("service_level.id"), index=True)
    client_id: Mapped[int | None] = mapped_column(sa.ForeignKey("client.id"), index=True)
    description: Mapped[str]
    spent_on: Mapped[date]
    quantity_e4: Mapped[TenThousandths]
    rate_e4: Mapped[TenThousandths]
    amount_pence: Mapped[Pence]
    is_included: Mapped[bool] = mapped_column(default=True)
    la_note: Mapped[str] = mapped_column(default="")
    accepted_pence: Mapped[Pence]
