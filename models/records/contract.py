"""Contracts, what they buy at which rate, and when they pay."""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Key, Reference, TenThousandths
from models.calendar import FAR_FUTURE, DueDays, Frequency, PeriodDates, Span, WorkingDays, in_words, periods, today
from models.folding import folds, found_by
from models.hybrids import hybrid_property
from models.pricing import Basis, Convention, PayOnActuals, Unit
from models.records.feed import FromFeed
from models.records.provider import Service
from models.statements import TODAY
from models.tenancy import ProviderOwned, owned
from models.words import Choice


class ConfirmationPolicy(Choice):
    """Whether the provider is asked to confirm each scheduled payment (carers are not: guides S0, S4)."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class IfUnconfirmed(Choice):
    """What becomes of a payment that nobody has confirmed by its cut-off."""

    PAY = "pay"
    CONFIRM = "confirm"
    """Silence confirms."""
    HOLD = "hold"


class IfQueried(Choice):
    """What becomes of the rows that a provider queries while it confirms the rest."""

    PAY = "pay"
    HOLD = "hold"


class Contract(FromFeed, ProviderOwned, Base):
    """The umbrella agreement under which care packages are bought and paid."""

    __tablename__ = "contract"
    __table_args__ = owned()

    id: Mapped[Key]
    reference: Mapped[Reference]
    name: Mapped[str]
    folded_name: Mapped[str] = folds("name")
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    confirmation: Mapped[ConfirmationPolicy] = mapped_column(default=ConfirmationPolicy.NONE)
    if_unconfirmed: Mapped[IfUnconfirmed] = mapped_column(default=IfUnconfirmed.PAY)
    if_queried: Mapped[IfQueried] = mapped_column(default=IfQueried.HOLD)
    is_agreement_required: Mapped[bool] = mapped_column(default=False)
    """Each care package waits for its service agreement to be agreed before it is paid."""
    gate_from: Mapped[date | None]
    """Payment periods that begin before it are paid without agreements. None: none is; FAR_FUTURE: all are, since the
    gate is not started. The portal's own: no feed brings it.
    """
    payment_terms: Mapped[str] = mapped_column(default="")

    methods: Mapped[list["PaymentMethod"]] = relationship(
        lazy="raise", order_by="PaymentMethod.calculate_from", overlaps="calendar"
    )

    @hybrid_property
    def asks_for_confirmation(self) -> bool:
        return self.confirmation != ConfirmationPolicy.NONE

    @hybrid_property
    def requires_confirmation(self) -> bool:
        return self.confirmation == ConfirmationPolicy.REQUIRED

    @hybrid_property
    def holds_unconfirmed(self) -> bool:
        """Whether it pays only what is confirmed."""
        return self.requires_confirmation & (self.if_unconfirmed == IfUnconfirmed.HOLD)

    @hybrid_property
    def confirms_by_silence(self) -> bool:
        return self.requires_confirmation & (self.if_unconfirmed == IfUnconfirmed.CONFIRM)

    @hybrid_property
    def pays_only_confirmed(self) -> bool:
        """Whether an answer is waited for, if only that of silence: whoever is asked anew gets a window."""
        return self.requires_confirmation & (self.if_unconfirmed != IfUnconfirmed.PAY)

    @hybrid_property
    def has_ended(self) -> bool:
        """Its last day is over."""
        return self.ends_on is not None and self.ends_on < today()

    @has_ended.inplace.expression
    @classmethod
    def _has_ended(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.ends_on.is_not(None), cls.ends_on < TODAY)

    @hybrid_property
    def waits_for_agreement(self) -> bool:
        """Whether the gate is started: some of its payments, or all, wait for agreements."""
        return self.is_agreement_required and self.gate_from != FAR_FUTURE

    @waits_for_agreement.inplace.expression
    @classmethod
    def _waits_for_agreement(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.is_agreement_required, cls.gate_from.is_distinct_from(FAR_FUTURE))

    @classmethod
    def waits_on(cls, first_on: sa.SQLColumnExpression[date]) -> sa.ColumnElement[bool]:
        """A condition: a payment that begins on that day waits for agreements."""
        return sa.and_(cls.is_agreement_required, sa.func.coalesce(cls.gate_from, date.min) <= first_on)

    @property
    def waits_for_agreement_from(self) -> date | None:
        """Payment periods that begin on this day or later wait for agreements: all of them where nobody has said
        another day. None where nothing waits.
        """
        return (self.gate_from or date.min) if self.waits_for_agreement else None

    @property
    def gate_words(self) -> str:
        """From when its payments wait for agreements, as the council reads it."""
        if self.gate_from == FAR_FUTURE:
            return "Not started: payments do not wait"
        if self.gate_from is None:
            return "Every payment waits" if self.is_agreement_required else "Would hold from the beginning"
        return f"Payments that begin on {in_words(self.gate_from)} or later wait"

    @property
    def holds_queried(self) -> bool:
        """Whether it holds back a row that its provider has queried."""
        return self.if_queried is IfQueried.HOLD

    @classmethod
    def found_by(cls, text: str) -> sa.ColumnElement[bool]:
        """A condition: each word of the text is part of the contract's name or reference."""
        return found_by(text, cls.folded_name, cls.reference)

    @classmethod
    def by_name(cls) -> Select["Contract"]:
        return select(cls).order_by(cls.folded_name, cls.reference)

    def siblings(self) -> Select["Contract"]:
        """The other contracts of its provider, by name."""
        own = Contract.provider_id == self.provider_id, Contract.id != self.id
        return select(Contract).where(*own).order_by(Contract.folded_name, Contract.reference)

    @classmethod
    def referred_to(cls, reference: str) -> Select["Contract"]:
        """The contract with this reference, and how it pays."""
        methods = sa.orm.selectinload(cls.methods).joinedload(PaymentMethod.calendar)
        return select(cls).where(cls.reference == reference).options(methods)


class Calendar(FromFeed, Base):
    """The periods of a contract, and when each is to be confirmed, finalised and in the bank: days after the period's
    first day.
    """

    __tablename__ = "calendar"

    id: Mapped[Key]
    reference: Mapped[Reference]
    name: Mapped[str]
    frequency: Mapped[Frequency]
    anchor_on: Mapped[date]
    """The first day of one period; the others follow from it."""
    confirm_by_days: Mapped[int]
    finalise_days: Mapped[int]
    bank_days: Mapped[int]

    overrides: Mapped[list["CalendarOverride"]] = relationship(lazy="raise")

    def due_days_of(self, first_on: date, working: WorkingDays) -> DueDays:
        """When the period that begins on `first_on` is to be confirmed, finalised and in the bank. What an override
        says stands as it is; a bank day that is counted gives way to a working day.
        """
        counted = _counted(first_on, self.confirm_by_days, self.finalise_days, self.bank_days)
        moved = next((o for o in self.overrides if o.period_first_on == first_on), None)
        if moved is None:
            return _due_days(counted, working)
        finalise_on = moved.finalise_on or counted.finalise_on
        bank_on = moved.bank_on or working.bank_day(counted.bank_on, finalise_on)
        dates = PeriodDates(moved.confirm_by or counted.confirm_by, finalise_on, bank_on)
        return DueDays(dates, moved.bank_on or max(counted.bank_on, finalise_on), working)

    def usual_dates_of(self, first_on: date, working: WorkingDays) -> PeriodDates:
        """The dates of the period that begins on `first_on`, without what bank holidays move: weekends do."""
        counted = _counted(first_on, self.confirm_by_days, self.finalise_days, self.bank_days)
        return _due_days(counted, working.without_holidays).dates


@lru_cache(maxsize=4_096)
def _counted(first_on: date, confirm_by: int, finalise: int, bank: int) -> PeriodDates:
    """A period's days, so many days after its first. All contracts of a calendar have the same."""
    return PeriodDates(*(first_on + timedelta(days=each) for each in (confirm_by, finalise, bank)))


@lru_cache(maxsize=4_096)
def _due_days(counted: PeriodDates, working: WorkingDays) -> DueDays:
    bank_on = working.bank_day(counted.bank_on, counted.finalise_on)
    return DueDays(counted._replace(bank_on=bank_on), counted.bank_on, working)


class CalendarOverride(FromFeed, Base):
    """The dates of one period that a bank holiday moves; None is not moved. Its first and last day never move."""

    __tablename__ = "calendar_override"
    __table_args__ = (sa.UniqueConstraint("calendar_id", "period_first_on"),)

    id: Mapped[Key]
    calendar_id: Mapped[int] = mapped_column(sa.ForeignKey("calendar.id"))
    period_first_on: Mapped[date]
    confirm_by: Mapped[date | None]
    finalise_on: Mapped[date | None]
    bank_on: Mapped[date | None]


class PaymentMethod(FromFeed, ProviderOwned, Base):
    """How one contract pays, from `calculate_from` to `ends_on`; methods of one contract never overlap.

    Days before the first method's `calculate_from` were paid elsewhere and are never calculated.
    """

    __tablename__ = "payment_method"
    __table_args__ = owned(contract_id="contract")

    id: Mapped[Key]
    reference: Mapped[Reference]
    contract_id: Mapped[int] = mapped_column(index=True)
    calendar_id: Mapped[int] = mapped_column(sa.ForeignKey("calendar.id"), index=True)
    pay_on_actuals: Mapped[PayOnActuals] = mapped_column(default=PayOnActuals.NEVER)
    basis: Mapped[Basis]
    is_by_invoice: Mapped[bool] = mapped_column(default=False)
    """Approved invoices are paid, and nothing by plan or by actuals."""
    calculate_from: Mapped[date]
    ends_on: Mapped[date | None]

    calendar: Mapped[Calendar] = relationship(lazy="raise")

    @property
    def label(self) -> str:
        """As the guides print it: Scheduled (Pay on actuals: Never) 04/02/2019 Weekly Net."""
        when = f"{self.calendar.anchor_on:%d/%m/%Y} {self.calendar.frequency.label}"
        if self.is_by_invoice:
            return f"By invoice {when}"
        return f"Scheduled (Pay on actuals: {self.pay_on_actuals.label}) {when} {self.basis.value.capitalize()}"

    def periods(self, until: date) -> Iterator[Span]:
        """This method's payment periods that begin on or before `until`; its own ends may cut them short."""
        last_on = self.ends_on or FAR_FUTURE
        until = min(until, last_on)
        for span in periods(self.calculate_from, until, self.calendar.frequency, self.calendar.anchor_on):
            if span.first >= self.calculate_from and span.last <= last_on:
                yield span
            elif (first := max(span.first, self.calculate_from)) <= until:
                yield Span(first, min(span.last, last_on))


class VatCode(StrEnum):
    """Exempt is not the same as zero-rated: welfare services are exempt (VATA 1994 Sch 9 Gp 7)."""

    EXEMPT = "exempt"
    ZERO = "zero"
    REDUCED = "reduced"
    STANDARD = "standard"


class Claimable(StrEnum):
    """Whether a service level may stand in a one-off claim, and in which of its two parts."""

    NO = "no"
    CLIENT = "client"
    PROVIDER = "provider"

    @property
    def words(self) -> str:
        return {"no": "No", "client": "As a client item", "provider": "As a provider item"}[self.value]


class ServiceLevel(FromFeed, Base):
    """A priced variant of a service: In-House Fostering Placement - Mileage."""

    __tablename__ = "service_level"

    id: Mapped[Key]
    reference: Mapped[Reference]
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("service.id"), index=True)
    name: Mapped[str]
    folded_name: Mapped[str] = folds("name")
    unit: Mapped[Unit]
    convention: Mapped[Convention]
    vat_code: Mapped[VatCode]
    vat_basis_points: Mapped[int]
    """VAT in hundredths of a per cent: 20 % is 2000."""
    tolerance_basis_points: Mapped[int] = mapped_column(default=0)
    is_frustrated_paid: Mapped[bool] = mapped_column(default=False)
    is_extra_allowed: Mapped[bool] = mapped_column(default=True)
    claimable: Mapped[Claimable] = mapped_column(default=Claimable.NO)

    service: Mapped[Service] = relationship(lazy="raise")


class ContractRate(FromFeed, ProviderOwned, Base):
    """What a contract pays for a unit of a service level, from `starts_on` to `ends_on` (included)."""

    __tablename__ = "contract_rate"
    __table_args__ = owned(sa.UniqueConstraint("contract_id", "service_level_id", "starts_on"), contract_id="contract")

    id: Mapped[Key]
    contract_id: Mapped[int] = mapped_column(index=True)
    service_level_id: Mapped[int] = mapped_column(sa.ForeignKey("service_level.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    rate_e4: Mapped[TenThousandths]

    @classmethod
    def of_contract(cls, contract: Contract) -> Select:
        """Its rates with the name and unit of their service levels, the newest of each first; `change_e4` is how much
        more it is than the one before it, None of the first.
        """
        before = sa.func.lag(cls.rate_e4).over(partition_by=cls.service_level_id, order_by=cls.starts_on)
        return (
            select(
                ServiceLevel.id.label("level_id"),
                ServiceLevel.name,
                ServiceLevel.unit,
                cls.rate_e4,
                cls.starts_on,
                cls.ends_on,
                (cls.rate_e4 - before).label("change_e4"),
            )  # fmt: skip
            .join(ServiceLevel, ServiceLevel.id == cls.service_level_id)
            .where(cls.contract_id == contract.id)
            .order_by(ServiceLevel.folded_name, cls.starts_on.desc(), cls.id)
        )
