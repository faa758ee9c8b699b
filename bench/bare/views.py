"""What each bare page reads and works out."""

from collections.abc import Callable
from datetime import UTC, date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import request

from bench._data import TODAY
from bench.bare.queries import SHOWN

Read = Callable[..., sa.CursorResult[Any]]
"""The rows of a statement, by its name and its values."""
YEAR = 2019
FIRST, LAST = date(YEAR, 4, 1), date(YEAR + 1, 3, 31)
"""Of the financial year that today lies in."""
COUNCIL = "Demonstration Council"
REASONS = (
    ("HOSP", "In hospital"), ("HOLIDAY", "On holiday"), ("NO_REPLY", "No reply"), ("REFUSED", "Refused the visit"),
    ("DECEASED", "Has died"), ("FAMILY", "Family gave the care"), ("BANK_HOL", "Closed on a bank holiday"),
    ("STAFF", "No worker"), ("WEATHER", "Weather"), ("OTHER", "Another reason"),
)  # fmt: skip
"""Why something was not delivered as planned."""


def home(read: Read, n: int) -> dict[str, Any]:
    counts = read("counts", n=n, year=YEAR, today=TODAY).one()
    return {"to_come": read("to come", n=n, today=TODAY).all(), "counts": counts, "year": YEAR}


def payments(read: Read, n: int) -> dict[str, Any]:
    rows = read("payments", n=n, first=FIRST, today=TODAY).all()
    options = read("years and contracts", n=n).all()
    return {
        "rows": rows,
        "next": min((each for each in rows if each.bank_on >= TODAY), key=lambda each: each.bank_on),
        "most": max(each.total for each in rows),
        "wide": 100 / len(rows),
        "years": [each.id for each in options if not each.name],
        "contracts": [each for each in options if each.name],
        "year": YEAR,
    }


def payment(read: Read, n: int, reference: str, first: str) -> dict[str, Any]:
    on = date.fromisoformat(first)
    found = read("payment", n=n, reference=reference, first=on, eve=on - timedelta(days=1)).one()
    return {"payment": found, "rows": read("lines", payment_id=found.id, before_id=found.before_id).all()}


def orders(read: Read, n: int) -> dict[str, Any]:
    text = request.args.get("text", "")
    which, given = ("orders of one", {"text": text.lower()}) if text else ("orders", {})
    rows = read(which, n=n, year=YEAR, **given).all()
    options = read("years and services", n=n).all()
    return {
        "rows": rows,
        "sums": read(f"{which} in all", n=n, year=YEAR, **given).one(),
        "years": [each.id for each in options if each.kind == "year"],
        "services": [each for each in options if each.kind == "service"],
        "year": YEAR,
        "text": text,
    }


def order(read: Read, n: int, id: int) -> dict[str, Any]:
    found = read("order", n=n, id=id).one()
    lines = read("paid on an order", id=id, today=TODAY).all()
    coming = [each for each in lines if each.run_id is None]
    pieces = [slice_ | {"name": each.working["name"]} for each in coming for slice_ in each.working["slices"]]
    return {
        "order": found,
        "coming": coming,
        "paid": [each for each in lines if each.run_id is not None],
        "parts": _parts(pieces + found.planned),
        "value": found.value_net_pence + found.value_vat_pence,
        "spend": found.spend_net_pence + found.spend_vat_pence,
        "today": TODAY,
        "year": YEAR,
        "first": FIRST,
        "last": LAST,
    }


def _parts(pieces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One for all pieces of a name and a rate that follow each other."""
    parts: list[dict[str, Any]] = []
    for each in sorted(pieces, key=lambda each: each["first"]):
        first, last = date.fromisoformat(each["first"]), date.fromisoformat(each["last"])
        part = parts[-1] if parts else {}
        if (part.get("name"), part.get("rate_e4")) != (each["name"], each["rate_e4"]):
            part = {"name": each["name"], "rate_e4": each["rate_e4"], "unit": each["unit"], "first": first}
            part |= {"net": 0, "vat": 0}
            parts.append(part)
        part |= {"last": last, "net": part["net"] + each["net_pence"], "vat": part["vat"] + each.get("vat_pence", 0)}
    return parts


def thread(read: Read, n: int, id: int) -> dict[str, Any]:
    action = read("action", n=n, id=id).one()
    since = action.last_post_at.replace(tzinfo=UTC).isoformat()
    return {"action": action, "posts": read("posts", n=n, id=id).all(), "since": since, "council": COUNCIL}


def claims(read: Read, n: int) -> dict[str, Any]:
    found = read("claims in all", n=n).one()
    return {
        "rows": read("claims", n=n).all(),
        "claims": found.claims,
        "grants": read("grants", n=n, today=TODAY).all(),
        "tax_years": _years(found.first, found.last, (4, 6)),
        "financial_years": _years(found.first, found.last, (4, 1)),
    }


def _years(first: date, last: date, begins: tuple[int, int]) -> list[int]:
    """Those from a day to another that begin on a month's day, the latest first."""
    earliest, latest = (each.year - ((each.month, each.day) < begins) for each in (first, last))
    return list(range(latest, earliest - 1, -1))


def remittance(read: Read, n: int) -> dict[str, Any]:
    reference, first = request.args["contract"], date.fromisoformat(request.args["period"])
    row = read("remittance", n=n, reference=reference, first=first).one()
    sent = read("remittances", n=n).all()
    lines = row.advice["lines"]
    for each in lines[:SHOWN]:
        each |= {day: date.fromisoformat(each[day]) for day in ("first", "last")}
    return {
        "row": row,
        "advice": row.advice,
        "lines": lines[:SHOWN],
        "net": sum(each["net"] for each in lines),
        "vat": sum(each["vat"] for each in lines),
        "contracts": list({each.reference: each for each in sent}.values()),
        "periods": [each for each in sent if each.reference == reference],
    }


def week(read: Read, n: int, reference: str, service: int, first: str) -> dict[str, Any]:
    on = date.fromisoformat(first)
    found = read("week", n=n, reference=reference, service=service, first=on).one()
    rows = read("actuals", week_id=found.id).all()
    last, due_on = on + timedelta(days=6), on + timedelta(days=8)
    return {
        "week": found,
        "rows": rows,
        "last": last,
        "due_on": due_on,
        "latest": last + timedelta(weeks=13),
        "is_late": not found.confirmed_at and due_on < TODAY,
        "planned": sum(each.planned_e4 for each in rows),
        "delivered": sum(each.actual_e4 for each in rows),
        "changed": sum(not _is_as_planned(each) for each in rows),
        "reasons": REASONS,
    }


def _is_as_planned(row: Any) -> bool:
    others = row.frustrated_e4, row.missed_e4, row.extra_e4, row.visits, row.reason, row.comment
    return row.actual_e4 == row.planned_e4 and not any(others)


def council_home(read: Read) -> dict[str, Any]:
    on_it: dict[str, list[Any]] = {}
    for each in read("on it", today=TODAY):
        on_it.setdefault(each.queue, []).append(each)
    return {"due": read("due", today=TODAY).all(), "waits": read("waits", today=TODAY).all(), "on_it": on_it}


def council_payments(read: Read) -> dict[str, Any]:
    sums = read("every payment in all", today=TODAY).one()
    return {"rows": read("every payment", today=TODAY).all(), "sums": sums, "pages": -(-sums.payments // SHOWN)}


OWN = "/providers/<int:n>"
VIEWS: dict[str, tuple[str, Callable[..., dict[str, Any]]]] = {
    "home": (f"{OWN}/", home),
    "payments": (f"{OWN}/payments/", payments),
    "payment": (f"{OWN}/payments/<reference>/<first>", payment),
    "orders": (f"{OWN}/purchase-orders/", orders),
    "order": (f"{OWN}/purchase-orders/<int:id>", order),
    "thread": (f"{OWN}/actions/<int:id>", thread),
    "claims": (f"{OWN}/claims/", claims),
    "remittance": (f"{OWN}/reports/remittance-by-period", remittance),
    "week": (f"{OWN}/actuals/<reference>/<int:service>/<first>", week),
    "council_home": ("/council/", council_home),
    "council_payments": ("/council/payments/", council_payments),
}
"""By the name of its template: where it is, and what reads its rows."""
