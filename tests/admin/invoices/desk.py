"""Where an invoice is decided, and what its page has shown."""

from datetime import date

from tests import invoice_factories as made

TODAY = date(2026, 10, 12)
QUEUE = "/council/invoices/"


def of(invoice, path=""):
    return f"{QUEUE}{invoice.id}{path}"


def state(invoice):
    return made.invoice_now(invoice).status


def seen(*invoices):
    """What a page that shows them as they stand sends back: of one its mark, of several each with its id."""
    marks = [(each.id, made.invoice_now(each).mark) for each in invoices]
    return marks[0][1] if len(marks) == 1 else " ".join(f"{id_}={mark}" for id_, mark in marks)
