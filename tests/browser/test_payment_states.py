"""Payments with VAT, of less than £0.00 and of nothing, as both sides see them at the widths of a phone, a tablet and a
desk.
"""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models.payments.adjustment import Adjustment
from models.permissions import Role
from models.records.provider import Provider, ProviderKind
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.care_factories import make_client, make_contract, make_item, make_service_level
from tests.factories import make_provider, make_staff, make_user
from tests.support.rows import every, saved
from tests.support.runs import calculate

MONDAY, TODAY = date(2019, 9, 30), date(2019, 10, 1)


@pytest.fixture
def contracts(database, set_today):
    """Of one provider: with VAT, of less than £0.00, and of nothing."""
    before = MONDAY - timedelta(days=7)
    provider = make_provider(kind=ProviderKind.CARE_HOME)
    vat = make_contract(provider, calculate_from=before, confirmation="required", name="Rowan Court")
    level = make_service_level(vat_code="standard", vat_basis_points=2_000)
    for surname, rate in (("Featherstonehaugh-Cholmondeley", 123_456_700), ("Adams", 3_530_800)):
        make_item(vat, rate, make_client(surname=surname, first_name="Gwenllian"), service_level_id=level.id)
    make_item(vat, 3_030_300, make_client(surname="Exempt"))
    less = make_contract(provider, calculate_from=MONDAY, confirmation="required", name="Taken back")
    item = make_item(less, rate_e4=1_000_000)
    saved(
        Adjustment(
            provider_id=provider.id, contract_id=less.id, client_id=item.client_id, for_day=MONDAY,
            amount_pence=-123_456, reason="Paid twice in June", created_by_id=make_user().id,
        )
    )  # fmt: skip
    nothing = make_contract(provider, calculate_from=MONDAY, confirmation="required", name="Nothing to pay")
    make_item(nothing, starts_on=MONDAY - timedelta(days=70), ends_on=MONDAY - timedelta(days=60))
    calculate(TODAY)
    set_today(TODAY)
    return {"vat": vat, "less": less, "nothing": nothing}


def test_each_fits_and_says_what_it_is(open_browser, sign_in, contracts, subtests):
    provider_id = contracts["vat"].provider_id
    [provider] = every(select(Provider).where(Provider.id == provider_id))
    member, officer = open_browser(), open_browser()
    sign_in(member, make_user(Role.FINANCE, provider))
    sign_in(officer, make_staff())
    for name, contract in contracts.items():
        at = f"payments/{contract.reference}/{MONDAY}"
        for page, path in ((member, f"/providers/{provider_id}/{at}"), (officer, f"/council/{at}"),
                           (member, f"/providers/{provider_id}/{at}/answer")):  # fmt: skip
            with subtests.test(path=path):
                page.set_viewport_size({"width": 1280, "height": 900})
                assert page.goto(path).status == 200
                if not path.endswith("answer"):
                    columns = page.locator("main thead th").get_by_text(re.compile(r"\bVAT\b"))
                    assert bool(columns.count()) is (name == "vat"), "a column where there is some"
                who = "desk" if page is officer else "answer" if path.endswith("answer") else "own"
                for width in (1280, 768, 375):
                    page.set_viewport_size({"width": width, "height": 900})
                    assert_fits(page)
                    assert_accessible(page)
                    take_picture(page, f"state-{name}-{who}")
    member.goto(f"/providers/{provider_id}/payments/{contracts['less'].reference}/{MONDAY}")
    expect(member.locator(".strip").first).to_contain_text("−£1,134.56")
