"""What an officer looks for among every provider's payments, and says when doing something to one."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Any, Literal, TypedDict

from wtforms import BooleanField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from forms.base import FilterForm, FlaskForm
from forms.fields import DayField, MoneyField, SeenPence, SeenText, StringField, TextAreaField
from forms.filters import ALL, ChoiceField, FilterDay
from models.calendar import PeriodDates
from models.payments.confirmation import Confirmation, Processing
from models.payments.day_moves import fault_of
from models.payments.foreseeing import Foreseen
from models.payments.worklist import Concern
from models.reports.waiting_reasons import WAITS, Reason

LONG = Length(max=2_000, message="Write 2,000 characters or fewer")

READ_IN_MAIL = "The provider reads it, in a mail too. Name no client"


def _in_words(kind: type[StrEnum]) -> Iterator[tuple[str, str]]:
    return ((each.value, each.value.capitalize()) for each in kind)


class Chosen(TypedDict):
    """What models.payments.worklist.listed takes."""

    name: str
    state: Processing | None
    confirmation: Confirmation | None
    concern: Concern | None
    first: date | None
    last: date | None
    finalise_on: date | None
    amount_pence: int | None


BLOCKED = "blocked"
"""For whatever reason: what My work counts as payments that wait."""


class ChosenWaiting(TypedDict):
    """What models.reports.waits.waiting takes."""

    name: str
    reason: Reason | None
    blocked_in_open: bool


class PaymentSearch(FilterForm):
    name = StringField("Provider or contract")
    state = ChoiceField("State", default=ALL)
    confirmation = ChoiceField("Answer", default=ALL)
    exception = ChoiceField("Only those", noun="a kind of payment", default=ALL)
    first = FilterDay("From")
    last = FilterDay("To")
    finalise = FilterDay("Finalise on")
    amount = MoneyField("Total")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.offer((ALL, "[All that have begun]"), *_in_words(Processing))
        self.confirmation.offer((ALL, "[Any]"), *_in_words(Confirmation))
        self.exception.offer((ALL, "[Any]"), *((each.value, each.label) for each in Concern))

    @property
    def chosen(self) -> Chosen:
        return {
            "name": self.name.data.strip(),
            "state": Processing(self.state.data) if self.state.data else None,
            "confirmation": Confirmation(self.confirmation.data) if self.confirmation.data else None,
            "concern": Concern(self.exception.data) if self.exception.data else None,
            "first": self.first.data,
            "last": self.last.data,
            "finalise_on": self.finalise.data,
            "amount_pence": self.amount.data,
        }

    @property
    def from_lists(self) -> tuple[Processing | None, Confirmation | None, Concern | None] | None:
        """What models.payments.worklist.part takes, where something is chosen from one list at the most, and nothing is
        typed.
        """
        found = self.chosen
        lists = found["state"], found["confirmation"], found["concern"]
        typed: tuple[Literal["first", "last", "finalise_on", "amount_pence"], ...]
        typed = "first", "last", "finalise_on", "amount_pence"
        is_typed = found["name"] or any(found[each] is not None for each in typed)
        return None if is_typed or sum(each is not None for each in lists) > 1 else lists


class WaitingSearch(FilterForm):
    name = StringField("Provider")
    reason = ChoiceField("Reason", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        blocked = (BLOCKED, "Blocked, in payments that are still open")
        self.reason.offer((ALL, "[Any]"), blocked, *((each.value, each.words.label) for each in WAITS))

    @property
    def chosen(self) -> ChosenWaiting:
        return {
            "name": self.name.data.strip(),
            "reason": Reason(self.reason.data) if self.reason.data not in (ALL, BLOCKED) else None,
            "blocked_in_open": self.reason.data == BLOCKED,
        }


class NameSearch(FilterForm):
    name = StringField("Provider")


class HoldForm(FlaskForm):
    what = ChoiceField("Part of the payment", default=ALL)
    reason = TextAreaField(
        "Why?",
        description="For us: the provider sees that it is held, not why",
        validators=[DataRequired("Say why it is held"), LONG],
        render_kw={"rows": 3},
    )


class ReleaseForm(FlaskForm):
    reason = TextAreaField(
        "Why may it be paid now?",
        description="For us: the provider does not read it",
        validators=[DataRequired("Say why it is released"), LONG],
        render_kw={"rows": 3},
    )


class HoldManyForm(FlaskForm):
    reason = TextAreaField(
        "Why?",
        description="For us: the provider sees that it is held, not why",
        validators=[DataRequired("Say why they are held"), LONG],
        render_kw={"rows": 3},
    )


class AnswerForm(FlaskForm):
    reason = TextAreaField(
        "What do you say to the provider?",
        validators=[DataRequired("Say something to the provider"), LONG],
        render_kw={"rows": 4},
    )


class SendBackForm(FlaskForm):
    comment = TextAreaField(
        "What do you say to the provider?",
        description="What you have put right, or why the payment is right as it is",
        validators=[DataRequired("Say what you have done about it"), LONG],
        render_kw={"rows": 4},
    )
    answer_by = DayField(
        "Until when may it answer?",
        description="Leave it empty for two working days",
        validators=[Optional()],
    )


class PayAsItIsForm(FlaskForm):
    total_pence = SeenPence("The payment")
    reason = TextAreaField(
        "Why is it paid as it is?",
        description="The provider reads it",
        validators=[DataRequired("Say why it is paid as it is"), LONG],
        render_kw={"rows": 4},
    )


class MoveDaysForm(FlaskForm):
    """The days of one payment, and why. Say whose days they are with `are_of` before it is validated."""

    seen = SeenText("Its days")
    confirm_by = DayField("Last day to confirm or reject", validators=[InputRequired("Enter the last day to confirm")])
    finalise_on = DayField("Day to finalise", validators=[InputRequired("Enter the day to finalise")])
    bank_on = DayField("In the bank", validators=[InputRequired("Enter the day in the bank")])
    reason = TextAreaField(
        "Why?",
        description=READ_IN_MAIL,
        validators=[DataRequired("Say why its days are moved"), LONG],
        render_kw={"rows": 3},
    )

    def are_of(self, before: PeriodDates, usual: PeriodDates, *, asks: bool, until: date) -> None:
        """`before`: what they are now. `asks`: whether its provider is asked to confirm, and to `until`."""
        self._before, self._usual, self._asks = before, usual, asks
        self.seen.object_data = " ".join(day.isoformat() for day in before)
        labels = [each.label.text.lower() for each in (self.confirm_by, self.finalise_on, self.bank_on)]
        told = [f"{label} {day.day} {day:%B %Y}" for label, day in zip(labels, before, strict=True)]
        self.seen.now = f"They are now: {', '.join(told[0 if asks else 1 :])}. "
        for field, day in zip((self.confirm_by, self.finalise_on, self.bank_on), usual, strict=True):
            field.description = f"Usually {day:%A} {day.day} {day:%B %Y}"
        if until > before.confirm_by:
            self.confirm_by.description += f". It is asked anew, and may answer until {until:%A} {until.day} {until:%B}"
        if not asks:
            del self.confirm_by

    @property
    def days(self) -> PeriodDates:
        finalise_on = self.finalise_on.day
        confirm_by = self.confirm_by.day if self._asks else min(self._before.confirm_by, finalise_on)
        return PeriodDates(confirm_by, finalise_on, self.bank_on.day)

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        fault = fault_of(self.days, self._before, self._usual, asks=self._asks)
        if fault is not None:
            name, words = fault
            self[name].errors = [words]
        return fault is None


class PayNowForm(FlaskForm):
    reason = TextAreaField(
        "Why is it paid now?",
        description=READ_IN_MAIL,
        validators=[DataRequired("Say why it is paid now"), LONG],
        render_kw={"rows": 3},
    )


class AdjustForm(FlaskForm):
    client = ChoiceField("Client", validators=[InputRequired("Choose a client")])
    amount = MoneyField(
        "Amount",
        description="In pounds. Put a minus in front to take money back: -150.00",
        validators=[InputRequired("Enter the amount, like 150.00 or -150.00")],
    )
    for_day = DayField(
        "For which day?",
        description="It says which financial year’s purchase order the money belongs to",
        validators=[InputRequired("Enter the day that it is for")],
    )
    is_of_earlier_days = BooleanField(
        "It takes back what earlier payments paid, so instalments spread it",
    )
    reason = TextAreaField(
        "Why?",
        description="The provider reads it",
        validators=[DataRequired("Say why the payment is adjusted"), LONG],
        render_kw={"rows": 3},
    )

    def validate_amount(self, field: MoneyField) -> None:
        if field.data == 0:
            raise ValidationError("An adjustment of £0.00 changes nothing. Enter an amount")

    def seen(self, foreseen: Foreseen | None) -> str:
        """What the check shows, on one line: only that is saved."""
        parts = (self.client.data, self.amount.pence, self.for_day.day, bool(self.is_of_earlier_days.data))
        return " ".join(map(str, (*parts, foreseen)))


class PlanForm(FlaskForm):
    amount = MoneyField(
        "Most that one payment recovers",
        description="In pounds. What is left is carried to the payments after it",
        validators=[InputRequired("Enter the most that one payment recovers, like 50.00")],
        render_kw={"inputmode": "decimal"},
    )
    reason = TextAreaField(
        "What was agreed, and with whom?",
        validators=[DataRequired("Say what was agreed"), LONG],
        render_kw={"rows": 3},
    )


class EndPlanForm(FlaskForm):
    per_payment_pence = SeenPence("The instalment plan")
