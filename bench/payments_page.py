"""The scheduled payment page with 50 lines, and with 500: queries, bytes over the wire, milliseconds."""

import json
import secrets
import time
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from bench._data import TODAY, fill, portal, statements
from commands.batchwise.payments import calculate_all, finalise_due
from models.accounts.user import Membership, User
from models.accounts.web_session import WebSession, digest
from models.base import transaction, utc_now
from models.calendar import as_on
from models.permissions import Role

DIST = Path(__file__).resolve().parent.parent / "static" / "dist"
PAGE = "/providers/1/payments/C1/2019-09-30"


def measure() -> None:
    static = sum(
        (DIST / (name + ".br")).stat().st_size for name in json.loads((DIST / "manifest.json").read_text()).values()
    )
    for items in (50, 500):
        with portal() as app:
            fill(1, items)
            with as_on(TODAY.replace(month=9, day=29)):
                calculate_all()
                finalise_due()
            calculate_all()
            client = _signed_in(app)
            whole, queries, took = _visit(client, {})
            swap, _, swap_took = _visit(client, {"HX-Request": "true"})
            first = whole + static + len(client.get("/theme.css", headers={"Accept-Encoding": "br"}).data)
            print(f"  {items:>4} lines: {queries} queries; first visit {first / 1000:.1f} KB in 4 requests,")
            print(
                f"    next page {whole / 1000:.1f} KB in {took:.0f} ms, swap {swap / 1000:.1f} KB in {swap_took:.0f} ms"
            )


def _signed_in(app: Flask) -> FlaskClient:
    token = secrets.token_urlsafe(32)
    with transaction() as own:
        user = User(email="finance@bench.example", name="Dawn Stockton")
        own.add(user)
        own.flush()
        own.add(Membership(user_id=user.id, provider_id=1, role=Role.FINANCE, granted_at=utc_now()))
        own.add(WebSession(token_sha256=digest(token), user_id=user.id, data={"_user_id": str(user.id)}, user_agent=""))
    client = app.test_client()
    client.set_cookie(app.config["SESSION_COOKIE_NAME"], token, domain="localhost")
    client.get(PAGE)
    return client


def _visit(client, headers: dict[str, str]) -> tuple[int, int, float]:
    with statements() as sent:
        answer = client.get(PAGE, headers={"Accept-Encoding": "br"} | headers)
    assert answer.status_code == 200, answer.status
    times = []
    for _ in range(7):
        began = time.perf_counter()
        client.get(PAGE, headers={"Accept-Encoding": "br"} | headers)
        times.append((time.perf_counter() - began) * 1000)
    reads = [text for text in sent if text.lstrip().upper().startswith("SELECT")]
    return len(answer.data), len(reads), sorted(times)[3]
