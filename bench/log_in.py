"""Refused log-ins and forgotten passwords: milliseconds, for each thing that may be wrong with an account."""

import statistics
import time
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from bench._data import portal
from models.accounts import login, login_code
from models.accounts.passwords import hashed
from models.accounts.user import User
from models.base import transaction, utc_now

SAMPLES = 200
PASSWORD, WRONG = "Three-Green-Kettles-7", "Wrong-Password-1"
ACCOUNTS = {
    "unknown": None,
    "wrong password": {},
    "disabled": {"is_active": False},
    "expired": {"password_expires_at": utc_now() - timedelta(days=1)},
    "never had one": {"password_hash": None},
}


def measure() -> None:
    """Rounds of one of each, so that what else the machine does falls on all of them alike; without the throttles."""
    no_limit = 10**9
    login.FAILURES_PER_ACCOUNT = login.FAILURES_PER_ADDRESS = login.ALARM_FAILURES = no_limit
    login_code.SENDS_AN_HOUR = login_code.SENDS_AN_HOUR_TO_AN_ACCOUNT = no_limit
    login_code.SENDS_AN_HOUR_FROM_A_NETWORK = no_limit
    with portal() as app:
        client = _client(app)
        for page, path in (("log-in", "/log-in"), ("forgotten password", "/forgotten-password")):
            took = {state: [] for state in ACCOUNTS}
            for _ in range(SAMPLES):
                for state in ACCOUNTS:
                    took[state].append(_post(client, path, state))
            medians = {state: statistics.median(each) for state, each in took.items()}
            gap = max(abs(each - medians["unknown"]) for each in medians.values())
            print(f"  {page}: " + ", ".join(f"{state} {each:.1f} ms" for state, each in medians.items()))
            print(f"    widest gap to unknown: {gap:.2f} ms, {100 * gap / medians['unknown']:.1f} %")


def _post(client: FlaskClient, path: str, state: str) -> float:
    email = f"{state.replace(' ', '-'):->14}@example.org"
    password = WRONG if state in ("unknown", "wrong password") else PASSWORD
    client.delete_cookie("session")
    token = client.get(path).text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    began = time.perf_counter()
    answer = client.post(path, data={"csrf_token": token, "email": email, "password": password})
    took = 1000 * (time.perf_counter() - began)
    assert answer.status_code == (422 if path == "/log-in" else 303), answer.text
    return took


def _client(app: Flask) -> FlaskClient:
    with transaction() as own:
        for state, given in ACCOUNTS.items():
            if given is not None:
                email = f"{state.replace(' ', '-'):->14}@example.org"
                own.add(User(**{"email": email, "name": state, "password_hash": hashed(PASSWORD)} | given))
    return app.test_client()
