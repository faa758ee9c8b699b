"""What waits for actuals, as its provider and the council read it."""

from datetime import date, timedelta

import pytest

from models.permissions import Role
from tests.care_factories import make_calendar, make_client
from tests.factories import make_provider, make_staff, make_user
from tests.support.actuals import confirmed_actual, make_contract, make_item
from tests.support.runs import calculate, finalise

DAY, WEEK = timedelta(days=1), timedelta(days=7)
MONDAY = date(2019, 9, 23)
TODAY = MONDAY + 9 * DAY


@pytest.fixture
def provider(database):
    return make_provider()


@pytest.fixture
def contract(provider, set_today):
    """Two people, one of whom has actuals for the first week; the week after is under way."""
    set_today(TODAY)
    calendar = make_calendar(confirm_by_days=8, finalise_days=10, bank_days=14)
    contract = make_contract(provider, calendar=calendar, calculate_from=MONDAY)
    confirmed_actual(make_item(contract, client=make_client(surname="Known")), MONDAY, 132_500)
    make_item(contract, client=make_client(surname="Awaited"))
    calculate(TODAY)
    return contract


@pytest.fixture
def finance(client, provider):
    return client.sign_in(make_user(Role.FINANCE, provider))


def page(provider, contract, first_on):
    return f"/providers/{provider.id}/payments/{contract.reference}/{first_on}"


def inset(answer):
    return [each.get_text(" ", strip=True) for each in answer.page.select(".govuk-inset-text")]


def test_a_payment_says_what_of_it_waits_for_actuals_of_which_week(finance, provider, contract):
    answer = finance.get(page(provider, contract, MONDAY))
    assert "306.08" in answer.words
    assert inset(answer) == [
        "£323.40 by plan waits for your actuals of the week 23 to 29 September 2019, 1 person, and is not in this "
        "payment. Confirm what you delivered: then it is paid by that. See for whom , or open your weeks ."
    ]


def test_of_a_week_that_has_not_ended_it_says_from_when_it_can_be_confirmed(finance, provider, contract):
    [told] = inset(finance.get(page(provider, contract, MONDAY + WEEK)))
    assert told.startswith(
        "£646.80 by plan waits for your actuals of the week 30 September to 6 October 2019, 2 people"
    )
    assert "Confirm what you delivered, from Monday 7 October 2019: then it is paid by that." in told


def test_weeks_of_a_closed_payment_wait_in_the_current_one(finance, provider, contract):
    finalise(MONDAY + 10 * DAY)
    assert inset(finance.get(page(provider, contract, MONDAY))) == []
    [told] = inset(finance.get(page(provider, contract, MONDAY + WEEK)))
    assert told.startswith("£970.20 by plan waits for your actuals of 2 weeks 23 September to 6 October 2019, 2 people")


def test_home_has_one_row_for_all_whose_actuals_wait(finance, provider, contract):
    told = finance.get(f"/providers/{provider.id}/").words
    assert "£323.40 by plan waits for your actuals since" in told
    assert "of 1 person. Confirm what you delivered in the week. Then the next payment has it." in told


def test_where_every_pound_is_lists_it_beside_the_entitlement(finance, provider, contract):
    answer = finance.get(f"/providers/{provider.id}/where-every-pound-is/")
    assert "Beside this, £323.40 by plan waits for actuals." in answer.words
    [row] = [each.get_text(" ", strip=True) for each in answer.page.select("#sums tbody tr")]
    assert "By plan, waits for your actuals" in row
    assert "You. Confirm what you delivered in the week." in row


def test_the_council_reads_whose_turn_it_is(client, provider, contract):
    officer = client.sign_in(make_staff())
    answer = officer.get(f"/council/payments/{contract.reference}/{MONDAY}")
    assert "£323.40 by plan waits for the provider’s actuals of the week 23 to 29 September 2019" in answer.words
    listed = officer.get("/council/payments/waiting/?reason=no+actuals").words
    assert "By plan, waits for the provider’s actuals" in listed
    assert "The provider. The provider confirms what it delivered in the week." in listed
