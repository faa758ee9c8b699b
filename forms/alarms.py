"""What those who watch over the audit look for among its alarms, and what they say of one."""

from typing import Any, TypedDict

from wtforms.validators import DataRequired, Length

from forms.base import FilterForm, FlaskForm
from forms.fields import TextAreaField
from forms.filters import ALL, ChoiceField

OPEN, LOOKED_AT = "open", "looked at"


class Chosen(TypedDict):
    """What models.auditing.read_alarm.ReadAlarm.listed takes."""

    is_open: bool | None


class AlarmSearch(FilterForm):
    state = ChoiceField("State", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.offer((ALL, "[All]"), (OPEN, "Nobody has looked"), (LOOKED_AT, "Looked at"))

    @property
    def chosen(self) -> Chosen:
        return {"is_open": self.state.data == OPEN if self.state.data else None}


class LookForm(FlaskForm):
    reason = TextAreaField(
        "What came of it",
        description="Whom you asked, and what they said. Name no client",
        validators=[
            DataRequired("Say what came of it"),
            Length(max=2_000, message="Write 2,000 characters or fewer"),
        ],
    )
