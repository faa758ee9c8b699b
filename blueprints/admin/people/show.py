"""One person: how it stands with the login, and what may be done to it."""

from blueprints.access import me, requires
from blueprints.admin.people import bp
from blueprints.lookups import get_or_404
from blueprints.pages import render
from models.accounts import council, directory
from models.accounts.directory import Locks, State
from models.accounts.pending_login import step_for
from models.base import session, utc_now
from models.permissions import Permission
from models.refused_address import RefusedAddress


@bp.get("/<int:person_id>")
@requires(Permission.VIEW_PROVIDERS)
def show(person_id):
    person = get_or_404(directory.person(person_id))
    row = session.execute(directory.listed(person_id)).one()
    places = directory.places_of([person_id]).get(person_id, [])
    return render(
        "admin/people/show.html",
        person=person, state=State.of(row, Locks()), places=places,
        refused=session.scalar(RefusedAddress.marked().where(RefusedAddress.address == person.email)),
        login=directory.log_in_of(person), now=utc_now(),
        asked=step_for({place.role for place in places}, is_staff=person.staff is not None),
        may_do=lambda permission: council.may_look_after(person, permission, by=me()),
    )  # fmt: skip
