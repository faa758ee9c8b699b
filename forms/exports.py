"""Searching the exports to the finance system."""

from typing import Any

from forms.base import FilterForm
from forms.filters import ALL, ChoiceField
from models.records.export import ExportState

UNANSWERED = "unanswered"
"""In an address: those that should have had an answer by now."""


class ExportFilter(FilterForm):
    state = ChoiceField("Show", noun="a state", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.offer(
            (ALL, "[All]"),
            *((each.value, each.label) for each in ExportState),
            (UNANSWERED, "Without an answer in time"),
        )

    @property
    def wanted(self) -> ExportState | None:
        """None where any is, and where no state is named like that."""
        return next((each for each in ExportState if each.value == self.state.data), None)

    @property
    def is_of_unanswered(self) -> bool:
        return self.state.data == UNANSWERED
