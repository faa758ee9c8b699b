"""What an administrator of a provider says about who may log in."""

from collections.abc import Iterable

from wtforms import Field, RadioField
from wtforms.validators import AnyOf, DataRequired

from forms.base import FlaskForm
from forms.filters import ALL, ChoiceField, SelectChoice
from models.accounts.team import ROLES
from models.accounts.user import Membership
from models.permissions import Role


def _role_field(label: str) -> RadioField:
    known = [role.value for role in ROLES]
    return RadioField(
        label,
        choices=[SelectChoice(role.value, f"{role.label}. {role.about}") for role in ROLES],
        validate_choice=False,
        validators=[AnyOf(known, message="Choose a role")],
    )


class RoleForm(FlaskForm):
    role = _role_field("What may this person do?")

    @property
    def chosen(self) -> Role:
        return Role(self.role.data)


class InviteForm(FlaskForm):
    contact = ChoiceField("Contact", default=ALL, validators=[DataRequired("Choose who it is")])
    role = _role_field("What may this person do?")

    @property
    def chosen(self) -> Role:
        return Role(self.role.data)


def review_form(places: Iterable[Membership]) -> FlaskForm:
    """Keep or remove, for each of these people. Nothing is chosen beforehand."""
    fields = {
        _name_of(place): RadioField(
            place.user.name,
            choices=[SelectChoice("keep", "Keep"), SelectChoice("remove", "Remove")],
            validate_choice=False,
            validators=[AnyOf(("keep", "remove"), message=f"Choose whether {place.user.name} keeps access")],
        )
        for place in places
    }
    return type("ReviewForm", (FlaskForm,), fields)()


def judged(form: FlaskForm, place: Membership) -> Field:
    """Where the form asks about this person."""
    return form[_name_of(place)]


def leavers(form: FlaskForm, places: Iterable[Membership]) -> set[int]:
    """The user ids of those who are to be removed."""
    return {place.user_id for place in places if judged(form, place).data == "remove"}


def _name_of(place: Membership) -> str:
    return f"person_{place.user_id}"
