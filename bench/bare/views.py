"""What each bare page reads and works out."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import request

from bench._data import TODAY

Read = Callable[..., sa.CursorResult[Any]]
"""The rows of a statement, by its name and its values."""
YEAR = 2019
FIRST, LAST = date(YEAR, 4, 1), date(YEAR + 1, 3, 31)
"""Of the financial year that today lies in."""


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


def council_payments(read: Read) -> dict[str, Any]:
    return {"rows": read("every payment", today=TODAY).all(), "sums": read("every payment in all", today=TODAY).one()}


OWN = "/providers/<int:n>"
VIEWS: dict[str, tuple[str, Callable[..., dict[str, Any]]]] = {
    "home": (f"{OWN}/", home),
    "payments": (f"{OWN}/payments/", payments),
    "payment": (f"{OWN}/payments/<reference>/<first>", payment),
    "orders": (f"{OWN}/purchase-orders/", orders),
    "order": (f"{OWN}/purchase-orders/<int:id>", order),
    "council_payments": ("/council/payments/", council_payments),
}
"""By the name of its template: where it is, and what reads its rows."""
