"""What people choose above a list. Filters travel in the address, so they carry no CSRF token."""

from collections.abc import Iterable
from typing import Any

from wtforms import DateField, SelectField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs of WTForms
from wtforms.form import BaseForm
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import SearchInput

from forms.base import FilterForm
from forms.fields import StringField, tidy_line
from models.calendar import FinancialYear
from models.payments.contract_list import Ended
from models.reports.payment_rows import Show, SortedBy, Wanted
from models.reports.waiting_reasons import WAITS, Reason

ALL = ""


class ChoiceField(SelectField):
    """A pick list with an error in plain words for a value that is not in it, say from an old address."""

    choices: list[SelectChoice]

    def __init__(self, label: str, *, noun: str = "", **options: Any) -> None:
        """`noun`: what is chosen, as in "Choose a kind of payment", where the label alone does not say it."""
        super().__init__(label, **options)
        article = "an" if label[:1] in "AEIOU" else "a"
        self.noun = noun or ("one" if label.endswith("?") else f"{article} {label[:1].lower()}{label[1:]}")

    def pre_validate(self, form: BaseForm) -> None:
        if self.data not in [choice.value for choice in self.choices]:
            raise ValidationError(f"Choose {self.noun} from the list")

    def offer(self, *choices: tuple[str, str]) -> None:
        """Fill the list: pairs of what travels in the address and what people read."""
        self.choices = [SelectChoice(value, text) for value, text in choices]


class FilterDay(DateField):
    """A day above a list, chosen from the browser's calendar; none takes all."""

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label, validators=[Optional()], render_kw={"type": "date"}, **options)
        self.type = "DateField"  # by which the templates know it

    def process_formdata(self, values: list[str]) -> None:
        try:
            super().process_formdata(values)
        except ValueError:
            raise ValueError(f"{self.label.text} must be a day of the calendar, like 27/03/2026") from None


class PeriodFilter(FilterForm):
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


class RowFilter(FilterForm):
    """Which rows of a payment, and in which order."""

    find = StringField("Find a person", filters=[lambda text: (text or "").strip()])
    show = ChoiceField("Show", noun="some rows", default=Show.ALL.value)
    sort = ChoiceField("Sort by", noun="an order", default=SortedBy.NAME.value)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.show.offer((Show.ALL, "All rows"), (Show.CHANGED, "Changed only"), (Show.QUERIED, "Queried or held"))
        self.sort.offer((SortedBy.NAME, "Name"), (SortedBy.SUM, "Sum"), (SortedBy.CHANGE, "Change"))

    @property
    def wanted(self) -> Wanted:
        """Every row, by name, where the form is not as it should be."""
        if not self.validate():
            return Wanted()
        return Wanted(self.find.data or "", Show(self.show.data), SortedBy(self.sort.data))


class ScheduleFilter(FilterForm):
    """Which year's schedule, and of which contract."""

    year = ChoiceField("Financial year")
    contract = ChoiceField("Contract")

    def offer(self, years: Iterable[FinancialYear], contracts: Iterable[tuple[str, str]]) -> None:
        self.year.offer(*year_choices(years))
        self.contract.offer(*contracts)


class OrderFilter(FilterForm):
    """The filters of Purchase Orders (S4-171 to S4-173). A client is typed, since a large provider has hundreds."""

    text = StringField("Client or order number", filters=[tidy_line], widget=SearchInput())
    year = ChoiceField("Financial year")
    service = ChoiceField("Service", default=ALL)

    def offer(self, years: Iterable[FinancialYear], services: Iterable[tuple[str, str]]) -> None:
        self.year.offer(*year_choices(years))
        self.service.offer((ALL, "[All Services]"), *services)


class ContractFilter(FilterForm):
    """Which contracts of a provider."""

    text = StringField("Name or reference", filters=[tidy_line], widget=SearchInput())
    state = ChoiceField(
        "State", default=ALL,
        choices=[SelectChoice(ALL, "[Any]"), *(SelectChoice(each.value, each.value.capitalize()) for each in Ended)],
    )  # fmt: skip

    @property
    def which(self) -> Ended | None:
        return Ended(self.state.data) if self.state.data else None


class ReasonFilter(FilterForm):
    """Which of the sums that wait."""

    reason = ChoiceField("Reason", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.reason.offer((ALL, "[Any]"), *((each.value, each.words.to_provider) for each in WAITS))

    @property
    def chosen(self) -> Reason | None:
        return Reason(self.reason.data) if self.reason.data else None


def year_choices(years: Iterable[FinancialYear]) -> list[tuple[str, str]]:
    """Newest first: 2019 for 2019/2020."""
    return [(str(year.starts_in), str(year)) for year in sorted(years, reverse=True)]
