"""Flask's session, kept in the database (ADR 0005). The cookie is a random token and nothing else.

A visitor who has not logged in has a token, which their form's CSRF token is made from, but no row. A row is
made at each step of logging in, always under a fresh token; the one before it is dead from then on.
"""

import hmac
import re
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

import flask
from flask import Flask, Request, Response, request
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import Select, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.datastructures import CallbackDict

from blueprints.transactions import SAFE_METHODS
from models.accounts.user import Staff, User
from models.accounts.web_session import FRESH, MOST, ON_THE_WAY_IN, SEEN_EVERY, Limits, WebSession, digest
from models.base import rows_changed, scope, transaction, utc_now
from models.base import session as database
from models.billing import claimants
from models.tenancy import every_provider

CSRF = "csrf_token"
KEPT_CSRF = "csrf"
BACKGROUND = "X-Background"
"""The header of requests that a page makes by itself: they do not keep a session open."""
REPLACED = (
    f"You were logged in at {MOST} other places, so the oldest of them was logged out. If you do not know it, "
    "change your password"
)


class ServerSession(CallbackDict, SessionMixin):
    """What is remembered of one log-in. `renew()` gives it a new token, `end()` deletes it.

    `row` is its row in the database while it is open; `over` is the row of a session that has ended. Only one of them
    is set. `person` is whose it is, where that was read with it.
    """

    def __init__(
        self, token: str | None, row: WebSession | None, key: str, *, person: User | None = None,
        in_background: bool = False,
    ) -> None:  # fmt: skip
        self.over = row if row and row.ended else None
        self.row = None if self.over else row
        super().__init__(dict(self.row.data) if self.row else {}, ServerSession._on_change)
        self.person = person
        self._token = token
        self.in_background = in_background
        self.has_new_token = False
        self.is_ended = False
        self.is_to_stay = False
        self.modified = False
        self._key = key

    @property
    def token(self) -> str:
        """What the cookie holds. Whoever came without one is given one."""
        return self._token or self._take_new_token()

    @property
    def own_row(self) -> WebSession:
        """Where it is kept, once somebody has logged in."""
        if self.row is None:
            raise LookupError("nobody has logged in")
        return self.row

    @property
    def ended(self) -> str | None:
        """How it has ended, in the word that the log-in page takes; None while it has not."""
        return self.over.ended.value if self.over and self.over.ended else None

    def _on_change(self) -> None:
        self.modified = True

    def renew(self) -> None:
        """Go on under a new token. The old one opens nothing any more.

        Forms that are open in other tabs stay good for as long as it is the same log-in.
        """
        if self.row and self.row.user_id and "_user_id" in self:
            self.setdefault(KEPT_CSRF, self[CSRF])
        self._take_new_token()
        self.modified = True

    def prove(self) -> None:
        """The person has given their password or a code just now."""
        self["proved_at"] = utc_now().isoformat()
        self.renew()

    @property
    def is_fresh(self) -> bool:
        """Whether they gave one in the last quarter of an hour."""
        proved_at = self.get("proved_at")
        return proved_at is not None and utc_now() - datetime.fromisoformat(proved_at) < FRESH

    @property
    def ends_at(self) -> datetime | None:
        """When it will end, if nothing is done after this request. None if nobody has logged in."""
        if self.row is None or self.row.user_id is None:
            return None
        return min(utc_now() + self.row.idle, self.row.expires_at) if self.is_to_be_seen else self.row.ends_at

    @property
    def left(self) -> timedelta | None:
        return self.ends_at - utc_now() if self.ends_at else None

    @property
    def is_to_be_seen(self) -> bool:
        """Whether this request puts off the idle end: at most once a minute, or when the person asks for it."""
        if self.row is None or self.in_background:
            return False
        return self.is_to_stay or utc_now() - self.row.last_seen_at >= SEEN_EVERY

    def stay(self) -> None:
        """The person asks for it to stay open."""
        self.is_to_stay = True

    def end(self) -> None:
        self.clear()
        self.is_ended = True

    # Flask-WTF asks the session for its CSRF secret. It is derived from the token, so that it changes with it,
    # and so that showing the log-in page writes nothing.
    def __contains__(self, name: object) -> bool:
        return name == CSRF or super().__contains__(name)

    def __getitem__(self, name: str) -> Any:
        if name != CSRF:
            return super().__getitem__(name)
        known = self.over.data if self.over else self
        return known.get(KEPT_CSRF) or csrf_secret(self._key, self.token)

    def _take_new_token(self) -> str:
        self._token = secrets.token_urlsafe(32)
        self.has_new_token = True
        return self._token


session = cast(ServerSession, flask.session)
"""The one at hand. Flask's own is always one of these, since DatabaseSessions opens it."""


def csrf_secret(key: str, token: str) -> str:
    return hmac.new(key.encode(), f"csrf:{token}".encode(), "sha256").hexdigest()


@cache
def _with_person() -> Select:
    return User.in_session().options(claimants.with_places())


class DatabaseSessions(SessionInterface):
    def open_session(self, app: Flask, request: Request) -> ServerSession:
        token, key = request.cookies.get(self.get_cookie_name(app), ""), app.config["SECRET_KEY"]
        if not re.fullmatch(r"[A-Za-z0-9_-]{43}", token):
            return ServerSession(None, None, key)
        row, person = self._read_with_person(token) if request.method in SAFE_METHODS else (self._read(token), None)
        return ServerSession(token, row, key, person=person, in_background=BACKGROUND in request.headers)

    def _read(self, token: str) -> WebSession | None:
        with scope() as own:
            return own.scalar(WebSession.known_by(token))

    def _read_with_person(self, token: str) -> tuple[WebSession | None, User | None]:
        """For a request that changes nothing: one that does reads its person later, when nobody else can write."""
        with every_provider():  # their own places, before it is known which one this request is about
            found = database.execute(_with_person(), {"token_sha256": digest(token)})
            row, person = found.unique().one_or_none() or (None, None)
        if row is not None:
            database.expunge(row)  # it outlasts what this request reads
        return row, person

    def save_session(  # type: ignore[override]  # it is only given what open_session has opened
        self, app: Flask, session: ServerSession, response: Response
    ) -> None:
        if session.is_ended:
            self._delete(session)
            self._clear_cookie(app, response)
            return
        if session.modified and (session.has_new_token or not session.row):
            self._insert(session)
        elif session.row and (session.modified or session.is_to_be_seen):
            self._update(session, session.row)
        if session.has_new_token:
            self._set_cookie(app, session.token, response)

    def _update(self, session: ServerSession, row: WebSession) -> None:
        with _unless_busy(), transaction() as own:
            if session.modified:
                own.execute(WebSession.changed(row.id, _user_id(session), dict(session)))
            if session.is_to_be_seen:
                own.execute(row.seen())

    def _insert(self, session: ServerSession) -> None:
        if not session:
            return
        if not session.has_new_token:
            session.renew()
        with transaction() as own:
            own.execute(WebSession.outlived())
            user_id = _user_id(session)
            own.execute(User.held(user_id or 0))
            if session.row and rows_changed(WebSession.left_behind(session.row.id)) != 1:
                return  # ended by somebody else in the meantime: it does not rise again under another token
            if session.row and user_id and session.row.user_id == user_id:
                own.add(session.row.go_on(session.token, data=dict(session)))
                return
            limits = ON_THE_WAY_IN if user_id is None else self._limits(own, user_id, session)
            agent = request.user_agent.string[:300]
            own.add(WebSession.begin(session.token, limits, user_id=user_id, data=dict(session), user_agent=agent))

    def _limits(self, own: Session, user_id: int, session: ServerSession) -> Limits:
        """The limits for this person, who logs in just now. If they have too many sessions, their oldest ends."""
        if rows_changed(WebSession.room_made(user_id)):
            flashes = session.get("_flashes", [])
            session["_flashes"] = [*flashes, ("information", REPLACED)]
        return Limits.of(own.scalar(select(Staff.role).where(Staff.user_id == user_id)))

    def _delete(self, session: ServerSession) -> None:
        if row := session.row or session.over:
            with transaction() as own:
                own.execute(WebSession.deleted(row.id))

    def _set_cookie(self, app: Flask, token: str, response: Response) -> None:
        response.set_cookie(
            self.get_cookie_name(app),
            token,
            path="/",
            secure=self.get_cookie_secure(app),
            httponly=True,
            samesite="Lax",
        )

    def _clear_cookie(self, app: Flask, response: Response) -> None:
        response.delete_cookie(
            self.get_cookie_name(app), path="/", secure=self.get_cookie_secure(app), httponly=True, samesite="Lax"
        )


def _user_id(session: ServerSession) -> int | None:
    return int(session["_user_id"]) if "_user_id" in session else None


def _unless_busy() -> suppress:
    """Somebody writes for a long time just now: the page is worth more than what the session would note."""
    return suppress(OperationalError)
