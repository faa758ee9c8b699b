"""Invoices and credit notes that providers send to the council. docs/invoice-states.md has the table of states.

An invoice of a contract that pays by invoice is paid by its approved lines; elsewhere it is a record and pays nothing.
Sums are stored as they were sent: above £0.00 on a credit note too, which takes them back. Verbs: models/billing.
"""

from datetime import date, datetime
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from models.base import Base, Key, Pence, TenThousandths, utc_now
from models.calendar import Span
from models.records.actual import ConfirmedActual
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, VatCode
from models.records.invoice_rule import HoldReason
from models.records.provider import Provider
from models.tenancy import ProviderOwned, link, owned
from models.words import Choice


class InvoiceKind(Choice):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()

    @property
    def sign(self) -> int:
        """1 of what is asked for, -1 of what is given back."""
        return 1 if self is InvoiceKind.INVOICE else -1


class InvoiceStatus(Choice):
    """What people have done with it. Whether it is paid follows from finalised lines (InvoiceState)."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ON_HOLD = "on_hold"
    """The council has held it for one of the reasons of a list: its provider mends it and sends it again."""
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    """Taken back by its provider before it was decided. Its number is free again."""

    @property
    def is_editable(self) -> bool:
        """The provider may change it."""
        return self in EDITABLE

    @property
    def is_decided(self) -> bool:
        return self in DECIDED


EDITABLE = (InvoiceStatus.DRAFT, InvoiceStatus.ON_HOLD)
SENT = (InvoiceStatus.SUBMITTED, InvoiceStatus.ON_HOLD, InvoiceStatus.APPROVED)
"""What counts against confirmed actuals, and against what is left of an invoice."""
DECIDED = (InvoiceStatus.APPROVED, InvoiceStatus.REJECTED)


class InvoiceState(Choice):
    """What pages show."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ON_HOLD = "on_hold"
    APPROVED = "approved"
    PART_PAID = "part_paid"
    PAID = "paid"
    REJECTED = "rejected"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        return {"part_paid": "Part-paid"}.get(self.value, self.value.replace("_", " ").capitalize())

    @property
    def colour(self) -> str:
        """Of its tag, which says the label too."""
        return {
            "draft": "grey", "submitted": "blue", "on_hold": "orange", "approved": "turquoise",
            "part_paid": "turquoise", "paid": "green", "rejected": "red", "cancelled": "grey",
        }[self.value]  # fmt: skip


def state_of(status: InvoiceStatus, gross_pence: int, paid_pence: int) -> InvoiceState:
    """As pages show it. Both sums are as the invoice has them, VAT included; `paid_pence` is what runs have paid of it,
    or taken back of a credit note. Only an approved one is paid, or paid in part.
    """
    if status is not InvoiceStatus.APPROVED or not paid_pence:
        return InvoiceState(status.value)
    return InvoiceState.PAID if paid_pence >= gross_pence else InvoiceState.PART_PAID


class Invoice(ProviderOwned, Base):
    """One invoice or credit note of one provider under one contract."""

    __tablename__ = "invoice"
    __table_args__ = owned(
        sa.Index(
            "uq_invoice_number", "provider_id", "number", unique=True,
            sqlite_where=sa.text("status <> 'cancelled'"), postgresql_where=sa.text("status <> 'cancelled'"),
        ),
        sa.CheckConstraint("(kind = 'credit_note') = (credits_id IS NOT NULL)", name="credits"),
        sa.CheckConstraint("(submitted_at IS NULL) = (submitted_by_id IS NULL)", name="submitted_by"),
        sa.CheckConstraint("(submitted_at IS NULL) = (received_on IS NULL)", name="received"),
        sa.CheckConstraint("(received_on IS NULL) = (valid_on IS NULL)", name="valid"),
        sa.CheckConstraint("status IN ('draft', 'cancelled') OR submitted_at IS NOT NULL", name="submitted"),
        sa.CheckConstraint("status <> 'draft' OR submitted_at IS NULL", name="draft"),
        sa.CheckConstraint("(status IN ('approved', 'rejected')) = (decided_at IS NOT NULL)", name="decided"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_on IS NULL)", name="decided_on"),
        sa.CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled"),
        contract_id="contract",
        credits_id="invoice",
    )  # fmt: skip

    id: Mapped[Key]
    kind: Mapped[InvoiceKind]
    contract_id: Mapped[int] = mapped_column(index=True)
    number: Mapped[str]
    """The provider's own, without spaces around it. No two of a provider that are not cancelled have the same."""
    number_key: Mapped[str] = mapped_column(index=True)
    """What numbers are compared by to find those that look alike: models/billing/invoicing.key_of."""
    invoiced_on: Mapped[date]
    """The date that the provider has written on it."""
    note: Mapped[str] = mapped_column(default="")
    stated_pence: Mapped[int | None] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"))
    """The total with VAT by the provider's own books, where they have said one."""
    alike_reason: Mapped[str] = mapped_column(default="")
    """Why it is no double although its number looks like another's."""
    credits_id: Mapped[int | None] = mapped_column(index=True)
    """Of a credit note: the invoice of which it takes back."""
    status: Mapped[InvoiceStatus] = mapped_column(default=InvoiceStatus.DRAFT, index=True)
    net_pence: Mapped[Pence] = mapped_column(default=0)
    vat_pence: Mapped[Pence] = mapped_column(default=0)
    """The sums of its lines, written with each change of them."""
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    changed_at: Mapped[datetime | None]
    """When its provider changed or sent it, or the council held or released it, last."""
    submitted_at: Mapped[datetime | None]
    """When it was first sent."""
    submitted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    received_on: Mapped[date | None] = mapped_column(index=True)
    """The day in London on which the council first had it."""
    valid_on: Mapped[date | None]
    """The day from which the days to pay count: that of receipt, or the day on which what the provider had to mend was
    mended."""
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    decided_on: Mapped[date | None]
    """The council's day of the decision: it is paid from this day on."""
    decision_note: Mapped[str] = mapped_column(default="")
    """What the council says of it. The provider reads it."""
    cancelled_at: Mapped[datetime | None]
    paid_pence: Mapped[int | None] = query_expression()
    paid_on: Mapped[date | None] = query_expression()
    """What runs have paid of it with VAT, or taken back of a credit note, and the latest bank day: only where a query
    asks for them (models/billing/invoice_listing.numbered).
    """

    provider: Mapped[Provider] = relationship(lazy="raise", viewonly=True)
    contract: Mapped[Contract] = relationship(lazy="raise", viewonly=True)
    credits: Mapped["Invoice | None"] = relationship(
        lazy="raise", viewonly=True, remote_side="[Invoice.provider_id, Invoice.id]"
    )
    lines: Mapped[list["InvoiceLine"]] = relationship(
        lazy="raise", viewonly=True, order_by="(InvoiceLine.first_on, InvoiceLine.id)"
    )
    holds: Mapped[list["InvoiceHold"]] = relationship(lazy="raise", viewonly=True, order_by="InvoiceHold.id")

    @hybrid_property
    def sign(self) -> int:
        """1, or -1 of a credit note, whose sums are stored above 0 and take back."""
        return self.kind.sign

    @sign.inplace.expression
    @classmethod
    def _sign(cls) -> sa.ColumnElement[int]:
        return sa.case((cls.kind == InvoiceKind.CREDIT_NOTE, -1), else_=1)

    @property
    def gross_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @property
    def called(self) -> str:
        """Invoice 1041; Credit note 7."""
        return f"{self.kind.label} {self.number}"

    @property
    def mark(self) -> str:
        """Another one after each change, hold and decision: who sends or decides it gives that of their page."""
        instants = self.changed_at, self.decided_at
        return "/".join([self.status, str(self.gross_pence), *(each.isoformat() if each else "" for each in instants)])

    @property
    def span(self) -> Span | None:
        """The days that its lines are for; None without lines. They are loaded."""
        if not self.lines:
            return None
        return Span(min(each.first_on for each in self.lines), max(each.last_on for each in self.lines))

    @property
    def hold(self) -> "InvoiceHold | None":
        """Why it is on hold, where it is. Its holds are loaded."""
        return next((each for each in self.holds if each.ended_at is None), None)


class InvoiceLine(ProviderOwned, Base):
    """What is asked for one line item for some days: pence, and quantity and rate in ten-thousandths."""

    __tablename__ = "invoice_line"
    __table_args__ = owned(
        link("invoice_id", "invoice", ondelete="CASCADE"),
        sa.CheckConstraint("last_on >= first_on", name="days"),
        sa.CheckConstraint("quantity_e4 > 0", name="some_quantity"),
        sa.CheckConstraint("rate_e4 >= 0 AND net_pence >= 0 AND vat_pence >= 0", name="sums"),
        sa.CheckConstraint("vat_basis_points >= 0", name="vat_rate"),
        item_id="care_package_line_item",
        confirmed_id="confirmed_actual",
        credits_line_id="invoice_line",
    )

    id: Mapped[Key]
    invoice_id: Mapped[int] = mapped_column(index=True)
    item_id: Mapped[int] = mapped_column(index=True)
    confirmed_id: Mapped[int | None] = mapped_column(index=True)
    """The confirmed actual that it was made from; None where it was entered by hand."""
    credits_line_id: Mapped[int | None] = mapped_column(index=True)
    """Of a credit note: the line of which it takes back."""
    first_on: Mapped[date]
    last_on: Mapped[date]
    description: Mapped[str] = mapped_column(default="")
    quantity_e4: Mapped[TenThousandths]
    rate_e4: Mapped[TenThousandths]
    vat_code: Mapped[VatCode]
    vat_basis_points: Mapped[int]
    net_pence: Mapped[Pence]
    vat_pence: Mapped[Pence]

    invoice: Mapped[Invoice] = relationship(lazy="raise", viewonly=True)
    item: Mapped[CarePackageLineItem] = relationship(lazy="raise", viewonly=True)
    confirmed: Mapped[ConfirmedActual | None] = relationship(lazy="raise", viewonly=True)

    @property
    def gross_pence(self) -> int:
        return self.net_pence + self.vat_pence

    @property
    def mark(self) -> str:
        """Another one once somebody has changed it, or where another line has taken its number."""
        own = self.item_id, self.first_on, self.last_on, self.quantity_e4, self.rate_e4, self.vat_code.value
        facts = *own, self.vat_basis_points, self.net_pence, self.vat_pence, self.description
        return sha256(repr(facts).encode()).hexdigest()[:16]

    @property
    def span(self) -> Span:
        return Span(self.first_on, self.last_on)


class HoldEnding(Choice):
    """How a hold ended."""

    MENDED = "mended"
    """The provider has mended it and sent it again."""
    RELEASED = "released"
    """The council has let it go on as it was."""
    REJECTED = "rejected"
    CANCELLED = "cancelled"

    @property
    def words(self) -> str:
        return {
            "mended": "Mended and sent again", "released": "Released by the council", "rejected": "Rejected",
            "cancelled": "Cancelled by the provider",
        }[self.value]  # fmt: skip


class InvoiceHold(ProviderOwned, Base):
    """Why and how long an invoice was on hold. One at a time is open."""

    __tablename__ = "invoice_hold"
    __table_args__ = owned(
        sa.Index(
            "uq_invoice_hold_open", "invoice_id", unique=True,
            sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ending IS NULL)", name="ending"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_by"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_on IS NULL)", name="ended_on"),
        invoice_id="invoice",
    )  # fmt: skip

    id: Mapped[Key]
    invoice_id: Mapped[int] = mapped_column(index=True)
    reason_id: Mapped[int] = mapped_column(sa.ForeignKey("hold_reason.id"), index=True)
    note: Mapped[str] = mapped_column(default="")
    """What else the council says. The provider reads it."""
    held_at: Mapped[datetime] = mapped_column(default=utc_now)
    held_on: Mapped[date]
    """The council's day: on it the provider was told."""
    held_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]
    ended_on: Mapped[date | None]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    ending: Mapped[HoldEnding | None]

    reason: Mapped[HoldReason] = relationship(lazy="raise", viewonly=True)
