"""The figures of care relief for one tax year, as the council types them from the instrument."""

from typing import Any

from wtforms import SelectField
from wtforms.validators import InputRequired

from forms.base import FlaskForm
from forms.fields import MoneyField, StringField, tidy_line
from models.tax_year import TaxYear


class FiguresForm(FlaskForm):
    fixed_pence = MoneyField("Fixed amount a year, for a household", validators=[InputRequired("Enter an amount")])
    younger_pence = MoneyField("Amount a week for a child under 11", validators=[InputRequired("Enter an amount")])
    older_pence = MoneyField(
        "Amount a week for a child of 11 or over, or an adult", validators=[InputRequired("Enter an amount")]
    )
    instrument = StringField(
        "Law or statutory instrument", filters=[tidy_line], validators=[InputRequired("Say where these figures stand")],
        description="For example SI 2025/51. Your colleague compares the figures with it",
    )  # fmt: skip

    @property
    def figures(self) -> dict[str, Any]:
        return {name: self[name].data for name in ("fixed_pence", "younger_pence", "older_pence", "instrument")}


class EnterForm(FiguresForm):
    year = SelectField("Tax year", coerce=int, choices=[])

    def offer(self, years: list[int]) -> None:
        self.year.choices = [(year, str(TaxYear(year))) for year in years]
