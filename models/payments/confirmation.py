"""How far the council has got with a payment, and what its provider has answered to which total."""

from datetime import date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from models.base import Pence
from models.calendar import today
from models.records.contract import Contract
from models.words import Choice


class Processing(Choice):
    """How far the council has got with a payment. Whether the provider has confirmed it is another matter."""

    FUTURE = "future"
    CURRENT = "current"
    PARTLY_FINALISED = "partly finalised"
    FINALISED = "finalised"


class Confirmation(Choice):
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class AnswerState(Choice):
    """How it stands between a payment and the provider that is asked to confirm it."""

    NOT_NEEDED = "not needed"
    NOT_YET = "not yet"
    """Its period has not begun."""
    OPEN = "open"
    MISSED = "missed"
    """The time has passed, and nobody has answered."""
    SILENT = "silent"
    """Confirmed by silence."""
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class Confirmable:
    """What a scheduled payment knows of its answer. An answer is to one total, and lapses with it.

    What a list asks of many payments and a page of one is a hybrid: the same rule in SQL and in Python.
    """

    if TYPE_CHECKING:
        id: Mapped[int]
        confirm_by: Mapped[date]
        closed_run_id: Mapped[int | None]
        contract: Mapped[Contract]
        is_open: hybrid_property[bool]
        processing: hybrid_property[Processing]

    confirmation: Mapped[Confirmation] = mapped_column(default=Confirmation.UNCONFIRMED)
    answered_pence: Mapped[Pence | None]
    """The total that was confirmed or rejected, VAT included: the answer lapses when the total differs."""
    answered_at: Mapped[datetime | None]

    @declared_attr
    def answered_by_id(cls) -> Mapped[int | None]:
        """None although `answered_at` is set: silence has confirmed."""
        return mapped_column(sa.ForeignKey("user.id"))

    answer_comment: Mapped[str] = mapped_column(default="")
    lapsed_pence: Mapped[Pence | None]
    """The total of the last answer, once it has lapsed; None when the payment has been answered again."""
    is_lapsed_rejection: Mapped[bool] = mapped_column(default=False)
    """That answer was a rejection."""
    council_comment: Mapped[str] = mapped_column(default="")
    """What the council said when it sent a rejection back."""
    waive_reason: Mapped[str | None]
    """Why it may be paid although its contract holds what is not confirmed; None where that was not allowed."""

    @property
    def answer_state(self) -> AnswerState:
        if not self.contract.asks_for_confirmation:
            return AnswerState.NOT_NEEDED
        if self.confirmation is Confirmation.REJECTED:
            return AnswerState.REJECTED
        if self.confirmation is Confirmation.CONFIRMED:
            return AnswerState.SILENT if self.answered_by_id is None else AnswerState.CONFIRMED
        if self.processing is Processing.FUTURE:
            return AnswerState.NOT_YET
        return AnswerState.OPEN if self.can_be_answered else AnswerState.MISSED

    @property
    def is_open_to_answers(self) -> bool:
        """The contract asks for an answer, the period has begun, not all is finalised, and today is no later than
        `confirm_by`.
        """
        return self.contract.asks_for_confirmation and self.is_open and today() <= self.confirm_by

    @property
    def can_be_answered(self) -> bool:
        return self.is_open_to_answers and self.confirmation is Confirmation.UNCONFIRMED

    @hybrid_property
    def is_unanswered(self) -> bool:
        """The contract asks for confirmation, and the provider has not answered."""
        return self.contract.asks_for_confirmation and self.confirmation is Confirmation.UNCONFIRMED

    @is_unanswered.inplace.expression
    @classmethod
    def _is_unanswered(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.confirmation == Confirmation.UNCONFIRMED, cls.contract.has(Contract.asks_for_confirmation))

    @hybrid_property
    def is_to_be_confirmed(self) -> bool:
        """Its contract requires an answer, and it can be given now."""
        return self.contract.requires_confirmation and self.can_be_answered

    @is_to_be_confirmed.inplace.expression
    @classmethod
    def _is_to_be_confirmed(cls) -> sa.ColumnElement[bool]:
        return sa.and_(
            cls.confirmation == Confirmation.UNCONFIRMED,
            cls.is_open,
            cls.confirm_by >= today(),
            cls.contract.has(Contract.requires_confirmation),
        )

    @hybrid_property
    def waits_for_confirmation(self) -> bool:
        """Its contract pays nothing that is not confirmed, and nobody has answered or let it through."""
        is_unconfirmed = self.confirmation is Confirmation.UNCONFIRMED
        return self.contract.holds_unconfirmed and is_unconfirmed and self.waive_reason is None

    @waits_for_confirmation.inplace.expression
    @classmethod
    def _waits_for_confirmation(cls) -> sa.ColumnElement[bool]:
        return sa.and_(
            cls.confirmation == Confirmation.UNCONFIRMED,
            cls.waive_reason.is_(None),
            cls.contract.has(Contract.holds_unconfirmed),
        )
