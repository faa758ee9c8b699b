"""Providers are reminded of what they have to confirm: once, shortly before the last day, without a client's name."""

from datetime import date, timedelta

import pytest

from models.accounts.user import User
from models.calendar import as_on
from models.outbox import OutboxMessage
from models.payments import reminding
from models.payments.reminding import Reminder
from models.permissions import Role
from models.records.client import Client
from models.records.provider import Provider
from tests.care_factories import make_calendar, make_contract, make_item
from tests.factories import make_provider, make_user
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import answered, calculate, change, payment

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 23)


@pytest.fixture
def contract():
    """It has to be confirmed, and Fin may."""
    provider = make_provider(name="Rowan Lodge")
    contract = make_contract(provider, make_calendar(confirm_by_days=4), calculate_from=MONDAY, confirmation="required")
    make_item(contract, rate_e4=3_530_800, starts_on=MONDAY)
    make_user(Role.FINANCE, provider, name="Fin Finch", email="fin@rowan.example")
    make_user(Role.VIEWER, provider, email="viewer@rowan.example")
    calculate(MONDAY)
    return contract


@pytest.fixture
def last_day(contract):
    found = payment(contract, MONDAY)
    return found.answer_by


def own_provider(contract):
    return next(each for each in every(Provider) if each.id == contract.provider_id)


def remind_on(day, days=2):
    with as_on(day):
        with reading():
            providers = reminding.providers_to_remind(days)
        for each in providers:
            with unit_of_work():
                reminding.remind(each, days)
    return [mail.to for mail in every(OutboxMessage)]


def before(day, count):
    """The working day so many working days before."""
    while count:
        day -= timedelta(days=1)
        count -= day.weekday() < 5
    return day


def test_who_may_confirm_is_reminded_some_working_days_before(contract, last_day):
    assert remind_on(before(last_day, 3)) == []
    assert remind_on(before(last_day, 2)) == ["fin@rowan.example"]
    [mail] = every(OutboxMessage)
    assert mail.subject == "1 payment to confirm"
    assert mail.body.startswith("Fin Finch,\n\n1 payment of Rowan Lodge has to be confirmed")
    assert f"By {last_day:%A} {last_day.day} {last_day:%B}:\n{contract.name} ({contract.reference}), " in mail.body
    assert "£353.08" in mail.body


def test_the_mail_names_no_client(contract, last_day):
    remind_on(last_day)
    [mail], [client] = every(OutboxMessage), every(Client)
    assert not [name for name in (client.surname, client.first_name, client.reference) if name in mail.body]


def test_it_is_made_up_for_later_but_not_after_the_last_day(contract, last_day):
    assert remind_on(last_day + timedelta(days=1)) == []
    assert len(remind_on(last_day)) == 1


def test_the_same_is_never_said_twice(contract, last_day):
    for day in (before(last_day, 2), before(last_day, 1), last_day):
        assert len(remind_on(day)) == 1
    assert [(each.answer_by, each.sent_on) for each in every(Reminder)] == [(last_day, before(last_day, 2))]


def test_a_last_day_that_was_moved_is_a_new_one(contract, last_day):
    remind_on(before(last_day, 2))
    later = last_day + timedelta(days=7)
    change(payment(contract, MONDAY), asked_by=later, asked_because="moved")
    assert len(remind_on(before(later, 2))) == 2


def test_a_provider_gets_one_mail_a_day_about_all_of_it(contract, last_day):
    another = make_contract(
        own_provider(contract), make_calendar(confirm_by_days=4), calculate_from=MONDAY, confirmation="required"
    )
    make_item(another, rate_e4=1_000_000, starts_on=MONDAY)
    calculate(MONDAY)
    assert len(remind_on(last_day)) == 1
    assert "2 payments of Rowan Lodge have to be confirmed" in every(OutboxMessage)[0].body
    third = make_contract(
        own_provider(contract), make_calendar(confirm_by_days=4), calculate_from=MONDAY, confirmation="required"
    )
    make_item(third, rate_e4=1_000_000, starts_on=MONDAY)
    calculate(MONDAY)
    assert len(remind_on(last_day)) == 1, "what came in since waits for the next day"


def confirmed(contract, found):
    change(found, **answered("confirmed", found.total_pence))


def paid_as_it_is(contract, found):
    change(found, waive_reason="It is right", waived_pence=found.total_pence, waived_on=MONDAY)


def paid_unconfirmed(contract, found):
    change(contract, confirmation="optional")


def of_nothing(contract, found):
    change(found, net_pence=0, vat_pence=0)


@pytest.mark.parametrize("it_is", [confirmed, paid_as_it_is, paid_unconfirmed, of_nothing])
def test_nobody_is_reminded_of_what_need_not_be_confirmed(contract, last_day, it_is):
    it_is(contract, payment(contract, MONDAY))
    assert remind_on(last_day) == []


def test_where_nobody_may_confirm_nothing_is_kept(last_day, contract):
    for user in every(User):
        change(user, is_active=False)
    assert remind_on(last_day) == []
    assert not every(Reminder)
