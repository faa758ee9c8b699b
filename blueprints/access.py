"""The gate: every view says who may see it, and one that says nothing is closed.

Forgetting is safe. A view declares `@requires(Permission.X)`, `@requires(SIGNED_IN)`, `@requires(PASSWORD_GIVEN)` or
`@requires(PUBLIC)`. For addresses under /providers/<provider>/ the gate looks up the membership, in the database
and on every request, and sets the tenant; views there never see the provider's number. Views of the `admin`
blueprint are the council's: they take a permission of its staff, and work on every provider. Staff who look at a
provider's pages as the provider does (blueprints/looking.py) see them and change nothing.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any

from flask import Flask, Response, abort, current_app, g, request, url_for
from flask_login import LoginManager, current_user
from werkzeug.exceptions import Forbidden, NotFound

from blueprints.kept_forms import keep_typed
from blueprints.looking import is_looking_at
from blueprints.pages import came_from, current_path, go_to
from blueprints.session_store import session
from blueprints.transactions import SAFE_METHODS, note
from models.accounts.conflict import conflicts_of
from models.accounts.user import Membership, User
from models.base import session as database
from models.billing import claimants
from models.permissions import AS_STAFF, Permission
from models.records.provider import Provider
from models.tally import tally
from models.tenancy import EVERY_PROVIDER, every_provider, set_tenant

COUNCIL = "admin"
"""The blueprint of the council's own pages, where every provider's data may be read and written."""
PROVIDER = "provider"
"""The argument in an address that holds the id of the provider whose pages it is about."""


class Open(Enum):
    """Access that hangs on how far somebody has logged in, not on a role."""

    PUBLIC = "anyone"
    PASSWORD_GIVEN = "after the password, before the code"  # noqa: S105
    SIGNED_IN = "anyone who has logged in"


PUBLIC, PASSWORD_GIVEN, SIGNED_IN = Open.PUBLIC, Open.PASSWORD_GIVEN, Open.SIGNED_IN


def requires(access: Permission | Open, *, fresh: bool = False) -> Callable:
    """Declare who may see a view.

    With `fresh`, somebody who has given no password or code in the last quarter of an hour has to give one first, and
    then comes back to the page that they came from. What was typed there is kept and shown again; nothing is sent by
    itself.
    """
    if not isinstance(access, Permission | Open):
        raise TypeError(f"@requires takes a Permission, PUBLIC, PASSWORD_GIVEN or SIGNED_IN, not {access!r}")

    def declare(view: Any) -> Any:
        view.access, view.fresh = access, fresh
        return view

    return declare


def access_of(app: Flask, endpoint: str | None) -> Permission | Open | None:
    return getattr(_view(app, endpoint), "access", None)


def _view(app: Flask, endpoint: str | None) -> Any:
    """None where there is no such endpoint."""
    return app.view_functions.get(endpoint or "")


def me() -> User:
    """Who is logged in: the row itself, for handing to models. Flask-Login keeps it beside the request once it has been
    asked, and a page asks some eighty times.
    """
    return g.get("_login_user") or current_user._get_current_object()


def is_of_staff() -> bool:
    """Whether somebody of the council's own is logged in."""
    return current_user.is_authenticated and current_user.staff is not None


def membership() -> Membership | None:
    """The place of the one who is logged in at the provider in the address, if there is one."""
    provider_id = g.get("provider_id")
    if provider_id is None or not (person := me()).is_authenticated:
        return None
    return person.membership_at(provider_id)


def viewing() -> Provider | None:
    """The provider in the address, when it is one of the user's own or staff look at it."""
    place = membership()
    return place.provider if place else looking_at()


def viewed() -> Provider:
    """The provider in the address, in a page of its own: the gate lets nobody in there without one."""
    if (provider := viewing()) is None:
        raise LookupError("this page is no provider's own")
    return provider


def looking_at() -> Provider | None:
    """The provider in the address, when staff look at its pages. Whoever has a place there acts as its own people."""
    return g.get("looking_at")


def may(permission: Permission) -> bool:
    """Whether this person may do this here: at the provider in the address, or without one at the council."""
    return permission in granted()


def granted() -> frozenset[Permission]:
    """All that this person may do here."""
    person = me()
    if not person.is_authenticated:
        return frozenset()
    provider_id = g.get("provider_id")
    if provider_id is None:
        return person.granted_at_council()
    if looking_at() is not None:
        return AS_STAFF if sees_contact_details() else AS_STAFF - {Permission.VIEW_ORGANISATION}
    return person.granted_at(provider_id)


def sees_contact_details() -> bool:
    """Whether this person may see addresses, telephone numbers and e-mail addresses here. People of a provider see
    those of their own; staff only where their work needs it.
    """
    is_own = g.get("provider_id") is not None and looking_at() is None
    return is_own or (current_user.is_authenticated and me().can_at_council(Permission.VIEW_CONTACT_DETAILS))


class ReadOnly(Forbidden):
    """Staff who look at a provider's pages asked for more than to see them."""


class NotLooking(NotFound):
    """Staff may look at providers' pages, but have not begun to look at these, or have stopped: 404."""


def init_app(app: Flask) -> None:
    login = LoginManager(app)
    login.session_protection = None  # sessions are kept on the server and renewed at every step
    login.user_loader(_load_user)
    app.url_value_preprocessor(_take_provider)
    app.url_defaults(_put_provider)
    app.before_request(_admit)
    app.before_request(_ask_once_more)


def _load_user(user_id: str) -> User | None:
    if session.person is not None and session.person.id == int(user_id):
        return session.person
    with every_provider():  # a person's own places, before it is known which one this request is about
        found = User.active_with_places(int(user_id)).options(claimants.with_places())
        return database.scalars(found).unique().one_or_none()


def _looked_at() -> Provider | None:
    """The provider in the address, if this person is of the council's staff and looks at its pages just now."""
    if not me().can_at_council(Permission.VIEW_AS_PROVIDER) or not is_looking_at(g.provider_id):
        return None
    if conflicts_of(me(), [g.provider_id]):
        return None
    with every_provider():
        return database.scalar(claimants.looked_at(g.provider_id))


def _take_provider(_endpoint: str | None, arguments: dict[str, Any] | None) -> None:
    g.provider_id = arguments.pop(PROVIDER, None) if arguments else None


def _put_provider(endpoint: str, arguments: dict[str, Any]) -> None:
    provider_id = g.get("provider_id")
    if provider_id is not None and current_app.url_map.is_endpoint_expecting(endpoint, PROVIDER):
        arguments.setdefault(PROVIDER, provider_id)


def _admit() -> Response | None:
    """Decide whether the request may go on: None lets it through, anything else answers it."""
    if request.endpoint is None:
        return None  # no such address, or not with this method: answered as such
    access = access_of(current_app, request.endpoint)
    if access is PUBLIC:
        return None
    if access is PASSWORD_GIVEN:
        return None if "pending_login" in session else _to_the_door()
    if not current_user.is_authenticated:
        return _to_log_in()
    if g.provider_id is not None and membership() is None:
        _insist_on_looking(access)
    if access is SIGNED_IN and g.provider_id is None:
        return None
    if not _may(access):
        note(lambda: _refused(access, provider_id=g.provider_id))
        abort(403)
    set_tenant(EVERY_PROVIDER if g.provider_id is None else g.provider_id)
    return None


def _insist_on_looking(access: Permission | Open | None) -> None:
    """For a person without a place at the provider in the address: staff who look at it may see its pages, others get
    404.
    """
    g.looking_at = _looked_at()
    if g.looking_at is None:
        note(lambda: _refused(access, asked_for=g.provider_id))
        if me().can_at_council(Permission.VIEW_AS_PROVIDER):
            raise NotLooking
        abort(404)  # not mine and not there look the same
    if request.method not in SAFE_METHODS or not _may(access):
        note(lambda: _refused(access, provider_id=g.provider_id, as_staff=True))
        raise ReadOnly


def is_councils() -> bool:
    """Whether the address is one of the council's own pages."""
    return (request.blueprint or "").partition(".")[0] == COUNCIL


def _may(access: Permission | Open | None) -> bool:
    is_somewhere = g.provider_id is not None or is_councils()
    return isinstance(access, Permission) and is_somewhere and may(access)


def _ask_once_more() -> Response | None:
    """Send a person whom `_admit` has let in to auth.prove, if the view is `fresh` and their proof too old."""
    if getattr(_view(current_app, request.endpoint), "fresh", False) and not session.is_fresh:
        is_page = request.method in SAFE_METHODS and not request.path.endswith((".csv", ".xlsx"))
        keep_typed(current_user.id)
        there = current_path() if is_page or request.method not in SAFE_METHODS else came_from() or current_path()
        return go_to(url_for("auth.prove", next=there, again=None if is_page else "yes"))
    return None


def _to_the_door() -> Response:
    """From a page in the middle of logging in, where nobody is on the way in: not back to it afterwards, for then
    there would be nobody on the way in either.
    """
    return go_to(url_for("auth.choose" if current_user.is_authenticated else "auth.log_in"))


def _to_log_in() -> Response:
    """To the log-in page, which says why, and on to this page from there. What was typed on it is kept."""
    why: dict[str, Any] = {}
    if session.over and session.over.user_id:
        why["ended"] = session.ended
        if keep_typed(session.over.user_id):
            why["kept"] = "yes"
    return go_to(url_for("auth.log_in", next=current_path(), **why))


def _refused(access: Permission | Open | None, **where: Any) -> None:
    tally("access.refused", by=me(), endpoint=request.endpoint, access=access.name if access else None, **where)
