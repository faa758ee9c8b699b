"""Invoices on hold, on home: what the provider has to mend, with the sum that waits on it."""

from datetime import date

import pytest

from models.billing import invoice_deciding
from models.permissions import Role
from models.records.invoice import InvoiceLine
from models.records.provider import Provider, ProviderKind
from tests import invoice_factories as made
from tests.factories import make_provider, make_user
from tests.invoice_factories import act, asked
from tests.support.client import PortalClient
from tests.support.rows import every


@pytest.fixture
def care(database, set_today):
    set_today(date(2026, 10, 12))
    return made.make_home_care(provider=make_provider(kind=ProviderKind.HOME_CARE))


@pytest.fixture
def finance(app, care):
    return PortalClient(app).sign_in(make_user(Role.FINANCE, Provider(id=care[0].provider_id)))


def held(invoice, owner="provider"):
    by = made.officer()
    act(invoice, invoice_deciding.hold, made.reason_owned_by(owner), by=by)
    return invoice


def home(care, who):
    return who.get(f"/providers/{care[0].provider_id}/", status=200)


def test_one_that_is_on_hold_is_there_with_its_sum_until_it_is_sent_again(care, finance):
    contract, item = care
    invoice = held(made.make_sent(contract, asked(item)))
    page = home(care, finance)
    assert "1 invoice is on hold, £231.00" in page.words
    assert page.page.select_one(f"main a[href='/providers/{contract.provider_id}/invoices/{invoice.id}']")
    assert len(page.reads) <= 8
    made.send(invoice)
    assert "on hold" not in home(care, finance).words


def test_of_several_the_list_is_led_to_and_credit_notes_are_taken_off(care, finance):
    contract, item = care
    paid = made.make_sent(contract, asked(item))
    made.approve(paid)
    [line] = every(InvoiceLine)
    note = made.make_credit_note(paid, {line.id: 40_000})
    made.send(note)
    held(note)
    held(made.make_sent(contract, asked(item, 5)))
    page = home(care, finance)
    assert "2 invoices are on hold, £23.10" in page.words
    there = page.page.select_one("main a[href$='invoices/?state=on_hold']")["href"]
    listed = finance.get(there, status=200)
    assert len(listed.page.select("tbody tr")) == 2


def test_what_the_council_has_to_do_and_what_others_have_sent_is_not_there(app, care, finance):
    contract, item = care
    held(made.make_sent(contract, asked(item)), owner="brokerage")
    other, their_item = made.make_home_care(provider=make_provider(kind=ProviderKind.HOME_CARE))
    held(made.make_sent(other, asked(their_item)))
    assert "on hold" not in home(care, finance).words
    viewer = PortalClient(app).sign_in(make_user(Role.VIEWER, Provider(id=other.provider_id)))
    assert "on hold" not in home((other,), viewer).words
