"""One visit, and what it became: the week, the figure, the payment, and what stands on the bank statement."""

from datetime import date, timedelta

import pytest

from models.money import SCALE
from models.payments.payment import PaymentLine
from models.payments.sent import SentPayment
from models.permissions import Role
from models.records.provider import Provider
from models.records.visit import Carer, Visit, VisitOutcome
from tests.actual_factories import level_of
from tests.care_factories import make_calendar, make_client
from tests.factories import make_provider, make_user
from tests.support.actuals import confirmed_actual, make_contract, make_item
from tests.support.client import PortalClient
from tests.support.rows import every, saved
from tests.support.runs import calculate, finalise

MONDAY = date(2019, 9, 23)
TODAY = MONDAY + timedelta(days=16)


@pytest.fixture
def item(app, set_today):
    set_today(TODAY)
    contract = make_contract(make_provider(), calendar=make_calendar(), calculate_from=MONDAY)
    return make_item(contract, client=make_client(surname="Łukasz-Tŷ", first_name="Ŵyn"))


def visit_of(item, item_id=None) -> Visit:
    carer = saved(Carer(provider_id=item.provider_id, reference="W1"))
    return saved(Visit(provider_id=item.provider_id, reference="V1", client_id=item.client_id, carer_id=carer.id,
                       item_id=item_id, day=MONDAY + timedelta(days=2), outcome=VisitOutcome.MISSED))  # fmt: skip


def page(app, item, visit, role=Role.FINANCE):
    own = PortalClient(app).sign_in(make_user(role, Provider(id=item.provider_id)))
    return own.get(f"/providers/{item.provider_id}/visits/{visit.id}", status=200)


def test_a_visit_without_a_line_item_is_in_no_week(app, item):
    answer = page(app, item, visit_of(item))
    assert "it is in no week before it has a line item" in answer.words
    assert answer.page.select_one("main a[href$='/allot']") is not None
    assert "Choose a line item" not in page(app, item, every(Visit)[0], Role.VIEWER).words


def test_a_visit_says_which_figure_payment_and_reference_it_became(app, item):
    visit = visit_of(item, item.id)
    assert "which nobody has begun" in page(app, item, visit).words
    confirmed_actual(item, MONDAY, 132_500)
    calculate(TODAY)
    words = page(app, item, visit).words
    assert "is 13.25 hours , number 1" in words
    assert "£306.08" in words
    assert "Not paid yet" in words
    finalise(TODAY)
    [line] = [each for each in every(PaymentLine) if each.run_id]
    saved(SentPayment(
        provider_id=item.provider_id, contract_id=item.contract_id, payment_id=line.payment_id, run_id=line.run_id,
        period_first_on=line.first_on, amount_pence=306_08, in_bank_on=date(2019, 10, 11), bank_reference="BACS 4711",
    ))  # fmt: skip
    row = page(app, item, visit).page.select("main table tbody tr")
    assert [each.get_text(" ", strip=True) for each in row] == ["23/09/2019 to 29/09/2019 11/10/2019 BACS 4711 £306.08"]
    scheduler = page(app, item, visit, Role.SCHEDULER)
    assert "£" not in scheduler.page.select_one("main").get_text()


def test_a_corrected_week_shows_each_payment_with_its_part(app, item):
    visit = visit_of(item, item.id)
    confirmed_actual(item, MONDAY, 132_500)
    finalise(TODAY)
    confirmed_actual(item, MONDAY, 12 * SCALE)
    calculate(TODAY)
    rows = page(app, item, visit).page.select("main table tbody tr")
    assert [each.select("td")[-1].get_text(strip=True) for each in rows] == ["£306.08", "−£28.88"]


@pytest.mark.parametrize(("minutes", "is_told"), [(1, True), (-1, False)])
def test_a_visit_that_changed_after_its_week_was_confirmed_says_so(app, item, minutes, is_told):
    figure = confirmed_actual(item, MONDAY, 132_500)
    visit = visit_of(item, item.id)
    visit.changed_at = figure.confirmed_at + timedelta(minutes=minutes)
    saved(visit)
    assert ("The visit has changed since then" in page(app, item, visit).words) is is_told


def test_another_providers_visit_is_not_there(app, item):
    visit, other = visit_of(item, item.id), make_provider()
    stranger = PortalClient(app).sign_in(make_user(Role.FINANCE, other))
    stranger.get(f"/providers/{other.id}/visits/{visit.id}", status=404)


def test_the_week_that_1_april_cuts_shows_both_sides_as_one_sum(app, set_today):
    """12 hours at £23.10 from 30 March to 5 April 2020: two payment lines, and one total on the week's page."""
    monday = date(2020, 3, 30)
    set_today(monday + timedelta(days=7))
    contract = make_contract(make_provider(), calendar=make_calendar(), calculate_from=monday)
    item = make_item(contract)
    confirmed_actual(item, monday, 12 * SCALE)
    calculate(monday + timedelta(days=7))
    assert [each.last_on.day for each in every(PaymentLine) if each.last_on < monday + timedelta(7)] == [31, 5]
    own = PortalClient(app).sign_in(make_user(Role.FINANCE, Provider(id=item.provider_id)))
    there = f"/providers/{item.provider_id}/actuals/{contract.reference}/{level_of(item).service_id}/{monday}"
    assert "£277.20" in own.get(there, status=200).words
