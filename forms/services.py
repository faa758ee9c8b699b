"""What somebody with many providers looks for among them."""

from typing import Any

from forms.base import FilterForm
from forms.fields import StringField
from forms.filters import ALL, ChoiceField

NEEDS_ME = "needs-me"


class PlaceSearch(FilterForm):
    name = StringField("Name or reference")

    @property
    def sought(self) -> str:
        return self.name.data.strip()


class ServiceSearch(PlaceSearch):
    show = ChoiceField("Show", noun="a kind of service", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.show.offer((ALL, "All my services"), (NEEDS_ME, "Only those that need me"))
