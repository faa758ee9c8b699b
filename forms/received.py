"""A bank's statement that somebody drops in, and what their own books are called where remittances go to them."""

from datetime import date, timedelta
from typing import Any

from wtforms.validators import DataRequired, Length, Regexp

from forms.base import FilterForm, FlaskForm
from forms.fields import StringField
from forms.files import OneFileField
from forms.filters import ChoiceField, FilterDay
from models.calendar import FinancialYear, today
from models.reports.ledger_lines import Program

CODE = Regexp(r"[A-Za-z0-9-]{1,12}", message="Enter a code of letters and digits, up to 12")


QUARTER = timedelta(days=91)


class StatementForm(FlaskForm):
    statement = OneFileField(
        "Your bank’s statement", description="A CSV file, up to 1 MB",
        validators=[DataRequired("Choose the file that your bank has given you")],
    )  # fmt: skip


class StatementDays(FilterForm):
    """The days that a statement covers; the last quarter unless they are said."""

    first = FilterDay("From")
    last = FilterDay("To")

    @property
    def last_on(self) -> date:
        chosen: date | None = self.last.data
        return chosen or today()

    @property
    def first_on(self) -> date:
        chosen: date | None = self.first.data
        return chosen or max(self.last_on, date.min + QUARTER) - QUARTER


class LedgerFilter(FilterForm):
    """Which program, which days, and the codes of the person's own books."""

    program = ChoiceField("Program", default=Program.XERO.value)
    first = FilterDay("From", default=lambda: FinancialYear.of(today()).first_on)
    last = FilterDay("To", default=today)
    income = StringField("Account code for income", default="", validators=[Length(max=12)])
    bank = StringField("Account code of your bank (Sage 50)", default="1200", validators=[CODE])

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.program.offer(*((each.value, each.label) for each in Program))

    @property
    def chosen(self) -> Program:
        return Program(self.program.data)

    @property
    def income_code(self) -> str:
        usual = {Program.XERO: "200", Program.SAGE: "4000"}
        return self.income.data or usual.get(self.chosen, "")

    @property
    def first_on(self) -> date:
        chosen: date | None = self.first.data
        return chosen or FinancialYear.of(today()).first_on

    @property
    def last_on(self) -> date:
        chosen: date | None = self.last.data
        return chosen or today()
