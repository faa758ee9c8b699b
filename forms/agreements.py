"""Forms about agreements: from when a contract's payments wait for them, and what was agreed on paper."""

from datetime import date

from wtforms import RadioField, ValidationError
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs of WTForms
from wtforms.validators import DataRequired, InputRequired, Length

from forms.base import FlaskForm
from forms.fields import DayField, SeenText, StringField
from models.calendar import today
from models.payments.gate import GateForeseen


class GateForm(FlaskForm):
    waits = RadioField(
        "Which payments wait for agreements?",
        choices=[
            SelectChoice("yes", "Those that begin on a day, or later"),
            SelectChoice("no", "None: the gate is not started"),
        ],
        validators=[InputRequired("Say which payments wait")],
    )
    from_on = DayField("From which day?", description="The first day of a payment that is to wait, like 4 1 2027")

    def validate_from_on(self, field: DayField) -> None:
        if self.waits.data == "yes" and field.data is None and not field.errors:
            raise ValidationError("Enter the first day of a payment that is to wait, like 4 1 2027")

    @property
    def day(self) -> date | None:
        """None: the gate is not started."""
        return self.from_on.data if self.waits.data == "yes" else None

    def seen(self, foreseen: GateForeseen | None) -> str:
        """What the check shows, on one line: only that is begun."""
        return f"{self.day} {foreseen}"


class PaperForm(FlaskForm):
    agreed_on = DayField(
        "On which day was it agreed?", validators=[InputRequired("Enter the day on which it was agreed")]
    )
    by_name = StringField(
        "Who agreed for the provider?",
        validators=[
            DataRequired("Enter the name of who agreed"),
            Length(max=200, message="Write 200 characters or fewer"),
        ],
    )
    terms = SeenText("The terms")

    def validate_agreed_on(self, field: DayField) -> None:
        if field.data and field.data > today():
            raise ValidationError("This day is still to come. Enter the day on which it was agreed")
