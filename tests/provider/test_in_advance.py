"""A payment that is made before its period begins, as its provider sees and answers it."""

from datetime import date, timedelta

import pytest

from models.permissions import Role
from models.records.provider import Provider
from tests.care_factories import make_calendar, make_contract, make_item
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.rows import every
from tests.support.runs import calculate, finalise, payment

MONDAY = date(2019, 11, 25)
DAY = timedelta(days=1)


@pytest.fixture
def contract(app):
    """£100.00 a week; each week is answered by the Wednesday, and finalised on the Friday, before it begins."""
    calendar = make_calendar(confirm_by_days=-5, finalise_days=-3, bank_days=0)
    given = {"confirmation": "required", "if_unconfirmed": "hold"}
    contract = make_contract(calendar=calendar, calculate_from=MONDAY, **given)
    make_item(contract, rate_e4=1_000_000, starts_on=MONDAY, authorised_on=date(2019, 11, 1))
    return contract


@pytest.fixture
def office(app, contract):
    [provider] = every(Provider)
    client = PortalClient(app).sign_in(make_user(Role.FINANCE, provider))
    return client, f"/providers/{provider.id}/payments/{contract.reference}/{MONDAY}"


def test_it_is_confirmed_before_it_begins_and_paid(contract, office, set_today):
    client, path = office
    wednesday = MONDAY - 5 * DAY
    calculate(wednesday - 8 * DAY)
    set_today(wednesday - 8 * DAY)
    page = client.get(path)
    assert "from Wednesday 13 November 2019 to the end of Wednesday 20 November 2019" in page.words
    assert "It is paid in advance: it is finalised on Friday 22 November 2019, before its period begins" in page.words
    assert "has not begun" in client.post(path + "/answer", {"total_pence": "10000", "confirm": "y"}, status=422).words
    calculate(wednesday)
    set_today(wednesday)
    assert "Please confirm or reject by the end of Wednesday 20 November 2019." in client.get(path).words
    form = client.get(path + "/answer")
    assert "This payment is made in advance, and this is what is planned." in form.words
    assert not form.page.select("[name$=is_wrong]")
    client.submit(form, {"confirm": "10000"}, status=303)
    finalise(MONDAY - 3 * DAY)
    set_today(MONDAY - 3 * DAY)
    assert payment(contract, MONDAY).processing.is_finalised
    assert "It was paid in advance: it was in your bank no later than the first day" in client.get(path).words


def test_on_its_day_it_is_listed_among_those_that_have_begun(contract, office, set_today):
    client, path = office
    calculate(MONDAY - 3 * DAY)
    set_today(MONDAY - 3 * DAY)
    page = client.get(path.rpartition("/payments/")[0] + "/payments/").page
    newest = page.select_one(".periods a")
    assert "£100.00" in newest.text
    assert "It is paid in advance" in client.get(newest["href"]).words


def test_a_rejection_before_it_begins_is_told_on_home(contract, office, set_today):
    """Home passed it over in silence, and promised the next one as what comes first."""
    client, path = office
    wednesday = MONDAY - 5 * DAY
    calculate(wednesday)
    set_today(wednesday)
    client.submit(client.get(path + "/answer"), {"reject": "y", "why": "Wrong"}, status=303)
    words = client.get(path.rpartition("/payments/")[0] + "/").words
    assert "£100.00 held : you rejected it on Wednesday 20 November 2019. It is not paid until" in words
    assert "£100.00 is held and not in it" in words
