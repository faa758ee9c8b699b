"""Flask's session, kept in the database (ADR 0005). The cookie is a random token and nothing else.

A visitor who has not logged in has a token, which their form's CSRF token is made from, but no row. A row is
made at each step of logging in, always under a fresh token; the one before it is dead from then on.
"""

import hmac
import re
import secrets
from contextlib import suppress
from datetime import datetime
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import CallbackDict

from models.base import scope, transaction, utc_now
from models.web_session import FRESH, SEEN_EVERY, WebSession, digest

CSRF = "csrf_token"


class ServerSession(CallbackDict, SessionMixin):
    """What is remembered of one log-in. `renew()` gives it a new token, `end()` forgets it."""

    def __init__(self, token: str | None, row: WebSession | None, key: str) -> None:
        super().__init__(dict(row.data) if row else {}, ServerSession._on_change)
        self.token = token
        self.row = row
        self.has_new_token = False
        self.is_ended = False
        self.modified = False
        self._key = key

    def _on_change(self) -> None:
        self.modified = True

    def renew(self) -> None:
        """Go on under a new token. The old one opens nothing any more."""
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
        if self.token is None:
            self._take_new_token()
        return csrf_secret(self._key, self.token)

    def _take_new_token(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self.has_new_token = True


def csrf_secret(key: str, token: str) -> str:
    return hmac.new(key.encode(), f"csrf:{token}".encode(), "sha256").hexdigest()


class DatabaseSessions(SessionInterface):
    def open_session(self, app: Flask, request: Request) -> ServerSession:
        token = request.cookies.get(self.get_cookie_name(app), "")
        if not re.fullmatch(r"[A-Za-z0-9_-]{43}", token):
            return ServerSession(None, None, app.secret_key)
        with scope() as own:
            row = own.scalar(WebSession.opened_by(token))
        return ServerSession(token, row, app.secret_key)

    def save_session(self, app: Flask, session: ServerSession, response: Response) -> None:
        if session.is_ended:
            self._delete(session)
            self._clear_cookie(app, response)
            return
        if session.modified:
            self._store(session)
        elif session.row and utc_now() - session.row.last_seen_at >= SEEN_EVERY:
            with _unless_busy(), transaction() as own:
                own.execute(WebSession.seen(session.row.id))
        if session.has_new_token:
            self._set_cookie(app, session.token, response)

    def _store(self, session: ServerSession) -> None:
        data = dict(session)
        user_id = int(session["_user_id"]) if "_user_id" in session else None
        if session.row and not session.has_new_token:
            with _unless_busy(), transaction() as own:
                own.execute(WebSession.changed(session.row.id, user_id, data))
        elif data:
            self._insert(session, user_id, data)

    def _insert(self, session: ServerSession, user_id: int | None, data: dict[str, Any]) -> None:
        if not session.has_new_token:
            session.renew()
        with transaction() as own:
            own.execute(WebSession.outlived())
            if session.row and own.execute(WebSession.ended(session.row.id)).rowcount != 1:
                return  # ended by somebody else in the meantime: it does not rise again under another token
            token, agent = digest(session.token), request.user_agent.string[:300]
            own.add(WebSession(token_sha256=token, user_id=user_id, data=data, user_agent=agent))

    def _delete(self, session: ServerSession) -> None:
        if session.row:
            with transaction() as own:
                own.execute(WebSession.ended(session.row.id))

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


def _unless_busy() -> suppress:
    """Somebody writes for a long time just now: the page is worth more than what the session would note."""
    return suppress(OperationalError)
