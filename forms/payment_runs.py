"""What is chosen to calculate and to prepare a payment run, and to look through one."""

from collections.abc import Callable
from datetime import date
from typing import Any

from wtforms import BooleanField, RadioField, SelectMultipleField
from wtforms.validators import DataRequired, Length, ValidationError

from forms.base import FilterForm, FlaskForm
from forms.fields import StringField, TextAreaField
from forms.filters import ALL as ANY
from forms.filters import ChoiceField, FilterDay, SelectChoice
from models.calendar import in_words, today
from models.payments.due import DueWhen
from models.payments.run import RunState
from models.records.provider import ProviderKind

ALL, KINDS, NAMED = "all", "kinds", "named"


class RunSearch(FilterForm):
    """Which runs the list shows."""

    state = ChoiceField("State", default=ANY)
    first = FilterDay("From")
    last = FilterDay("To")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.offer((ANY, "[Any]"), *((each.value, each.value.capitalize()) for each in RunState))

    @property
    def wanted(self) -> RunState | None:
        return RunState(self.state.data) if self.state.data else None

    @property
    def chosen(self) -> bool:
        """Whether it leaves any out."""
        return bool(self.state.data or self.first.data or self.last.data)


class ProvidersForm(FlaskForm):
    """All providers, or some. `problems_with` says what is wrong with references or names, as the database knows."""

    who = RadioField(
        "Which providers?",
        choices=[
            SelectChoice(ALL, "All of them"),
            SelectChoice(KINDS, "Some kinds of provider"),
            SelectChoice(NAMED, "Named providers"),
        ],
        default=ALL,
    )
    kinds = SelectMultipleField(
        "Kinds of provider", choices=[SelectChoice(kind.value, kind.label) for kind in ProviderKind]
    )
    named = TextAreaField(
        "Named providers", description="Their references or names, one a line", validators=[Length(max=20_000)]
    )

    def __init__(self, problems_with: Callable[[list[str]], list[str]]) -> None:
        super().__init__()
        self._problems_with = problems_with

    @property
    def names(self) -> list[str]:
        return [line.strip() for line in self.named.data.splitlines() if line.strip()]

    def validate_kinds(self, field: SelectMultipleField) -> None:
        if self.who.data == KINDS and not field.data:
            raise ValidationError("Choose at least one kind of provider")

    @property
    def is_by_name(self) -> bool:
        return self.who.data == NAMED

    def validate_named(self, _field: TextAreaField) -> None:
        if not self.is_by_name:
            return
        if not self.names:
            raise ValidationError("Enter the reference or name of at least one provider")
        if problems := self._problems_with(self.names):
            raise ValidationError(". ".join(problems))


class CalculateForm(ProvidersForm):
    pass


class PrepareForm(ProvidersForm):
    due = RadioField("Which payments?", default=DueWhen.ANY.value)
    note = StringField("Note (optional)", description="For whoever authorises the run", validators=[Length(max=500)])

    def __init__(self, problems_with: Callable[[list[str]], list[str]], due: str) -> None:
        """`due`: a DueWhen that is chosen already; anything else is ANY."""
        super().__init__(problems_with)
        day = f"{today():%A} {in_words(today())}"
        self.due.choices = [
            SelectChoice(DueWhen.ANY.value, "All that are due"),
            SelectChoice(DueWhen.TODAY.value, f"Only those of today, {day}"),
            SelectChoice(DueWhen.OVERDUE.value, f"Only those that were due before {day}"),
        ]
        if not self.is_submitted() and due in list(DueWhen):
            self.due.data = due

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and last day to be finalised of the payments that it is to take; None where there is no bound."""
        return DueWhen(self.due.data).days


class RunFilter(FilterForm):
    """What of a run is shown: one kind of exception, or its payments by provider."""

    show = StringField("Show")
    name = StringField("Provider’s name contains")
    differs = BooleanField("Only those that differ from last time")


class StopForm(FlaskForm):
    """Send a run back, or withdraw it."""

    reason = TextAreaField(
        "Why?",
        description="Whoever prepared the run reads it",
        validators=[DataRequired("Say why, so that whoever prepared it can put it right"),
                    Length(max=2_000, message="Write 2,000 characters or fewer")],
        render_kw={"rows": 3},
    )  # fmt: skip


class HoldExceptionForm(FlaskForm):
    """Hold what an exception is about."""

    reason = TextAreaField(
        "Why is it held?",
        description="For us: the provider sees that it is held, not why",
        validators=[DataRequired("Say why it is held"), Length(max=2_000, message="Write 2,000 characters or fewer")],
        render_kw={"rows": 2},
    )


class AskAboutExceptionForm(FlaskForm):
    """Ask the provider about it. Nothing is held."""

    question = TextAreaField(
        "What do you ask the provider?",
        description="It reads this among its actions, and answers there. A mail says that we have written",
        validators=[DataRequired("Write what you ask the provider"),
                    Length(max=2_000, message="Write 2,000 characters or fewer")],
        render_kw={"rows": 2},
    )  # fmt: skip


class TickForm(FlaskForm):
    """Say of a run's exceptions of one kind that they have been seen, and why it may be paid all the same."""

    because = TextAreaField(
        "Seen, because",
        validators=[DataRequired("Say why these are all right. If they are not, hold the payment or send the run back"),
                    Length(max=500, message="Write 500 characters or fewer")],
        render_kw={"rows": 2},
    )  # fmt: skip
