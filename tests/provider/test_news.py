"""What a payment's people are told of, from the facts that change to the page that the mail links to."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from models.accounts.notification import News, WaitingNews, When, choose, send_digest
from models.calendar import as_on
from models.outbox import OutboxMessage
from models.payments.asking import tell_of_debt, who_is_told
from models.payments.payment import ScheduledPayment
from models.permissions import Role
from models.records.care_package import ItemPrice
from models.records.client import Client
from tests.care_factories import make_contract, make_item
from tests.factories import make_provider, make_user
from tests.support.client import PortalClient
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate, change

MONDAY, TUESDAY = date(2019, 9, 30), date(2019, 10, 1)


@pytest.fixture
def contract(database, timetable):
    timetable("08:00 reminders")
    contract = make_contract(make_provider(name="Oak House"), calculate_from=MONDAY)
    make_item(contract, rate_e4=3_530_800, starts_on=MONDAY)
    return contract


@pytest.fixture
def viewer(contract):
    return make_user(Role.VIEWER, _provider(contract), name="Vi")


def _provider(contract):
    return type("Known", (), {"id": contract.provider_id})


def dearer(rate_e4):
    change(every(ItemPrice)[0], rate_e4=rate_e4)
    calculate(TUESDAY)


def waiting():
    return [(each.user_id, each.line) for each in every(WaitingNews)]


def test_a_payment_that_changes_is_told_once_and_its_link_opens_it(app, contract, viewer):
    calculate(TUESDAY)
    assert waiting() == []
    dearer(3_600_000)
    dearer(3_700_000)
    dearer(3_700_000)
    what = f"A payment has changed: {contract.name} ({contract.reference}), 30 September to 6 October 2019"
    assert waiting() == [(viewer.id, what)]
    with unit_of_work():
        assert send_digest(viewer.id)
    [mail] = every(OutboxMessage)
    browser = PortalClient(app).sign_in(viewer)
    links = re.findall(r"http://portal\.example(/\S+)", mail.body)
    assert [browser.get(link).heading for link in links][1] == "E-mails you get"
    assert "£370.00" in browser.get(links[0]).words
    assert not any(name in mail.body for name in names())


def names():
    return {name for each in every(Client) for name in (each.surname, each.first_name, each.reference)}


def test_whoever_wants_it_at_once_reads_what_it_was_and_what_it_is(contract, viewer):
    with unit_of_work():
        choose(viewer, {News.CHANGED: When.AT_ONCE})
    calculate(TUESDAY)
    dearer(3_600_000)
    [mail] = every(OutboxMessage)
    assert (mail.to, mail.subject) == (viewer.email, "A payment has changed")
    assert "30 September to 6 October 2019: £360.00. It was £353.08.\n" in mail.body
    assert f"/providers/{contract.provider_id}/payments/{contract.reference}/2019-09-30\n" in mail.body
    assert not any(name in mail.body for name in names())


def test_a_payment_that_is_only_planned_or_new_is_no_news(contract, viewer):
    calculate(TUESDAY)
    change(every(ItemPrice)[0], starts_on=date(2019, 10, 7))
    make_item(contract, rate_e4=1_000_000, starts_on=date(2019, 10, 14))
    calculate(MONDAY)
    assert [line for _, line in waiting()] == [
        f"A payment has changed: {contract.name} ({contract.reference}), 30 September to 6 October 2019"
    ]


def test_what_is_owed_links_to_what_is_owed(app, contract, viewer):
    with unit_of_work():
        tell_of_debt(contract, "A debt is written off", "The council gives up £5.00.", 1_000)
    [mail] = every(OutboxMessage)
    [link] = re.findall(r"http://portal\.example(/\S+)", mail.body)
    PortalClient(app).sign_in(viewer).get(link)


def test_an_officer_is_told_to_ring_where_nobody_wants_mail(contract, viewer):
    def said():
        with as_on(TUESDAY), reading() as rows:
            payment = rows.scalars(select(ScheduledPayment).where(ScheduledPayment.first_on == MONDAY)).one()
            rows.refresh(payment, ["contract"])
            return who_is_told(payment)

    calculate(TUESDAY)
    assert said() == "The provider is told by mail."
    with unit_of_work():
        choose(viewer, {News.PAYMENT: When.OFF})
    assert said() == "Nobody at the provider wants such mail, so nobody is told: ring them."
