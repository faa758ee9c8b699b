"""What the finance panel fills in about a claim, and what officers say of who may claim and by which rules."""

from collections.abc import Iterable, Sequence
from typing import Any

from wtforms import Form, FormField, RadioField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs of WTForms
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from forms.base import FilterForm, FlaskForm, PlainWords
from forms.fields import DayField, MoneyField, Rows, SeenText, StringField, TextAreaField, tidy, tidy_line
from forms.filters import ALL, ChoiceField
from forms.trips import MilesField
from models.billing.deciding import ItemDecision
from models.money import gbp, number
from models.records.claim import Claim, ClaimItem, ClaimStatus
from models.records.contract import ServiceLevel

LONG = Length(max=2_000, message="Write 2,000 characters or fewer")
READ_BY_PROVIDER = "The provider reads it. Name no child"
FULL, MILES, SUM, OUT = "full", "miles", "sum", "out"


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


def level_field(**options: Any) -> ChoiceField:
    return ChoiceField("Service level", validators=[InputRequired("Choose a service level")], **options)


class GrantForm(FlaskForm):
    level = level_field()
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
