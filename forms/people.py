"""What the council types about those who log in."""

from collections.abc import Callable, Iterable
from typing import Any, Self, TypedDict

from wtforms import Form, RadioField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from forms.base import FilterForm, FlaskForm
from forms.fields import EmailField, StringField, TextAreaField, no_long_email
from forms.filters import ALL, ChoiceField, SelectChoice
from forms.sealed import SealedText
from models.accounts.directory import State
from models.accounts.staff_request import RequestState
from models.emails import email_address
from models.permissions import STRONG_ROLES, CouncilRole, Role
from models.records.provider import ProviderKind

INVITATION, PASSWORD = "invitation", "password"
TOO_LONG = "Write 2,000 characters or fewer"


class ChosenPeople(TypedDict):
    """What models.accounts.directory.people takes."""

    name: str
    by_email: bool
    kind: ProviderKind | None
    role: Role | CouncilRole | None
    state: State | None


class ChosenProviders(TypedDict):
    """What models.accounts.directory.providers takes."""

    name: str
    kind: ProviderKind | None


class PeopleSearch(FilterForm):
    name = StringField("Name or e-mail")
    kind = ChoiceField("Kind of provider", default=ALL)
    role = ChoiceField("Role", default=ALL)
    state = ChoiceField("State", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind.offer((ALL, "[Any]"), *_labelled(ProviderKind))
        self.role.offer((ALL, "[Any]"), *_labelled(Role), *_labelled(CouncilRole))
        self.state.offer((ALL, "[Any]"), *_labelled(State))
        self.by_email = True

    def without_emails(self, is_so: bool) -> Self:
        """Search names only, for somebody who may not see e-mail addresses."""
        self.by_email = not is_so
        self.name.label.text = "Name" if is_so else self.name.label.text
        return self

    @property
    def chosen(self) -> ChosenPeople:
        role = self.role.data
        return {
            "name": self.name.data.strip(),
            "by_email": self.by_email,
            "kind": ProviderKind(self.kind.data) if self.kind.data else None,
            "role": (Role(role) if role in list(Role) else CouncilRole(role)) if role else None,
            "state": State(self.state.data) if self.state.data else None,
        }


class AddressSearch(FilterForm):
    text = StringField("Name or e-mail")


class ProviderSearch(FilterForm):
    sought = SealedText()
    name = StringField("Name or reference")
    kind = ChoiceField("Kind", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind.offer((ALL, "[Any]"), *_labelled(ProviderKind))

    @property
    def chosen(self) -> ChosenProviders:
        return {
            "name": f"{self.name.data} {self.sought.text}".strip(),
            "kind": ProviderKind(self.kind.data) if self.kind.data else None,
        }


def _is_an_address(_form: Form, field: EmailField) -> None:
    try:
        field.data = email_address(field.data)
    except ValueError:
        raise ValidationError("Enter an e-mail address, like name@example.org") from None


def _email_field() -> EmailField:
    return EmailField(
        "E-mail address", validators=[InputRequired("Enter an e-mail address"), no_long_email, _is_an_address]
    )


def _role_field() -> ChoiceField:
    return ChoiceField("Role", validators=[InputRequired("Choose a role")])


class WhyForm(FlaskForm):
    """What may wait for a second person: `takes_two` says that it does, and then takes a reason."""

    takes_two = False
    why = TextAreaField(
        "Why?", description="Whoever is to agree reads it", validators=[Length(max=2_000, message=TOO_LONG)],
        render_kw={"rows": 3},
    )  # fmt: skip

    def validate_why(self, field: TextAreaField) -> None:
        if self.takes_two and not field.data.strip():
            raise ValidationError("Say why, so that whoever is to agree knows")


class AnswerForm(FlaskForm):
    """Turn a request down, or take it back."""

    why = TextAreaField(
        "Why?", description="Everybody whom it concerns reads it",
        validators=[DataRequired("Say why, so that the others know"), Length(max=2_000, message=TOO_LONG)],
        render_kw={"rows": 3},
    )  # fmt: skip


class ChosenRequests(TypedDict):
    """What models.accounts.staff_request.StaffRequest.listed takes."""

    name: str
    state: RequestState | None


class RequestSearch(FilterForm):
    """The filters above the list of what takes a second person."""

    name = StringField("Name or e-mail")
    state = ChoiceField("State", default=RequestState.WAITING.value)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.state.offer((ALL, "[All]"), *((each.value, each.value.capitalize()) for each in RequestState))

    @property
    def chosen(self) -> ChosenRequests:
        state = RequestState(self.state.data) if self.state.data else None
        return {"name": self.name.data.strip(), "state": state}

    @property
    def is_of_waiting(self) -> bool:
        """It looks for those that wait, and for nothing else."""
        return self.state.data == RequestState.WAITING and not self.name.data


class ConflictSearch(FilterForm):
    name = StringField("Colleague or provider")


class EmailForm(WhyForm):
    email = _email_field()


class _NewPersonForm(WhyForm):
    name = StringField("Name", validators=[
        DataRequired("Enter the person’s name"), Length(max=200, message="Write 200 characters or fewer")
    ])  # fmt: skip
    email = _email_field()
    role = _role_field()
    way = RadioField(
        "How do they get their password?",
        choices=[
            SelectChoice(INVITATION, "They set it themselves: we write to them"),
            SelectChoice(PASSWORD, "We make a temporary one, and you tell them by telephone or in person"),
        ],
        default=INVITATION,
    )

    @property
    def with_password(self) -> bool:
        return self.way.data == PASSWORD


class AccessForm(_NewPersonForm):
    """Somebody's place at one provider."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.role.offer(("", "[Choose a role]"), *_labelled(Role))


class NewPersonForm(AccessForm):
    """`judge` says what is wrong with a provider's reference or name, or None."""

    provider = StringField(
        "Provider", description="Its reference or its whole name", validators=[InputRequired("Enter a provider")]
    )
    role = _role_field()

    def __init__(self, judge: Callable[[str], str | None]) -> None:
        super().__init__()
        self._judge = judge

    def validate_provider(self, field: StringField) -> None:
        field.data = field.data.strip()
        if problem := self._judge(field.data):
            raise ValidationError(problem)


class NewColleagueForm(_NewPersonForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.role.offer(("", "[Choose a role]"), *_labelled(CouncilRole))
        self.takes_two = self.role.data in STRONG_ROLES

    def validate_way(self, field: RadioField) -> None:
        if self.takes_two and self.with_password:
            raise ValidationError("With this role they set their own password: choose that we write to them")


class RoleForm(FlaskForm):
    role = _role_field()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.role.offer(*_labelled(Role))


class CouncilRoleForm(WhyForm):
    role = ChoiceField("Role at the council")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.role.offer(("", "[None: not council staff]"), *_labelled(CouncilRole))
        self.takes_two = self.role.data in STRONG_ROLES

    @property
    def chosen(self) -> CouncilRole | None:
        return CouncilRole(self.role.data) if self.role.data else None


class RefuseForm(FlaskForm):
    reason = TextAreaField(
        "Why is it refused?",
        description="Whoever invited them reads it",
        validators=[
            DataRequired("Say why it is refused"),
            Length(max=2_000, message="Write 2,000 characters or fewer"),
        ],
    )


def _labelled(kind: type[Role] | type[CouncilRole] | type[ProviderKind] | type[State]) -> Iterable[tuple[str, str]]:
    return ((each.value, each.label) for each in kind)
