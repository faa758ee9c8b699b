"""What is typed to raise an action and to write in one, and which actions a list shows."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypedDict

from wtforms import BooleanField
from wtforms.validators import DataRequired, Length, Optional, ValidationError
from wtforms.widgets import SearchInput

from forms.base import FilterForm, FlaskForm
from forms.fields import DayField, StringField, TextAreaField, tidy, tidy_line
from forms.files import FilesField
from forms.filters import ALL, ChoiceField
from models.correspondence.action import Action, Side
from models.correspondence.action_post import LONGEST_TITLE, MOST_CHARACTERS
from models.correspondence.action_type import ActionTeam, ActionType, CareEvent, Related
from models.records.client import Client

PROVIDER = ""
"""Related To: the provider, not a client."""
_NOT_TOO_LONG = Length(max=MOST_CHARACTERS, message=f"Use {MOST_CHARACTERS:,} characters or fewer")
_SHORT = Length(max=LONGEST_TITLE, message=f"Use {LONGEST_TITLE} characters or fewer")
_DAYS = {
    CareEvent.DEATH: "Date of death",
    CareEvent.HOSPITAL: "In hospital from",
    CareEvent.LEFT: "Last day with you",
    CareEvent.MISSING_PACKAGE: "Care since",
}


def _text(label: str, *more: Any, **options: Any) -> TextAreaField:
    counted = {"rows": 7, "data-most": str(MOST_CHARACTERS)}
    return TextAreaField(label, filters=[tidy], validators=[*more, _NOT_TOO_LONG], render_kw=counted, **options)


class NewActionForm(FlaskForm):
    """A new action. Which fields there are beside title and text, its type says: `offer` and `fit`."""

    type = ChoiceField("Type")
    find = StringField(
        "Find a client", filters=[tidy_line], validators=[Optional(), _SHORT],
        description="Type a part of the name or reference, then choose the client under Related To",
    )  # fmt: skip
    related = ChoiceField("Related To", noun="who it is about", default=PROVIDER)
    team = ChoiceField("Assign To")
    event_on = DayField("Day", validators=[Optional()])
    event_until = DayField("Back on", validators=[Optional()], description="Leave this empty if you do not know it yet")
    title = StringField(
        "Title", filters=[tidy_line],
        validators=[DataRequired("Enter a title"), _SHORT],
        render_kw={"maxlength": LONGEST_TITLE},
    )  # fmt: skip
    text = _text("Text", DataRequired("Say what it is about"))
    files = FilesField()
    chosen: ActionType | None = None
    finds = False
    """There are more clients than a list can have: who it is about is found by name first."""
    found = 0
    """So many clients are in the list."""

    def offer(
        self, types: Sequence[ActionType], provider: Any, clients: Sequence[Client], linked_id: int | None = None,
        *, has_more: bool = False,
    ) -> None:  # fmt: skip
        """Fill the drop-downs for this provider, and fit the form to the type that is chosen. `linked_id`: the client
        of what the action is linked with; it can be about nobody else. `has_more`: the provider has more than these
        `clients`, which are found by what is typed.
        """
        self.type.offer(*((str(each.id), each.name) for each in types))
        self.chosen = next((each for each in types if str(each.id) == self.type.data), types[0] if types else None)
        if self.chosen is None:
            return
        if not self.is_submitted() or not self.type.data:
            self.type.data = str(self.chosen.id)
        self.teams: list[ActionTeam] = self.chosen.teams_for(provider.kind)
        self.team.offer(*((str(each.id), each.name) for each in self.teams))
        if len(self.teams) == 1 or self.team.data not in {str(each.id) for each in self.teams}:
            self.team.data = str(self.teams[0].id)
        is_of_client = self.chosen.related is Related.CLIENT
        nobody = [(PROVIDER, "Choose the client") if is_of_client else (PROVIDER, f"{provider.name} (Provider)")]
        if linked_id is not None and self.chosen.related is not Related.PROVIDER:
            clients, nobody = [each for each in clients if each.id == linked_id], []
        clients = clients if self.chosen.related is not Related.PROVIDER else []
        named = [(str(each.id), each.full_name) for each in clients]
        self.found, self.finds = len(named), has_more and self.chosen.related is not Related.PROVIDER
        self.related.offer(*(nobody if nobody or named else [(PROVIDER, provider.name)]), *named)
        if self.chosen.event is not None:
            self.event_on.label.text = _DAYS[self.chosen.event]
        if self.chosen.file_needed:
            self.files.label.text = f"Files: attach the {self.chosen.file_needed}"

    @property
    def team_chosen(self) -> ActionTeam:
        return next(each for each in self.teams if str(each.id) == self.team.data)

    @property
    def client_id(self) -> int | None:
        return int(self.related.data) if self.related.data else None

    @property
    def days(self) -> tuple[date | None, date | None]:
        """When what the type reports happened, and when it ended; None where it reports nothing."""
        if self.chosen is None or self.chosen.event is None:
            return None, None
        return self.event_on.data, self.event_until.data if self.chosen.event is CareEvent.HOSPITAL else None

    def validate_related(self, field: ChoiceField) -> None:
        if self.chosen is not None and self.chosen.related is Related.CLIENT and not field.data:
            raise ValidationError("Choose the client")

    def validate_type(self, field: ChoiceField) -> None:
        if self.chosen is None or field.data != str(self.chosen.id):
            raise ValidationError("Choose a type from the list")

    def validate(self, *more: Any, **named: Any) -> bool:
        is_valid = super().validate(*more, **named)
        if self.chosen is not None:
            first, last = self.chosen.faults_of(*self.days)
            if first and not self.event_on.errors:
                self.event_on.errors = [first]
            if last and not self.event_until.errors:
                self.event_until.errors = [last]
            if self.chosen.file_needed and not self.files.taken and not self.files.errors:
                self.files.errors = [f"Attach the {self.chosen.file_needed}"]
        return is_valid and not (self.event_on.errors or self.event_until.errors or self.files.errors)


class WriteForm(FlaskForm):
    """What a provider writes in an action: the button that is pressed says what becomes of it."""

    text = _text("Write here")
    team = ChoiceField("Assign To", description="For a reply: who is to go on with it")
    files = FilesField()

    def offer(self, action: Action) -> None:
        self.teams = action.teams
        self.team.offer(*((str(each.id), each.name) for each in self.teams))
        if not self.team.data or len(self.teams) == 1:
            self.team.data = str(self.teams[0].id)

    @property
    def team_chosen(self) -> ActionTeam:
        return next(each for each in self.teams if str(each.id) == self.team.data)


class SaidForm(WriteForm):
    """Pressed for something that cannot be said with nothing."""

    text = _text("Write here", DataRequired("Write something first"))


class Shown(TypedDict):
    """What Action.listed takes."""

    open_only: bool
    holder: Side | None
    name: str


class ActionFilter(FilterForm):
    """The filters above the list. With none of them in the address, only open actions are listed."""

    text = StringField("Title or client", filters=[tidy_line], widget=SearchInput())
    holder = ChoiceField("Assigned To", default=ALL)
    open_only = BooleanField("Open Actions Only", default=True)

    def __init__(self, args: Any, **options: Any) -> None:
        super().__init__(args if "holder" in args else None, **options)
        self.holder.offer((ALL, "[Any]"), (Side.PROVIDER.value, "Provider"), (Side.COUNCIL.value, "LA"))

    @property
    def chosen_filters(self) -> Shown:
        holder = Side(self.holder.data) if self.holder.data else None
        return {"open_only": bool(self.open_only.data), "holder": holder, "name": self.text.data}
