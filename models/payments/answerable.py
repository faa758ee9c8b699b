"""A payment's answer: confirmed or rejected by its provider, to the penny and in time, or settled by the council."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, Pence, reload, session, utc_now
from models.calendar import today
from models.money import gbp
from models.records.contract import ConfirmationPolicy, IfUnconfirmed

if TYPE_CHECKING:
    from models.records.contract import Contract

FINALISED = "This payment has been finalised, so it can no longer be confirmed or rejected"


class Processing(StrEnum):
    """How far the council has got with a payment. Whether the provider has confirmed it is another matter."""

    FUTURE = "future"
    CURRENT = "current"
    PARTLY_FINALISED = "partly finalised"
    FINALISED = "finalised"


class Confirmation(StrEnum):
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class Answerable:
    """What a scheduled payment knows of its answer. An answer is to one total, and lapses with it."""

    if TYPE_CHECKING:
        id: Mapped[int]
        confirm_by: Mapped[date]
        net_pence: Mapped[int]
        vat_pence: Mapped[int]
        closed_run_id: Mapped[int | None]
        contract: Mapped[Contract]
        total_pence: int
        processing: Processing

    confirmation: Mapped[Confirmation] = mapped_column(default=Confirmation.UNCONFIRMED)
    answered_pence: Mapped[Pence | None]
    """The total that was confirmed or rejected, VAT included: the answer lapses when the total differs."""
    answered_at: Mapped[datetime | None]

    @declared_attr
    def answered_by_id(cls) -> Mapped[int | None]:
        """None, with a time, where silence has confirmed."""
        return mapped_column(sa.ForeignKey("user.id"))

    answer_comment: Mapped[str] = mapped_column(default="")
    lapsed_pence: Mapped[Pence | None]
    """The total of the last answer, once it has lapsed; None when the payment has been answered again."""
    is_lapsed_rejection: Mapped[bool] = mapped_column(default=False)
    """That answer was a rejection."""
    council_comment: Mapped[str] = mapped_column(default="")
    """What the council said when it sent a rejection back."""
    waive_reason: Mapped[str | None]
    """Why it may be paid without the confirmation that its contract holds it for; None where it may not."""

    @property
    def can_be_answered(self) -> bool:
        """The contract asks for it, the period has begun, its cut-off has not passed, and nobody has answered."""
        return self.is_open_to_answers and self.confirmation is Confirmation.UNCONFIRMED

    @property
    def is_open_to_answers(self) -> bool:
        """Answers may be given to the end of the day `confirm_by`."""
        is_asked = self.contract.confirmation is not ConfirmationPolicy.NONE
        is_current = self.processing in (Processing.CURRENT, Processing.PARTLY_FINALISED)
        return is_asked and is_current and today() <= self.confirm_by

    @property
    def is_to_be_confirmed(self) -> bool:
        """Its contract requires an answer, and it can be given now."""
        return self.contract.confirmation is ConfirmationPolicy.REQUIRED and self.can_be_answered

    @property
    def waits_for_confirmation(self) -> bool:
        """Its contract pays nothing that is not confirmed, and nobody has answered or let it through."""
        is_held = (self.contract.confirmation, self.contract.if_unconfirmed) == (
            ConfirmationPolicy.REQUIRED,
            IfUnconfirmed.HOLD,
        )
        return is_held and self.confirmation is Confirmation.UNCONFIRMED and self.waive_reason is None

    def confirm(self, *, by: User, total_pence: int, comment: str = "") -> None:
        """Say that the payment is right; `total_pence` is what the person saw when saying so."""
        self._answer(Confirmation.CONFIRMED, by=by, total_pence=total_pence, comment=comment)

    def reject(self, *, by: User, total_pence: int, comment: str) -> None:
        """Say that it is wrong, and why: it goes back to the council, and is held until it is put right."""
        if not comment.strip():
            raise DomainError("Say what is wrong with this payment, so that the council can put it right")
        self._answer(Confirmation.REJECTED, by=by, total_pence=total_pence, comment=comment)

    def send_back(self, *, by: User, comment: str) -> None:
        """The council has looked at a rejection, says what it did about it, and asks the provider again."""
        table = type(self)
        moved = session.execute(
            sa.update(table)
            .where(table.id == self.id, table.confirmation == Confirmation.REJECTED)
            .values(confirmation=Confirmation.UNCONFIRMED, answered_pence=None, council_comment=comment),
            execution_options={"synchronize_session": False},
        )
        reload(self)
        if not moved.rowcount:
            raise DomainError(f"This payment is {self.confirmation.value}, not rejected")
        record("payment.sent_back", self, by=by)

    def waive(self, *, by: User, reason: str) -> None:
        """Let it be paid although nobody has confirmed it, and its contract holds what nobody confirms."""
        table = type(self)
        moved = session.execute(
            sa.update(table)
            .where(
                table.id == self.id,
                table.confirmation == Confirmation.UNCONFIRMED,
                table.closed_run_id.is_(None),
                table.waive_reason.is_(None),
            )
            .values(waive_reason=reason),
            execution_options={"synchronize_session": False},
        )
        reload(self)
        if not moved.rowcount:
            raise DomainError("This payment does not wait for a confirmation any more")
        record("payment.confirmation_waived", self, by=by)

    def insist_on_being_open(self) -> None:
        """DomainError where the contract asks for no answer, or the time for one is not now."""
        if self.contract.confirmation is ConfirmationPolicy.NONE:
            raise DomainError("This payment does not need to be confirmed")
        if self.closed_run_id is not None:
            raise DomainError(FINALISED)
        if self.processing is Processing.FUTURE:
            raise DomainError("This period has not begun, so its payment cannot be confirmed or rejected yet")
        if not self.is_open_to_answers:
            raise DomainError(
                f"The time to confirm or reject this payment ended on {self.confirm_by.day} {self.confirm_by:%B %Y}"
            )

    def _answer(self, answer: Confirmation, *, by: User, total_pence: int, comment: str) -> None:
        """One of two people who answer at once is first; the other is told."""
        self.insist_on_being_open()
        table = type(self)
        moved = session.execute(
            sa.update(table)
            .where(
                table.id == self.id,
                table.confirmation == Confirmation.UNCONFIRMED,
                table.net_pence + table.vat_pence == total_pence,
                table.closed_run_id.is_(None),
            )
            .values(
                confirmation=answer, answered_pence=total_pence, answered_at=utc_now(), answered_by_id=by.id,
                answer_comment=comment, council_comment="", lapsed_pence=None, is_lapsed_rejection=False,
            ),
            execution_options={"synchronize_session": False},
        )  # fmt: skip
        reload(self)
        if not moved.rowcount:
            raise DomainError(self._why_not(total_pence, by))
        record(f"payment.{answer.value}", self, by=by, total_pence=total_pence)

    def _why_not(self, total_pence: int, by: User) -> str:
        if self.confirmation is not Confirmation.UNCONFIRMED and self.answered_by_id == by.id:
            return f"You have {self.confirmation.value} this payment already"
        if self.confirmation is not Confirmation.UNCONFIRMED:
            return f"Somebody else has {self.confirmation.value} this payment just before you"
        if self.closed_run_id is not None:
            return FINALISED
        return (
            f"The payment has changed from {gbp(total_pence)} to {gbp(self.total_pence)} since you opened this page. "
            "Look at it again before you answer"
        )
