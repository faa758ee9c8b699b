"""What the council types about those who log in."""

from collections.abc import Callable, Iterable
from typing import Any, TypedDict

from wtforms import Form, RadioField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from forms.base import FlaskForm
from forms.fields import EmailField, StringField, TextAreaField, no_long_email
from forms.filters import ALL, ChoiceField, SelectChoice
from models.accounts.directory import State
from models.emails import email_address
from models.permissions import CouncilRole, Role
from models.records.provider import ProviderKind

INVITATION, PASSWORD = "invitation", "password"


class ChosenPeople(TypedDict):
    """What models.accounts.directory.people takes."""

    name: str
    kind: ProviderKind | None
    role: Role | CouncilRole | None
    state: State | None


class ChosenProviders(TypedDict):
    """What models.accounts.directory.providers takes."""

    name: str
    kind: ProviderKind | None


class PeopleSearch(Form):
    name = StringField("Name or e-mail")
    kind = ChoiceField("Kind of provider", default=ALL)
    role = ChoiceField("Role", default=ALL)
    state = ChoiceField("State", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind.offer((ALL, "[Any]"), *_labelled(ProviderKind))
        self.role.offer((ALL, "[Any]"), *_labelled(Role), *_labelled(CouncilRole))
        self.state.offer((ALL, "[Any]"), *_labelled(State))

    @property
    def chosen(self) -> ChosenPeople:
        role = self.role.data
        return {
            "name": self.name.data.strip(),
            "kind": ProviderKind(self.kind.data) if self.kind.data else None,
            "role": (Role(role) if role in list(Role) else CouncilRole(role)) if role else None,
            "state": State(self.state.data) if self.state.data else None,
        }


class AddressSearch(Form):
    text = StringField("Name or e-mail")


class ProviderSearch(Form):
    name = StringField("Name or reference")
    kind = ChoiceField("Kind", default=ALL)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind.offer((ALL, "[Any]"), *_labelled(ProviderKind))

    @property
    def chosen(self) -> ChosenProviders:
        return {
            "name": self.name.data.strip(),
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


class EmailForm(FlaskForm):
    email = _email_field()


class _NewPersonForm(FlaskForm):
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


class RoleForm(FlaskForm):
    role = _role_field()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.role.offer(*_labelled(Role))


class CouncilRoleForm(FlaskForm):
    role = ChoiceField("Role at the council")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.role.offer(("", "[None: not council staff]"), *_labelled(CouncilRole))

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
