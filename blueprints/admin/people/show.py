"""One person: how it stands with the login, and what may be done to it."""

from blueprints.access import me, requires
from blueprints.admin.people import bp
from blueprints.lookups import get_or_404
from blueprints.pages import render
from models.accounts import council, directory
from models.accounts.directory import Locks, State
from models.accounts.login import LoginFailure
from models.accounts.passkey import Passkey
from models.accounts.pending_login import own_step, step_of
from models.base import session, utc_now
from models.permissions import Permission
from models.refused_address import RefusedAddress


@bp.get("/<int:person_id>")
@requires(Permission.VIEW_PROVIDERS)
def show(person_id):
    person = get_or_404(directory.person(person_id))
    row = session.execute(directory.listed(person_id)).one()
    return render(
        "admin/people/show.html",
        person=person, state=State.of(row, Locks()), places=directory.places_of([person_id]).get(person_id, []),
        refused=session.scalar(RefusedAddress.marked().where(RefusedAddress.address == person.email)),
        own=own_step(person), asked=step_of(person), passkeys=Passkey.count_of(person_id),
        sessions=directory.open_sessions(person_id),
        now=utc_now(), failures=LoginFailure.since_last_log_in(person),
        may_do=lambda permission: council.may_look_after(person, permission, by=me()),
    )  # fmt: skip
