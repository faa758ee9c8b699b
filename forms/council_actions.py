"""What the council looks for in its inboxes of actions, and what it writes in one."""

from collections.abc import Iterable, Sequence
from typing import Any

from wtforms.validators import DataRequired, InputRequired, Length

from forms.base import FilterForm, FlaskForm
from forms.fields import SeenText, StringField, TextAreaField, tidy, tidy_line
from forms.files import FilesField
from forms.filters import ALL, ChoiceField
from forms.sealed import SealedText
from models.accounts.user import User
from models.correspondence.action import Action
from models.correspondence.action_desk import Box, Desk, Show
from models.correspondence.action_post import MOST_CHARACTERS
from models.correspondence.action_type import ActionTeam, ActionType
from models.correspondence.kept_reply import LONGEST_NAME, KeptReply

_NOT_TOO_LONG = Length(max=MOST_CHARACTERS, message=f"Use {MOST_CHARACTERS:,} characters or fewer")


def _text(label: str, *more: Any, rows: int = 6, **options: Any) -> TextAreaField:
    counted = {"rows": rows, "maxlength": MOST_CHARACTERS}
    return TextAreaField(label, filters=[tidy], validators=[*more, _NOT_TOO_LONG], render_kw=counted, **options)


class InboxSearch(FilterForm):
    """The filters above an inbox. It begins with what one's own teams have to do."""

    box = ChoiceField("Inbox", noun="an inbox", default=ALL)
    show = ChoiceField("Show", noun="which to show", default=Show.WITH_US.value)
    type = ChoiceField("Type", default=ALL)
    provider = StringField("Provider", filters=[tidy_line])
    sought = SealedText()

    def offer(self, desk: Desk, types: Iterable[ActionType], *, is_asked: bool) -> None:
        """Fill the drop-downs; `is_asked`: the address says which inbox."""
        own = [(Box.TEAM.value, "My team’s")] if desk.own else []
        teams = [(str(team.id), team.name) for team in desk.teams]
        self.box.offer((ALL, "[All]"), *own, (Box.MINE.value, "Taken by me"), *teams)
        if not is_asked and self.sought.data:  # whoever looks for a name looks everywhere
            self.show.data = Show.ANY.value
        elif not is_asked and own:
            self.box.data = Box.TEAM.value
        self.show.offer(*((each.value, each.label) for each in Show))
        self.type.offer((ALL, "[Any]"), *((str(each.id), each.name) for each in types))

    @property
    def is_of_what_waits(self) -> bool:
        """It looks for what the council has to do, and for nothing else."""
        filtered = self.type.data or self.provider.data or self.sought.data
        return self.show.data == Show.WITH_US and not filtered

    @property
    def chosen(self) -> dict[str, Any]:
        """What Desk.listed takes."""
        box = self.box.data
        return {
            "box": Box(box) if box in (Box.TEAM, Box.MINE) else Box.ALL,
            "team_id": int(box) if box.isdigit() else None,
            "show": Show(self.show.data),
            "type_id": int(self.type.data) if self.type.data else None,
            "provider": self.provider.data,
            "text": self.sought.text,
        }


class DraftAnswerForm(FlaskForm):
    """What the council writes in an action, for the provider to read, before it is sent."""

    kept = ChoiceField("Kept text", default=ALL)
    text = _text("What do you say to the provider?")
    files = FilesField()

    def offer(self, kept: Sequence[KeptReply]) -> None:
        self.texts = {str(each.id): each.text for each in kept}
        self.kept.offer((ALL, "[None]"), *((str(each.id), each.name) for each in kept))

    def put_in(self) -> None:
        """Write the kept text that is chosen after what stands there."""
        parts = (self.text.data, self.texts.get(self.kept.data or "", ""))
        self.text.data, self.kept.data = "\n\n".join(filter(None, parts)), ALL


class AnswerActionForm(DraftAnswerForm):
    """It is sent. The button says what becomes of it."""

    text = _text("What do you say to the provider?", DataRequired("Write something first"))


class NoteForm(FlaskForm):
    note = _text("Internal note", DataRequired("Write the note first"), rows=3)


class GiveForm(FlaskForm):
    to = ChoiceField("Who goes on with it?", noun="somebody", default=ALL)

    def offer(self, people: Iterable[User], *, taken_by: int | None = None) -> None:
        self.people = {str(person.id): person for person in people}
        self.to.offer((ALL, "[Nobody: it is the team’s]"), *((id_, each.name) for id_, each in self.people.items()))
        if not self.is_submitted() and taken_by is not None and str(taken_by) in self.people:
            self.to.data = str(taken_by)

    @property
    def person(self) -> User | None:
        return self.people.get(self.to.data or "")


class PassOnForm(FlaskForm):
    team = ChoiceField("To which team?", noun="a team", validators=[InputRequired("Choose a team")])
    text = _text("Why?", rows=3, description="The provider reads it. Leave it empty to say only that it is passed on")

    def offer(self, teams: Iterable[ActionTeam], action: Action) -> None:
        self.teams = {str(each.id): each for each in teams if each.id != action.team_id}
        self.team.offer(("", "[Choose a team]"), *((id_, each.name) for id_, each in self.teams.items()))

    @property
    def chosen(self) -> ActionTeam:
        return self.teams[self.team.data]


class CloseActionsForm(FlaskForm):
    reason = _text(
        "Why are they closed?", DataRequired("Say why, so that the providers know"), rows=4,
        description="Each provider reads it, and may answer for 28 days that it is not solved. Name nobody in it",
    )  # fmt: skip


class KeptReplyForm(FlaskForm):
    name = StringField(
        "Name", filters=[tidy_line], description="By which colleagues find it: Paid with the next run",
        validators=[
            DataRequired("Enter a name"), Length(max=LONGEST_NAME, message=f"Use {LONGEST_NAME} characters or fewer")
        ],
    )  # fmt: skip
    text = _text("Text", DataRequired("Enter the text"))


class ChangeKeptReplyForm(KeptReplyForm):
    seen = SeenText("Its words")
