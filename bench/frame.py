"""What stands around every page of somebody who has logged in: its statements and its time of the processor."""

import time
from collections.abc import Callable

from flask import Flask, render_template
from jinja2 import Template
from sqlalchemy import select

from app import create_app
from bench._data import settings_in, statements
from bench._places import FINANCE, OFFICER, place
from blueprints.access import requires
from models.base import session
from models.permissions import Permission
from models.records.client import Client

TIMES = 300
EMPTY = "{% extends 'base.html' %}{% block title %}Nothing{% endblock %}"
ONE = select(Client.reference, Client.surname).where(Client.id == 7)
LOOKED_AT = (
    ("a health check, of a stranger", "/healthz", ""),
    ("a provider's page, without a template", "/providers/1/nothing", FINANCE),
    ("with an empty one", "/providers/1/nothing/page", FINANCE),
    ("with one client, who is read", "/providers/1/nothing/client", FINANCE),
    ("the council's page, without a template", "/council/nothing", OFFICER),
    ("with an empty one", "/council/nothing/page", OFFICER),
)


def measure() -> None:
    with place(300) as made:
        app = create_app(settings_in(made.folder))
        empty = app.jinja_env.from_string(EMPTY)
        for prefix, area, permission in (
            ("/providers/<int:provider>", "provider", Permission.VIEW_HOME),
            ("/council", "admin", Permission.VIEW_COUNCIL),
        ):
            _add(app, f"{prefix}/nothing", f"{area}.nothing.show", permission, lambda: "<h1>Nothing</h1>")
            _add(app, f"{prefix}/nothing/page", f"{area}.nothing.page", permission, lambda: render_template(empty))
        _add(app, "/providers/<int:provider>/nothing/client", "provider.nothing.client", Permission.VIEW_HOME,
             lambda: _with_client(empty))  # fmt: skip
        for name, path, cookie in LOOKED_AT:
            print(f"  {name:<40}{_of(app, path, cookie)}", flush=True)
        app.extensions["portal"].engine.dispose()


def _add(app: Flask, rule: str, endpoint: str, permission: Permission, view: Callable[[], str]) -> None:
    app.add_url_rule(rule, endpoint, requires(permission)(view))


def _with_client(empty: Template) -> str:
    return render_template(empty) + " ".join(session.execute(ONE).one())


def _of(app: Flask, path: str, cookie: str) -> str:
    client = app.test_client()
    client.set_cookie("session", cookie, domain="localhost")
    with statements() as sent:
        for _ in range(3):
            sent.clear()
            answer = client.get(path)
            assert answer.status_code == 200, answer.status
    reads = sum(text.lstrip().startswith("SELECT") for text in sent)
    took = min(_timed(lambda: client.get(path)) for _ in range(5))
    return f"{reads} SELECT, {len(sent) - reads} more, {took:.2f} ms"


def _timed(do: Callable[[], object]) -> float:
    """Milliseconds of the processor for one."""
    began = time.process_time()
    for _ in range(TIMES // 5):
        do()
    return (time.process_time() - began) * 1000 / (TIMES // 5)
