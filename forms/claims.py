"""What a provider's people fill in of a one-off claim: its header, its items, and sending it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from wtforms import BooleanField
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from forms.base import FilterForm, FlaskForm
from forms.fields import DayField, MoneyField, SeenMark, SeenPence, StringField, TextAreaField, tidy, tidy_line
from forms.files import FilesField
from forms.filters import ALL, ChoiceField
from forms.trips import MilesField, TripsField, TypedTrip, Weekdays, joined, total_e4, usual_week, week_choices
from models.billing.items import Claimed, TripFacts
from models.billing.journey import LONGEST_PLACE, SavedJourney
from models.billing.levels import ClaimableLevel
from models.calendar import in_words, today
from models.correspondence.file_kind import KINDS, LARGEST, in_megabytes
from models.money import SCALE
from models.records.claim import ClaimStatus
from models.records.client import Client
from models.tax_year import ReportYear
from models.words import how_many

LONGEST_NOTES = 2_000
LONGEST_DESCRIPTION = 200
MOST_MILES_OF_ITEM_E4 = 10_000 * SCALE
NO_SELECTION = "[No Selection]"
FIRST_YEAR = 1990
"""No claim is of an earlier one."""
_PLACE = Length(max=LONGEST_PLACE, message=f"Use {LONGEST_PLACE} characters or fewer")


def _place(label: str, **options: Any) -> StringField:
    return StringField(label, filters=[tidy_line], validators=[_PLACE], **options)


class YearChoice(ChoiceField):
    """A tax year or a financial year, known by its name: `tax-2019`. Which ones are offered is filled in later."""

    def pre_validate(self, form: BaseForm) -> None:
        if self.data and self.chosen is None:
            raise ValidationError("Choose a year from the list")

    @property
    def chosen(self) -> ReportYear | None:
        year = ReportYear.if_named(self.data or "")
        return year if year is not None and FIRST_YEAR <= year.year.starts_in <= today().year else None


class ClaimFilter(FilterForm):
    """Which of its claims a provider's list shows, by the date of claim and by what became of them."""

    year = YearChoice("Year", default=ALL)
    status = ChoiceField("Status", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer([])
        self.status.offer((ALL, "[Any]"), *((each.value, each.label) for each in ClaimStatus))

    def offer(self, years: Sequence[ReportYear]) -> None:
        chosen = [] if self.year.chosen is None or self.year.chosen in years else [self.year.chosen]
        self.year.offer((ALL, "[All years]"), *((each.key, each.name) for each in (*chosen, *years)))

    @property
    def chosen(self) -> dict[str, Any]:
        """For models.billing.listing.claims, of a form that is right."""
        return {"year": self.year.chosen, "status": ClaimStatus(self.status.data) if self.status.data else None}


class HeaderForm(FlaskForm):
    """The head of a claim: its day, and what it is for."""

    claimed_on = DayField("Date of Claim", validators=[InputRequired("Enter the date of the claim")])
    notes = TextAreaField(
        "Notes", filters=[tidy], render_kw={"rows": 2},
        description="What it is for: Mileage claim for 1 to 6 September 2026",
        validators=[Length(max=LONGEST_NOTES, message=f"Use {LONGEST_NOTES:,} characters or fewer")],
    )  # fmt: skip

    def validate_claimed_on(self, field: DayField) -> None:
        if field.data and field.data > today():
            raise ValidationError("That day has not come yet. Enter today or an earlier day")


class SubmitForm(FlaskForm):
    """The button under a claim, with the sum that stands on it."""

    seen = SeenPence("The claim")


class ItemForm(FlaskForm):
    """One item of a claim. Which of its fields are asked for, the service level says: `offer` and `asks`."""

    level = ChoiceField("Service Level", noun="a service level", default=ALL)
    description = StringField(
        "Description", filters=[tidy_line], description="School mileage, 1 to 6 September",
        validators=[
            DataRequired("Say what it is for"),
            Length(max=LONGEST_DESCRIPTION, message=f"Use {LONGEST_DESCRIPTION} characters or fewer"),
        ],
    )  # fmt: skip
    client = ChoiceField("Client", default=ALL)
    quantity = MilesField("Quantity", most_e4=MOST_MILES_OF_ITEM_E4)
    amount = MoneyField("Amount")
    spent_on = DayField("Day", validators=[Optional()])
    trips = TripsField("Trips")
    journey = ChoiceField("Saved journey", noun="a journey", default=ALL)
    start = _place("From")
    end = _place("To")
    purpose = _place("Purpose")
    miles = MilesField("Miles, one way")
    is_return = BooleanField("And back the same way")
    week = ChoiceField("Week", default=ALL)
    days = Weekdays("Days")
    keep_journey = BooleanField("Keep this journey for next time")
    files = FilesField("Attachment")
    seen = SeenMark("The item")
    reason = TextAreaField("Why is it right?", filters=[tidy], render_kw={"rows": 2}, validators=[Length(max=500)])

    is_client_item = False
    levels: Sequence[ClaimableLevel] = ()
    journeys: Sequence[SavedJourney] = ()
    most_files = 1
    needs_reason = False
    """The item was warned of: it may stay once it says why it is right."""
    has_files = 0
    """Files that the item has already."""

    def offer(
        self, levels: Iterable[ClaimableLevel], clients: Sequence[Client], journeys: Sequence[SavedJourney], *,
        is_client_item: bool, most_files: int,
    ) -> None:  # fmt: skip
        """Fill the drop-downs with what this provider may claim in this part of a claim."""
        self.is_client_item, self.most_files, self.journeys = is_client_item, most_files, journeys
        self.files.description = (
            f"{KINDS}. {how_many(most_files, 'file')} for one item, {in_megabytes(LARGEST)} at most"
        )
        if self.spent_on.raw_data == [""]:  # it was not asked for yet: what stands there without anybody's doing
            self.spent_on.raw_data = None
        elif self.spent_on.raw_data and not any(self.spent_on.raw_data):
            self.spent_on.data = None
        self.levels = [each for each in levels if each.is_client_item is is_client_item]
        self.level.offer((ALL, NO_SELECTION), *((str(each.id), each.name) for each in self.levels))
        if not self.is_submitted() and not self.level.data and len(self.levels) == 1:
            self.level.data = str(self.levels[0].id)
        shown = clients if is_client_item else []
        self.client.offer((ALL, NO_SELECTION), *((str(each.id), each.full_name) for each in shown))
        if not self.is_submitted() and not self.client.data and len(shown) == 1:
            self.client.data = str(shown[0].id)
        self.journey.offer((ALL, "[None]"), *((str(each.id), each.name) for each in journeys))
        self.week.offer(*week_choices(today()))
        if not self.is_submitted() or not self.week.data:
            self.week.data = usual_week(today())

    @property
    def chosen(self) -> ClaimableLevel | None:
        return next((each for each in self.levels if str(each.id) == self.level.data), None)

    @property
    def is_at_cost(self) -> bool:
        return self.chosen is not None and self.chosen.is_at_cost

    @property
    def saved_journey(self) -> SavedJourney | None:
        return next((each for each in self.journeys if str(each.id) == self.journey.data), None)

    @property
    def _monday(self) -> date:
        """Of the week that is chosen; of the usual one where the form was sent with none of the list."""
        offered = {choice.value for choice in self.week.choices}
        return date.fromisoformat(self.week.data if self.week.data in offered else usual_week(today()))

    @property
    def is_trip_begun(self) -> bool:
        """Something of a new trip is filled in."""
        return bool(self.days.data or self.start.data or self.end.data or self.miles.data or self.journey.data)

    @property
    def new_trips(self) -> list[TypedTrip]:
        """The trips of the days that are ticked; none while something of them is missing."""
        saved, days = self.saved_journey, self.days.of_week(self._monday)
        miles = self.miles.data or (saved.miles_e4 if saved else 0)
        start = self.start.data or (saved.from_place if saved else "")
        end = self.end.data or (saved.to_place if saved else "")
        purpose = self.purpose.data or (saved.purpose if saved else "") or self.description.data[:LONGEST_PLACE]
        if not (miles and start and end):
            return []
        is_return = bool(self.is_return.data or (saved and saved.is_return and not self.miles.data))
        return [TypedTrip(day, start, end, purpose, miles, is_return) for day in days if day <= today()]

    def look_at_new_trip(self) -> None:
        """Say what is missing of the trip that is being added."""
        for field, text in self._wrong_trip():
            field.errors = [*field.errors, text]

    def take_new_trips(self) -> None:
        """Put the new trips beside the others, and empty their fields."""
        self.trips.data = joined(self.trips.data, self.new_trips)
        self.days.data, self.start.data, self.end.data, self.purpose.data, self.journey.data = [], "", "", "", ALL
        self.miles.data, self.miles.typed, self.is_return.data = None, "", False

    @property
    def all_trips(self) -> list[TypedTrip]:
        return joined(self.trips.data, self.new_trips)

    @property
    def _client_id(self) -> int | None:
        """The child who is chosen of the list."""
        offered = {choice.value for choice in self.client.choices if choice.value}
        return int(self.client.data) if self.client.data in offered else None

    def to_price(self) -> Claimed:
        """As `claimed`, with something in place of what an amount does not hang on and is not filled in yet."""
        given = self.claimed()
        first = next((choice.value for choice in self.client.choices if choice.value), "")
        child = given.client_id or (int(first) if first else None)
        return replace(given, description=given.description or NO_SELECTION, client_id=child)

    def claimed(self) -> Claimed:
        """What stands in it, as far as it is filled in."""
        trips = [] if self.is_at_cost else self.all_trips
        quantity = total_e4(trips) or self.quantity.data
        return Claimed(
            level_id=self.chosen.id if self.chosen else 0,
            description=self.description.data,
            client_id=self._client_id,
            spent_on=trips[0].on if trips else self.spent_on.data,
            quantity_e4=None if self.is_at_cost else quantity,
            amount_pence=self.amount.data if self.is_at_cost else None,
            reason=self.reason.data,
            trips=tuple(
                TripFacts(each.on, each.miles_e4, each.start, each.end, each.purpose, each.is_return) for each in trips
            ),
        )

    @property
    def is_enough_to_price(self) -> bool:
        """Whether an amount can be worked out of what is filled in."""
        if self.chosen is None:
            return False
        if self.is_at_cost:
            return self.amount.data is not None
        return bool(self.all_trips or (self.quantity.data and self.spent_on.data))

    def validate(self, *more: Any, **named: Any) -> bool:
        is_valid = super().validate(*more, **named)
        wrong: list[tuple[Any, str]] = []
        if self.chosen is None and not self.level.errors:
            wrong.append((self.level, "Choose a service level"))
        if self.is_client_item and not self.client.data:
            wrong.append((self.client, "Choose the client"))
        if self.chosen is not None:
            wrong += self._wrong_sum() if self.is_at_cost else self._wrong_miles()
        if len(self.files.taken) + self.has_files > self.most_files:
            few = how_many(self.most_files, "file")
            wrong.append((self.files, f"Attach {few} to one item. Put the others into another item, or untick one"))
        for field, text in wrong:
            field.errors = [*field.errors, text]
        return is_valid and not wrong

    def _wrong_sum(self) -> list[tuple[Any, str]]:
        wrong: list[tuple[Any, str]] = []
        if not self.amount.errors and (self.amount.data or 0) <= 0:
            wrong.append((self.amount, "Enter the sum on the receipt, like 3.80"))
        return wrong + self._wrong_day("Enter the day on the receipt")

    def _wrong_trip(self) -> list[tuple[Any, str]]:
        saved = self.saved_journey
        asked = (
            (self.start, "Say where the trip began"), (self.end, "Say where the trip ended"),
            (self.miles, "Enter the number of miles, like 12.5"),
        )  # fmt: skip
        wrong: list[tuple[Any, str]] = [
            (field, text) for field, text in asked if not field.data and not saved and not field.errors
        ]
        days = self.days.of_week(self._monday)
        if not days:
            wrong.append((self.days, "Tick the days on which you made this trip"))
        elif days[-1] > today():
            wrong.append((self.days, f"{in_words(days[-1])} has not come yet. Untick it, or choose another week"))
        return wrong

    def _wrong_miles(self) -> list[tuple[Any, str]]:
        wrong: list[tuple[Any, str]] = []
        if self.is_trip_begun:
            return self._wrong_trip()
        if self.trips.data:
            return wrong
        if not self.quantity.data and not self.quantity.errors:
            wrong.append((self.quantity, "Add your trips, or enter the number of miles, like 12.5"))
        return wrong + self._wrong_day("Enter the day of the trip")

    def _wrong_day(self, text: str) -> list[tuple[Any, str]]:
        if self.spent_on.errors:
            return []
        if self.spent_on.data is None:
            return [(self.spent_on, text)]
        return [(self.spent_on, "That day has not come yet")] if self.spent_on.data > today() else []


class RepeatForm(FlaskForm):
    """For which other child an item is repeated."""

    client = ChoiceField("Client", validators=[InputRequired("Choose the client")])

    def offer(self, clients: Iterable[Client]) -> None:
        self.client.offer((ALL, NO_SELECTION), *((str(each.id), each.full_name) for each in clients))
