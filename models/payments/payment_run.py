"""Runs: payments that one officer puts together and another authorises, and whose drafts are then finalised.

What was authorised is what is finalised: a run keeps a digest of the lines of each payment, and a payment whose lines
have changed since is left for the next run.
"""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy import Select, select, update
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, Key, Pence, move, rows_changed, session, utc_now
from models.calendar import today
from models.money import gbp
from models.payments.answers import confirm_by_silence
from models.payments.calculation import calculate, lock
from models.payments.hold import is_held, rows_held_in
from models.payments.payment import PaymentLine, ScheduledPayment
from models.tenancy import ProviderOwned, link, owned
from models.words import Choice, how_many

CHUNK = 500
FINALISED = "finalised"
"""The outcome of a payment that its run has paid. Any other says why it was left for another run."""


class RunState(Choice):
    PREPARED = "prepared"
    AUTHORISED = "authorised"
    FINALISED = "finalised"
    DISCARDED = "discarded"


class PaymentRun(Base):
    """One finalisation. The lines that carry its number never change again."""

    __tablename__ = "payment_run"
    __table_args__ = (
        sa.CheckConstraint("(state IN ('authorised', 'finalised')) = (authorised_at IS NOT NULL)", name="authorised"),
        sa.CheckConstraint("authorised_by_id IS NULL OR authorised_at IS NOT NULL", name="authorised_by"),
        sa.CheckConstraint("(state = 'finalised') = (finalised_at IS NOT NULL)", name="finalised"),
    )

    id: Mapped[Key]
    as_on: Mapped[date]
    """The council's day on which it was prepared."""
    state: Mapped[RunState] = mapped_column(default=RunState.PREPARED)
    note: Mapped[str] = mapped_column(default="")
    chosen: Mapped[list[int] | None]
    """Ids of the providers that it was prepared for; None for all."""
    prepared_at: Mapped[datetime] = mapped_column(default=utc_now)
    prepared_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """None for a run from the command line."""
    authorised_at: Mapped[datetime | None]
    authorised_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    finalised_at: Mapped[datetime | None]
    total_pence: Mapped[Pence] = mapped_column(default=0)
    """What the payments in it came to when it was prepared, VAT included."""

    prepared_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[prepared_by_id])
    authorised_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[authorised_by_id])

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
            .options(sa.orm.joinedload(cls.prepared_by), sa.orm.joinedload(cls.authorised_by))
        )

    @classmethod
    def numbered(cls, run_id: int) -> Select["PaymentRun"]:
        return cls.newest_first().where(cls.id == run_id)

    def check_may_be_finalised(self, *, by: User) -> None:
        """DomainError where finalising would be refused. Asked before a job for it is put in the queue."""
        if by.id == self.prepared_by_id:
            raise DomainError("You prepared this run, so somebody else has to finalise it")
        if self.state is not RunState.AUTHORISED:
            raise DomainError(f"This run is {self.state.value}, so it cannot be finalised")

    def authorise(self, *, by: User) -> None:
        """Let the run be finalised. DomainError for the officer who prepared it, or if somebody else was first."""
        if by.id == self.prepared_by_id:
            raise DomainError("You prepared this run, so somebody else has to authorise it")
        self._move(RunState.PREPARED, RunState.AUTHORISED, authorised_at=utc_now(), authorised_by_id=by.id)
        record("payment_run.authorised", self, by=by, total_pence=self.total_pence)

    def authorise_from_command_line(self) -> None:
        """Authorise without a second person: whoever may use the server's command line may. The audit says so."""
        if self.prepared_by_id is not None:
            raise DomainError("A run that a person prepared has to be authorised by a person")
        self._move(RunState.PREPARED, RunState.AUTHORISED, authorised_at=utc_now())
        record("payment_run.authorised", self, by=None, total_pence=self.total_pence)

    def discard(self, *, by: User) -> None:
        """Close the run unpaid; another run may take its payments. DomainError if somebody else was first."""
        self._move(RunState.PREPARED, RunState.DISCARDED)
        record("payment_run.discarded", self, by=by)

    def complete(self, *, by: User | None) -> None:
        """Close the run: each of its payments is finalised, or left for the next run."""
        self._move(RunState.AUTHORISED, RunState.FINALISED, finalised_at=utc_now())
        record("payment_run.finalised", self, by=by, total_pence=self.total_pence)

    def _move(self, before: RunState, after: RunState, **values: object) -> None:
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
    )

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("payment_run.id"))
    payment_id: Mapped[int] = mapped_column(index=True)
    total_pence: Mapped[Pence]
    lines: Mapped[int]
    digest: Mapped[str]
    outcome: Mapped[str | None]
    """`finalised`, or why it was left for another run; None until its turn has come."""

    payment: Mapped[ScheduledPayment] = relationship(lazy="raise", viewonly=True)

    @hybrid_property
    def is_finalised(self) -> bool:
        return self.outcome == FINALISED


@dataclass
class RunProgress:
    """What a piece of a run did."""

    payments: int = 0
    lines: int = 0
    total_pence: int = 0
    left: int = 0


def due(as_on: date) -> Select[int]:
    """Ids of the payments that a run on that day may take: the period has begun, the day to finalise has come, not all
    is finalised, nothing holds the whole of it, and no other open run has it.
    """
    payment = ScheduledPayment
    taken = (
        select(RunPayment.payment_id)
        .join(PaymentRun, PaymentRun.id == RunPayment.run_id)
        .where(PaymentRun.is_open, RunPayment.outcome.is_(None))
    )
    return (
        select(payment.id)
        .where(payment.is_due(as_on), ~is_held(), payment.id.not_in(taken))
        .order_by(payment.first_on, payment.id)
    )


def prepare(
    *, by: User | None, as_on: date | None = None, provider_ids: list[int] | None = None, note: str = ""
) -> PaymentRun | None:
    """A run of every payment that is due, or of those providers' only; None where nothing is.

    Payments whose drafts are all held wait; a payment that pays nothing is closed by its run all the same.
    """
    as_on = as_on or today()
    confirm_by_silence()
    query = due(as_on)
    if provider_ids is not None:
        query = query.where(ScheduledPayment.provider_id.in_(provider_ids))
    found = [row for chunk in _chunks(list(session.scalars(query)), CHUNK) for row in _to_finalise(chunk)]
    if not found:
        return None
    run = PaymentRun(
        as_on=as_on,
        prepared_by_id=by.id if by else None,
        note=note,
        chosen=provider_ids,
        total_pence=sum(row["total_pence"] for row in found),
    )
    session.add(run)
    session.flush()
    session.execute(sa.insert(RunPayment), [row | {"run_id": run.id} for row in found])
    record("payment_run.prepared", run, by=by, payments=len(found), total_pence=run.total_pence)
    return run


def _to_finalise(payment_ids: list[int]) -> list[dict]:
    """Rows of RunPayment for those of these payments that have a draft to finalise, or no draft at all.

    So a partly finalised payment of which nothing is left is closed too.
    """
    owners = select(ScheduledPayment.id, ScheduledPayment.provider_id).where(ScheduledPayment.id.in_(payment_ids))
    provider_of = {row.id: row.provider_id for row in session.execute(owners)}
    lines, held = _drafts(payment_ids)
    found = []
    for payment_id in payment_ids:
        own = lines.get(payment_id, [])
        if not own and payment_id in held:
            continue
        found.append(
            {
                "provider_id": provider_of[payment_id],
                "payment_id": payment_id,
                "total_pence": sum(line.net_pence + line.vat_pence for line in own),
                "lines": len(own),
                "digest": _digest(own),
            }
        )
    return found


def _drafts(payment_ids: list[int]) -> tuple[dict[int, list[sa.Row]], set[int]]:
    """The drafts of these payments that nothing holds, by payment; and the payments that have some held."""
    line = PaymentLine
    held = rows_held_in(payment_ids)
    found: dict[int, list[sa.Row]] = {}
    with_held: set[int] = set()
    for row in session.execute(
        select(
            line.id, line.payment_id, line.purchase_order_id, line.component, line.item_id, line.allowance_id,
            line.claim_item_id, line.adjustment_id, line.first_on, line.net_pence, line.vat_pence,
        )
        .where(line.payment_id.in_(payment_ids), line.run_id.is_(None))
        .order_by(line.payment_id, line.purchase_order_id, line.component, line.item_id, line.allowance_id,
                  line.claim_item_id, line.adjustment_id, line.first_on)
    ):  # fmt: skip
        if (row.payment_id, row.purchase_order_id) in held:
            with_held.add(row.payment_id)
        else:
            found.setdefault(row.payment_id, []).append(row)
    return found, with_held


def _digest(lines: list[sa.Row]) -> str:
    """A seal over the columns that `_drafts` reads, but the drafts' own ids, which each calculation gives anew."""
    return sha256(repr([tuple(map(str, row[1:])) for row in lines]).encode()).hexdigest()


def finalise_some(run: PaymentRun, provider_ids: list[int], *, recalculate: bool = True) -> RunProgress:
    """Finalise the run's payments of these providers, in the open transaction. DomainError if it is not authorised.

    `recalculate=False` is for callers who calculate these providers next anyway: until then, their purchase orders
    still expect what has been paid.

    A payment that was finalised or left before is passed over, so that a run that was interrupted goes on where it
    stopped.
    """
    if run.state is not RunState.AUTHORISED:
        raise DomainError("This run is not authorised, so nothing of it can be finalised")
    lock(provider_ids)
    waiting = session.scalars(
        select(RunPayment)
        .where(RunPayment.run_id == run.id, RunPayment.outcome.is_(None), RunPayment.provider_id.in_(provider_ids))
        .order_by(RunPayment.id)
    ).all()
    outcome = RunProgress()
    if not waiting:
        return outcome
    payment_ids = [each.payment_id for each in waiting]
    allowed = set(
        session.scalars(
            select(ScheduledPayment.id).where(
                ScheduledPayment.id.in_(payment_ids), ScheduledPayment.closed_run_id.is_(None), ~is_held()
            )
        )
    )
    drafts, with_held = _drafts(payment_ids)
    line_ids: list[int] = []
    begun: list[int] = []
    closed: list[int] = []
    for each in waiting:
        own = drafts.get(each.payment_id, [])
        if each.payment_id not in allowed or _digest(own) != each.digest:
            each.outcome = "changed or held since it was prepared"
            outcome.left += 1
            continue
        each.outcome = FINALISED
        line_ids += [line.id for line in own]
        (begun if each.payment_id in with_held else closed).append(each.payment_id)
        outcome.total_pence += each.total_pence
    outcome.payments, outcome.lines = len(begun) + len(closed), len(line_ids)
    _mark(PaymentLine, line_ids, run_id=run.id)
    _mark(ScheduledPayment, begun, is_begun=True)
    _mark(ScheduledPayment, closed, is_begun=True, closed_run_id=run.id, waiting_pence=0)  # a later one has it
    if recalculate:
        calculate(provider_ids, as_on=run.as_on)  # what is now spent is no longer to come
    return outcome


def providers_waiting(run_id: int) -> list[int]:
    """Ids of the providers whose payments in the run have not had their turn."""
    query = select(RunPayment.provider_id).where(RunPayment.run_id == run_id, RunPayment.outcome.is_(None)).distinct()
    return list(session.scalars(query.order_by(RunPayment.provider_id)))


def _mark(entity: type[Base], ids: list[int], **values: object) -> None:
    for chunk in _chunks(ids, CHUNK):
        rows_changed(update(entity).where(entity.id.in_(chunk)).values(**values), unsynced=True)


def _chunks(ids: list[int], size: int) -> list[list[int]]:
    return [ids[at : at + size] for at in range(0, len(ids), size)]


def summary(outcome: RunProgress) -> str:
    left = f"; {outcome.left:,} left for the next run, since they have changed" if outcome.left else ""
    payments, lines = how_many(outcome.payments, "payment"), how_many(outcome.lines, "line")
    return f"{payments} finalised, {lines}, {gbp(outcome.total_pence)}{left}."
