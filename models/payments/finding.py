"""What somebody has to look at before a payment run is authorised, as it was when the run was prepared.

A finding is one payment, or one client's row in it. How they are found: models/payments/examining.py. What is shown of
them: models/payments/review.py.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.accounts.user import User
from models.base import Base, Key, Pence, utc_now
from models.tenancy import ProviderOwned, owned
from models.words import Choice


class Finding(Choice):
    """Kinds of exception."""

    STALE = "changed since prepared"
    LEFT = "left for the next run"
    OVER_LIMIT = "above the limit"
    FAR_OFF = "more than 50 % different"
    NOTHING = "nothing to pay"
    NEW_PROVIDER = "new provider"
    NEW_CONTRACT = "new contract"
    NEW = "new"
    ENDED = "ended"
    CHANGED = "changed"
    SAME_PERCENT = "many changed alike"
    SECOND_RISE = "second rise within a year"
    EARLIER = "for earlier days"
    TWICE = "the same twice"
    RECOVERY = "recovery"
    ADJUSTED = "adjusted by hand"
    WAIVED = "paid as it is"
    SENT_BACK = "sent back"
    RELEASED = "released"
    DAYS_MOVED = "day moved by hand"
    DEBT_BY_HAND = "debt changed by hand"
    AGREED_BY_HAND = "agreed on paper"
    SILENCE = "confirmed by silence"
    UNCONFIRMED = "unconfirmed"
    REJECTED = "rejected"
    HELD = "held"
    HELD_ROWS = "row held"
    WAITING = "blocked"

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def names_clients(self) -> bool:
        """It is told by rows of payments, one a client."""
        return self in _OF_ROWS

    @property
    def is_of_now(self) -> bool:
        """It is worked out anew for each look: what has become of the run since it was prepared. Nobody ticks it."""
        return self in (Finding.STALE, Finding.LEFT)

    @property
    def explanation(self) -> str:
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Finding.STALE: "Their lines have changed, or they are held, since this run was prepared. They are left for the "
    "next run. To pay them now, discard this run and prepare it again.",
    Finding.LEFT: "They had changed or were held when their turn came. The next run takes them.",
    Finding.OVER_LIMIT: "Payments above the limit for one payment.",
    Finding.FAR_OFF: "Payments that differ by more than half from the same rows of the payment before.",
    Finding.NOTHING: "Payments of £0.00 or less, where the payment before was more.",
    Finding.NEW_PROVIDER: "Nothing has ever been paid to these providers.",
    Finding.NEW_CONTRACT: "The first payments of contracts whose providers are known.",
    Finding.NEW: "Rows that the payment before did not have.",
    Finding.ENDED: "Rows that the payment before had, and this one has not.",
    Finding.CHANGED: "Rows that pay more or less than in the payment before, and not only for more or fewer days.",
    Finding.SAME_PERCENT: "Ten rows or more that have changed by the same percentage: an uplift, or one wrong rate.",
    Finding.SECOND_RISE: "Rows that pay more, and whose price has risen twice within a year.",
    Finding.EARLIER: "Rows that pay, or take back, something for days before this payment.",
    Finding.TWICE: "The same service level for the same person on the same days is paid elsewhere too.",
    Finding.RECOVERY: "Payments in which something is taken back.",
    Finding.ADJUSTED: "Sums that somebody has added or taken off by hand. Whoever did neither authorises nor finalises "
    "the run.",
    Finding.WAIVED: "The provider has rejected them or not answered, and an officer has let them through.",
    Finding.SENT_BACK: "They were rejected or not answered, and the council has asked again.",
    Finding.RELEASED: "They were held or queried, and an officer has released them.",
    Finding.DAYS_MOVED: "An officer has moved one of their days, or pays them now.",
    Finding.DEBT_BY_HAND: "Somebody has recorded a repayment, moved or written off a debt, or agreed or ended "
    "instalments since these contracts were last paid.",
    Finding.AGREED_BY_HAND: "An officer has recorded an agreement on paper since these contracts were last paid, and "
    "what waited for it is paid. Ask for the paper. Whoever recorded it neither authorises nor finalises the run.",
    Finding.SILENCE: "Nobody has answered in time, which the contract takes for yes.",
    Finding.UNCONFIRMED: "Payments that the provider was asked to confirm, and has not. Those in this run are paid all "
    "the same.",
    Finding.REJECTED: "Left out: the provider says that they are wrong.",
    Finding.HELD: "Left out: we hold them, or they wait for the provider's confirmation.",
    Finding.HELD_ROWS: "Rows that are left out: we hold them, or the provider has queried them.",
    Finding.WAITING: "Payments with a care package that is not authorised, not agreed or suspended. The amount waits.",
}
COMPARED = frozenset(
    (Finding.FAR_OFF, Finding.NOTHING, Finding.NEW, Finding.ENDED, Finding.CHANGED, Finding.SAME_PERCENT,
     Finding.SECOND_RISE)
)  # fmt: skip
"""What is about the difference from last time. Of any other kind it is the sum that matters."""
_OF_ROWS = frozenset(
    (Finding.NEW, Finding.ENDED, Finding.CHANGED, Finding.SAME_PERCENT, Finding.SECOND_RISE, Finding.EARLIER,
     Finding.TWICE, Finding.ADJUSTED, Finding.HELD_ROWS)
)  # fmt: skip


class RunFinding(ProviderOwned, Base):
    """One of a run's exceptions, as it was when the run was prepared. It never changes."""

    __tablename__ = "run_finding"
    __table_args__ = owned(sa.Index("ix_run_finding_kind", "run_id", "kind"), contract_id="contract")

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("payment_run.id"))
    kind: Mapped[Finding]
    contract_id: Mapped[int]
    first_on: Mapped[date]
    last_on: Mapped[date]
    """Which payment: said by contract and days, so that the finding stays where the payment is replaced by others."""
    client_id: Mapped[int | None] = mapped_column(sa.ForeignKey("client.id"))
    now_pence: Mapped[Pence]
    """What the payment, or the client's row in it, comes to."""
    before_pence: Mapped[Pence | None]
    """What the same came to in the payment before. None: there was none, or it is no matter."""
    note: Mapped[str] = mapped_column(default="")
    """Who did it and why, or what else there is to say."""


class RunTick(Base):
    """Somebody has seen the run's exceptions of one kind, and says why it may be paid all the same."""

    __tablename__ = "run_tick"
    __table_args__ = (
        sa.UniqueConstraint("run_id", "kind", "user_id"),
        sa.CheckConstraint("because <> ''", name="because"),
    )

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("payment_run.id"))
    kind: Mapped[Finding]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    because: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=utc_now)

    user: Mapped[User] = relationship(lazy="raise")


def found(
    kind: Finding,
    payment_id: int,
    provider_id: int,
    now_pence: int,
    *,
    client_id: int | None = None,
    before_pence: int | None = None,
    note: str = "",
) -> dict[str, Any]:
    """A row of RunFinding without its run, and with its payment's id instead of contract and days."""
    return {
        "kind": kind, "payment_id": payment_id, "provider_id": provider_id, "now_pence": now_pence,
        "client_id": client_id, "before_pence": before_pence, "note": note,
    }  # fmt: skip
