"""What an officer looks for among the debts, and says when doing something about one."""

from typing import Any, TypedDict

from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from forms.base import FilterForm, FlaskForm
from forms.fields import DayField, MoneyField, Seen, StringField, TextAreaField
from forms.filters import ALL, ChoiceField, year_choices
from models.calendar import FinancialYear, today
from models.money import gbp
from models.payments.ledger import Ledger
from models.payments.owing import Concern

LONG = Length(max=2_000, message="Write 2,000 characters or fewer")
READ_BY_PROVIDER = "The provider reads it. Name no client"


class Chosen(TypedDict):
    """What models.payments.owing.listed takes."""

    name: str
    concern: Concern | None


class DebtSearch(FilterForm):
    name = StringField("Provider or contract number")
    show = ChoiceField("Only those", noun="a kind of debt", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.show.offer((ALL, "[All that owe something]"), *((each.value, each.label) for each in Concern))

    @property
    def chosen(self) -> Chosen:
        return {"name": self.name.data.strip(), "concern": Concern(self.show.data) if self.show.data else None}


class LedgerYear(FilterForm):
    """The financial year of a ledger, or all of it."""

    year = ChoiceField("Financial year", default=ALL)

    def part_of(self, ledger: Ledger) -> Ledger:
        """Offer the years of the ledger; the part of it that is of the chosen one, or all."""
        self.year.offer((ALL, "[All years]"), *year_choices({FinancialYear.of(each.on) for each in ledger.entries}))
        year = self.chosen if self.validate() else None
        return ledger.between(year.first_on, year.last_on) if year else ledger

    @property
    def chosen(self) -> FinancialYear | None:
        return FinancialYear(int(self.year.data)) if self.year.data and not self.errors else None


class _Sum(FlaskForm):
    """A sum above £0.00. `seen` is the newest entry of the ledger that the officer saw; 0 for none."""

    most_pence: int | None = None
    """What is owed, where the sum may not be more."""
    seen = Seen("Somebody has written to this ledger", default=0)
    amount = MoneyField(
        "Amount", validators=[InputRequired("Enter the amount, like 150.00")], render_kw={"inputmode": "decimal"}
    )

    def validate_amount(self, field: MoneyField) -> None:
        if field.data is None:  # what was typed is no sum, and that is said
            return
        if field.data <= 0:
            raise ValidationError("Enter an amount above £0.00")
        if self.most_pence is not None and field.data > self.most_pence:
            raise ValidationError(f"{gbp(self.most_pence)} is owed. Enter no more than that")


class RepayForm(_Sum):
    came_on = DayField("Day on which it came", validators=[InputRequired("Enter the day on which the money came")])
    reason = TextAreaField(
        "What does the bank statement say?",
        description=f"Its reference, say. {READ_BY_PROVIDER}",
        validators=[DataRequired("Say what the bank statement says"), LONG],
        render_kw={"rows": 2},
    )

    def validate_came_on(self, field: DayField) -> None:
        if field.data and field.data > today():
            raise ValidationError("That day is to come. Enter the day on which the money came")


class WriteOffForm(_Sum):
    reason = TextAreaField(
        "Why is it given up?",
        description=READ_BY_PROVIDER,
        validators=[DataRequired("Say why it is given up"), LONG],
        render_kw={"rows": 3},
    )


class MoveForm(_Sum):
    contract = ChoiceField("To which contract?", validators=[InputRequired("Choose a contract")])
    reason = TextAreaField(
        "Why?",
        description=READ_BY_PROVIDER,
        validators=[DataRequired("Say why it is moved"), LONG],
        render_kw={"rows": 3},
    )


class RefuseWriteOffForm(FlaskForm):
    reason = TextAreaField(
        "Why not?",
        description="For the colleague who asked",
        validators=[DataRequired("Say why you refuse it"), LONG],
        render_kw={"rows": 3},
    )


class SurplusForm(FlaskForm):
    note = TextAreaField(
        "What became of it?",
        description=f"Sent back by BACS on which day, say. {READ_BY_PROVIDER}",
        validators=[DataRequired("Say what became of it"), LONG],
        render_kw={"rows": 2},
    )
