"""An address of one's own deadlines, which a calendar program reads without logging in."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select

from models.accounts.calendar_address import CalendarAddress
from models.accounts.user import Membership
from models.audit import AuditEvent
from models.payments.hold import Hold, HoldKind
from models.permissions import Role
from models.records.provider import Provider
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import answered, calculate, change, payment

MONDAY = date(2019, 9, 30)


@pytest.fixture
def contract(app, set_today):
    made = make_contract(calculate_from=MONDAY, confirmation="required", if_unconfirmed="hold")
    make_item(made, client=make_client(surname="Secretname"))
    set_today(MONDAY)
    calculate(MONDAY)
    return made


@pytest.fixture
def user(contract):
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    return make_user(Role.FINANCE, provider)


def address(client) -> str:
    answer = client.post("/account/calendar", {}, status=200)
    return re.search(r"/calendar/[\w-]{43}\.ics", answer.page.select_one("code").text)[0]


def test_whoever_has_the_address_reads_the_days_and_nothing_else(app, contract, user):
    path = address(PortalClient(app).sign_in(user))
    answer = PortalClient(app).get(path)
    text = answer.text.replace("\r\n ", "")
    assert answer.response.mimetype == "text/calendar"
    assert f"SUMMARY:Last day to confirm or reject: {contract.reference}\\, 30 Sep to 6 Oct 2019" in text
    assert f"SUMMARY:In your bank: {contract.reference}" in text
    assert "£" not in text
    assert "Secretname" not in text
    assert contract.name not in text
    assert every(CalendarAddress)[0].token_hash not in path


def events(app, path):
    """What stands on the payment of 30 September."""
    text = PortalClient(app).get(path).text.replace("\r\n ", "")
    return [line.removeprefix("SUMMARY:").partition(":")[0] for line in text.splitlines() if "30 Sep to" in line]


def test_a_payment_that_is_rejected_or_held_is_promised_for_no_bank_day(app, contract, user):
    path = address(PortalClient(app).sign_in(user))
    assert events(app, path) == ["Last day to confirm or reject", "Last day for changes", "In your bank"]
    found = payment(contract, MONDAY)
    change(found, **answered("rejected", found.total_pence))
    assert events(app, path) == ["Last day for changes"]


def test_one_that_is_confirmed_has_a_bank_day_and_no_last_day_to_confirm(app, contract, user):
    path = address(PortalClient(app).sign_in(user))
    found = payment(contract, MONDAY)
    change(found, **answered("confirmed", found.total_pence))
    assert events(app, path) == ["Last day for changes", "In your bank"]


def test_one_that_nobody_confirmed_in_time_or_that_the_council_holds_is_not_promised(app, contract, user, set_today):
    path = address(PortalClient(app).sign_in(user))
    found = payment(contract, MONDAY)
    set_today(found.answer_by + timedelta(days=1))
    assert "In your bank" not in events(app, path)
    set_today(MONDAY)
    own = {"provider_id": contract.provider_id, "payment_id": found.id, "reason": "Asked about"}
    saved(Hold(**own, kind=HoldKind.OFFICER))
    assert "In your bank" not in events(app, path)


def test_a_new_address_takes_the_place_of_the_one_before(app, user):
    client = PortalClient(app).sign_in(user)
    before, after = address(client), address(client)
    PortalClient(app).get(before, status=404)
    PortalClient(app).get(after)
    assert len(every(CalendarAddress)) == 1


def test_an_address_is_taken_back(app, user):
    client = PortalClient(app).sign_in(user)
    path = address(client)
    client.post("/account/calendar/take-back", {})
    PortalClient(app).get(path, status=404)
    acts = [event.action for event in every(AuditEvent) if event.action.startswith("calendar_address")]
    assert acts == ["calendar_address.made", "calendar_address.taken_back"]


def test_who_has_left_a_provider_reads_nothing_of_it(app, user):
    path = address(PortalClient(app).sign_in(user))
    with unit_of_work() as session:
        session.execute(delete(Membership).where(Membership.user_id == user.id))
    assert "BEGIN:VEVENT" not in PortalClient(app).get(path).text


def test_who_may_not_log_in_has_no_address(app, user):
    path = address(PortalClient(app).sign_in(user))
    with unit_of_work() as session:
        session.merge(user).is_active = False
    PortalClient(app).get(path, status=404)


def test_who_sees_no_payments_reads_no_deadlines(app, contract):
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    path = address(PortalClient(app).sign_in(make_user(Role.SCHEDULER, provider)))
    assert "BEGIN:VEVENT" not in PortalClient(app).get(path).text


def test_no_other_address_is_one(app, user):
    for path in ("/calendar/x.ics", f"/calendar/{'A' * 43}.ics", f"/calendar/{'A' * 5_000}.ics"):
        PortalClient(app).get(path, status=404)
