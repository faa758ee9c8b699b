"""What an officer looks for among the standing holds, and says when beginning, changing or ending one."""

from hashlib import sha256
from typing import Any, TypedDict

from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from forms.base import FilterForm, FlaskForm
from forms.fields import DayField, SeenText, StringField, TextAreaField
from forms.filters import ALL, ChoiceField
from models.base import DomainError
from models.payments.standing_hold import StandingHold, State, check_days

LONG = Length(max=2_000, message="Write 2,000 characters or fewer")
_STATES = {State.IN_FORCE: "In force", State.REVIEW: "To be reviewed now", State.ENDED: "Ended"}


class Chosen(TypedDict):
    """What models.payments.standing_hold.StandingHold.listed takes."""

    name: str
    state: State | None


class StandingHoldSearch(FilterForm):
    name = StringField("Provider")
    state = ChoiceField("State", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.offer((ALL, "[All]"), *((each.value, _STATES[each]) for each in State))

    @property
    def chosen(self) -> Chosen:
        return {"name": self.name.data.strip(), "state": State(self.state.data) if self.state.data else None}


class _Days(FlaskForm):
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


class ChangeForm(_Days):
    """Say with `is_of` what it is of before it is validated."""

    seen = SeenText("The days or the reason of this standing hold")

    def is_of(self, standing: StandingHold) -> None:
        days = standing.first_on, standing.last_on, standing.review_on
        typed = sha256(standing.reason.encode()).hexdigest()[:16]
        self.seen.object_data = " ".join(str(each) for each in (*days, typed))
        first, last, review = (f"{day.day} {day:%B %Y}" if day else "" for day in days)
        until = f"to {last}" if last else "until it is ended"
        self.seen.now = f"It holds now from {first} {until}, to be reviewed on {review}: “{standing.reason}”. "


class SuspendForm(_Days):
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
