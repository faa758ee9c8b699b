"""The trips of a mileage item: those that stand in the form already, and the fields that add more."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Self

from wtforms import Field, SelectMultipleField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs of WTForms
from wtforms.form import BaseForm
from wtforms.widgets import TextInput

from forms.fields import tidy_line
from models.billing.journey import LONGEST_PLACE, MOST_MILES_E4
from models.calendar import in_words
from models.money import number, parse_e4

WEEKS = 14
"""Weeks that a trip may be picked from: a trip of ninety days ago, and the week that is not over."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SCHOOL_DAYS = "school"
"""The tick that stands for Monday to Friday."""
TENTH_E4 = 1_000
LONGEST_MARK = 2_000
"""Characters of a trip's mark: three places or purposes, and the rest."""


@dataclass(frozen=True)
class TypedTrip:
    """One trip as it stands in the form. Miles are one way, in ten-thousandths; a return counts them twice."""

    on: date
    start: str
    end: str
    purpose: str
    miles_e4: int
    is_return: bool

    @property
    def all_miles_e4(self) -> int:
        return self.miles_e4 * (2 if self.is_return else 1)

    @property
    def words(self) -> str:
        way = f"{self.start} to {self.end}{' and back' if self.is_return else ''}"
        return f"{self.on:%a} {self.on.day} {self.on:%b}: {way}, {number(self.all_miles_e4)} miles"

    @property
    def mark(self) -> str:
        """What stands for it in the form."""
        return json.dumps(asdict(self) | {"on": self.on.isoformat()}, ensure_ascii=False)

    @classmethod
    def from_mark(cls, mark: str) -> Self:
        """ValueError where the form was tampered with."""
        row = json.loads(mark) if len(mark) <= LONGEST_MARK else None
        if not isinstance(row, dict) or row.keys() != cls.__dataclass_fields__.keys():
            raise ValueError(mark)
        if not all(isinstance(row[name], str) for name in ("on", "start", "end", "purpose")):
            raise ValueError(mark)
        start, end, purpose = (tidy_line(row[name])[:LONGEST_PLACE] for name in ("start", "end", "purpose"))
        miles = row["miles_e4"]
        if type(miles) is not int or not 0 < miles <= MOST_MILES_E4 or miles % TENTH_E4:
            raise ValueError(mark)
        return cls(date.fromisoformat(row["on"]), start, end, purpose, miles, row["is_return"] is True)


class MilesField(Field):
    """Miles to a tenth, like 12.5; its data are ten-thousandths of a mile."""

    widget = TextInput()
    data: int | None

    def __init__(self, *args: Any, most_e4: int = MOST_MILES_E4, **options: Any) -> None:
        super().__init__(*args, **options)
        self.typed, self.most_e4 = "", most_e4

    def process_formdata(self, values: list[str]) -> None:
        self.data = None
        self.typed = values[0].strip() if values else ""
        if not self.typed:
            return
        try:
            self.data = parse_e4(re.sub(r"\s*(miles?|mi)$", "", self.typed, flags=re.IGNORECASE))
        except ValueError:
            self.data = 0
        if self.data <= 0 or self.data % TENTH_E4:
            self.data = None
            raise ValueError("Enter the number of miles, like 12.5")
        if self.data > self.most_e4:
            self.data = None
            raise ValueError(f"Enter {number(self.most_e4)} miles or fewer")

    def _value(self) -> str:
        return self.typed or ("" if self.data is None else number(self.data).replace(",", ""))


class TripsField(Field):
    """The trips that stand in the form, each in a box to untick."""

    data: list[TypedTrip]

    def process(self, formdata: Any, data: Any = None, *_: Any, **__: Any) -> None:
        self.process_errors, self.data = [], []
        given = data if isinstance(data, list) else self.default or []
        if formdata is None:
            self.data = list(given)
            return
        for mark in formdata.getlist(self.name)[:500]:
            try:
                self.data.append(TypedTrip.from_mark(mark))
            except (ValueError, TypeError, KeyError):
                self.process_errors = ["A trip did not arrive as it was sent. Add it again"]

    def pre_validate(self, form: BaseForm) -> None:
        if len(self.data) > 200:
            self.errors = ["Put no more than 200 trips into one item. Add another item for the others"]


class Weekdays(SelectMultipleField):
    """The days of a week, ticked; one tick stands for Monday to Friday."""

    def __init__(self, label: str, **options: Any) -> None:
        names = [(SCHOOL_DAYS, "Monday to Friday"), *((str(n), name[:3]) for n, name in enumerate(WEEKDAYS))]
        super().__init__(label, choices=[SelectChoice(*each) for each in names], **options)
        self.type = "SelectMultipleField"  # by which the templates know it

    def of_week(self, monday: date) -> list[date]:
        numbers = {number for number in range(len(WEEKDAYS)) if str(number) in (self.data or ())}
        if SCHOOL_DAYS in (self.data or ()):
            numbers |= set(range(5))
        return [monday + timedelta(days=n) for n in sorted(numbers)]


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week_choices(today: date) -> list[tuple[str, str]]:
    """The weeks to choose from, the newest first."""
    mondays = [monday_of(today) - timedelta(weeks=n) for n in range(WEEKS)]
    return [(each.isoformat(), f"{in_words(each)} to {in_words(each + timedelta(days=6))}") for each in mondays]


def usual_week(today: date) -> str:
    """The week that most people claim: this one from Friday on, else the one before."""
    monday = monday_of(today)
    return (monday if today.weekday() >= 4 else monday - timedelta(weeks=1)).isoformat()


def total_e4(trips: Iterable[TypedTrip]) -> int:
    return sum(each.all_miles_e4 for each in trips)


def joined(have: Sequence[TypedTrip], more: Iterable[TypedTrip]) -> list[TypedTrip]:
    """All of them by day."""
    return sorted([*have, *more], key=lambda each: each.on)
