"""Care relief: one colleague types the figures of a tax year, another checks them."""

from datetime import date

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.permissions import COUNCIL_GRANTS, CouncilRole, Permission
from models.reports.care_relief import CareRelief
from tests.factories import make_staff
from tests.support.client import PortalClient
from tests.support.rows import every

FIGURES = {"fixed_pence": "20000", "younger_pence": "£420.00", "older_pence": "500", "instrument": "SI 2026/1"}


@pytest.fixture(autouse=True)
def _today(set_today):
    set_today(date(2026, 11, 27))


@pytest.fixture
def log_in(app):
    return lambda role=CouncilRole.PAYMENTS_OFFICER: PortalClient(app).sign_in(make_staff(role))


def of(year):
    return next((row for row in every(CareRelief) if row.year == year), None)


def test_one_types_the_missing_year_and_another_says_that_it_is_right(log_in):
    officer, manager = log_in(), log_in(CouncilRole.PAYMENTS_MANAGER)
    page = officer.get("/council/care-relief/")
    assert "Not on record: 2027/2028, 2026/2027." in page.words
    officer.submit(officer.get("/council/care-relief/new"), {"year": "2026", **FIGURES}, status=303)
    found = of(2026)
    assert (found.fixed_pence, found.younger_pence, found.older_pence) == (2_000_000, 42_000, 50_000)
    address = f"/council/care-relief/{found.id}/check"
    refused = officer.post(address, status=409)
    assert "You entered these figures" in refused.words
    assert not officer.get("/council/care-relief/").page.select(f"form[action='{address}']")
    manager.post(address, status=303)
    assert of(2026).is_checked
    events = every(select(AuditEvent.action).where(AuditEvent.action.like("care_relief.%")).order_by(AuditEvent.id))
    assert events == ["care_relief.entered", "care_relief.checked"]


def test_a_correction_waits_for_a_check_again(log_in):
    manager, officer = log_in(CouncilRole.PAYMENTS_MANAGER), log_in()
    row = of(2025)
    manager.post(f"/council/care-relief/{row.id}/check", status=303)
    form = officer.get(f"/council/care-relief/{row.id}/correct")
    officer.submit(form, {"older_pence": "496"}, status=303)
    found = of(2025)
    assert (found.older_pence, found.is_checked, found.instrument) == (49_600, False, "SI 2025/51")


def test_what_is_wrong_stays_on_the_form(log_in):
    officer = log_in()
    form = officer.get("/council/care-relief/new")
    again = officer.submit(form, {"year": "2026", **FIGURES, "fixed_pence": "", "instrument": ""}, status=422)
    assert again.errors == ["Enter an amount", "Say where these figures stand"]
    assert again.page.select_one("#older_pence")["value"] == "500"


@pytest.mark.parametrize("role", list(CouncilRole))
def test_who_may_see_and_who_may_change(log_in, role):
    granted = COUNCIL_GRANTS[role]
    who = log_in(role)
    who.get("/council/care-relief/", status=200 if Permission.VIEW_CARE_RELIEF in granted else 403)
    who.get("/council/care-relief/new", status=200 if Permission.MANAGE_CARE_RELIEF in granted else 403)
