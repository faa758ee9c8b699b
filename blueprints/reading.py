"""Who has seen which client's record: the audit knows every page and file that shows one.

A view says so with `@reads_client_records`, under its @requires. tests/meta/test_reading.py holds every page behind
the log-in to it.
"""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from flask import Flask, Response, g, request

from blueprints.access import looking_at, me
from blueprints.transactions import note
from models.audit import record

ALSO = ("client", "year", "service", "page", "rows")
"""Arguments behind the question mark that say by number which records a list showed. Nothing that is typed is kept."""

SHOWN = (200, 422)
"""The statuses of an answer that shows records: 422 too, since a form with faults comes back with its pick lists."""


def reads_client_records(view: Callable) -> Callable:
    """After the view has answered a GET with a page or file, note in the audit who saw it, before the answer is sent.

    If the note cannot be written because the database is busy, the person gets that error, and sees no record.
    """

    @wraps(view)
    def noted(**ids: Any) -> Response:
        answer = view(**ids)
        if request.method == "GET" and answer.status_code in SHOWN:
            note(lambda: _read(ids))
        return answer

    noted.reads_client_records = True  # type: ignore[attr-defined]  # functions may have attributes
    return noted


def reads(app: Flask, endpoint: str) -> bool:
    return getattr(app.view_functions[endpoint], "reads_client_records", False)


def _read(ids: dict[str, Any]) -> None:
    """Add the event. Its subject is the record that get_or_404 found; a list has none. Its provider is the one that the
    address names, the council's own addresses included.
    """
    more = {"as_staff": True} if looking_at() else {}
    named = plain(ids)
    provider_id = named.pop("provider_id", g.provider_id)
    record(
        "client_record.read", g.get("record"), by=me(), provider_id=provider_id,
        endpoint=request.endpoint, **named, **_asked_for(), **more,
    )  # fmt: skip


def plain(ids: dict[str, Any]) -> dict[str, Any]:
    """What the address names, as the audit keeps it."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in ids.items()}


def _asked_for() -> dict[str, int]:
    found = {name: request.args.get(name, "") for name in ALSO}
    return {name: int(text) for name, text in found.items() if text.isascii() and text.isdigit() and len(text) < 10}
