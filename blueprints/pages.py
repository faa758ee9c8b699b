"""Answers: a whole page, a part of one, or the way to another. Whether htmx asked is known here and nowhere else."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import flask
from flask import Flask, Response, current_app, flash, g, redirect, render_template
from htmx_flask import Htmx, make_response
from htmx_flask.requests import HtmxAwareRequest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from wtforms import Form

from blueprints.session_store import session
from forms.base import FlaskForm
from models.accounts.press import Answer
from models.base import DomainError, savepoint

NOTICE = "components/_notice.html"
PROBLEM = "components/_problem.html"

request = cast(HtmxAwareRequest, flask.request)
"""The one at hand. Flask's own is always one of these, since Htmx(app) says so."""


def init_app(app: Flask) -> None:
    Htmx(app)
    app.after_request(_vary)


def wants_partial() -> bool:
    """Whether a part of the page is enough. Going back in the browser's history needs all of it."""
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request


def render(page: str, /, *, partial: str | None = None, address: str | None = None, **context: Any) -> Response:
    """The page, or its one partial for htmx; 422 if a form among the context is not as it should be.

    `address`: what the browser is to show as its address with the partial, without what was typed of a client.
    """
    is_part = bool(partial) and wants_partial()
    is_invalid = any(isinstance(value, Form) and value.errors for value in context.values())
    return make_response(
        render_template(partial if partial and is_part else page, **context),
        422 if is_invalid else 200,
        replace_url=address if is_part else None,
    )


@contextmanager
def refusals_on(form: FlaskForm) -> Iterator[None]:
    """Around an act and its answer: where a rule says no, nothing of the act stays, and the form says why.
    The view goes on, and draws it again with what was typed.
    """
    try:
        with savepoint():
            yield
    except DomainError as refused:
        form.form_errors = [*form.form_errors, str(refused)]


def done(message: str, /, *, then: str, partial: str | None = None, **context: Any) -> Response:
    """The act is done. htmx gets the partial and the message in #notices, a plain browser goes on to `then`."""
    if partial and wants_partial():
        answered(then, "message", message)
        return make_response(render_template(partial, **context) + render_template(NOTICE, message=message))
    flash(message)
    return go_to(then)


def render_once(page: str, /, *, then: str, lost: str, **context: Any) -> Response:
    """The act is done, and the page shows what is kept nowhere, with a way on to `then`. Whoever presses again goes
    there at once, and reads `lost`, which says what to do if they have not seen it.
    """
    answered(then, "information", lost)
    return make_response(render_template(page, then=then, **context))


def answered(then: str, kind: str, message: str) -> None:
    """Keep what a second press of the same form is told, where the answer is no redirect (blueprints/presses.py). What
    this answer draws has a key of its own.
    """
    g.answered = Answer(then, ((kind, message),))
    g.pop("one_time_key", None)


def is_act(response: Response) -> bool:
    """Whether something was done: the answer sends the person on, or `done()` or `render_once()` says so."""
    sends_on = response.location is not None or "HX-Redirect" in response.headers
    return response.status_code < 400 and (sends_on or "answered" in g)


def go_to(url: str) -> Response:
    """Another page, whole: also when htmx asked for a part, so that no page ever lands inside another."""
    if request.htmx:
        return make_response("", 204, redirect=url)
    return make_response(redirect(url, 303))


def problem(status: int, heading: str, text: str, *, back: str | None = None, **context: Any) -> Response:
    """A refusal in words: a page of its own, or for htmx a short notice in #notices."""
    template = PROBLEM if wants_partial() else "errors/error.html"
    return make_response(render_template(template, heading=heading, text=text, back=back, **context), status)


def current_path() -> str | None:
    """The address to come back to: this one if a GET can open it, else that of the page that sent this request."""
    here = request.full_path.rstrip("?")
    if session.in_background:
        return came_from()
    return here if request.method == "GET" else safe_path(here) or came_from()


def came_from() -> str | None:
    try:
        url = urlsplit(request.htmx.current_url or request.referrer or "")
    except ValueError:
        return None
    if url.netloc != request.host:
        return None
    return safe_path(url.path + (f"?{url.query}" if url.query else ""))


def without(there: str, name: str) -> str:
    """The address without what it says of `name`."""
    path, _, query = there.partition("?")
    kept = [each for each in parse_qsl(query, keep_blank_values=True) if each[0] != name]
    return f"{path}?{urlencode(kept)}" if kept else path


def safe_path(target: str | None) -> str | None:
    """`target`, if it is an address of a page of this portal and nothing else."""
    if not target or not target.isprintable() or not re.fullmatch(r"/(?!/)[^\\]*", target):
        return None
    url = urlsplit(target)
    try:
        current_app.url_map.bind(request.host).match(unquote(url.path), method="GET")
    except (HTTPException, RequestRedirect):
        return None
    return target


def _vary(response: Response) -> Response:
    response.vary.add("HX-Request")
    return response
