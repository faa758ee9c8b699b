"""What people choose above a list. Filters travel in the address, so they carry no CSRF token."""

from collections.abc import Iterable

from wtforms import Form, SelectField

from models.calendar import FinancialYear

ALL = ""


class ChoiceField(SelectField):
    """A pick list that says what to do when an address asks for something that is not in it."""

    def pre_validate(self, form: Form) -> None:
        if self.data not in [value for value, _ in self.choices]:
            raise ValueError(f"Choose a {self.label.text.lower()} from the list")


class PeriodFilter(Form):
    """The pick lists of Scheduled Payments (S4-064, S4-065)."""

    year = ChoiceField("Financial year")
    contract = ChoiceField("Contract", default=ALL)
    when = ChoiceField("Payments", choices=[("begun", "Paid and current"), ("future", "Future")], default="begun")

    def offer(self, years: Iterable[FinancialYear], contracts: Iterable[tuple[str, str]]) -> None:
        self.year.choices = year_choices(years)
        self.contract.choices = [(ALL, "[All Contracts]"), *contracts]


class OrderFilter(Form):
    """The filters of Purchase Orders (S4-171 to S4-173)."""

    year = ChoiceField("Financial year")
    service = ChoiceField("Service", default=ALL)
    client = ChoiceField("Client", default=ALL)

    def offer(
        self, years: Iterable[FinancialYear], services: Iterable[tuple[str, str]], clients: Iterable[tuple[str, str]]
    ) -> None:
        self.year.choices = year_choices(years)
        self.service.choices = [(ALL, "[All Services]"), *services]
        self.client.choices = [(ALL, "[All Clients]"), *clients]


def year_choices(years: Iterable[FinancialYear]) -> list[tuple[str, str]]:
    """Newest first: 2019 for 2019/2020."""
    return [(str(year.starts_in), str(year)) for year in sorted(years, reverse=True)]
