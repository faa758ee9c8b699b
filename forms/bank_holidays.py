"""Which bank holidays are looked at, and what is put on their list."""

from collections.abc import Collection, Iterable
from datetime import date

from wtforms import SelectMultipleField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs of WTForms
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from forms.base import FilterForm, FlaskForm
from forms.details import tidy_line
from forms.fields import DayField, StringField
from forms.filters import ALL, ChoiceField
from models.bank_holiday import Proposal


class YearFilter(FilterForm):
    year = ChoiceField("Year")

    def offer(self, years: Iterable[int]) -> None:
        """The newest first."""
        self.year.offer((ALL, "[All]"), *((str(year), str(year)) for year in sorted(years, reverse=True)))

    @property
    def chosen(self) -> int | None:
        return int(self.year.data) if self.year.data else None


class NameForm(FlaskForm):
    name = StringField(
        "What is it called?",
        filters=[tidy_line],
        validators=[DataRequired("Enter what it is called"), Length(max=100, message="Use 100 characters or fewer")],
    )


class AddForm(NameForm):
    day = DayField("On which day are banks shut?", validators=[InputRequired("Enter the day on which banks are shut")])


class ProposalForm(FlaskForm):
    """Say with `offer` what is proposed before it is validated."""

    days = SelectMultipleField("Which of them are right?", choices=[], validate_choice=False)

    def offer(self, proposed: Collection[Proposal]) -> None:
        self.offered = {str(each.day) for each in proposed}
        self.days.choices = [
            SelectChoice(str(day), f"{day:%A} {day.day} {day:%B %Y}, {name}") for day, name in proposed
        ]

    def validate_days(self, field: SelectMultipleField) -> None:
        if not field.data:
            raise ValidationError("Choose at least one day")
        if set(field.data) - self.offered:
            raise ValidationError("The list has changed since you opened this page. Look at what is proposed now")

    @property
    def chosen(self) -> set[date]:
        return {date.fromisoformat(day) for day in self.days.data or []}
