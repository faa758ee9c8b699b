"""How far the council has got with a payment, and what its provider has answered to which total.

States, events and what follows: docs/payment-states.md.
"""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from models.base import Pence
from models.calendar import today
from models.hybrids import hybrid_property
from models.records.contract import Contract
from models.statements import TODAY
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
    """Its period has not begun, or a payment in advance is not near enough."""
    OPEN = "open"
    ASKED_AGAIN = "asked again"
    """A window of its own stands open for an answer."""
    MISSED = "missed"
    """The time has passed, and nobody has answered."""
    SILENT = "silent"
    """Confirmed by silence, whether a run has written that down or will."""
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class Asked(Choice):
    """Why a provider is asked anew, in a window of its own."""

    SENT_BACK = "sent back"
    """The council has looked at what was rejected, or not answered."""
    CHANGED = "changed"
    """The total changed when little time was left to answer it."""
    LAPSED = "lapsed"
    """It was confirmed at another total."""
    LATE = "late"
    """The payment arrived when little or no time was left."""
    MOVED = "moved"
    """The council has moved its days, and left little time."""

    @property
    def to_provider(self) -> str:
        return {
            Asked.SENT_BACK: "the council has answered you",
            Asked.CHANGED: "its total has changed",
            Asked.LAPSED: "it has changed since you confirmed it",
            Asked.LATE: "it has reached us late",
            Asked.MOVED: "the council has moved its days",
        }[self]


NOT_WAIVED: dict[str, Any] = {"waive_reason": None, "waived_pence": None, "waived_on": None}
"""What a payment says that is not, or no longer, paid as it is."""


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
        takes_answers: hybrid_property[bool]
        total_pence: hybrid_property[int]
        processing: hybrid_property[Processing]

    confirmation: Mapped[Confirmation] = mapped_column(default=Confirmation.UNCONFIRMED)
    answered_pence: Mapped[Pence | None]
    """The total that was confirmed or rejected, VAT included: the answer lapses when the total differs."""
    answered_at: Mapped[datetime | None]
    answered_on: Mapped[date | None]
    """The council's day of the answer. It stays when the answer lapses, as do `answered_at` and by whom."""

    @declared_attr
    def answered_by_id(cls) -> Mapped[int | None]:
        """None although `answered_at` is set: silence has confirmed."""
        return mapped_column(sa.ForeignKey("user.id"))

    answer_comment: Mapped[str] = mapped_column(default="")
    lapsed_pence: Mapped[Pence | None]
    """The total that was confirmed, once that has lapsed; None when the payment has been answered again."""
    council_comment: Mapped[str] = mapped_column(default="")
    """What the council said when it asked again."""
    asked_by: Mapped[date | None]
    """The last day of the window in which the provider is, or was, asked anew."""
    asked_because: Mapped[Asked | None]
    is_extended: Mapped[bool] = mapped_column(default=False)
    """A change inside the window has made it a working day longer. A second one does not."""
    full_notice_on: Mapped[date | None]
    """By the end of this day the total, as it is now, could be answered for a whole window; None: it always could."""
    waive_reason: Mapped[str | None]
    """Why the council pays it as it is: see `is_waived`. None where it does not."""
    waived_pence: Mapped[Pence | None]
    """The total that this is bound to."""
    waived_on: Mapped[date | None]
    """The council's day on which it was decided."""

    @property
    def answer_state(self) -> AnswerState:
        if not self.contract.asks_for_confirmation:
            return AnswerState.NOT_NEEDED
        if self.confirmation is Confirmation.REJECTED:
            return AnswerState.REJECTED
        if self.confirmation is Confirmation.CONFIRMED:
            return AnswerState.SILENT if self.answered_by_id is None else AnswerState.CONFIRMED
        if self.total_pence <= 0:
            return AnswerState.NOT_NEEDED
        if self.is_silent:
            return AnswerState.SILENT
        if self.processing is Processing.FUTURE and not self.takes_answers:
            return AnswerState.NOT_YET
        if not self.can_be_answered:
            return AnswerState.MISSED
        return AnswerState.OPEN if self.asked_because is None else AnswerState.ASKED_AGAIN

    @hybrid_property
    def answer_by(self) -> date:
        """The last day for an answer: the cut-off or, where the provider was asked anew, the end of that window."""
        return max(self.confirm_by, self.asked_by or self.confirm_by)

    @answer_by.inplace.expression
    @classmethod
    def _answer_by(cls) -> sa.ColumnElement[date]:
        return sa.case((cls.asked_by > cls.confirm_by, cls.asked_by), else_=cls.confirm_by)

    @property
    def is_open_to_answers(self) -> bool:
        """The contract asks for an answer, the period has begun, not all is finalised, and today is no later than
        `answer_by`.
        """
        return self.contract.asks_for_confirmation and self.takes_answers and today() <= self.answer_by

    @property
    def can_be_answered(self) -> bool:
        return self.is_open_to_answers and self.confirmation is Confirmation.UNCONFIRMED

    @property
    def is_missed(self) -> bool:
        """It was to be answered, nobody has, and the time is over."""
        return self.is_unanswered and self.is_open and today() > self.answer_by

    @hybrid_property
    def is_silent(self) -> bool:
        """Nobody has answered in time, its contract takes that for yes, and the total stood for a whole window. The
        next run writes it down.
        """
        is_over = self.confirmation is Confirmation.UNCONFIRMED and self.takes_answers and self.answer_by < today()
        stood = self.full_notice_on is None or self.full_notice_on <= self.answer_by
        return self.contract.confirms_by_silence and is_over and stood and self.total_pence > 0

    @is_silent.inplace.expression
    @classmethod
    def _is_silent(cls) -> sa.ColumnElement[bool]:
        return sa.and_(
            cls.confirmation == Confirmation.UNCONFIRMED,
            cls.takes_answers,
            cls.answer_by < TODAY,
            sa.or_(cls.full_notice_on.is_(None), cls.full_notice_on <= cls.answer_by),
            cls.total_pence > 0,
            cls.contract.has(Contract.confirms_by_silence),
        )

    @hybrid_property
    def is_unanswered(self) -> bool:
        """The contract asks for confirmation of it, and the provider has not answered. £0.00 or less needs none."""
        is_asked = self.contract.asks_for_confirmation and self.total_pence > 0
        return is_asked and self.confirmation is Confirmation.UNCONFIRMED and not self.is_silent

    @is_unanswered.inplace.expression
    @classmethod
    def _is_unanswered(cls) -> sa.ColumnElement[bool]:
        return sa.and_(
            cls.confirmation == Confirmation.UNCONFIRMED,
            cls.total_pence > 0,
            ~cls.is_silent,
            cls.contract.has(Contract.asks_for_confirmation),
        )

    @hybrid_property
    def is_to_be_confirmed(self) -> bool:
        """Its contract requires an answer, and it can be given now."""
        return self.contract.requires_confirmation and self.total_pence > 0 and self.can_be_answered

    @is_to_be_confirmed.inplace.expression
    @classmethod
    def _is_to_be_confirmed(cls) -> sa.ColumnElement[bool]:
        return sa.and_(
            cls.confirmation == Confirmation.UNCONFIRMED,
            cls.takes_answers,
            cls.total_pence > 0,
            cls.answer_by >= TODAY,
            cls.contract.has(Contract.requires_confirmation),
        )

    @hybrid_property
    def is_waived(self) -> bool:
        """The council pays it as it is, at this very total: confirmed or not, rejected or not."""
        return self.waived_pence is not None and self.waived_pence == self.total_pence

    @is_waived.inplace.expression
    @classmethod
    def _is_waived(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.waived_pence.is_not(None), cls.waived_pence == cls.total_pence)

    @hybrid_property
    def is_rejected(self) -> bool:
        """The provider has rejected it, whatever its total has become, and the council does not pay it as it is."""
        return self.confirmation is Confirmation.REJECTED and not self.is_waived

    @is_rejected.inplace.expression
    @classmethod
    def _is_rejected(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.confirmation == Confirmation.REJECTED, ~cls.is_waived)

    @hybrid_property
    def waits_for_confirmation(self) -> bool:
        """Its contract pays nothing that is not confirmed, if only by silence, and nobody has answered or let it
        through.
        """
        is_waiting = self.confirmation is Confirmation.UNCONFIRMED and self.total_pence > 0
        return self.contract.pays_only_confirmed and is_waiting and not self.is_waived and not self.is_silent

    @waits_for_confirmation.inplace.expression
    @classmethod
    def _waits_for_confirmation(cls) -> sa.ColumnElement[bool]:
        return sa.and_(
            cls.confirmation == Confirmation.UNCONFIRMED,
            cls.total_pence > 0,
            ~cls.is_waived,
            ~cls.is_silent,
            cls.contract.has(Contract.pays_only_confirmed),
        )

    @hybrid_property
    def is_overtime(self) -> bool:
        """It waits for a confirmation, and the time to give one is over: nothing but the council can let it go."""
        return self.waits_for_confirmation and self.answer_by < today()

    @is_overtime.inplace.expression
    @classmethod
    def _is_overtime(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.waits_for_confirmation, cls.answer_by < TODAY)
