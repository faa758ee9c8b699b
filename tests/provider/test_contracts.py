"""What a provider's contracts say."""

from datetime import date

import pytest

from models.calendar import Frequency
from models.permissions import Role
from models.records.contract import Calendar, ContractRate, PaymentMethod
from models.records.schedule import Occasion, cut_offs
from tests.care_factories import make_calendar, make_contract, make_item, make_service_level
from tests.factories import make_provider, make_user
from tests.support.rows import saved
from tests.support.runs import calculate


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
    assert payment.page.select_one(".strip a")["href"] == "/providers/1/contracts/741254"


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
                ends_on=date(2019, 3, 31) if year == 2018 else None,
                rate_e4=rate,
            )  # fmt: skip
        )
    answer = client.sign_in(make_user(provider=provider)).get(
        f"/providers/{provider.id}/contracts/{contract.reference}"
    )
    assert [cell.text for cell in answer.page.select("td[data-label=Rate]")] == ["£310.00", "£300.00"]
    assert [cell.text for cell in answer.page.select("td[data-label='Than before']")] == ["£10.00 more", ""]
    assert [row.th.text for row in answer.page.select("tbody tr")][1:] == ["Placement", "Placement (over)"]


def test_without_contracts_the_list_says_so(client):
    provider = make_provider()
    answer = client.sign_in(make_user(provider=provider)).get(f"/providers/{provider.id}/contracts/")
    assert "You have no contracts yet." in answer.words


@pytest.fixture
def home(client):
    """Somebody of a care home with a contract that has ended, and two that have not."""
    provider = make_provider()
    four_weekly = make_calendar(Frequency.FOUR_WEEKLY, confirm_by_days=8, finalise_days=28, bank_days=39)
    calendar = {"calendar": four_weekly, "confirmation": "required", "if_unconfirmed": "hold"}
    own = make_contract(provider, name="Tŷ’r Ŵyn", reference="R1", calculate_from=date(2019, 9, 30), **calendar)
    make_contract(provider, name="Beech", reference="R2")
    make_contract(provider, name="Ash", reference="R3", ends_on=date(2019, 9, 30))
    make_item(own)
    calculate(date(2019, 10, 2))
    client.here = f"/providers/{provider.id}"
    return client.sign_in(make_user(Role.FINANCE, provider, name="Ada O’Neil"))


def listed(home, query=""):
    answer = home.get(f"{home.here}/contracts/{query}", htmx=bool(query))
    return [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in answer.page.select("tbody tr")]


def test_contracts_are_found_by_name_reference_and_state(home):
    assert [row[0] for row in listed(home)] == ["Beech", "Tŷ’r Ŵyn", "Ash"]
    assert [row[0] for row in listed(home, "?text=tyr+WYN")] == ["Tŷ’r Ŵyn"]
    assert [row[0] for row in listed(home, "?text=r2")] == ["Beech"]
    assert [row[0] for row in listed(home, "?state=ended")] == ["Ash"]
    assert [row[0] for row in listed(home, "?state=current&text=e")] == []  # one letter begins a word
    assert listed(home, "?text=nobody") == []


def test_the_list_says_which_payment_is_next_in_the_bank(home):
    rows = {row[0]: row for row in listed(home)}
    assert rows["Tŷ’r Ŵyn"][2:] == ["Current", "01/04/2018", "No end", "08/11/2019, 30/09/2019 - 13/10/2019"]
    assert rows["Ash"][2] == "Ended"
    assert rows["Beech"][5] == "Nothing is due"


def test_a_contract_says_who_confirms_and_by_when(home):
    answer = home.get(f"{home.here}/contracts/R1")
    for words in (
        "Who confirms Ada O’Neil",
        "Last day to confirm or reject Tuesday, day 9 of the period",
        "Last day for changes Monday, 1 day after the period ends",
        "In your bank Friday, 12 days after the period ends",
        "If nobody has answered by then, it is not paid until this is settled.",
    ):
        assert words in answer.words
    assert {"/payments/schedule?contract=R1", "/payments/?contract=R1", "/purchase-orders/"} <= {
        a["href"].removeprefix(home.here) for a in answer.page.select("main a")
    }
    assert len(answer.reads) <= 8
    assert "Last day to confirm" not in home.get(f"{home.here}/contracts/R2").words
    assert "(ended)" in home.get(f"{home.here}/contracts/R3").words


@pytest.mark.parametrize(
    ("frequency", "after", "words"),
    [
        (Frequency.WEEKLY, 0, "Monday, day 1 of the period"),
        (Frequency.WEEKLY, 6, "Sunday, day 7 of the period"),
        (Frequency.WEEKLY, 7, "Monday, 1 day after the period ends"),
        (Frequency.WEEKLY, -3, "3 days before the first day of the period"),
        (Frequency.MONTHLY, 8, "8 days after the first day of the period"),
    ],
)
def test_a_usual_day_is_told_from_the_period(frequency, after, words):
    calendar = Calendar(
        frequency=frequency, anchor_on=date(2019, 2, 4), confirm_by_days=after, finalise_days=0, bank_days=0
    )
    assert cut_offs(PaymentMethod(calendar=calendar))[0] == (Occasion.CONFIRM, words)
