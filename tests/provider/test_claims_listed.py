"""A provider's claims of one year, of either sort, and of one status: on the page and as a file."""

import csv
import io
from datetime import date

import pytest

from models.permissions import Role
from models.records.claim import ClaimStatus
from tests.care_factories import make_claim_item, make_contract
from tests.factories import make_provider, make_user
from tests.support.claims import approve_of_the_guide
from tests.support.client import PortalClient


@pytest.fixture
def provider(database):
    return make_provider()


@pytest.fixture
def contract(provider):
    return make_contract(provider)


@pytest.fixture
def levels(contract):
    return approve_of_the_guide(contract)


@pytest.fixture
def carer(client, provider):
    return client.sign_in(make_user(Role.CARER, provider))


@pytest.fixture
def at(provider):
    return lambda path="": f"/providers/{provider.id}/claims/{path}"


@pytest.fixture
def of_three_days(contract, levels):
    """£1.00 on 5 April 2019, of both years before; £2.00 rejected on 6 April; £3.00 on 30 September 2019."""
    for day, pence, status in (
        (date(2019, 4, 5), 1_00, ClaimStatus.ACCEPTED), (date(2019, 4, 6), 2_00, ClaimStatus.REJECTED),
        (date(2019, 9, 30), 3_00, ClaimStatus.ACCEPTED), (date(2019, 3, 31), 4_00, ClaimStatus.ACCEPTED),
    ):  # fmt: skip
        accepted = {} if status is ClaimStatus.ACCEPTED else {"accepted_pence": 0}
        make_claim_item(contract, pence, day, status=status, service_level_id=levels["own"].id, **accepted)


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ("", ["30/09/2019", "06/04/2019", "05/04/2019", "31/03/2019"]),
        ("year=tax-2019", ["30/09/2019", "06/04/2019"]),
        ("year=tax-2018", ["05/04/2019", "31/03/2019"]),
        ("year=financial-2019", ["30/09/2019", "06/04/2019", "05/04/2019"]),
        ("year=financial-2018", ["31/03/2019"]),
        ("status=rejected", ["06/04/2019"]),
        ("year=tax-2019&status=accepted", ["30/09/2019"]),
    ],
)
def test_the_list_is_of_a_year_of_either_sort_and_a_status_and_so_is_its_file(carer, at, of_three_days, asked, days):
    page = carer.get(at(f"?{asked}"))
    assert [each.get_text() for each in page.page.select(".periods__dates > span:first-child")] == days
    files = [each["href"] for each in page.page.select(".panes__list a[href*='data.']")]
    rows = list(csv.DictReader(io.StringIO(carer.get(files[0]).text.lstrip("\ufeff"))))
    assert [row["Date of claim"] for row in rows] == days
    assert carer.get(files[1]).status_code == 200
    link = page.page.select_one(".periods a")["href"]
    there = carer.get(link)
    assert [each.get_text() for each in there.page.select(".periods__dates > span:first-child")] == days


def test_a_filter_that_finds_nothing_says_so_and_an_odd_one_shows_all(carer, at, of_three_days):
    page = carer.get(at("?status=withdrawn"))
    assert "No claim is like that" in page.words
    assert page.page.select_one(".panes__list p a")["href"] == at()
    for odd in ("tax-1066", "tax-9999", "tax-0000", "financial-2020", "2019", "x"):
        assert "Choose a year from the list" in carer.get(at(f"?year={odd}"), status=422).words
        carer.get(at(f"data.csv?year={odd}"), status=422)
    page = carer.get(at())
    assert [each.get_text() for each in page.page.select("[name=year] option")] == [
        "[All years]", "Tax year 2019/2020", "Tax year 2018/2019", "Financial year 2019/2020",
        "Financial year 2018/2019",
    ]  # fmt: skip


def test_no_claim_of_another_provider_is_in_the_file(app, at, provider, of_three_days):
    other = make_provider()
    make_claim_item(make_contract(other), 77_00, date(2019, 9, 1))
    stranger = PortalClient(app).sign_in(make_user(Role.CARER, other))
    stranger.get(at("data.csv"), status=404)
    own = stranger.get(f"/providers/{other.id}/claims/data.csv").text
    assert (own.count("\n"), "77.00" in own) == (2, True)


def test_a_claim_that_is_opened_under_an_odd_filter_is_shown_beside_all_claims(carer, at, of_three_days):
    link = carer.get(at()).page.select_one(".periods a")["href"]
    page = carer.get(f"{link}?year=tax-1066&status=lost")
    assert len(page.page.select(".periods a")) == 4
