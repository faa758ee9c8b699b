"""Who has seen which client's record, and whose contact details: the audit knows every answer that shows one.

What an answer shows is found in one place, after the view, whatever its method and status: models.sight knows what was
read for it, and here its text is looked through. Views need say nothing. `@reads_client_records`, under @requires, is
for pages on which no name stands and which are about clients all the same; tests/meta/test_reading.py asks each page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_login import current_user
from sqlalchemy.exc import OperationalError

from blueprints.access import is_councils, looking_at, me
from blueprints.download import TableFile
from blueprints.lookups import About
from blueprints.transactions import SAFE_METHODS, note_refused
from models import sight
from models.accounts.directory import strangers_among
from models.accounts.user import User
from models.audit import record_now
from models.auditing.read_alarm import opened
from models.base import transaction
from models.sight import Sight

ALSO = ("client", "year", "service", "page", "rows")
"""Arguments behind the question mark that say by number which records a list showed. Nothing that is typed is kept."""

SHOWN = (200, 422)
"""The statuses of an answer that shows what its page is about: 422 too, since a form with faults comes back."""


def init_app(app: Flask) -> None:
    """After transactions.init_app and before whatever may still change the answer, so that this sees the last one, and
    what it notes is committed with the act.
    """
    app.before_request(_open)
    app.after_request(_note)
    app.teardown_request(_close)


def reads_client_records(view: Callable) -> Callable:
    """For a view whose pages are about clients, whether a name stands on them or not."""
    view.reads_client_records = True  # type: ignore[attr-defined]  # functions may have attributes
    return view


def reads(app: Flask, endpoint: str | None) -> bool:
    return getattr(app.view_functions.get(endpoint or ""), "reads_client_records", False)


@dataclass(frozen=True)
class Note:
    """What of an answer is to be noted, worked out before anything is rolled back."""

    by: User
    about: str | None
    provider_id: int | None
    detail: dict[str, Any]
    shown: Sight
    is_of_clients: bool
    is_of_contacts: bool
    is_of_a_look: bool

    @property
    def is_needed(self) -> bool:
        return self.is_of_clients or self.is_of_contacts or self.is_of_a_look

    def write(self) -> None:
        where: dict[str, Any] = {"by": self.by, "provider_id": self.provider_id}
        if self.is_of_clients:
            opened(self.by, self.shown.clients, self.about, provider_id=self.provider_id, **self.detail)
        elif self.is_of_a_look:
            more = {name: self.detail[name] for name in ("endpoint", "as_staff")}
            record_now("provider.page_seen", f"provider:{self.provider_id}", **where, **more)
        if self.is_of_contacts:
            record_now("contact_details.seen", self.about, **where, **self.detail)


def _open() -> None:
    sight.open_sight()


def _close(_error: BaseException | None) -> None:
    sight.close_sight()


def _note(response: Response) -> Response:
    """Note what the answer shows, before it is sent. Where the database is too busy for that, the person gets an error
    instead, and sees nothing.
    """
    read = sight.current()
    if read is None or request.method == "HEAD" or response.is_streamed or not current_user.is_authenticated:
        return response
    told = response.told if isinstance(response, TableFile) else response.get_data(as_text=True)
    found = _found(response, read.shown_in(told))
    if not found.is_needed:
        return response
    try:
        _write(found, is_done=response.status_code < 400)
    except OperationalError as fault:
        return current_app.make_response(current_app.handle_user_exception(fault))
    return response


def _write(found: Note, *, is_done: bool) -> None:
    if request.method in SAFE_METHODS:
        with transaction():
            found.write()
    elif is_done:
        found.write()  # with the act
    else:
        note_refused(found.write)


def _found(response: Response, shown: Sight) -> Note:
    """What of this answer is to be noted. Its subject is the record that get_or_404 found; a list has none. Its
    provider is the one that the address names, the council's own addresses included.
    """
    is_page = response.status_code in SHOWN
    is_of_clients = bool(shown.clients) or (is_page and bool(response.data) and reads(current_app, request.endpoint))
    is_look = looking_at() is not None
    about = g.get("about", About())
    ids = plain(request.view_args or {}, with_text=is_page)
    provider_id = ids.pop("provider_id", g.get("provider_id")) or about.provider_id
    return Note(
        by=me(),
        about=about.name,
        provider_id=provider_id,
        detail={"endpoint": request.endpoint, **ids, **_asked_for(), **({"as_staff": True} if is_look else {})},
        shown=shown,
        is_of_clients=is_of_clients,
        is_of_contacts=(is_look or is_councils()) and bool(strangers_among(shown.contacts - {me().email})),
        is_of_a_look=is_look and is_page,
    )


def plain(ids: dict[str, Any], *, with_text: bool = True) -> dict[str, Any]:
    """What the address names, as the audit keeps it. Without text where the record need not exist: then it may be
    anything that somebody has typed.
    """
    dates = {name: value.isoformat() if isinstance(value, date) else value for name, value in ids.items()}
    return {name: dates[name] for name, value in ids.items() if with_text or not isinstance(value, str)}


def _asked_for() -> dict[str, int]:
    found = {name: request.args.get(name, "") for name in ALSO}
    return {name: int(text) for name, text in found.items() if text.isascii() and text.isdigit() and len(text) < 10}
