"""What is told of invoices: once they are sent, again when they change, and by which payment lines they are paid."""

from datetime import timedelta

import pytest

from models.billing import invoice_deciding, invoicing
from models.calendar import as_on
from models.permissions import CouncilRole
from tests.exchange.outbound.conftest import Way
from tests.factories import make_staff
from tests.invoice_factories import (
    MONDAY,
    act,
    approve,
    asked,
    make_confirmed,
    make_credit_note,
    make_home_care,
    make_invoice,
    make_sent,
    officer,
    reason_owned_by,
    send,
    with_role,
)
from tests.support.runs import finalise

pytestmark = [pytest.mark.postgres, pytest.mark.covers("S3-001")]
LATER = MONDAY + timedelta(days=9)


def told(way: Way, name: str, *columns: str) -> list[tuple[str, ...]]:
    """What the next export says, in these columns; nothing where there is none, or no such file in it."""
    way.finance.books.clear()
    way.export()
    way.finance.look()
    return [tuple(row[column] for column in columns) for row in way.finance.rows(name)]


def test_an_invoice_is_told_when_it_is_sent_held_and_approved(way: Way):
    columns = "number", "kind", "status", "hold_reason", "net", "decision_note"
    with as_on(LATER):
        contract, item = make_home_care()
        make_confirmed(item, 100_000)
        invoice = make_invoice(contract, asked(item), number="1041")
        assert told(way, "invoices.csv", *columns) == []
        send(invoice)
        assert told(way, "invoices.csv", *columns) == [("1041", "invoice", "submitted", "", "231.00", "")]
        assert told(way, "invoices.csv", *columns) == []
        why, by = reason_owned_by("payments"), with_role(officer())
        manager = with_role(make_staff(CouncilRole.PAYMENTS_MANAGER))
        act(invoice, lambda own: invoice_deciding.hold(own, why, by=by))
        assert told(way, "invoices.csv", *columns) == [("1041", "invoice", "on_hold", why.name, "231.00", "")]
        act(invoice, lambda own: invoice_deciding.release(own, by=manager))
        approve(invoice)
        assert told(way, "invoices.csv", *columns) == [("1041", "invoice", "approved", "", "231.00", "As agreed")]


def test_one_that_is_held_and_released_is_told_as_it_is_each_time(way: Way):
    """What comes back to what it was is told again: else the finance system would have it on hold for good."""
    with as_on(LATER):
        contract, item = make_home_care()
        make_confirmed(item, 100_000)
        invoice = make_sent(contract, asked(item), number="1041")
        by = with_role(make_staff(CouncilRole.PAYMENTS_MANAGER))
        first, second = reason_owned_by("payments"), reason_owned_by("brokerage")
        columns = "status", "hold_reason"
        assert told(way, "invoices.csv", *columns) == [("submitted", "")]
        for reason in (first, first, second):
            act(invoice, lambda own, why=reason: invoice_deciding.hold(own, why, by=by))
            assert told(way, "invoices.csv", *columns) == [("on_hold", reason.name)]
            act(invoice, lambda own: invoice_deciding.release(own, by=by))
            assert told(way, "invoices.csv", *columns) == [("submitted", "")]
        assert told(way, "invoices.csv", *columns) == []
        act(invoice, lambda own: invoice_deciding.hold(own, first, by=by))
        assert told(way, "invoices.csv", *columns) == [("on_hold", first.name)]
        act(invoice, lambda own: invoice_deciding.release(own, by=by))
        act(invoice, lambda own: invoice_deciding.hold(own, second, by=by))
        assert told(way, "invoices.csv", *columns) == [("on_hold", second.name)]


def test_one_that_is_cancelled_is_told_and_its_number_may_come_again(way: Way):
    with as_on(LATER):
        contract, item = make_home_care()
        make_confirmed(item, 100_000)
        first = make_sent(contract, asked(item), number="1041")
        act(first, invoicing.cancel, by=officer())
        make_sent(contract, asked(item), number="1041")
        rows = told(way, "invoices.csv", "invoice_ref", "number", "status")
    assert sorted(rows) == [("V1", "1041", "cancelled"), ("V2", "1041", "submitted")]


def test_lines_lead_from_the_actual_to_the_payment_and_back(way: Way):
    with as_on(LATER):
        contract, item = make_home_care()
        make_confirmed(item, 100_000)
        invoice = make_sent(contract, asked(item))
        approve(invoice)
        finalise(MONDAY + timedelta(days=13))
        [line] = told(way, "invoice_lines.csv", "invoice_ref", "invoice_line_ref", "item_ref", "net")
        assert line == ("V1", "VL1", item.reference, "231.00")
        [paid] = [row for row in way.finance.rows("payment_lines.csv") if row["component"] == "invoice"]
        assert (paid["invoice_line_ref"], paid["item_ref"], paid["net"]) == ("VL1", item.reference, "231.00")
        assert paid["line_ref"].startswith("invoice:VL1:")
        assert {row["account"] for row in way.finance.rows("general_ledger.csv")} == {"invoice", "bank"}
        note = make_credit_note(invoice, {1: 10_000})
        send(note)
        [credit] = told(way, "invoices.csv", "kind", "credits_ref", "net")
        assert credit == ("credit_note", "V1", "23.10")
        assert [row["credits_line_ref"] for row in way.finance.rows("invoice_lines.csv")] == ["VL1"]
