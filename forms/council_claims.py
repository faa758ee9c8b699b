"""What the finance panel fills in about a claim, and what officers say of who may claim and by which rules."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from wtforms import Form, FormField, RadioField, SelectMultipleField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs of WTForms
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from forms.base import FilterForm, FlaskForm, PlainWords
from forms.fields import DayField, MoneyField, Rows, SeenText, StringField, TextAreaField, tidy, tidy_line
from forms.filters import ALL, ChoiceField
from forms.trips import MilesField
from models.billing.deciding import ItemDecision
from models.billing.limit import LimitEffect, LimitKind
from models.money import SCALE, gbp, number, parse_e4
from models.records.claim import Claim, ClaimItem, ClaimStatus
from models.records.contract import ServiceLevel

LONG = Length(max=2_000, message="Write 2,000 characters or fewer")
READ_BY_PROVIDER = "The provider reads it. Name no child"
FULL, MILES, SUM, OUT = "full", "miles", "sum", "out"
MOST_TIERS = 3
MOST_A_YEAR_E4 = 1_000_000 * SCALE
"""Miles above which no tier begins."""


class ClaimSearch(FilterForm):
    """Which claims a list shows. It begins with those that wait for the panel."""

    name = StringField("Provider or number", filters=[tidy_line])
    show = ChoiceField("Show", noun="which to show", default=ClaimStatus.PENDING.value)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.show.offer((ALL, "[All that were sent]"), *((each.value, each.label) for each in SENT))

    @property
    def status(self) -> ClaimStatus | None:
        return ClaimStatus(self.show.data) if self.show.data else None

    @property
    def is_of_what_waits(self) -> bool:
        return self.status is ClaimStatus.PENDING


SENT = (
    ClaimStatus.PENDING, ClaimStatus.RETURNED, ClaimStatus.ACCEPTED, ClaimStatus.ACCEPTED_IN_PART, ClaimStatus.REJECTED,
)  # fmt: skip


class ItemDecisionForm(Form):
    """What becomes of one item."""

    class Meta:
        def get_translations(self, form: Any) -> PlainWords:
            return PlainWords()

    what = RadioField("What becomes of it?", choices=[])
    miles = MilesField("Miles")
    pence = MoneyField("Sum")
    note = StringField("Note for the provider", filters=[tidy_line], validators=[LONG])

    item: ClaimItem | None = None

    def offer(self, item: ClaimItem) -> None:
        miles = [(MILES, "Include fewer miles")] if item.is_by_rate else []
        self.what.choices = [
            SelectChoice(value, text)
            for value, text in ((FULL, f"Include, {gbp(item.amount_pence)}"), *miles, (SUM, "Include another sum"),
                                (OUT, "Leave out"))
        ]  # fmt: skip
        self.item = item

    def look(self) -> bool:
        """Whether it holds what is chosen; what is missing is said at its field."""
        if self.item is None:
            return not self.errors
        if self.what.data == MILES and not self.miles.errors:
            if self.miles.data is None:
                self.miles.errors = ["Enter the number of miles, like 12.5"]
            elif self.miles.data >= self.item.quantity_e4:
                self.miles.errors = [f"{number(self.item.quantity_e4)} miles are claimed. Enter fewer than that"]
        if self.what.data == SUM and not self.pence.errors and not 0 < (self.pence.data or 0) <= self.item.amount_pence:
            self.pence.errors = [f"Enter a sum above £0.00 and at most {gbp(self.item.amount_pence)}"]
        if self.what.data != FULL and not self.note.data and not self.note.errors:
            self.note.errors = ["Say why, so that the provider knows"]
        return not self.errors

    @property
    def decision(self) -> ItemDecision:
        return ItemDecision(
            self.what.data != OUT,
            miles_e4=self.miles.data if self.what.data == MILES else None,
            sum_pence=self.pence.data if self.what.data == SUM else None,
            note=self.note.data,
        )


class AcceptForm(FlaskForm):
    """A button, and the claims' marks as the page had them."""

    seen = SeenText("Claims")

    def is_of(self, *claims: Claim) -> None:
        """Fill it in with the claims as they stand."""
        self.seen.object_data = " ".join(each.mark for each in claims)
        if not self.is_submitted():
            self.seen.data = self.seen.object_data


class _OfClaim(FlaskForm):
    """What is said of one claim, by somebody who has read it as it stands: `seen` is its mark."""

    seen = SeenText("Its items or its state")

    def is_of(self, claim: Claim) -> None:
        """Fill it in with the claim as it stands."""
        self.seen.object_data = claim.mark
        if not self.is_submitted():
            self.seen.data = self.seen.object_data


class DecideForm(_OfClaim):
    """What becomes of each item of a claim."""

    pairs: Sequence[tuple[Any, ClaimItem]] = ()
    """Each row with its item, once `is_of` has told of which claim it is."""
    items = Rows(FormField(ItemDecisionForm))
    note = TextAreaField(
        "Note on the whole claim", filters=[tidy], description=READ_BY_PROVIDER, validators=[LONG],
        render_kw={"rows": 2},
    )  # fmt: skip

    def is_of(self, claim: Claim) -> None:
        super().is_of(claim)
        while len(self.items.entries) < len(claim.items):
            self.items.append_entry()
        for entry, item in zip(self.items.entries, claim.items, strict=False):
            entry.form.offer(item)
            if not entry.form.what.data:
                _tell_decided(claim, item, entry.form)
        self.pairs = list(zip(self.items.entries, claim.items, strict=False))

    def validate(self, *more: Any, **named: Any) -> bool:
        is_valid = super().validate(*more, **named)
        looked = [entry.form.look() for entry, _ in self.pairs]  # each says what is wrong with it
        self.items.errors = [entry.errors for entry, _ in self.pairs if entry.errors]
        return all(looked) and is_valid

    @property
    def decisions(self) -> dict[int, ItemDecision]:
        return {item.id: entry.form.decision for entry, item in self.pairs}


def _tell_decided(claim: Claim, item: ClaimItem, form: ItemDecisionForm) -> None:
    """Fill in what was decided of the item, so that another decision begins with it; all of it where nothing was."""
    form.what.data, form.note.data = FULL, form.note.data or item.la_note
    if not claim.status.is_decided:
        return
    if not item.is_included:
        form.what.data = OUT
    elif item.accepted_e4 is not None:
        form.what.data, form.miles.data = MILES, item.accepted_e4
    elif item.is_accepted_in_part:
        form.what.data, form.pence.data = SUM, item.accepted_pence


class RejectClaimForm(_OfClaim):
    reason = TextAreaField(
        "Why is it rejected?", filters=[tidy], description=READ_BY_PROVIDER, render_kw={"rows": 3},
        validators=[DataRequired("Say why, so that the provider knows"), LONG],
    )  # fmt: skip


class ReturnClaimForm(_OfClaim):
    text = TextAreaField(
        "What do you need?", filters=[tidy], description=f"{READ_BY_PROVIDER}. They change the claim and send it again",
        render_kw={"rows": 3}, validators=[DataRequired("Say what you need"), LONG],
    )  # fmt: skip


class GrantSearch(FilterForm):
    name = StringField("Provider", filters=[tidy_line])
    show = ChoiceField("Show", noun="which to show", default="current")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.show.offer(("current", "Those that have not ended"), (ALL, "[All]"))


def _level(**options: Any) -> ChoiceField:
    return ChoiceField("Service level", validators=[InputRequired("Choose a service level")], **options)


class GrantForm(FlaskForm):
    level = _level()
    starts_on = DayField("From which day?", validators=[InputRequired("Enter the first day")])
    ends_on = DayField("To which day?", description="Leave it empty if it has no end yet", validators=[Optional()])
    note = StringField(
        "Note", filters=[tidy_line], description="For us: who approved it, and where that is written",
        validators=[Length(max=500, message="Write 500 characters or fewer")],
    )  # fmt: skip

    def offer(self, levels: Iterable[ServiceLevel]) -> None:
        self.levels = {str(each.id): each for each in levels}
        self.level.offer((ALL, "[Choose a service level]"), *((id_, each.name) for id_, each in self.levels.items()))

    @property
    def chosen(self) -> ServiceLevel:
        return self.levels[self.level.data]


class EndGrantForm(FlaskForm):
    ends_on = DayField("Last day", validators=[InputRequired("Enter the last day")])


class LimitForm(FlaskForm):
    kind = ChoiceField("What is limited?", validators=[InputRequired("Choose what is limited")])
    level = ChoiceField("Service level", default=ALL)
    most = StringField("At most", filters=[tidy_line], validators=[DataRequired("Enter a number, like 90")])
    effect = ChoiceField("What happens above it?")

    def offer(self, levels: Iterable[ServiceLevel]) -> None:
        self.levels = {str(each.id): each for each in levels}
        self.kind.offer(*((each.value, each.label) for each in LimitKind))
        self.level.offer((ALL, "[All service levels]"), *((id_, each.name) for id_, each in self.levels.items()))
        self.effect.offer(*((each.value, each.label) for each in LimitEffect))

    @property
    def most_e4(self) -> int:
        return parse_e4(self.most.data)

    def validate_most(self, field: StringField) -> None:
        try:
            is_right = parse_e4(field.data) > 0
        except ValueError:
            is_right = False
        if not is_right:
            raise ValidationError("Enter a number above 0, like 90")


class TierForm(Form):
    """Above so many miles in a tax year, so much a mile."""

    above = MilesField("Above so many miles a tax year", most_e4=MOST_A_YEAR_E4)
    rate = StringField("Rate a mile", filters=[tidy_line])

    def look(self) -> bool:
        if bool(self.above.data) != bool(self.rate.data):
            field: Any = self.rate if self.above.data else self.above
            field.errors = ["Fill in both, or neither"]
        elif self.rate.data and _rate(self.rate.data) is None:
            self.rate.errors = ["Enter a rate a mile, like 0.25"]
        return not self.errors


def _rate(text: str) -> int | None:
    try:
        return parse_e4(text) if parse_e4(text) >= 0 else None
    except ValueError:
        return None


class PricingForm(FlaskForm):
    level = _level()
    starts_on = DayField("From which day?", validators=[InputRequired("Enter the first day")])
    how = RadioField(
        "How is it priced?", default="rate",
        choices=[SelectChoice("rate", "By rate: the contract’s rate for each mile"),
                 SelectChoice("cost", "At cost: the person types the sum, and sends a receipt")],
    )  # fmt: skip
    free = MilesField("Miles a week that are not paid", description="From Monday to Sunday. Empty for none")
    percent = StringField(
        "Per cent of the child’s maintenance taken off for each day of travel", filters=[tidy_line],
        description="Empty for none",
    )  # fmt: skip
    maintenance = SelectMultipleField("Which service levels are maintenance", choices=[])
    tiers = Rows(FormField(TierForm), min_entries=MOST_TIERS)

    def offer(self, levels: Sequence[ServiceLevel], maintenance: Sequence[ServiceLevel]) -> None:
        self.levels = {str(each.id): each for each in levels}
        self.paid = {str(each.id): each for each in maintenance}
        self.level.offer((ALL, "[Choose a service level]"), *((id_, each.name) for id_, each in self.levels.items()))
        self.maintenance.choices = [SelectChoice(id_, each.name) for id_, each in self.paid.items()]

    def validate_percent(self, field: StringField) -> None:
        if field.data and not (re.fullmatch("[0-9]{1,3}", field.data) and int(field.data) <= 100):
            raise ValidationError("Enter a whole number from 0 to 100")

    def validate(self, *more: Any, **named: Any) -> bool:
        is_valid = super().validate(*more, **named)
        looked = [entry.form.look() for entry in self.tiers.entries]
        self.tiers.errors = [entry.errors for entry in self.tiers.entries if entry.errors]
        is_valid = all(looked) and is_valid
        if is_valid and int(self.percent.data or 0) and not self.maintenance.data:
            self.maintenance.errors = ["Tick the service levels that pay the child’s maintenance"]
            return False
        return is_valid

    @property
    def given(self) -> dict[str, Any]:
        """What models.billing.pricing.set_pricing takes beside the level."""
        if self.how.data == "cost":
            return {"starts_on": self.starts_on.day, "is_at_cost": True}
        return {
            "starts_on": self.starts_on.day, "free_weekly_e4": self.free.data or 0,
            "deduct_percent": int(self.percent.data or 0),
            "maintenance": [self.paid[each].id for each in self.maintenance.data or ()],
            "tiers": [(entry.form.above.data, _rate(entry.form.rate.data)) for entry in self.tiers.entries
                      if entry.form.above.data],
        }  # fmt: skip
