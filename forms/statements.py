"""What people choose above a statement of account, and above what was received and is expected."""

from collections.abc import Iterable
from datetime import date

from wtforms.validators import ValidationError

from forms.base import FilterForm
from forms.filters import ALL, ChoiceField, FilterDay
from models.calendar import FinancialYear, today


class StatementFilter(FilterForm):
    """The first and the last day, and one contract or all."""

    contract = ChoiceField("Contract", default=ALL)
    first = FilterDay("From", default=lambda: FinancialYear.of(today()).first_on)
    last = FilterDay("To", default=today)

    def offer(self, contracts: Iterable[tuple[str, str]]) -> None:
        self.contract.offer((ALL, "[All Contracts]"), *contracts)

    def validate_last(self, field: FilterDay) -> None:
        if self.first_on > self.last_on:
            raise ValidationError("To must be the same day as From, or a later one")

    @property
    def first_on(self) -> date:
        """The first day of this financial year, where none is chosen."""
        chosen: date | None = self.first.data
        return chosen or FinancialYear.of(self.last_on).first_on

    @property
    def last_on(self) -> date:
        chosen: date | None = self.last.data
        return chosen or today()
