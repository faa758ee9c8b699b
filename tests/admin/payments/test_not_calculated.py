"""Contracts that cannot be calculated: on the desk, in a list, on their payments; and what officers do meanwhile."""

import pytest
from sqlalchemy import select

from models.payments.adjustment import Adjustment
from models.payments.blocked import CalculationFault
from models.payments.hold import Hold
from models.permissions import Role
from models.records.provider import Provider
from tests.admin.conftest import MONDAY, SUNDAY, WEEK, two_clients
from tests.admin.payments.acts import act, adjust, given
from tests.factories import make_user
from tests.support.client import PortalClient
from tests.support.faults import unable_to_calculate
from tests.support.rows import every
from tests.support.runs import calculate

FAULTS = "/council/payments/not-calculated"
CANNOT = "cannot be calculated"


@pytest.fixture
def broken(desk):
    with unable_to_calculate(desk.contract):
        calculate(SUNDAY)
        yield desk


def test_the_desk_counts_them_and_links_to_the_list(broken):
    home = broken.officer.get("/council/")
    [row] = [row for row in home.page.select("tbody tr") if CANNOT in row.text]
    assert row.td.text == "1"
    page = broken.officer.get(row.a["href"])
    [provider] = every(select(Provider).where(Provider.id == broken.contract.provider_id))
    [row] = page.page.select("#faults tbody tr")
    assert f"{broken.contract.name} ({broken.contract.reference})" in row.th.text
    assert provider.reference in row.text
    assert "KeyError in broken, line " in row.text
    assert "ring the systems administrator" in page.words


def test_the_list_is_filtered_and_says_when_it_is_empty(broken):
    assert not broken.officer.get(FAULTS + "?name=Nobody").page.select("#faults tbody tr")
    assert "No contract of such a provider" in broken.officer.get(FAULTS + "?name=Nobody", htmx=True).words
    [provider] = every(select(Provider).where(Provider.id == broken.contract.provider_id))
    assert broken.officer.get(f"{FAULTS}?name={provider.name}").page.select("#faults tbody tr")


def test_once_mended_it_is_gone(desk):
    with unable_to_calculate(desk.contract):
        calculate(SUNDAY)
    calculate(SUNDAY)
    assert "Every contract can be calculated." in desk.officer.get(FAULTS).words
    assert CANNOT not in desk.officer.get("/council/").words
    assert CANNOT not in desk.officer.get(desk.payment).words


def test_its_payments_say_so_on_both_sides(broken):
    assert f"This contract {CANNOT} since" in broken.officer.get(broken.payment).words
    paid = broken.payment.replace(str(MONDAY + WEEK), str(MONDAY))
    assert CANNOT not in broken.officer.get(paid).words
    [provider] = every(select(Provider).where(Provider.id == broken.contract.provider_id))
    member = PortalClient(broken.officer.app).sign_in(make_user(Role.FINANCE, provider))
    page = member.get(f"/providers/{provider.id}/payments/{broken.contract.reference}/{MONDAY + WEEK}")
    assert "We cannot work out this payment just now." in page.words
    assert "KeyError" not in page.words
    assert "Compared with" not in page.words
    home = member.get(f"/providers/{provider.id}/").words
    assert "it cannot be calculated just now" in home
    assert "on track" not in home
    other = two_clients()
    calculate(SUNDAY)
    assert CANNOT not in broken.officer.get(f"/council/payments/{other.reference}/{MONDAY + WEEK}").words


def test_an_officer_holds_and_adjusts_all_the_same(broken):
    words = act(broken, "hold", {"what": "", "reason": "Left?"}).words
    assert f"Held. But its contract {CANNOT} just now, so its figures stand as they were" in words
    shown = act(broken, "adjust", given(broken), 200)
    assert "we cannot say what its payment would come to" in shown.words
    saved_page = adjust(broken)
    assert f"Adjusted by −£100.00. But its contract {CANNOT} just now" in saved_page.words
    assert len(every(Hold)) == len(every(Adjustment)) == len(every(CalculationFault)) == 1
