"""What somebody looks for in the history of daily work."""

from typing import Any, TypedDict

from wtforms import BooleanField

from forms.base import FilterForm
from forms.filters import ALL, ChoiceField
from models.daily_work import DAILY
from models.job import JobKind


class Chosen(TypedDict):
    """What models.daily_work.history takes."""

    kind: JobKind | None
    only_failed: bool


class DailyWorkFilter(FilterForm):
    work = ChoiceField("Work", default=ALL)
    failed = BooleanField("Only what failed")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.work.offer((ALL, "[All]"), *((kind.value, kind.label) for kind in DAILY))

    @property
    def chosen(self) -> Chosen:
        return {"kind": JobKind(self.work.data) if self.work.data else None, "only_failed": self.failed.data}
