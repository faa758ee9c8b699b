"""What carers fill in of a timesheet, and what the council says of it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from wtforms import BooleanField
from wtforms.validators import DataRequired, Length

from forms.base import FilterForm, FlaskForm
from forms.council_actuals import READ_BY_PROVIDER
from forms.fields import StringField, TextAreaField, tidy, tidy_line
from forms.filters import ALL, ChoiceField
from models.base import DomainError
from models.care.timesheet_list import Shown
from models.care.timesheet_plan import Cell, Month
from models.records.actual import AbsenceReason


class SendForm(FlaskForm):
    """A carer declares that the month was so."""

    declared = BooleanField(
        "What stands here is what I delivered", validators=[DataRequired("Tick the box if it is what you delivered")]
    )


class ReturnForm(FlaskForm):
    note = TextAreaField(
        "What is to be put right?", filters=[tidy], description=READ_BY_PROVIDER, render_kw={"rows": 3},
        validators=[DataRequired("Say what is to be put right"), Length(max=1_000, message="Write 1,000 characters or "
                                                                         "fewer")],
    )  # fmt: skip


class SheetSearch(FilterForm):
    """Which timesheets the council's list shows. It begins with those that wait for whoever looks."""

    name = StringField("Provider or contract", filters=[tidy_line])
    show = ChoiceField("Show", noun="which to show")

    def offer(self, usual: Shown) -> None:
        self.show.offer((ALL, "[All that were sent]"), *((each.value, each.label) for each in Shown))
        if self.show.data is None:
            self.show.data = usual.value

    @property
    def shown(self) -> Shown | None:
        return Shown(self.show.data) if self.show.data else None


class Away:
    """Adjoining days that are less than planned, with one reason for all of them."""

    def __init__(self, cells: list[Cell]) -> None:
        self.cells = cells
        self.name = f"why-{cells[0].item_id}-{cells[0].day}-{cells[-1].day}"
        self.reason = cells[0].reason

    @property
    def days(self) -> list[date]:
        return [each.day for each in self.cells]


def reasons_sent(month: Month, sent: Any) -> dict[tuple[int, date], AbsenceReason | None]:
    """What was chosen of each run of days that is still there; what is none of the list is passed over."""
    known = {each.value: each for each in AbsenceReason} | {"": None}
    found: dict[tuple[int, date], AbsenceReason | None] = {}
    for away in all_away(month):
        chosen = sent.get(away.name)
        if chosen in known:
            found |= {(cell.item_id, cell.day): known[chosen] for cell in away.cells}
    return found


def all_away(month: Month) -> Iterable[Away]:
    return [Away(run) for person in month.people for run in person.runs_away]


MOST_E4 = 100_000
"""Of a tap: more than ten on one day is nobody's press."""


def day_of(text: str) -> date | None:
    """The day that a text names as 2026-04-01; None where it names none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def tapped(text: str) -> tuple[int, date, int]:
    """Item, day and ten-thousandths of a unit of a tap. DomainError where the text is none."""
    item, day, units = [*text.split(":"), "", "", ""][:3]
    day_on = day_of(day)
    if day_on is None or not all(each.isascii() and each.isdigit() and len(each) < 10 for each in (item, units)):
        raise DomainError("Tap the day itself: what was sent names none")
    if int(units) > MOST_E4:
        raise DomainError("Tap the day: it goes through what a day can have")
    return int(item), day_on, int(units)
