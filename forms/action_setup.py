"""What the council says of types of action and of the teams that answer them."""

from collections.abc import Iterable
from typing import Any

from wtforms import BooleanField, IntegerField, SelectMultipleField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs of WTForms
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import TextInput

from forms.base import FlaskForm
from forms.fields import DayField, EmailField, Seen, StringField, TextAreaField, no_long_email, tidy, tidy_line
from forms.filters import ALL, ChoiceField
from models.correspondence.action_setup import (
    ANSWERING,
    LONGEST_GUIDANCE,
    LONGEST_NAME,
    MOST_DUE,
    MOST_PAID,
    TeamFacts,
    TypeFacts,
)
from models.correspondence.action_type import MOST_DAYS_BACK, ActionTeam, ActionType, CareEvent, Related
from models.emails import email_address
from models.records.provider import ProviderKind

_ABOUT = {
    Related.EITHER: "The provider, or one of its clients",
    Related.CLIENT: "One of its clients",
    Related.PROVIDER: "The provider",
}
_REPORTS = {
    CareEvent.DEATH: "A death",
    CareEvent.HOSPITAL: "A hospital stay",
    CareEvent.LEFT: "That a client has left",
    CareEvent.MISSING_PACKAGE: "Care without a care package",
}
_KINDS = [SelectChoice(kind.value, kind.label) for kind in ProviderKind]


def _number(label: str, least: int, most: int, **options: Any) -> IntegerField:
    return IntegerField(
        label, widget=TextInput(), render_kw={"inputmode": "numeric"}, **options,
        validators=[Optional(), NumberRange(least, most, f"Enter a number from {least} to {most:,}")],
    )  # fmt: skip


def _name(label: str, **options: Any) -> StringField:
    longest = Length(max=LONGEST_NAME, message=f"Use {LONGEST_NAME} characters or fewer")
    return StringField(label, filters=[tidy_line], validators=[DataRequired("Enter a name"), longest], **options)


class TypeForm(FlaskForm):
    """A type. What it reports is chosen once, as it is added."""

    name = _name("Name", description="As providers read it in the drop-down Type: Foster Carer Query")
    guidance = TextAreaField(
        "Guidance", filters=[tidy], description="A sentence under the drop-down: Not for mileage: make a claim instead",
        validators=[Length(max=LONGEST_GUIDANCE, message=f"Use {LONGEST_GUIDANCE} characters or fewer")],
        render_kw={"rows": 2},
    )  # fmt: skip
    teams = SelectMultipleField("Which teams answer it?", choices=[], validate_choice=False)
    proposed = ChoiceField("Which of them is proposed?", default=ALL)
    kinds = SelectMultipleField("Which kinds of provider see it?", description="None ticked: all of them",
                                choices=_KINDS)  # fmt: skip
    related = ChoiceField("Whom is it about?", default=Related.EITHER.value)
    due_days = _number("Due after how many working days?", 1, MOST_DUE, description="Empty: no day is promised")
    file_needed = StringField(
        "What has to be attached?", filters=[tidy_line], description="Empty: nothing. Or: purchase confirmation",
        validators=[Length(max=LONGEST_NAME, message=f"Use {LONGEST_NAME} characters or fewer")],
    )  # fmt: skip
    is_of_money = BooleanField("At the provider only people who see payments see it")
    event = ChoiceField("What does it report?", default=ALL, description="It then asks for the day, and shows before "
                        "it is sent what would change")  # fmt: skip
    days_back = _number("How many days ago may it have happened?", 1, MOST_DAYS_BACK,
                        description="Of what it reports. Empty: ten years")  # fmt: skip
    days_paid = _number("How many days after it are still paid?", 0, MOST_PAID,
                        description="Of a death or a leaver, for what is shown first. Empty: none")  # fmt: skip
    pay_percent = _number("Which part of the fee is paid in hospital, in per cent?", 0, 100,
                          description="Of a hospital stay, likewise. Empty: none")  # fmt: skip
    version = Seen("What it says")

    def offer(self, teams: Iterable[ActionTeam], type_: ActionType | None) -> None:
        taken = {team.id for team in type_.teams} if type_ else set()
        found = [team for team in teams if team.retired_on is None or team.id in taken]
        self.offered = {str(each.id) for each in found}
        self.teams.choices = [SelectChoice(str(each.id), each.name) for each in found]
        self.proposed.offer((ALL, "[The first by name]"), *((str(each.id), each.name) for each in found))
        self.related.offer(*((each.value, _ABOUT[each]) for each in Related))
        nothing = [(ALL, "Nothing with a day")] if type_ is None or type_.event is None else []
        events = [each for each in CareEvent if type_ is None or each is type_.event]
        self.event.offer(*nothing, *((each.value, _REPORTS[each]) for each in events))
        if type_ is not None and not self.is_submitted():
            self.teams.data = [str(team.id) for team in type_.teams]
            self.proposed.data = str(type_.teams[0].id) if type_.teams else ALL

    @property
    def facts(self) -> TypeFacts:
        chosen = [int(each) for each in self.teams.data or [] if each in self.offered]
        first = [int(self.proposed.data)] if self.proposed.data and int(self.proposed.data) in chosen else []
        return TypeFacts(
            name=self.name.data, guidance=self.guidance.data, due_days=self.due_days.data,
            related=Related(self.related.data), kinds=tuple(self.kinds.data or ()),
            event=CareEvent(self.event.data) if self.event.data else None, days_paid=self.days_paid.data,
            pay_percent=self.pay_percent.data, days_back=self.days_back.data, file_needed=self.file_needed.data,
            is_of_money=bool(self.is_of_money.data),
            team_ids=(*first, *(each for each in chosen if each not in first)),
        )  # fmt: skip


class TeamForm(FlaskForm):
    name = _name("Name", description="As providers read it in the drop-down Assign To")
    roles = SelectMultipleField("Who is in it?", choices=[SelectChoice(role.value, role.label) for role in ANSWERING],
                                description="Everybody at the council with one of these roles")  # fmt: skip
    kinds = SelectMultipleField("Which kinds of provider does it answer?", description="None ticked: all of them",
                                choices=_KINDS)  # fmt: skip
    email = EmailField("A mailbox of the team", filters=[tidy_line], validators=[no_long_email],
                       description="It is told of what nobody has taken. Empty: nobody is")  # fmt: skip
    version = Seen("What it says")

    def validate_email(self, field: EmailField) -> None:
        if not field.data:
            return
        try:
            field.data = email_address(field.data)
        except ValueError as problem:
            raise ValidationError(str(problem)) from None

    @property
    def facts(self) -> TeamFacts:
        return TeamFacts(self.name.data, tuple(self.roles.data or ()), tuple(self.kinds.data or ()), self.email.data)


class RetireForm(FlaskForm):
    on = DayField("From which day?", validators=[InputRequired("Enter a day")])
    version = Seen("What it says")


class BringBackForm(FlaskForm):
    """It is offered, or works, again."""

    on = None
    version = Seen("What it says")
