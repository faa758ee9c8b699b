"""A form that was sent too late is kept, and is shown filled in again once its person has said who they are.

Too late: the session had ended, or the view asks for a password that was given just now. Nothing is sent for anybody:
the person sees what they typed, and presses the button again. Forms take what is kept from `g.kept_form`
(forms/base.py).

A long form may be left and opened again: what stands in it is kept as it is typed (`keep_unsent`), and fills it each
time until it is sent, for an hour after the last change.
"""

from collections.abc import Callable
from enum import StrEnum

from flask import Flask, Response, before_render_template, current_app, flash, g, request
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from blueprints.pages import current_path, is_act, wants_partial
from blueprints.session_store import session
from blueprints.transactions import SAFE_METHODS
from models.accounts.kept_form import KeptForm
from models.accounts.press import FIELD as ONE_TIME_KEY
from models.accounts.press import is_key
from models.base import session as database
from models.vault import Tampered

STILL_HERE = "What you typed is still here: check it, and press the button again"


class Why(StrEnum):
    """Why the form was kept. `filled` tells the person that it is shown again, `gone` that the page has no such form
    any more.
    """

    LOGGED_OUT = "logged out"
    NOT_PROVED = "not proved"
    LEFT = "left"
    """Its person went to another page, and sees for themselves that it is still there: nothing is said."""

    @property
    def filled(self) -> str:
        return f"{_BEFORE[self]}. {STILL_HERE}"

    @property
    def is_said(self) -> bool:
        return self is not Why.LEFT

    @property
    def gone(self) -> str:
        return f"{_BEFORE[self]}. If it is still to be done, do it again"


_BEFORE = {
    Why.LOGGED_OUT: "You were logged out before this was saved",
    Why.NOT_PROVED: "This was not sent yet",
    Why.LEFT: "You left this before it was sent",
}
OFFERED = "kept_forms"
SHOWN = "shown_forms"


def init_app(app: Flask) -> None:
    app.before_request(_offer_or_forget)
    app.after_request(_forget)
    before_render_template.connect(_nothing_fits, app)


def keep_typed(user_id: int, path: str | None = None) -> bool:
    """Keep what this request sends, for the page that it was typed on."""
    path = path or current_path()
    if request.method in SAFE_METHODS or path is None:
        return False
    return KeptForm.keep(user_id, path, request.form.items(multi=True))


def keep_unsent(user_id: int, path: str) -> None:
    """Keep what this request sends, for the form at this address: it stands in it whenever the page is opened in this
    session, until it is sent.
    """
    g.kept_path = None  # this request sends nothing
    if KeptForm.keep(user_id, path, request.form.items(multi=True)) and path not in session.get(OFFERED, {}):
        session[OFFERED] = {**session.get(OFFERED, {}), path: Why.LEFT.value}


def offer(user_id: int, why: Why) -> set[str]:
    """Show each form that is kept for this person once in this session. Returns the addresses of their pages."""
    paths = {kept.path for kept in database.scalars(KeptForm.of(user_id))}
    if paths:
        session[OFFERED] = {**session.get(OFFERED, {}), **dict.fromkeys(paths, why.value)}
    return paths


class Kept:
    """What was typed on the page that is asked for."""

    def __init__(self, path: str, why: Why) -> None:
        self._path, self._why = path, why
        self._typed = _typed(path)
        self.names = {name for name, _ in self._typed}

    def take(self) -> MultiDict[str, str]:
        """The fields and values, for the form that they fit; from now on they count as shown. The page takes over the
        one-time key: what was sent before the session ended, and did arrive, is not done again. What was only left was
        never sent, and has a new key each time.
        """
        if not self._why.is_said:
            g.kept_form, g.is_still_kept = None, True
            return MultiDict(self._typed)
        self._show(self._why.filled)
        g.one_time_key = next((value for name, value in self._typed if name == ONE_TIME_KEY and is_key(value)), None)
        return MultiDict(self._typed)

    def give_up(self) -> None:
        """Say that nothing could be filled in: the page has no such form any more, or only a button."""
        self._show(self._why.gone)

    def _show(self, words: str) -> None:
        g.kept_form = None
        session[OFFERED] = {path: why for path, why in session[OFFERED].items() if path != self._path}
        if not self._why.is_said:
            return
        session[SHOWN] = [*session.get(SHOWN, []), self._path]
        flash(words, "information")


def _typed(path: str) -> list[tuple[str, str]]:
    kept = database.scalar(KeptForm.on(current_user.id, path))
    try:
        return kept.typed if kept else []
    except Tampered:  # the key of the vault was changed within this hour
        return []


def _offer_or_forget() -> None:
    """A GET of a page whose form is kept prepares to show it; what was kept is forgotten once the form has done what it
    is for. A step that checks first, a choice that draws it anew or a refusal forgets nothing.
    """
    offered, shown = session.get(OFFERED, {}), session.get(SHOWN, [])
    if not (offered or shown) or not current_user.is_authenticated:
        return
    path = current_path()
    if path is None:
        return
    if request.method not in SAFE_METHODS and (path in offered or path in shown):
        g.kept_path = None if session.in_background else path  # the script keeps it again
    elif request.method == "GET" and path in offered and (not wants_partial() or _is_form_alone()):
        g.kept_form = Kept(path, Why(offered[path]))


def opens_alone(view: Callable) -> Callable:
    """For a view whose part is its whole form, say in a dialog: it is filled in as the page would be."""
    view.opens_alone = True  # type: ignore[attr-defined]  # functions may have attributes
    return view


def _is_form_alone() -> bool:
    return getattr(current_app.view_functions.get(request.endpoint or ""), "opens_alone", False)


def _forget(response: Response) -> Response:
    """After the view, in its transaction. Another form of the same page leaves it alone."""
    path = g.get("kept_path")
    if path is None or not is_act(response):
        return response
    names = {name for name, _ in _typed(path)} - {ONE_TIME_KEY}
    if names and not names & set(request.form):
        return response
    database.execute(KeptForm.sent(current_user.id, path))
    session[OFFERED] = {each: why for each, why in session.get(OFFERED, {}).items() if each != path}
    session[SHOWN] = [each for each in session.get(SHOWN, []) if each != path]
    return response


def _nothing_fits(_app: Flask, **_: object) -> None:
    """About to render: if no form of the page has taken what is kept for it, give it up."""
    if g.get("kept_form") is not None:
        g.kept_form.give_up()
