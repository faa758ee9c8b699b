"""What the council fills in about weeks of actuals: which to show, what becomes of an exception, and rules."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from wtforms import Field
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import TextInput

from forms.base import FilterForm, FlaskForm
from forms.fields import DayField, SeenEach, SeenMark, SeenText, StringField, TextAreaField, tidy, tidy_line
from forms.filters import ALL, ChoiceField
from models.care.checking import LONGEST_COMMENT, MOST_VISITS
from models.care.figures import Figures
from models.care.ruling import TWO_PEOPLE
from models.care.submissions import Shown, older_days
from models.money import number, parse_e4
from models.records.actual import AbsenceReason, ConfirmedActual, ExceptionState
from models.records.actual_rule import RuleKind
from models.records.contract import ServiceLevel

LONG = Length(max=1_000, message="Write 1,000 characters or fewer")
READ_BY_PROVIDER = "The provider reads it. Name no client"
EVERY_WEEK = "every"
"""Which weeks: all of the last quarter of a year."""
OLDER = "older"
"""Those before it that are not confirmed."""


class WeekSearch(FilterForm):
    """Which weeks a list shows. It begins with the last one that is over."""

    name = StringField("Provider, contract or service", filters=[tidy_line])
    week = ChoiceField("Week", noun="a week")
    show = ChoiceField("Show", noun="which to show", default=ALL)

    def offer(self, days: Iterable[date]) -> None:
        """The days of the weeks, the newest first."""
        self.days = {day.isoformat(): day for day in days}
        names = [(text, f"With {day:%d/%m/%Y}") for text, day in self.days.items()]
        self.week.offer(
            *names, (EVERY_WEEK, f"[All of the last {len(names)}]"), (OLDER, "[Before these, begun and not confirmed]")
        )
        self.week.default = names[0][0]
        self.week.data = self.week.data or self.week.default
        self.show.offer((ALL, "[All]"), *((each.value, each.label) for each in Shown))

    @property
    def chosen_days(self) -> list[date]:
        if self.week.data == OLDER:
            return older_days()
        every = list(self.days.values())
        return every if self.week.data == EVERY_WEEK else [self.days[self.week.data]]

    @property
    def shown(self) -> Shown | None:
        if self.show.data:
            return Shown(self.show.data)
        return Shown.OPEN if self.week.data == OLDER else None


class ExceptionSearch(FilterForm):
    """Which exceptions a list shows. It begins with those that wait."""

    name = StringField("Provider, contract or care package", filters=[tidy_line])
    show = ChoiceField("Show", noun="which to show", default=ExceptionState.OPEN.value)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.show.offer((ALL, "[All]"), *((each.value, each.label) for each in ExceptionState))

    @property
    def state(self) -> ExceptionState | None:
        """None where any is, and where no state is named like that."""
        return next((each for each in ExceptionState if each.value == self.show.data), None)

    @property
    def is_of_what_waits(self) -> bool:
        return self.state is ExceptionState.OPEN


class ApproveManyForm(FlaskForm):
    """The button that approves several exceptions, each as the page showed it."""

    seen = SeenEach("Exceptions")


class QuantityField(Field):
    """Units that somebody types, like 12.25; its data are ten-thousandths. 0 where nothing is typed."""

    widget = TextInput()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.typed = ""

    def process_formdata(self, values: list[str]) -> None:
        self.typed = tidy_line(values[0]) if values else ""
        self.data = 0
        try:
            self.data = parse_e4(self.typed) if self.typed else 0
        except ValueError as problem:
            raise ValueError(f"{self.label.text} {problem}") from None

    def pre_validate(self, form: BaseForm) -> None:
        if self.data is not None and self.data < 0:
            raise ValidationError(f"{self.label.text} must be 0 or more")

    def _value(self) -> str:
        return self.typed or number(self.data or 0).replace(",", "")


def _why(question: str, needed: str) -> TextAreaField:
    return TextAreaField(
        question, filters=[tidy], description=READ_BY_PROVIDER, render_kw={"rows": 3},
        validators=[DataRequired(needed), LONG],
    )  # fmt: skip


class ReopenForm(FlaskForm):
    reason = _why("Why is the week opened again?", "Say why, so that the provider knows what to correct")


class ApproveExceptionForm(FlaskForm):
    """The button that approves one exception at the sum that its page has shown."""

    seen = SeenMark("The exception")


class RejectExceptionForm(FlaskForm):
    note = _why("Why is it rejected?", "Say why, so that the provider can correct it")


class VariationForm(FlaskForm):
    text = _why("What do you ask brokerage?", "Write what you ask for")


class AmendForm(FlaskForm):
    """Another figure in place of the one that was confirmed."""

    actual = QuantityField("Actual")
    frustrated = QuantityField("Frustrated")
    missed = QuantityField("Missed")
    extra = QuantityField("Extra")
    visits = StringField("Visits", filters=[tidy_line])
    reason = ChoiceField("Why it was not as planned", noun="a reason")
    comment = TextAreaField("Comment", filters=[tidy], render_kw={"rows": 2}, validators=[
        Length(max=LONGEST_COMMENT, message=f"Write {LONGEST_COMMENT:,} characters or fewer")])  # fmt: skip
    note = _why("Why is it amended?", "Say why, so that the provider knows")

    def __init__(self, figure: ConfirmedActual, **options: Any) -> None:
        stands = {
            "actual": figure.actual_e4, "frustrated": figure.frustrated_e4, "missed": figure.missed_e4,
            "extra": figure.extra_e4, "visits": "" if figure.visits is None else str(figure.visits),
            "reason": figure.reason.value if figure.reason else ALL, "comment": figure.comment,
        }  # fmt: skip
        super().__init__(data=stands, **options)
        self.reference = figure.provider_reference
        self.reason.offer((ALL, "[None]"), *((each.value, each.label) for each in AbsenceReason))

    def validate_visits(self, field: StringField) -> None:
        text = field.data
        if text and not (text.isascii() and text.isdigit() and int(text[:9]) <= MOST_VISITS):
            raise ValidationError(f"Enter a whole number of visits, 0 to {MOST_VISITS}")

    @property
    def figures(self) -> Figures:
        return Figures(
            self.actual.data, self.frustrated.data, self.missed.data, self.extra.data,
            visits=int(self.visits.data) if self.visits.data else None,
            reason=AbsenceReason(self.reason.data) if self.reason.data else None,
            comment=self.comment.data, provider_reference=self.reference,
        )  # fmt: skip


class RuleForm(FlaskForm):
    """A rule of one service level. Where it says how weeks are paid, its effect is shown before it is set: `seen`."""

    level = ChoiceField("Service level", validators=[InputRequired("Choose a service level")])
    kind = ChoiceField("Rule", validators=[InputRequired("Choose a rule")])
    value = StringField(
        "How many", filters=[tidy_line], description="Weeks with extra, days to confirm, or weeks until it is closed"
    )
    warns_from = DayField(
        "From which day does it warn?", description="Of weeks that begin on it or later. Leave it empty for never",
        validators=[Optional()],
    )  # fmt: skip
    refuses_from = DayField(
        "From which day does it hold, and refuse?", description="Leave it empty for never", validators=[Optional()]
    )
    why = TextAreaField(
        "Why?", filters=[tidy], render_kw={"rows": 3}, validators=[LONG],
        description="Where it changes what is paid: a second manager has to agree, and reads it",
    )  # fmt: skip
    seen = StringField("What it touches")

    def validate_why(self, field: TextAreaField) -> None:
        if self.kind.data in TWO_PEOPLE and not field.data:
            raise ValidationError("Say why, so that whoever is to agree knows")

    def offer(self, levels: Iterable[ServiceLevel]) -> None:
        self.levels = {str(each.id): each for each in levels}
        self.level.offer((ALL, "[Choose a service level]"), *((id_, each.name) for id_, each in self.levels.items()))
        self.kind.offer((ALL, "[Choose a rule]"), *((each.value, each.label) for each in RuleKind))

    def validate_value(self, field: StringField) -> None:
        if field.data and not (field.data.isascii() and field.data.isdigit() and len(field.data) < 5):
            raise ValidationError("Enter a whole number, like 2")

    @property
    def chosen(self) -> ServiceLevel:
        return self.levels[self.level.data]

    @property
    def number(self) -> int | None:
        return int(self.value.data) if self.value.data else None


class RuleChangeForm(FlaskForm):
    """End a rule that moves money, or turn down what somebody has asked for."""

    why = TextAreaField(
        "Why?", filters=[tidy], render_kw={"rows": 3}, description="Whoever else decides about it reads it",
        validators=[DataRequired("Say why, so that the others know"), LONG],
    )  # fmt: skip


class AgreeRuleForm(FlaskForm):
    """Agree to a rule that moves money: to what it touches as the page has shown it."""

    seen = SeenText("The weeks that it touches")

    def offer(self, effect: str) -> None:
        self.seen.object_data = effect
