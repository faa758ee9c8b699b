"""Where every pound is, as a provider sees it."""

import csv
import io
from datetime import date, timedelta

import pytest

from models.permissions import Role
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import canary, make_provider, make_user
from tests.support.runs import answered, calculate, change, finalise, payment

MONDAY = date(2019, 9, 23)
WEEK = timedelta(days=7)
DAY = MONDAY + WEEK + timedelta(days=2)


@pytest.fixture
def provider(database):
    return make_provider()


@pytest.fixture
def finance(client, provider, set_today):
    set_today(DAY)
    return client.sign_in(make_user(Role.FINANCE, provider))


@pytest.fixture
def contract(provider):
    """The first week of £353.08 is paid; the second is rejected, and another child's £100.00 not authorised."""
    contract = make_contract(provider, calculate_from=MONDAY, confirmation="required")
    make_item(contract, starts_on=MONDAY)
    finalise(MONDAY + timedelta(days=6))
    surname = f"Begum{canary(provider.id)}"
    make_item(contract, 1_000_000, make_client(surname=surname), starts_on=MONDAY + WEEK, authorised_on=None)
    calculate(DAY)
    change(payment(contract, MONDAY + WEEK), **answered("rejected", 35_308))
    return contract


def here(provider, path=""):
    return f"/providers/{provider.id}/where-every-pound-is/{path}"


def figures(answer):
    rows = answer.page.select("table.whereabouts tr")
    return {row.th.get_text(strip=True): row.td.get_text(strip=True) for row in rows if row.td}


def rows_of(answer):
    return [
        [cell.get_text(" ", strip=True) for cell in row.select("th, td")]
        for row in answer.page.select("#sums tbody tr")
    ]


def test_the_figures_add_up_to_what_the_provider_is_entitled_to(finance, provider, contract):
    answer = finance.get(here(provider))
    assert answer.heading == "Where every pound is"
    assert figures(answer) == {
        "In the bank": "£0.00",
        "On its way": "£353.08",
        "Still to come": "£0.00",
        "Held": "£353.08",
        "Blocked": "£100.00",
        "You are entitled to": "£806.16",
    }
    assert len(answer.page.select("table.whereabouts svg.bar")) == 6


def test_each_sum_says_why_it_waits_and_who_does_what_next(finance, provider, contract):
    [begum, simpson] = sorted(rows_of(finance.get(here(provider))))
    assert begum[0].startswith("B, Bart (C20")
    assert begum[2:4] == ["Not authorised", "30/09/2019"]
    assert begum[4].startswith("Children's Services Finance Team. The council authorises the care package")
    assert begum[5] == "£100.00"
    assert simpson[1].endswith("30/09/2019 - 06/10/2019")
    assert (simpson[2], simpson[5]) == ("Rejected by you", "£353.08")
    link = finance.get(here(provider)).page.select_one("#sums tbody a")
    assert finance.get(link["href"]).heading.endswith("- 30 Sep to 6 Oct 2019")


def test_the_sums_are_filtered_by_reason(finance, provider, contract):
    assert len(rows_of(finance.get(here(provider, "?reason=rejected")))) == 1
    assert "No sum is like that" in finance.get(here(provider, "?reason=suspended")).words
    assert "Choose a reason from the list" in finance.get(here(provider, "?reason=odd"), status=422).words
    assert finance.get(here(provider), htmx=True).page.select_one("#sums")["data-announce"] == "2 sums found"


def test_both_are_files_too(finance, provider, contract):
    def read(name):
        text = finance.get(here(provider, name)).response.get_data(as_text=True).removeprefix("\ufeff")
        return list(csv.DictReader(io.StringIO(text)))

    assert [(row["Reason"], row["Amount"]) for row in read("data.csv?reason=rejected")] == [
        ("Rejected by you", "353.08")
    ]
    [row] = read("figures.csv")
    assert (row["Held"], row["Blocked"], row["Entitled"]) == ("353.08", "100.00", "806.16")


def test_home_says_what_waits(finance, provider, contract):
    link = finance.get(f"/providers/{provider.id}/").page.find("a", string="£453.08 waits: see why")
    assert finance.get(link["href"]).heading == "Where every pound is"


def test_nothing_waits_and_nothing_is_there(finance, provider):
    answer = finance.get(here(provider))
    assert "There is no contract" in answer.words
    assert "Nothing is held or blocked" in answer.words
    make_item(make_contract(provider, calculate_from=MONDAY), client=make_client(surname=canary(provider.id)))
    finalise(MONDAY + timedelta(days=6))
    answer = finance.get(here(provider))
    assert figures(answer)["You are entitled to"] == "£353.08"
    assert "waits: see why" not in finance.get(f"/providers/{provider.id}/").words


def test_the_number_of_queries_does_not_grow_with_sums_and_contracts(finance, provider, contract):
    few = finance.get(here(provider))
    for _ in range(5):
        other = make_contract(provider, calculate_from=MONDAY)
        make_item(other, client=make_client(surname=canary(provider.id)), authorised_on=None)
    calculate(DAY)
    many = finance.get(here(provider))
    assert len(rows_of(many)) > len(rows_of(few))
    assert len(many.reads) == len(few.reads)


def test_who_sees_no_money_sees_none_of_this(client, provider, contract):
    client.sign_in(make_user(Role.SCHEDULER, provider))
    for path in ("", "data.csv", "figures.csv"):
        client.get(here(provider, path), status=403)
    assert "see why" not in client.get(f"/providers/{provider.id}/").words


def test_another_providers_do_not_exist(finance, contract):
    for path in ("", "data.csv", "figures.csv"):
        finance.get(here(make_provider(), path), status=404)
