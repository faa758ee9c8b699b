"""A browser without JavaScript, or one with htmx, that holds every answer to the house rules."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from bs4 import BeautifulSoup, Tag
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from blueprints.session_store import KEPT_CSRF, csrf_secret
from models.accounts.press import new_key
from models.accounts.user import Membership, Staff, User
from models.accounts.web_session import Limits, WebSession
from models.base import scope, transaction, utc_now
from models.records.provider import Provider
from tests.support import house_rules
from tests.support.rows import every

READ_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})
GET_MAY_WRITE = (
    "web_session", "audit_event", "login_failure", "tally", "read_alarm", "document_opening",
    "action_post",
)  # fmt: skip
"""Tables that even a GET may write, in a transaction of its own (design.md, section 4)."""


class Answer:
    """A response, read: `page` to look into, `errors` of its form, `statements` that it took."""

    def __init__(self, response: TestResponse, statements: list[str]) -> None:
        self.response = response
        self.status_code = response.status_code
        self.headers = response.headers
        self.statements = statements
        text = response.text if self.is_html else ""
        self.page = BeautifulSoup(text, "lxml" if "<html" in text else "html.parser")

    @property
    def is_html(self) -> bool:
        return self.response.mimetype == "text/html"

    @property
    def text(self) -> str:
        return self.response.text

    @property
    def location(self) -> str | None:
        """Where it sends the browser to, by either way."""
        return self.headers.get("Location") or self.headers.get("HX-Redirect")

    @property
    def words(self) -> str:
        """All text of the page, on one line."""
        return " ".join(self.page.get_text(" ").split())

    @property
    def heading(self) -> str:
        return " ".join(self.page.h1.get_text().split())

    @property
    def errors(self) -> list[str]:
        return [" ".join(each.get_text().split()) for each in self.page.select(".govuk-error-summary__list li")]

    @property
    def reads(self) -> list[str]:
        """The queries, without the housekeeping of transactions."""
        return [each for each in self.statements if each.lstrip().upper().startswith(("SELECT", "WITH"))]


class PortalClient:
    """`client.sign_in(user).get("/providers/1/payments/", status=200)`"""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.user: User | None = None
        self._base = f"{'https' if app.config['SESSION_COOKIE_SECURE'] else 'http'}://portal.example"
        self._client = app.test_client()

    def sign_in(self, user: User) -> "PortalClient":
        """Both steps at once: a session row as logging in makes it."""
        token = secrets.token_urlsafe(32)
        data = {"_user_id": str(user.id), "_fresh": True, "proved_at": utc_now().isoformat()}
        with scope(self.app.extensions["portal"]), transaction() as own:
            role = own.scalar(select(Staff.role).where(Staff.user_id == user.id))
            own.add(WebSession.begin(token, Limits.of(role), user_id=user.id, data=data, user_agent="test"))
        self.cookie = token
        self.user = user
        return self

    @property
    def cookie(self) -> str | None:
        found = self._client.get_cookie(self.app.config["SESSION_COOKIE_NAME"], domain="portal.example")
        return found.value if found else None

    @cookie.setter
    def cookie(self, token: str) -> None:
        self._client.set_cookie(self.app.config["SESSION_COOKIE_NAME"], token, domain="portal.example")

    def get(self, path: str, *, status: int | None = 200, **more: Any) -> Answer:
        return self.open("GET", path, status=status, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, *, status: int | None = None, **more: Any) -> Answer:
        """With the CSRF token and the one-time key that a form of this session would have had: a visit of its own."""
        hidden = {"csrf_token": self.csrf_token(), "one_time_key": new_key()}
        return self.open("POST", path, status=status, data=hidden | (data or {}), **more)

    def submit(
        self, answer: Answer, data: dict[str, Any] | None = None, *, form: str = "main form",
        action: str | None = None, **more: Any,
    ) -> Answer:  # fmt: skip
        """Fill in a form of a page and press its button, as a browser without JavaScript does. `action`: the button
        leads elsewhere than the form.
        """
        found = answer.page.select_one(form)
        assert found is not None, f"no {form!r} on the page {answer.heading!r}"
        fields = {**filled_in(found), **(data or {})}
        action, page = action or found["action"], answer.response.request.path
        more["headers"] = {"Referer": self._base + page, **more.get("headers", {})}
        if found.get("method", "get").lower() == "get":
            return self.get(action, query_string=fields, **more)
        return self.open("POST", action, data=fields, **more)

    def follow(self, answer: Answer, **more: Any) -> Answer:
        """Go where the answer sends the browser, and on from there."""
        assert answer.location, f"{answer.status_code} sends nowhere"
        while answer.location:
            answer = self.get(answer.location, status=None, **more)
        return answer

    def open(
        self, method: str, path: str, *, status: int | None = None, htmx: bool = False, may_mail: bool = False,
        **more: Any,
    ) -> Answer:  # fmt: skip
        """`may_mail`: a GET that finds something wrong writes an alarm to the council’s team."""
        headers = {"Referer": f"{self._base}/", **more.pop("headers", {})}
        if htmx:
            headers = {"HX-Request": "true", "HX-Current-URL": f"{self._base}/", **headers}
        with counted_statements() as statements:
            response = self._client.open(
                path, method=method, base_url=self._base, headers=headers, buffered=True, **more
            )
        response.request.environ["wsgi.input"].close()  # of a large request it is a file
        answer = Answer(response, statements)
        if status is not None:
            assert answer.status_code == status, f"{method} {path}: {answer.status_code}, not {status}\n{answer.words}"
        is_partial = htmx and "HX-History-Restore-Request" not in headers
        self._check(answer, method, is_partial=is_partial, may_mail=may_mail)
        return answer

    def csrf_token(self) -> str:
        if self.cookie is None:
            self.cookie = secrets.token_urlsafe(32)
        row = next(iter(self._every(WebSession.known_by(self.cookie))), None)
        secret = (row.data if row else {}).get(KEPT_CSRF) or csrf_secret(self.app.secret_key, self.cookie)
        return URLSafeTimedSerializer(self.app.secret_key, salt="wtf-csrf-token").dumps(secret)

    def _check(self, answer: Answer, method: str, *, is_partial: bool, may_mail: bool) -> None:
        house_rules.check_headers(answer.response)
        if method in READ_ONLY:
            writes = [each for each in answer.statements if _writes_what_it_may_not(each)]
            writes = [each for each in writes if not (may_mail and each.startswith("INSERT INTO outbox_message"))]
            assert not writes, f"{method} wrote: {writes}"
        if answer.is_html and answer.response.data:
            is_whole = not is_partial or "<html" in answer.text
            is_signed_in = bool(answer.page.select_one("header form")) if is_whole else self.user is not None
            house_rules.check_html(
                answer.response, answer.page, is_partial=not is_whole, is_signed_in=is_signed_in,
                own_providers=self._own_providers(),
            )  # fmt: skip

    def _own_providers(self) -> set[int]:
        if self.user is None:
            return set()
        if self._every(select(Staff).where(Staff.user_id == self.user.id)):
            return set(self._every(select(Provider.id)))
        return set(self._every(select(Membership.provider_id).where(Membership.user_id == self.user.id)))

    def _every(self, query: sa.Select) -> list[Any]:
        """Of the portal that the app runs in, in whatever thread, whichever the test works in."""
        with scope(self.app.extensions["portal"]):
            return every(query)


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Those of this thread: a race has its own client in each."""
    statements: list[str] = []
    here = threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() == here:
            statements.append(statement)

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)


def filled_in(form: Tag) -> dict[str, Any]:
    """What a browser would send of a form that nobody has touched."""
    fields: dict[str, list[str]] = {}
    for field in form.select("input[name], textarea[name], select[name]"):
        if field.name == "select":
            chosen = field.select_one("option[selected]") or field.select_one("option")
            fields[field["name"]] = [chosen.get("value", chosen.get_text()) if chosen else ""]
        elif field.name == "textarea":
            fields[field["name"]] = [field.get_text()]
        elif field.get("type") not in ("checkbox", "radio") or field.has_attr("checked"):
            sent = field.get("value", "")
            fields[field["name"]] = [*fields[field["name"]], sent] if field["name"] in fields else [sent]
    return {name: sent[0] if len(sent) == 1 else sent for name, sent in fields.items()}


def _writes_what_it_may_not(statement: str) -> bool:
    words = statement.replace('"', "").split(maxsplit=3)
    if words[0].upper() not in ("INSERT", "UPDATE", "DELETE"):
        return False
    table = words[1] if words[0].upper() == "UPDATE" else words[2]
    return table not in GET_MAY_WRITE
