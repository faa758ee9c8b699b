"""What a provider's contracts say."""

from datetime import date

import pytest

from models.records.contract import ContractRate
from tests.care_factories import make_contract, make_service_level
from tests.factories import make_provider, make_user
from tests.support.rows import saved


@pytest.mark.covers("S3-020")
def test_a_contract_shows_how_and_when_it_pays(carer):
    answer = carer.get("/providers/1/contracts/741254")
    assert answer.heading == "Contract Sausage Sandwich"
    assert "Scheduled (Pay on actuals: Never) 04/02/2019 Weekly Net" in answer.words
    assert "You do not need to confirm payments" in answer.words
    assert "Paid weekly by BACS" in answer.words
    assert "In-House Fostering Placement - Mileage £0.387 mile" in answer.words


def test_contracts_are_listed_and_reached_from_a_payment(carer):
    listed = carer.get("/providers/1/contracts/")
    assert listed.page.select_one("tbody a")["href"] == "/providers/1/contracts/741254"
    payment = carer.get("/providers/1/payments/741254/2019-09-16")
    assert payment.page.select_one("td[data-label=Contract] a")["href"] == "/providers/1/contracts/741254"


def test_somebody_elses_contract_is_not_found(client):
    mine, theirs = make_provider(), make_contract()
    client.sign_in(make_user(provider=mine))
    client.get(f"/providers/{mine.id}/contracts/{theirs.reference}", status=404)


def test_rates_are_shown_newest_first(client):
    provider = make_provider()
    contract, level = make_contract(provider), make_service_level(name="Placement")
    for year, rate in ((2018, 3_000_000), (2019, 3_100_000)):
        saved(
            ContractRate(
                provider_id=provider.id,
                contract_id=contract.id,
                service_level_id=level.id,
                starts_on=date(year, 4, 1),
                rate_e4=rate,
            )  # fmt: skip
        )
    answer = client.sign_in(make_user(provider=provider)).get(
        f"/providers/{provider.id}/contracts/{contract.reference}"
    )
    assert [cell.text for cell in answer.page.select("td[data-label=Rate]")] == ["£310.00", "£300.00"]


def test_without_contracts_the_list_says_so(client):
    provider = make_provider()
    answer = client.sign_in(make_user(provider=provider)).get(f"/providers/{provider.id}/contracts/")
    assert "You have no contracts yet." in answer.words
