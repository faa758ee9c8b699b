"""What an auditor looks for."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, TypedDict

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField
from wtforms.validators import ValidationError

from forms.base import FilterForm
from forms.fields import StringField
from forms.filters import ALL, ChoiceField, FilterDay, SelectChoice
from models.auditing.search import Record, record_named
from models.auditing.words import ACTIONS, Group, actions_of
from models.base import utc_now
from models.calendar import london_day

USUALLY = timedelta(days=30)
"""How far back the page looks while nobody has said."""


class Chosen(TypedDict):
    """What models.auditing.search.found takes."""

    person: str
    provider: str
    actions: Sequence[str]
    first: date | None
    last: date | None
    about: Record | None
    with_client: bool


class AuditSearch(FilterForm):
    person = StringField("Person: name or number")
    provider = StringField("Provider: name or reference")
    action = ChoiceField("Kind of event", default=ALL)
    first = FilterDay("From")
    last = FilterDay("To")
    about = StringField("Record", description="Like order 148 or run 12; or paste the address of its page")
    client = BooleanField("And all about that order’s client")

    def __init__(self, asked: MultiDict[str, str], **options: Any) -> None:
        """With nothing asked for, the newest month is shown."""
        if not any(name in asked for name in ("person", "provider", "action", "first", "last", "about", "client")):
            options["data"] = {"first": london_day(utc_now()) - USUALLY}
        super().__init__(asked, **options)
        self.action.choices = [SelectChoice(ALL, "[Any]")]
        for group in Group:
            self.action.choices.append(SelectChoice(group.value, f"{group.label}: all"))
            self.action.choices += [SelectChoice(each, f"– {ACTIONS[each].words}") for each in actions_of(group)]
        self.record: Record | None = None

    def validate_about(self, field: StringField) -> None:
        if field.data.strip():
            self.record = record_named(field.data)
            if self.record is None:
                raise ValidationError(
                    "Write the record like order 148, run 12, person 7 or payment 741254 2019-09-30, "
                    "or paste the address of its page"
                )

    def validate_client(self, field: BooleanField) -> None:
        is_order = self.record is not None and self.record.table == "purchase_order"
        if field.data and not is_order and not self.about.errors:
            raise ValidationError("Name an order as the record, so that we know which client you mean")

    def validate_last(self, field: FilterDay) -> None:
        if field.data and self.first.data and field.data < self.first.data:
            raise ValidationError("To must be the same day as From, or later")

    @property
    def actions(self) -> list[str]:
        asked = self.action.data
        return actions_of(Group(asked)) if asked in list(Group) else [asked] if asked else []

    @property
    def chosen(self) -> Chosen:
        return {
            "person": self.person.data.strip(),
            "provider": self.provider.data.strip(),
            "actions": self.actions,
            "first": self.first.data,
            "last": self.last.data,
            "about": self.record,
            "with_client": self.client.data,
        }
