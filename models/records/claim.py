"""One-off claims: mileage, parking, equipment. The finance system's, which a feed brings decided, and the portal's own,
which carers make and a finance panel decides (models/billing). docs/claim-states.md has the table of states.

Items of both stand in the same tables, so that payments, purchase orders and statements know one shape.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Pence, Reference, TenThousandths, utc_now
from models.records.client import Client
from models.records.contract import Claimable, Contract, ServiceLevel
from models.records.feed import FromFeed
from models.records.provider import Provider
from models.tenancy import ProviderOwned, link, owned
from models.words import Choice


class ClaimStatus(Choice):
    UNSUBMITTED = "unsubmitted"
    PENDING = "pending"
    RETURNED = "returned"
    """The panel has asked for something: the provider changes it, and sends it again."""
    ACCEPTED = "accepted"
    ACCEPTED_IN_PART = "accepted_in_part"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        return "Returned for information" if self is ClaimStatus.RETURNED else self.value.replace("_", " ").capitalize()

    @property
    def colour(self) -> str:
        """Of its tag, which says the label too."""
        return _COLOURS[self]

    @property
    def is_editable(self) -> bool:
        """The provider may change it."""
        return self in EDITABLE

    @property
    def is_undecided(self) -> bool:
        """It was sent to the panel, which has not decided it."""
        return self in UNDECIDED

    @property
    def is_decided(self) -> bool:
        return self in DECIDED


_COLOURS = {
    ClaimStatus.UNSUBMITTED: "grey",
    ClaimStatus.PENDING: "blue",
    ClaimStatus.RETURNED: "orange",
    ClaimStatus.ACCEPTED: "green",
    ClaimStatus.ACCEPTED_IN_PART: "turquoise",
    ClaimStatus.REJECTED: "red",
    ClaimStatus.WITHDRAWN: "grey",
}
EDITABLE = (ClaimStatus.UNSUBMITTED, ClaimStatus.RETURNED)
UNDECIDED = (ClaimStatus.PENDING, ClaimStatus.RETURNED)
PAYABLE = (ClaimStatus.ACCEPTED, ClaimStatus.ACCEPTED_IN_PART)
DECIDED = (*PAYABLE, ClaimStatus.REJECTED)


class Claim(FromFeed, ProviderOwned, Base):
    """What one provider claims at once. `made_by_id` is None for a claim of the finance system."""

    __tablename__ = "claim"
    __table_args__ = owned(
        sa.CheckConstraint(
            "made_by_id IS NULL OR (status IN ('accepted', 'accepted_in_part', 'rejected')) = (decided_at IS NOT NULL)",
            name="decided",
        ),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by"),
        sa.CheckConstraint("decided_at IS NULL OR decided_on IS NOT NULL", name="decided_on"),
        sa.CheckConstraint("(submitted_at IS NULL) = (submitted_by_id IS NULL)", name="submitted_by"),
        sa.CheckConstraint("(submitted_at IS NULL) = (submitted_on IS NULL)", name="submitted_on"),
        sa.CheckConstraint(
            "made_by_id IS NULL OR status IN ('unsubmitted', 'withdrawn') OR submitted_at IS NOT NULL",
            name="submitted",
        ),
        sa.CheckConstraint("status <> 'unsubmitted' OR submitted_at IS NULL", name="unsubmitted"),
        sa.CheckConstraint("(returned_at IS NULL) = (returned_text = '')", name="returned_text"),
        sa.CheckConstraint("status <> 'returned' OR returned_at IS NOT NULL", name="returned"),
        sa.CheckConstraint("(status = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn"),
    )

    id: Mapped[Key]
    reference: Mapped[Reference]
    """OC17 for one that is made here; no feed may bring such a reference."""
    claimed_on: Mapped[date]
    notes: Mapped[str] = mapped_column(default="")
    status: Mapped[ClaimStatus] = mapped_column(index=True)
    decided_on: Mapped[date | None]
    """The council's day of the decision: it is paid from this day on."""
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    changed_at: Mapped[datetime | None]
    """When the provider last changed it."""
    submitted_at: Mapped[datetime | None]
    """When it was first sent to the panel."""
    submitted_on: Mapped[date | None]
    """The council's day of that: limits go by it, since whoever claims may choose any date of claim."""
    submitted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    returned_at: Mapped[datetime | None]
    """When the panel last asked for information; it stays when the claim is sent again."""
    returned_text: Mapped[str] = mapped_column(default="")
    """What the panel asked. The provider reads it."""
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    decision_note: Mapped[str] = mapped_column(default="")
    """What the panel says of the whole claim. The provider reads it."""
    withdrawn_at: Mapped[datetime | None]

    provider: Mapped[Provider] = relationship(lazy="raise", viewonly=True)
    items: Mapped[list["ClaimItem"]] = relationship(lazy="raise", viewonly=True, order_by="ClaimItem.id")

    @hybrid_property
    def is_from_feed(self) -> bool:
        """The finance system's: nobody changes or decides it here."""
        return self.made_by_id is None

    @is_from_feed.inplace.expression
    @classmethod
    def _is_from_feed(cls) -> sa.ColumnElement[bool]:
        return cls.made_by_id.is_(None)

    @hybrid_property
    def was_sent(self) -> bool:
        """The council may read it: it was sent to the panel once, or is the finance system's."""
        return self.submitted_at is not None or self.made_by_id is None

    @was_sent.inplace.expression
    @classmethod
    def _was_sent(cls) -> sa.ColumnElement[bool]:
        return sa.or_(cls.submitted_at.is_not(None), cls.made_by_id.is_(None))

    @property
    def mark(self) -> str:
        """Another one after each change and each decision: whoever decides sends back the one that their page had."""
        instants = self.changed_at, self.returned_at, self.decided_at
        return "/".join([self.status, *(each.isoformat() if each else "" for each in instants)])

    @classmethod
    def of_portal(cls) -> sa.ColumnElement[bool]:
        """A condition: it was made here."""
        return cls.made_by_id.is_not(None)


class ClaimItem(FromFeed, ProviderOwned, Base):
    """One thing claimed, in the payment of the contract that owns its service level. Where it `is_priced`, the engine
    prices its accepted miles by the day of each trip (models/engine/mileage.py); else it is paid the accepted sum.
    """

    __tablename__ = "claim_item"
    __table_args__ = owned(
        sa.CheckConstraint("accepted_e4 IS NULL OR accepted_e4 >= 0", name="accepted_e4"),
        claim_id="claim",
        contract_id="contract",
    )

    id: Mapped[Key]
    reference: Mapped[Reference]
    claim_id: Mapped[int] = mapped_column(index=True)
    contract_id: Mapped[int] = mapped_column(index=True)
    service_level_id: Mapped[int] = mapped_column(sa.ForeignKey("service_level.id"), index=True)
    client_id: Mapped[int | None] = mapped_column(sa.ForeignKey("client.id"), index=True)
    description: Mapped[str]
    spent_on: Mapped[date]
    """The day of the expense; the first of its trips."""
    quantity_e4: Mapped[TenThousandths]
    """Miles of all its trips, both ways; 1 for a sum."""
    rate_e4: Mapped[TenThousandths]
    """The unit cost on that day, as it was shown."""
    amount_pence: Mapped[Pence]
    """What is claimed: worked out anew until it is sent to the panel, and kept from then on."""
    is_included: Mapped[bool] = mapped_column(default=True)
    la_note: Mapped[str] = mapped_column(default="")
    accepted_pence: Mapped[Pence]
    """What was accepted, on the day of the decision. Later rates and trips move what is paid of a priced item."""
    is_by_rate: Mapped[bool] = mapped_column(default=False)
    """Claimed by rate. False: a sum, as every item that a feed brings."""
    is_fixed_sum: Mapped[bool] = mapped_column(default=False)
    """The panel has typed a sum for what was claimed by rate: later rates and trips do not move it."""
    accepted_e4: Mapped[int | None] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
    """Miles that the panel has accepted, where these are fewer: those of the first trips. None: all."""
    reason: Mapped[str] = mapped_column(default="")
    """Why it is right although it was warned of."""

    claim: Mapped[Claim] = relationship(lazy="raise", viewonly=True)
    level: Mapped[ServiceLevel] = relationship(lazy="raise", viewonly=True)
    client: Mapped[Client | None] = relationship(lazy="raise", viewonly=True)
    contract: Mapped[Contract] = relationship(lazy="raise", viewonly=True)
    trips: Mapped[list["ClaimTrip"]] = relationship(
        lazy="raise", viewonly=True, order_by="(ClaimTrip.day, ClaimTrip.id)"
    )

    @hybrid_property
    def is_priced(self) -> bool:
        """The engine prices it; else it is paid what was accepted."""
        return self.is_by_rate and not self.is_fixed_sum

    @is_priced.inplace.expression
    @classmethod
    def _is_priced(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.is_by_rate, cls.is_fixed_sum.is_(False))

    @classmethod
    def called(cls) -> sa.ColumnElement[str]:
        """As payments name it, joined with its claim: with the claim's reference where that was made here."""
        number = sa.case((Claim.of_portal(), sa.literal(" (") + Claim.reference + ")"), else_="")
        return (cls.description + number).label("called")

    @property
    def is_client_item(self) -> bool:
        """It stands among the client items of its claim."""
        return self.client_id is not None or self.level.claimable is Claimable.CLIENT

    @property
    def is_accepted_in_part(self) -> bool:
        """Fewer miles, or another sum, than were claimed. All miles at another rate than when they were claimed are no
        part.
        """
        is_other_sum = not self.is_priced and self.accepted_pence != self.amount_pence
        return self.is_included and (self.accepted_e4 is not None or is_other_sum)


class ClaimTrip(ProviderOwned, Base):
    """One drive of a mileage item, as the trip log has it. An item without trips is one drive on its day."""

    __tablename__ = "claim_trip"
    __table_args__ = owned(
        sa.CheckConstraint("miles_e4 > 0", name="some_miles"),
        link("claim_item_id", "claim_item", ondelete="CASCADE"),
    )

    id: Mapped[Key]
    claim_item_id: Mapped[int] = mapped_column(index=True)
    day: Mapped[date]
    from_place: Mapped[str] = mapped_column(default="")
    to_place: Mapped[str] = mapped_column(default="")
    purpose: Mapped[str] = mapped_column(default="")
    miles_e4: Mapped[TenThousandths]
    """One way, in whole tenths of a mile."""
    is_return: Mapped[bool] = mapped_column(default=False)
    """Driven back as well, the same way."""
    is_separate: Mapped[bool] = mapped_column(default=False)
    """A drive of its own, although the same one was made for another child that day."""

    @property
    def counted_e4(self) -> int:
        """Miles both ways."""
        return self.miles_e4 * (2 if self.is_return else 1)
