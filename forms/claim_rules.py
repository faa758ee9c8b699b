"""What officers fill in to ask for another price or limit of claims, which a second person agrees to."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from wtforms import Form, FormField, RadioField, SelectMultipleField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs of WTForms
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from forms.base import FlaskForm
from forms.council_claims import level_field
from forms.fields import DayField, Rows, StringField, TextAreaField, tidy, tidy_line
from forms.filters import ALL, ChoiceField
from forms.trips import MilesField
from models.billing.limit import LimitEffect, LimitKind
from models.billing.pricing import MOST_A_YEAR_E4, ClaimTerms
from models.money import parse_e4
from models.records.contract import ServiceLevel

MOST_TIERS = 3


def why_field() -> TextAreaField:
    return TextAreaField(
        "Why?", filters=[tidy], description="Whoever has to agree reads it", render_kw={"rows": 3},
        validators=[DataRequired("Say why, so that the others know"),
                    Length(max=1_000, message="Write 1,000 characters or fewer")],
    )  # fmt: skip


class LimitForm(FlaskForm):
    kind = ChoiceField("What is limited?", validators=[InputRequired("Choose what is limited")])
    level = ChoiceField("Service level", default=ALL)
    most = StringField("At most", filters=[tidy_line], validators=[DataRequired("Enter a number, like 90")])
    effect = ChoiceField("What happens above it?")
    why = why_field()

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
    level = level_field()
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
    why = why_field()

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
    def terms(self) -> ClaimTerms:
        if self.how.data == "cost":
            return ClaimTerms(self.starts_on.day, is_at_cost=True)
        return ClaimTerms(
            self.starts_on.day,
            free_weekly_e4=self.free.data or 0,
            deduct_percent=int(self.percent.data or 0),
            tiers=tuple(
                (entry.form.above.data, _rate(entry.form.rate.data) or 0)
                for entry in self.tiers.entries
                if entry.form.above.data
            ),
            maintenance=tuple(self.paid[each].id for each in self.maintenance.data or ()),
        )


class WhyForm(FlaskForm):
    """Ask that a limit ends, or turn down what somebody has asked for."""

    why = why_field()
