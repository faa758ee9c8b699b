"""Runs: payments that one officer puts together and another authorises, and whose drafts are then finalised.

What was authorised is what is finalised: a run keeps a digest of the lines of each payment, and a payment whose lines
have changed since is left for the next run. How a run is made and paid: models/payments/payment_run.py; who lets it be
paid: models/payments/authorising.py. States and events: docs/run-states.md.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.accounts.notification import on_this_site
from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, Key, Pence, move, reload, session, sum_of, utc_now
from models.hybrids import hybrid_property
from models.outbox import post
from models.payments.payment import ScheduledPayment
from models.tenancy import ProviderOwned, link, owned
from models.words import Choice

FINALISED = "finalised"
"""The outcome of a payment that its run has paid. Any other says why it was left for another run."""


class RunState(Choice):
    PREPARED = "prepared"
    AUTHORISED = "authorised"
    FINALISED = "finalised"
    DISCARDED = "discarded"
    SENT_BACK = "sent back"
    """Whoever was to authorise it has sent it back, with a reason."""
    WITHDRAWN = "withdrawn"
    """It was authorised, and taken back before anything of it was paid."""


class PaymentRun(Base):
    """One finalisation. The lines that carry its number never change again."""

    __tablename__ = "payment_run"
    __table_args__ = (
        sa.CheckConstraint(
            "(state IN ('authorised', 'finalised', 'withdrawn')) = (authorised_at IS NOT NULL)", name="authorised"
        ),
        sa.CheckConstraint("(state IN ('sent back', 'withdrawn')) = (stopped_at IS NOT NULL)", name="stopped"),
        sa.CheckConstraint("(stopped_at IS NULL) = (stop_reason = '')", name="stop_reason"),
        sa.CheckConstraint("authorised_by_id IS NULL OR authorised_at IS NOT NULL", name="authorised_by"),
        sa.CheckConstraint(
            "(first_authorised_by_id IS NULL) = (first_authorised_at IS NULL)", name="first_authorised_by"
        ),
        sa.CheckConstraint(
            "first_authorised_by_id IS NULL OR authorised_at IS NULL OR first_authorised_by_id <> authorised_by_id",
            name="two_authorise",
        ),
        sa.CheckConstraint("(state = 'finalised') = (finalised_at IS NOT NULL)", name="finalised"),
    )

    id: Mapped[Key]
    as_on: Mapped[date]
    """The council's day on which it was prepared."""
    state: Mapped[RunState] = mapped_column(default=RunState.PREPARED)
    note: Mapped[str] = mapped_column(default="")
    chosen: Mapped[list[int] | None]
    """Ids of the providers that it was prepared for; None for all."""
    first_due_on: Mapped[date | None]
    """It was prepared only of payments that were to be finalised on this day or later, ..."""
    last_due_on: Mapped[date | None]
    """... and on this day or before; None for all that were due."""
    prepared_at: Mapped[datetime] = mapped_column(default=utc_now)
    prepared_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """None for a run from the command line."""
    authorised_at: Mapped[datetime | None]
    authorised_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    first_authorised_at: Mapped[datetime | None]
    """When the first of two people authorised it, where it is above a limit: it stays prepared until the second has."""
    first_authorised_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    finalised_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    """When it was sent back, or withdrawn."""
    stopped_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    stop_reason: Mapped[str] = mapped_column(default="")
    total_pence: Mapped[Pence] = mapped_column(default=0)
    """What it was to pay to the bank when it was prepared, VAT included."""
    above: Mapped[list[str]] = mapped_column(default=list)
    """The limits that it is above, in words, as they were when it was prepared: two people authorise it then."""

    prepared_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[prepared_by_id])
    authorised_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[authorised_by_id])
    first_authorised_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[first_authorised_by_id])
    stopped_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[stopped_by_id])

    @hybrid_property
    def is_open(self) -> bool:
        """It is prepared or authorised: some of it may still be paid."""
        return self.state in (RunState.PREPARED, RunState.AUTHORISED)

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> sa.ColumnElement[bool]:
        return cls.state.in_([RunState.PREPARED, RunState.AUTHORISED])

    @classmethod
    def newest_first(cls) -> Select["PaymentRun"]:
        return (
            select(cls)
            .order_by(cls.id.desc())
            .options(
                sa.orm.joinedload(cls.prepared_by),
                sa.orm.joinedload(cls.authorised_by),
                sa.orm.joinedload(cls.first_authorised_by),
                sa.orm.joinedload(cls.stopped_by),
            )
        )

    @classmethod
    def listed(
        cls, *, state: RunState | None = None, first: date | None = None, last: date | None = None
    ) -> Select["PaymentRun"]:
        """Those in the state, and calculated as on one of the days from `first` to `last`; what is None takes all."""
        query = cls.newest_first()
        if state is not None:
            query = query.where(cls.state == state)
        if first is not None:
            query = query.where(cls.as_on >= first)
        return query.where(cls.as_on <= last) if last is not None else query

    @classmethod
    def numbered(cls, run_id: int) -> Select["PaymentRun"]:
        return cls.newest_first().where(cls.id == run_id)

    def discard(self, *, by: User) -> None:
        """Close the run unpaid; another run may take its payments. DomainError if somebody else was first."""
        self.change_state(RunState.PREPARED, RunState.DISCARDED)
        record("payment_run.discarded", self, by=by)

    def send_back(self, *, by: User, reason: str) -> None:
        """Do not authorise it, and say why. Its payments can go into another run. DomainError for the officer who
        prepared it, without a reason, or if somebody else was first.
        """
        if by.id == self.prepared_by_id:
            raise DomainError("You prepared this run: discard it, if it is wrong")
        self._stop(RunState.PREPARED, RunState.SENT_BACK, by=by, reason=reason)
        record("payment_run.sent_back", self, by=by, total_pence=self.total_pence)
        self._tell_preparer("was sent back")

    def withdraw(self, *, by: User, reason: str) -> None:
        """Take the authorisation back, while nothing of it is paid. DomainError once something is, without a reason,
        or if it is not authorised.
        """
        self.wait_for_turn()
        part = RunPayment
        if session.scalar(select(part.id).where(part.run_id == self.id, part.is_finalised).limit(1)) is not None:
            raise DomainError("Something of this run is paid already, so it cannot be withdrawn. Hold what is wrong")
        self._stop(RunState.AUTHORISED, RunState.WITHDRAWN, by=by, reason=reason)
        record("payment_run.withdrawn", self, by=by, total_pence=self.total_pence)
        self._tell_preparer("was withdrawn")

    def wait_for_turn(self) -> None:
        """Lock the run: who pays of it and who withdraws it come one after the other."""
        session.execute(select(PaymentRun.id).where(PaymentRun.id == self.id).with_for_update())
        reload(self)

    def _stop(self, before: RunState, after: RunState, *, by: User, reason: str) -> None:
        if not reason.strip():
            raise DomainError("Say why, so that whoever prepared it can put it right")
        self.change_state(before, after, stopped_at=utc_now(), stopped_by_id=by.id, stop_reason=reason.strip())

    def _tell_preparer(self, what: str) -> None:
        preparer = session.scalar(select(User).where(User.id == self.prepared_by_id, User.is_active))
        if preparer is not None:
            there = on_this_site(f"/council/payment-runs/{self.id}")
            words = f"Payment run {self.id} {what}. Its page says why:\n{there}\n"
            post(preparer.email, f"Payment run {self.id} {what}", words)

    def complete(self, *, by: User | None) -> None:
        """Close the run: each of its payments is finalised, or left for the next run."""
        self.change_state(RunState.AUTHORISED, RunState.FINALISED, finalised_at=utc_now())
        part = RunPayment
        paid = sum_of(sa.case((part.is_finalised, part.paid_pence), else_=0))
        left = sum_of(sa.case((part.is_finalised, 0), else_=part.total_pence))
        owed = sum_of(sa.case((part.is_finalised, part.total_pence - part.paid_pence), else_=0))
        query = select(paid, left, owed).where(part.run_id == self.id)
        paid_pence, left_pence, owed_pence = session.execute(query).one()
        record(
            "payment_run.finalised", self, by=by, authorised_pence=self.total_pence, paid_pence=paid_pence,
            left_pence=left_pence, owed_pence=owed_pence,
        )  # fmt: skip

    def insist_on(self, state: RunState) -> None:
        """DomainError where the run is in another state."""
        if self.state is not state:
            raise DomainError(f"This run is {self.state.value} already")

    def change_state(self, before: RunState, after: RunState, **values: object) -> None:
        """Change the state only if it is still `before`, in one UPDATE; DomainError tells whoever came second."""
        if not move(self, PaymentRun.state == before, state=after, **values):
            raise DomainError(f"This run is {self.state.value} already")


class RunPayment(ProviderOwned, Base):
    """One payment in a run: what it came to when it was prepared, and what became of it."""

    __tablename__ = "run_payment"
    __table_args__ = owned(
        sa.UniqueConstraint("run_id", "payment_id"),
        sa.Index("ix_run_payment_left", "run_id", "outcome"),
        link("payment_id", "scheduled_payment", ondelete="CASCADE"),
        sa.CheckConstraint("(paid_pence IS NULL) = (outcome IS NULL OR outcome <> 'finalised')", name="paid"),
    )

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("payment_run.id"))
    payment_id: Mapped[int] = mapped_column(index=True)
    total_pence: Mapped[Pence]
    """What it was to pay to the bank when the run was prepared: its lines, less what was to be taken for a debt or with
    what was to be added to one.
    """
    taken_pence: Mapped[Pence]
    """What the lines that it takes came to: the payment's own, without what is owed."""
    paid_pence: Mapped[Pence | None]
    """What it has paid to the bank: no more than that; None until it is finalised."""
    recovered_pence: Mapped[Pence] = mapped_column(default=0)
    """What it has taken back that counts towards an instalment plan."""
    before_pence: Mapped[Pence | None]
    """What to compare `taken_pence` with: what the same rows, and those that have ended, came to in the payment before,
    less what earlier runs have paid of this one. None where there is none before.
    """
    bank_on: Mapped[date | None]
    """The day on which that is in the bank; None until it is finalised."""
    lines: Mapped[int]
    digest: Mapped[str]
    outcome: Mapped[str | None]
    """`finalised`, or why it was left for another run; None until its turn has come."""

    payment: Mapped[ScheduledPayment] = relationship(lazy="raise", viewonly=True)
    run: Mapped[PaymentRun] = relationship(lazy="raise", viewonly=True)

    @property
    def is_to_come(self) -> bool:
        """The run is open, and this payment's turn has not come."""
        return self.run.is_open and self.outcome is None

    @hybrid_property
    def is_finalised(self) -> bool:
        return self.outcome == FINALISED
