"""Searching the imports of the finance system's feed."""

from typing import Any

from forms.base import FilterForm
from forms.filters import ALL, ChoiceField

WARNED = "warned"


class FeedSearch(FilterForm):
    show = ChoiceField("Show", noun="a kind of feed", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.show.offer((ALL, "[All]"), (WARNED, "With warnings"))

    @property
    def is_only_warned(self) -> bool:
        return self.show.data == WARNED
