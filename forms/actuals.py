"""What a provider's people choose and fill in of weeks of actuals."""

from collections.abc import Iterable

from wtforms import BooleanField, SubmitField
from wtforms.validators import Length

from forms.base import FilterForm, FlaskForm, Linked
from forms.fields import Seen, StringField, TextAreaField, tidy, tidy_line
from forms.filters import ALL, ChoiceField
from forms.sheets import SheetField, TypedRow
from models.care.register import ListedWeek, Standing
from models.care.sheet import Sheet
from models.care.weeks import LONGEST_REASON
from models.words import is_found


class WeeksFilter(FilterForm):
    """Which weeks are listed."""

    text = StringField("Find a service or contract", filters=[tidy_line])
    service = ChoiceField("Service", default=ALL)
    state = ChoiceField("State", default=ALL)
    historical = BooleanField("Include Historical")

    def offer(self, services: Iterable[tuple[str, str]]) -> None:
        self.service.offer((ALL, "[All Services]"), *services)
        self.state.offer((ALL, "[All States]"), ("to_do", "To do"), *((each.value, each.label) for each in Standing))

    @property
    def is_narrowed(self) -> bool:
        return bool(self.text.data or self.service.data or self.state.data)

    def takes(self, week: ListedWeek) -> bool:
        state = self.state.data
        if self.service.data and self.service.data != service_key(week):
            return False
        if state and not (week.standing.is_to_do if state == "to_do" else week.standing.value == state):
            return False
        return is_found(self.text.data, week.service_name, week.contract_name, week.reference)


def service_key(week: ListedWeek) -> str:
    """One service under one contract, in the address of the list."""
    return f"{week.contract_id}-{week.service_id}"


class SheetForm(FlaskForm):
    """The rows of a week. `offer` says what stands; wrong is a box that cannot be read, of a row that was touched."""

    rows = SheetField()
    review = SubmitField()
    """The button that saves, and goes on to Review Exceptions."""

    def offer(self, sheet: Sheet) -> None:
        self.sheet = sheet

    @property
    def touched(self) -> dict[int, TypedRow]:
        return self.rows.touched(self.sheet.by_item)

    def validate(self, *more: object, **named: object) -> bool:
        is_valid = super().validate(*more, **named)
        found = [
            Linked(f"{self.sheet.by_item[item_id].name}: {text}", f"#{box}-{item_id}")
            for item_id, row in self.touched.items()
            for box, text in row.faults.items()
        ]
        self.form_errors = [*self.form_errors, *found]
        return is_valid and not found


class SeenRowsForm(FlaskForm):
    """Something about all rows of a week at once."""

    seen = Seen("The rows have changed")
    """What the versions of the rows come to, so that nobody decides about what a colleague has changed meanwhile."""

    def offer(self, sheet: Sheet) -> None:
        self.seen.object_data = sum(row.actual.version for row in sheet.rows)


class ConfirmForm(SeenRowsForm):
    """Confirm a week; why, where it is late."""

    late_reason = TextAreaField(
        "Why is it late?", filters=[tidy], render_kw={"rows": 3},
        validators=[Length(max=LONGEST_REASON, message=f"Use {LONGEST_REASON:,} characters or fewer")],
    )  # fmt: skip
