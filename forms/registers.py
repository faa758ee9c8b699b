"""What the council looks for: everywhere, and among what the finance system owns."""

from collections.abc import Iterable
from typing import Any

from wtforms import HiddenField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs of WTForms
from wtforms.validators import Length
from wtforms.widgets import SearchInput

from forms.base import FilterForm, FlaskForm
from forms.fields import StringField, tidy_line
from forms.filters import ALL, ChoiceField, year_choices
from forms.sealed import SealedText
from models.calendar import FinancialYear
from models.reports.registers import ItemState, SoughtItems, State
from models.words import LONGEST_SEARCH


class SearchForm(FlaskForm):
    text = StringField(
        "Find",
        filters=[tidy_line],
        widget=SearchInput(),
        validators=[Length(max=LONGEST_SEARCH, message=f"Type {LONGEST_SEARCH} characters or fewer")],
    )
    where = HiddenField()
    """One list only; empty for all."""


class SoughtForm(FilterForm):
    sought = SealedText()


class ContractSearch(FilterForm):
    sought = SealedText()
    name = StringField("Contract or provider")
    state = ChoiceField("State", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.offer((ALL, "[All]"), *((each.value, each.label) for each in State))

    @property
    def chosen(self) -> dict[str, Any]:
        """What models.reports.registers.contracts takes."""
        name = f"{self.name.data} {self.sought.text}".strip()
        return {"name": name, "state": State(self.state.data) if self.state.data else None}


class RateSearch(FilterForm):
    name = StringField("Service or service level")


class PriceSearch(FilterForm):
    name = StringField("Contract or provider")


class CalendarSearch(FilterForm):
    name = StringField("Calendar")


class ClientSearch(FilterForm):
    sought = SealedText()
    provider = StringField("Provider")
    care = ChoiceField("Care", choices=[SelectChoice(ALL, "[All]"), SelectChoice("now", "In force")], default=ALL)

    @property
    def chosen(self) -> dict[str, Any]:
        """What models.reports.registers.clients takes."""
        return {
            "text": self.sought.text, "provider": self.provider.data.strip(), "with_care": self.care.data == "now",
        }  # fmt: skip


class _OfOneClient(FilterForm):
    client = HiddenField()
    """The id of a client, whose line items or orders are listed."""

    @property
    def client_id(self) -> int | None:
        text = self.client.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


class ItemSearch(_OfOneClient):
    sought = SealedText()
    provider = StringField("Provider")
    contract = StringField("Contract’s reference")
    state = ChoiceField("State", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.offer((ALL, "[All]"), *((each.value, each.label) for each in ItemState))

    def chosen(self, *, by_name: bool) -> SoughtItems:
        return SoughtItems(
            text=self.sought.text,
            provider=self.provider.data.strip(),
            contract=self.contract.data.strip(),
            client_id=self.client_id,
            state=ItemState(self.state.data) if self.state.data else None,
            by_name=by_name,
        )


class CouncilOrderSearch(_OfOneClient):
    sought = SealedText()
    provider = StringField("Provider")
    year = ChoiceField("Financial year", default=ALL)

    def offer(self, years: Iterable[FinancialYear]) -> None:
        self.year.offer((ALL, "[All]"), *year_choices(years))

    @property
    def chosen(self) -> dict[str, Any]:
        """What models.reports.registers.orders takes."""
        return {
            "text": self.sought.text,
            "provider": self.provider.data.strip(),
            "client_id": self.client_id,
            "year": int(self.year.data) if self.year.data else None,
        }
