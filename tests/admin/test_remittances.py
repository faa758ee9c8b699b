"""Remittances on the council's pages: what providers see, from the payment and from the provider."""

from datetime import date, timedelta

import pytest

from models.permissions import COUNCIL_GRANTS, CouncilRole, Permission, Role
from tests.care_factories import make_contract, make_item
from tests.factories import make_provider, make_staff, make_user
from tests.support import runs
from tests.support.client import PortalClient
from tests.support.remittances import rows_of_csv, rows_of_page, rows_of_pdf

MONDAY = date(2019, 9, 9)


@pytest.fixture
def paid(set_today):
    set_today(date(2019, 10, 2))
    provider = make_provider()
    contract = make_contract(provider, calculate_from=MONDAY)
    make_item(contract, starts_on=MONDAY)
    runs.finalise_weeks(MONDAY, MONDAY + timedelta(days=13))
    return provider, contract


@pytest.fixture
def log_in(app):
    return lambda role=CouncilRole.PAYMENTS_OFFICER: PortalClient(app).sign_in(make_staff(role))


def test_officers_see_the_remittance_that_the_provider_sees(app, log_in, paid):
    provider, contract = paid
    own = (
        PortalClient(app)
        .sign_in(make_user(Role.FINANCE, provider))
        .get(f"/providers/{provider.id}/reports/remittance-by-period?contract={contract.reference}&period={MONDAY}")
    )
    officer = log_in()
    payment = officer.get(f"/council/payments/{contract.reference}/{MONDAY}")
    link = payment.page.find("a", string="Remittance advice")["href"]
    page = officer.get(link)
    assert rows_of_page(page.text) == rows_of_page(own.text) != []
    assert page.page.select_one("section.report").get_text() == own.page.select_one("section.report").get_text()
    assert page.page.select_one(".govuk-back-link").get_text() == "Close and return"
    assert len(rows_of_csv(officer.get(f"{link}/data.csv").text)) == 1
    assert rows_of_pdf(officer.get(f"{link}/pdf").response.data)
    assert "Lines Excl VAT" in officer.get(f"{link}?summary=yes").words


def test_the_list_of_a_provider_has_every_remittance_and_a_file(log_in, paid):
    provider, contract = paid
    officer = log_in()
    assert officer.get(f"/council/providers/{provider.id}").page.find("a", string="Remittances")
    page = officer.get(f"/council/remittances/{provider.id}")
    assert page.heading == f"Remittances of {provider.name}"
    assert "2 remittances, £706.16 in all" in page.words
    rows = rows_of_csv(officer.get(f"/council/remittances/{provider.id}/data.csv?sort=bank").text)
    assert [(row["Reference"], row["In the bank"], row["Paid"]) for row in rows] == [
        (contract.reference, "20/09/2019", "353.08"), (contract.reference, "27/09/2019", "353.08"),
    ]  # fmt: skip
    other = make_provider()
    assert "Nothing has been paid to this provider yet." in officer.get(f"/council/remittances/{other.id}").words


@pytest.mark.parametrize("role", list(CouncilRole))
def test_who_may_see_payments_may_see_remittances_and_the_address_only_who_may_see_it(log_in, paid, role):
    provider, contract = paid
    granted = COUNCIL_GRANTS[role]
    allowed = Permission.VIEW_EVERY_PAYMENT in granted
    page = log_in(role).get(f"/council/remittances/{contract.reference}/{MONDAY}", status=200 if allowed else 403)
    log_in(role).get(f"/council/remittances/{provider.id}", status=200 if allowed else 403)
    if allowed:
        assert ("Not shown to your role" in page.words) == (Permission.VIEW_CONTACT_DETAILS not in granted)
        assert ("1 Oak Street" in page.words) == (Permission.VIEW_CONTACT_DETAILS in granted)


def test_a_payment_of_which_nothing_is_paid_has_none(log_in, paid):
    _, contract = paid
    page = log_in().get(f"/council/remittances/{contract.reference}/{MONDAY + timedelta(days=14)}")
    assert "Nothing of this has been paid yet" in page.words
