"""Uploading a file of figures: choosing it, saying which column is which, mending its cells, applying it."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from wtforms import BooleanField, Field, RadioField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs of WTForms
from wtforms.validators import DataRequired, Length

from forms.base import FilterForm, FlaskForm
from forms.fields import Seen, StringField
from forms.files import OneFileField
from forms.filters import ChoiceField, FilterDay
from models.calendar import today
from models.records.import_batch import ImportKind
from models.records.provider import Service
from models.uploads.prefilled import MOST_WEEKS

EVERY_SERVICE = ""


class UploadForm(FlaskForm):
    kind = RadioField(
        "What is in it?",
        choices=[SelectChoice(each.value, each.label) for each in ImportKind],
        default=ImportKind.ACTUALS.value,
    )
    file = OneFileField(
        "The file", description="Excel (.xlsx) or CSV, up to 25 MB and 100,000 rows",
        validators=[DataRequired("Choose the file")],
    )  # fmt: skip
    is_test = BooleanField("Only check it: nothing of it can be applied")


class TemplateFilter(FilterForm):
    """Which rows the template has."""

    service = ChoiceField("Service", default=EVERY_SERVICE)
    weeks = ChoiceField("Weeks", default="1")
    until = FilterDay("Up to the week of", default=lambda: today() - timedelta(weeks=1))

    def __init__(self, *args: Any, services: list[Service] | None = None, **options: Any) -> None:
        """`services`: those to choose from. None, for the file itself: any number, of which there may be no rows."""
        super().__init__(*args, **options)
        typed = self.service.data or ""
        found = [(typed, typed)] if services is None and re.fullmatch(r"[0-9]{1,9}", typed) else []
        named = [(str(each.id), each.name) for each in services or ()]
        self.service.offer((EVERY_SERVICE, "All services"), *named, *found)
        self.weeks.offer(*((str(each), str(each)) for each in range(1, MOST_WEEKS + 1)))

    @property
    def service_id(self) -> int | None:
        return int(self.service.data) if self.service.data else None

    @property
    def until_on(self) -> date:
        chosen: date | None = self.until.data
        return chosen or today() - timedelta(weeks=1)


class CellsField(Field):
    """What stands in the boxes of a file's cells: by row number and place of the column, from `cells-7-3`."""

    data: dict[tuple[int, int], str]

    def process(self, formdata: Any, *_: Any, **__: Any) -> None:
        self.process_errors, self.data = [], {}
        named = re.compile(rf"{re.escape(self.name)}-([0-9]{{1,7}})-([0-9]{{1,2}})")
        for name in formdata or ():
            if found := named.fullmatch(name):
                self.data[int(found[1]), int(found[2])] = formdata.get(name, "")


class MendForm(FlaskForm):
    """The boxes of one page of faulty rows. `use` is the button beside a box, "7-3": take what certainly is right.
    `alike` is the place of what is mended everywhere.
    """

    cells = CellsField()
    use = StringField()
    alike = StringField()
    seen = StringField()

    @property
    def seen_at(self) -> datetime | None:
        """When the check was made that the page shows; None where it does not say."""
        try:
            found = datetime.fromisoformat(self.seen.data)
        except ValueError:
            return None
        return found if found.tzinfo else None

    @property
    def used(self) -> tuple[int, int] | None:
        found = re.fullmatch(r"([0-9]{1,7})-([0-9]{1,2})", self.use.data)
        return (int(found[1]), int(found[2])) if found else None

    @property
    def alike_at(self) -> int | None:
        return int(self.alike.data) if re.fullmatch(r"[0-9]{1,2}", self.alike.data) else None


class UnmendForm(FlaskForm):
    column = StringField()
    meant = StringField()


class ApplyForm(FlaskForm):
    seen = Seen("The number of rows to apply")
    checked_as = StringField()
    only_good = StringField()
    confirms = BooleanField("Confirm the weeks that are complete with it")
    late_reason = StringField("If a week is late: why", validators=[Length(max=1_000)])


class ColumnsForm(FlaskForm):
    """Which column of ours each of the file's is: a list for each, `columns-3`."""

    columns = CellsField()
    chosen = StringField()


class VisitFilter(FilterForm):
    """Which visits are listed."""

    show = ChoiceField(
        "Show", noun="which visits to show", default="",
        choices=[SelectChoice("", "All visits"), SelectChoice("unallocated", "Without a line item")],
    )  # fmt: skip

    @property
    def is_unallocated(self) -> bool:
        return self.show.data == "unallocated"


class TakeForm(FlaskForm):
    """A week, by the button beside it: contract, service and first day."""

    contract = StringField()
    service = StringField()
    first = StringField()

    @property
    def service_id(self) -> int:
        return int(self.service.data) if re.fullmatch(r"[0-9]{1,9}", self.service.data) else 0

    @property
    def first_on(self) -> date:
        try:
            return date.fromisoformat(self.first.data)
        except ValueError:
            return date.max - timedelta(weeks=2)


class AllotForm(FlaskForm):
    item = ChoiceField("Line item", noun="a line item", choices=[])
