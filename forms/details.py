"""What a provider asks to change of the details held about it, and how the council answers."""

from collections.abc import Mapping
from typing import Any, TypedDict

from wtforms import BooleanField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from forms.base import FilterForm, FlaskForm
from forms.fields import DayField, StringField, TextAreaField, no_long_email, tidy_line
from forms.filters import ALL, ChoiceField
from models.correspondence.detail_change import NOTHING, ChangeState, differences
from models.emails import email_address

LONG = Length(max=2_000, message="Write 2,000 characters or fewer")
MOST_LINES = 10


def tidy_lines(text: str | None) -> str:
    """An address: its lines without blanks around them, and without empty ones."""
    lines = (tidy_line(line) for line in (text or "").splitlines())
    return "\n".join(line for line in lines if line)


def tidy_text(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").replace("\0", "").strip()


def _line(label: str, *more: Any) -> StringField:
    length = Length(max=200, message=f"{label}: use 200 characters or fewer")
    return StringField(label, filters=[tidy_line], validators=[*more, length])


def _phone() -> StringField:
    length = Length(max=60, message="Telephone: use 60 characters or fewer")
    return StringField("Telephone", filters=[tidy_line], validators=[length], render_kw={"type": "tel"})


def _email() -> StringField:
    """Like somebody@example.org, or empty."""
    return StringField(
        "E-mail", filters=[tidy_line], validators=[Optional(), no_long_email, _is_an_address],
        render_kw={"type": "email"},
    )  # fmt: skip


def _is_an_address(_form: FlaskForm, field: StringField) -> None:
    try:
        field.data = email_address(field.data)
    except ValueError:
        raise ValidationError("Enter an e-mail address like name@example.org") from None


def _address(label: str) -> TextAreaField:
    return TextAreaField(label, filters=[tidy_lines], validators=[_few_lines], render_kw={"rows": 5})


def _few_lines(_form: FlaskForm, field: TextAreaField) -> None:
    if len(field.data.split("\n")) > MOST_LINES or any(len(line) > 200 for line in field.data.split("\n")):
        raise ValidationError(f"{field.label.text}: use at most {MOST_LINES} lines of 200 characters")


class AskForm(FlaskForm):
    """What these forms share: from which day, and a note for the council. `held` are the details as they are now."""

    wanted_on = DayField("From which day?", validators=[InputRequired("Enter the day from which this holds")])
    note = TextAreaField(
        "Anything we should know?",
        filters=[tidy_text],
        validators=[LONG],
        render_kw={"rows": 3},
        description="For example why it changes. Please do not write about people you care for",
    )
    nothing = NOTHING

    def __init__(self, held: Mapping[str, Any], **options: Any) -> None:
        self.held = held
        super().__init__(data={**held, **options.pop("data", {})}, **options)

    @property
    def wanted(self) -> dict[str, Any]:
        """What was typed, by the names of the fields."""
        return {name: self[name].data for name in self.asks}

    asks: tuple[str, ...] = ()
    """The fields that are details."""

    def validate(self, extra_validators: Any = None) -> bool:
        is_right = super().validate(extra_validators)
        if is_right and self.asks and not differences(self.held, self.wanted)[1]:
            self.form_errors.append(self.nothing)
            return False
        return is_right


class OrganisationForm(AskForm):
    name = _line("Name", DataRequired("Enter the name"))
    address = _address("Address")
    invoice_address = _address("Invoice address")
    delivery_address = _address("Delivery address")
    email = _email()
    phone = _phone()
    asks = ("name", "address", "invoice_address", "delivery_address", "email", "phone")


class ContactForm(AskForm):
    name = _line("Name", DataRequired("Enter the name"))
    position = _line("Position")
    email = _email()
    phone = _phone()
    is_correspondence = BooleanField("Letters go to this person")
    asks = ("name", "position", "email", "phone", "is_correspondence")


class LeavesForm(AskForm):
    """A contact is to be taken off: there is nothing to type but the day and a note."""


class RefuseForm(FlaskForm):
    reason = TextAreaField(
        "Why?",
        description="The provider reads this",
        filters=[tidy_text],
        validators=[DataRequired("Say why, so that the provider knows what to do"), LONG],
    )


class ContactSearch(FilterForm):
    text = StringField("Name, position or e-mail", filters=[tidy_line])


class Chosen(TypedDict):
    """What DetailChange.listed takes."""

    name: str
    state: ChangeState | None


class ChangeSearch(FilterForm):
    """The filters above the council's list of changes."""

    name = StringField("Provider", filters=[tidy_line])
    state = ChoiceField("State", default=ChangeState.WAITING.value)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.offer((ALL, "[All]"), *((each.value, each.value.capitalize()) for each in ChangeState))

    @property
    def chosen(self) -> Chosen:
        state = ChangeState(self.state.data) if self.state.data else None
        return {"name": self.name.data, "state": state}

    @property
    def is_of_waiting(self) -> bool:
        """It looks for those that wait, and for nothing else."""
        return self.state.data == ChangeState.WAITING and not self.name.data
