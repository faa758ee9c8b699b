"""What people choose above a list. Filters travel in the address, so they carry no CSRF token."""

from collections.abc import Iterable
from typing import Any

from wtforms import Form, SelectField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs of WTForms
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from models.calendar import FinancialYear
from models.reports.whereabouts import WAITS, Reason

ALL = ""


class ChoiceField(SelectField):
    """A pick list with an error in plain words for a value that is not in it, say from an old address."""

    choices: list[SelectChoice]

    def pre_validate(self, form: BaseForm) -> None:
        if self.data not in [choice.value for choice in self.choices]:
            what = "one" if self.label.text.endswith("?") else f"a {self.label.text.lower()}"
            raise ValidationError(f"Choose {what} from the list")

    def offer(self, *choices: tuple[str, str]) -> None:
        """Fill the list: pairs of what travels in the address and what people read."""
        self.choices = [SelectChoice(value, text) for value, text in choices]


class PeriodFilter(Form):
    """The pick lists of Scheduled Payments (S4-064, S4-065)."""

    year = ChoiceField("Financial year")
    contract = ChoiceField("Contract", default=ALL)
    when = ChoiceField(
        "Kind of payment",
        choices=[SelectChoice("begun", "Paid and current"), SelectChoice("future", "Future")],
        default="begun",
    )

    def offer(self, years: Iterable[FinancialYear], contracts: Iterable[tuple[str, str]]) -> None:
        self.year.offer(*year_choices(years))
        self.contract.offer((ALL, "[All Contracts]"), *contracts)


class ScheduleFilter(Form):
    """Which year's schedule, and of which contract."""

    year = ChoiceField("Financial year")
    contract = ChoiceField("Contract")

    def offer(self, years: Iterable[FinancialYear], contracts: Iterable[tuple[str, str]]) -> None:
        self.year.offer(*year_choices(years))
        self.contract.offer(*contracts)


class OrderFilter(Form):
    """The filters of Purchase Orders (S4-171 to S4-173)."""

    year = ChoiceField("Financial year")
    service = ChoiceField("Service", default=ALL)
    client = ChoiceField("Client", default=ALL)

    def offer(
        self, years: Iterable[FinancialYear], services: Iterable[tuple[str, str]], clients: Iterable[tuple[str, str]]
    ) -> None:
        self.year.offer(*year_choices(years))
        self.service.offer((ALL, "[All Services]"), *services)
        self.client.offer((ALL, "[All Clients]"), *clients)


class ReasonFilter(Form):
    """Which of the sums that wait."""

    reason = ChoiceField("Reason", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.reason.offer((ALL, "[Any]"), *((each.value, each.to_provider) for each in WAITS))

    @property
    def chosen(self) -> Reason | None:
        return Reason(self.reason.data) if self.reason.data else None


def year_choices(years: Iterable[FinancialYear]) -> list[tuple[str, str]]:
    """Newest first: 2019 for 2019/2020."""
    return [(str(year.starts_in), str(year)) for year in sorted(years, reverse=True)]
