"""Searching the exports to the finance system."""

from typing import Any

from forms.base import FilterForm
from forms.filters import ALL, ChoiceField
from models.records.export import ExportState


class ExportFilter(FilterForm):
    state = ChoiceField("Show", noun="a state", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.offer((ALL, "[All]"), *((each.value, each.label) for each in ExportState))

    @property
    def wanted(self) -> ExportState | None:
        return None if self.state.data == ALL else ExportState(self.state.data)
