"""A contract that cannot be calculated, as the council and its provider see it in a browser."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.permissions import Role
from models.records.provider import Provider
from tests.admin.conftest import MONDAY, SUNDAY, WEEK, two_clients
from tests.browser.conftest import WAYS
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.factories import make_staff, make_user
from tests.support.faults import unable_to_calculate
from tests.support.rows import every
from tests.support.runs import calculate, finalise


@pytest.mark.parametrize("way", WAYS)
def test_both_sides_are_told(database, set_today, open_browser, sign_in, way):
    contract = two_clients()
    finalise(MONDAY + timedelta(days=6))
    with unable_to_calculate(contract):
        calculate(SUNDAY)
    set_today(SUNDAY)
    [provider] = every(select(Provider).where(Provider.id == contract.provider_id))
    officer, member = open_browser(way), open_browser(way)
    sign_in(officer, make_staff(name="Ola Officer"))
    sign_in(member, make_user(Role.FINANCE, provider))
    officer.goto("/council/")
    look_at(officer, "desk")
    officer.get_by_role("link", name="Contracts that cannot be calculated").click()
    look_at(officer, "list")
    officer.goto(f"/council/payments/{contract.reference}/{MONDAY + WEEK}")
    look_at(officer, "payment")
    for name, path in (("home", ""), ("theirs", f"payments/{contract.reference}/{MONDAY + WEEK}")):
        member.goto(f"/providers/{provider.id}/{path}")
        look_at(member, name)


def look_at(page, name):
    take_picture(page, f"faults-{name}")
    assert_fits(page)
    if page.locator("body").evaluate("body => body.classList.contains('js-enabled')"):
        assert_accessible(page)
