"""What an officer looks for among the standing holds, and says when beginning, changing or ending one."""

from typing import Any, TypedDict

from wtforms import Form
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from forms.base import FlaskForm
from forms.fields import DayField, StringField, TextAreaField
from forms.filters import ALL, ChoiceField
from models.base import DomainError
from models.payments.standing_hold import State, check_days

LONG = Length(max=2_000, message="Write 2,000 characters or fewer")
_STATES = {State.IN_FORCE: "In force", State.REVIEW: "To be reviewed now", State.ENDED: "Ended"}


class Chosen(TypedDict):
    """What models.payments.standing_hold.StandingHold.listed takes."""

    name: str
    state: State | None


class StandingHoldSearch(Form):
    name = StringField("Provider")
    state = ChoiceField("State", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.offer((ALL, "[All]"), *((each.value, _STATES[each]) for each in State))

    @property
    def chosen(self) -> Chosen:
        return {"name": self.name.data.strip(), "state": State(self.state.data) if self.state.data else None}


class ChangeForm(FlaskForm):
    """The days of a standing hold, and why."""

    first_on = DayField(
        "From which day?",
        description="Every payment with a day of care from then on is held",
        validators=[InputRequired("Enter the first day")],
    )
    last_on = DayField("To which day?", description="Leave it empty until you end it", validators=[Optional()])
    review_on = DayField(
        "When do you review it?",
        description="It waits on My work from then on. It does not end by itself",
        validators=[InputRequired("Enter the day on which to review it")],
    )
    reason = TextAreaField(
        "Why?",
        description="For us: the provider sees that its payments are held, not why",
        validators=[DataRequired("Say why it is held"), LONG],
        render_kw={"rows": 3},
    )

    def validate_last_on(self, field: DayField) -> None:
        if field.data and self.first_on.data and field.data < self.first_on.data:
            raise ValidationError("The last day is before the first. Enter a later one, or leave it empty")

    def validate_review_on(self, field: DayField) -> None:
        if field.data is None:
            return
        try:
            check_days(field.data, None, field.data)
        except DomainError as problem:
            raise ValidationError(str(problem)) from None


class SuspendForm(ChangeForm):
    what = ChoiceField("What is held?", default=ALL)

    @property
    def contract_id(self) -> int | None:
        return self._id_of("contract")

    @property
    def client_id(self) -> int | None:
        return self._id_of("client")

    def _id_of(self, kind: str) -> int | None:
        chosen, _, id_ = self.what.data.partition("-")
        return int(id_) if chosen == kind else None


class EndForm(FlaskForm):
    reason = TextAreaField(
        "Why may all of it be paid now?",
        description="For us: the provider does not read it",
        validators=[DataRequired("Say why it ends"), LONG],
        render_kw={"rows": 3},
    )
