"""What is typed into the forms of an invoice."""

from datetime import date

from sqlalchemy import select

from models.records.invoice import Invoice
from tests.support.rows import every

TODAY = date(2026, 10, 12)
DAY = {"first_on": ["5", "10", "2026"], "last_on": ["11", "10", "2026"], "invoiced_on": ["12", "10", "2026"]}


def newest():
    return every(select(Invoice).order_by(Invoice.id.desc()))[0]


def head(**more):
    return {"number": "1041", "invoiced_on": DAY["invoiced_on"], "stated": "", "note": "", "alike_reason": ""} | more


def line(item, **more):
    return {
        "item": str(item.id), "first_on": DAY["first_on"], "last_on": DAY["last_on"], "quantity": "12.75", "rate": "",
        "vat": "", "description": "",
    } | more  # fmt: skip
