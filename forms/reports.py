"""The parameters of reports: Contract, Payment Method, Period, Summary; Organisation and Tax Year."""

from collections.abc import Iterable

from wtforms import SelectField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs of WTForms
from wtforms.form import BaseForm

from forms.base import FilterForm
from forms.filters import ChoiceField

FULL, SUMMARY = "no", "yes"


class LenientField(SelectField):
    """A list that depends on another one: what is no longer in it is as if nothing was chosen."""

    def offer(self, choices: Iterable[tuple[str, str]]) -> None:
        found = list(choices)
        self.choices = [SelectChoice(value, text) for value, text in found]
        if self.data not in [value for value, _ in found]:
            self.data = ""

    def pre_validate(self, form: BaseForm) -> None:
        """Nothing is wrong with it: the report asks for its parameters again."""


class RemittanceForm(FilterForm):
    """By period, and by finalisation without `method`: see `offer`."""

    contract = ChoiceField("Contract")
    method = LenientField("Payment Method", choices=[])
    period = LenientField("Period (* Partially finalised payment periods)", choices=[])
    summary = ChoiceField("Summary", default=FULL)

    def offer(self, contracts: Iterable[tuple[str, str]]) -> None:
        self.contract.offer(*contracts)
        self.summary.offer((FULL, "No"), (SUMMARY, "Yes: one line a client"))

    @property
    def is_summary(self) -> bool:
        return bool(self.summary.data == SUMMARY)


class AnnualForm(FilterForm):
    organisation = ChoiceField("Organisation", noun="an organisation")
    year = ChoiceField("Tax Year", noun="a year")

    def offer(self, organisation: tuple[str, str], years: Iterable[tuple[str, str]]) -> None:
        self.organisation.offer(organisation)
        self.year.offer(*years)
