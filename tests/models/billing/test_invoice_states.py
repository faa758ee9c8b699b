"""What becomes of an invoice: every cell of the table in docs/invoice-states.md."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import DomainError, session
from models.billing import invoice_deciding, invoice_lines, invoicing
from models.calendar import as_on
from models.outbox import OutboxMessage
from models.permissions import CouncilRole, Role
from models.records.invoice import Invoice, InvoiceLine, InvoiceState
from models.records.provider import Provider
from tests import invoice_factories as made
from tests.factories import make_staff, make_user
from tests.invoice_factories import MONDAY, act, asked
from tests.support import runs
from tests.support.rows import every

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
NEXT = MONDAY + timedelta(days=7)
PAID = MONDAY + timedelta(days=13)
"""The day of the run that pays the week of NEXT, and what was approved in it."""


def _change(invoice, who):
    [line, *_] = session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)).all()
    invoice_lines.change_line(invoice, line, asked(who["item"], 9), by=who["provider"])


def _run(who, *, in_part):
    """Pay what there is; in part: with one of the two care packages suspended."""
    if in_part:
        runs.change(who["other"], is_suspended=True)
    who["day"] = PAID if who["day"] < PAID else who["day"] + timedelta(days=7)  # what is left goes with the next
    runs.finalise(who["day"])
    if in_part:
        runs.change(who["other"], is_suspended=False)


VERBS = {
    "provider changes a line": _change,
    "provider sends it": lambda i, who: invoicing.submit(i, seen=i.mark, by=who["provider"]),
    "provider cancels it": lambda i, who: invoicing.cancel(i, by=who["provider"]),
    "provider removes it": lambda i, who: invoicing.remove(i, by=who["provider"]),
    "officer holds it": lambda i, who: invoice_deciding.hold(i, made.reason_owned_by("provider"), by=who["officer"]),
    "officer releases it": lambda i, who: invoice_deciding.release(i, by=who["officer"]),
    "officer approves it": lambda i, who: invoice_deciding.approve(i, seen=i.mark, note="As agreed", by=who["officer"]),
    "officer approves several": lambda i, who: invoice_deciding.approve_each([i], {i.id: i.mark}, by=who["officer"]),
    "officer rejects it": lambda i, who: invoice_deciding.reject(i, "Sent twice", by=who["officer"]),
}
RUNS = {"run pays all": False, "run pays a part": True}
REACHED_BY = {
    "draft": [],
    "submitted": ["provider sends it"],
    "on hold": ["provider sends it", "officer holds it"],
    "approved": ["provider sends it", "officer approves it"],
    "part-paid": ["provider sends it", "officer approves it", "run pays a part"],
    "paid": ["provider sends it", "officer approves it", "run pays all"],
    "rejected": ["provider sends it", "officer rejects it"],
    "cancelled": ["provider sends it", "provider cancels it"],
}


def table(repository):
    """State, event and what the table says, cell by cell."""
    text = (repository / "docs" / "invoice-states.md").read_text("utf-8")
    head, _, *rows = re.search(r"(?:^\|.*\n)+", text, re.M)[0].splitlines()
    events = [cell.strip() for cell in head.strip("|").split("|")][1:]
    for row in rows:
        state, *cells = (cell.strip() for cell in row.strip("|").split("|"))
        yield state.strip("*"), dict(zip(events, cells, strict=True))


@pytest.fixture
def who():
    with as_on(NEXT):
        contract, item = made.make_home_care()
        other = made.make_hourly_item(contract)
        for each in (item, other):
            made.make_confirmed(each, 100_000)
        yield {
            "day": NEXT, "contract": contract, "item": item, "other": other,
            "provider": make_user(Role.FINANCE, Provider(id=contract.provider_id)),
            "officer": make_staff(CouncilRole.PAYMENTS_OFFICER),
        }  # fmt: skip


def happen(invoice, event, who):
    if event in RUNS:
        _run(who, in_part=RUNS[event])
    else:
        with as_on(who["day"]):
            act(invoice, lambda own: VERBS[event](own, who))


def lead(who, state):
    invoice = made.make_invoice(who["contract"], asked(who["item"]), asked(who["other"]), by=who["provider"])
    for event in REACHED_BY[state]:
        happen(invoice, event, who)
    assert state_of(invoice) == state
    return invoice


def state_of(invoice):
    found = every(select(Invoice).where(Invoice.id == invoice.id))
    if not found:
        return "gone"
    if found[0].status == "cancelled":
        return "cancelled"
    return made.row_of(invoice).state.label.lower()


CELLS = [(state, event) for state in REACHED_BY for event in (*VERBS, *RUNS)]


@pytest.mark.parametrize("state", REACHED_BY)
def test_the_table_has_every_event(repository, state):
    assert set(dict(table(repository))[state]) == {*VERBS, *RUNS}


def test_the_table_has_every_state(repository):
    rows = {state for state, _ in table(repository)}
    assert rows == {each.label.lower() for each in InvoiceState} == set(REACHED_BY)


@pytest.mark.parametrize(("state", "event"), CELLS)
def test_what_becomes_of_it_is_as_the_table_says(repository, who, state, event):
    said = dict(table(repository))[state][event]
    invoice = lead(who, state)
    before = len(every(AuditEvent)), len(every(OutboxMessage))
    if said == "refused":
        with pytest.raises(DomainError):
            happen(invoice, event, who)
        assert (len(every(AuditEvent)), len(every(OutboxMessage))) == before
    else:
        happen(invoice, event, who)
        assert event in RUNS or len(every(AuditEvent)) > before[0]
    assert state_of(invoice) == (state if said in ("=", "refused") else said)
