"""The mail to the team about its own work: counts and sums, and nobody's name."""

from datetime import date, timedelta

import pytest

from models.calendar import as_on
from models.payments import digest
from models.records.client import Client
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item
from tests.support.broken_off import held, prepared_by_people
from tests.support.rows import every, reading
from tests.support.runs import answered, calculate, change, payment

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY, SUNDAY = date(2019, 9, 23), date(2019, 9, 29)


@pytest.fixture
def contracts():
    """Two, at £353.08 a week; their first week is to be finalised on Sunday."""
    found = [make_contract(calculate_from=MONDAY, confirmation="required") for _ in range(2)]
    for contract in found:
        make_item(contract, rate_e4=3_530_800, starts_on=MONDAY)
    calculate(MONDAY)
    return found


def written(day):
    with as_on(day), reading():
        return digest.subject(), digest.body()


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (SUNDAY - timedelta(days=2), "Today: none.\nTomorrow: none."),
        (SUNDAY - timedelta(days=1), "Today: none.\nTomorrow: 2 payments, £706.16 not held."),
        (SUNDAY, "Today: 2 payments, £706.16 not held.\nTomorrow: none."),
        (
            SUNDAY + timedelta(days=1),
            "Overdue, since Sunday 29 September: 2 payments, £706.16 not held.\nToday: none.\nTomorrow: none.",
        ),
    ],
)
def test_it_says_what_is_overdue_due_today_and_due_tomorrow(contracts, day, due):
    subject, body = written(day)
    assert subject == f"What is due and what waits on {day:%A} {day.day} {day:%B}"
    assert body.startswith(f"Payments to be finalised\n\n{due}\n\nWhat waits for somebody\n\n")


def test_it_says_what_is_held_and_what_waits_for_whom(contracts):
    first, second = (payment(each, MONDAY) for each in contracts)
    held(first)
    change(second, **answered("rejected", 35_308))
    _, body = written(SUNDAY)
    assert "Today: 2 payments, £0.00 not held and £706.16 held." in body
    assert "Held payments: 1, £353.08, the oldest since " in body
    assert "Rejected payments: 1, £353.08, the oldest since " in body


def test_it_says_which_runs_wait(contracts):
    prepared_by_people(authorised=False)
    assert "Payment runs to authorise: 1, £706.16, the oldest since " in written(SUNDAY)[1]


def test_it_says_that_nothing_waits():
    assert "What waits for somebody\n\nNothing.\n" in written(MONDAY)[1]


def test_it_names_nobody(contracts):
    held(payment(contracts[0], MONDAY))
    names = [each.surname for each in every(Client)] + [each.name for each in every(Provider)]
    assert names
    assert not [name for name in names if name in written(SUNDAY)[1]]
