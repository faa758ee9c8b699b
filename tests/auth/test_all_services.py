"""All my services, on one page that only shows."""

from datetime import date

import pytest
from sqlalchemy import select

from models.permissions import Role
from models.records.provider import Provider
from tests.care_factories import make_calendar, make_contract, make_item
from tests.factories import canary, make_membership, make_organisation, make_provider, make_user
from tests.support.rows import every
from tests.support.runs import answered, calculate, change, payment

MONDAY = date(2019, 9, 30)


def asked(provider, confirm_by_days=3):
    """A contract whose payment of this week waits for a confirmation."""
    calendar = make_calendar(confirm_by_days=confirm_by_days)
    contract = make_contract(provider, calendar, confirmation="required", calculate_from=MONDAY)
    make_item(contract)
    return contract


def person_at(*providers, role=Role.FINANCE):
    user = make_user(role, providers[0])
    for provider in providers[1:]:
        make_membership(user, provider, role)
    return user


def rows(answer):
    """The rows of the list: name, what it needs, next payment."""
    return [
        tuple(" ".join(cell.get_text(" ").split()) for cell in row.select("th, td"))
        for row in answer.page.select("#services tbody tr")
    ]


@pytest.fixture
def two(database):
    """A house where nothing is planned, and one that waits until tomorrow."""
    group = make_organisation(name="Cartrefi Môn")
    calm = make_provider(name="Ash Lodge", kind="care_home", organisation_id=group.id)
    busy = make_provider(name="Tŷ Bryn", kind="home_care")
    asked(busy)
    calculate(date(2019, 10, 2))
    return calm, busy


def test_every_service_says_what_it_needs_by_when_and_what_comes_next(client, two):
    calm, busy = two
    answer = client.sign_in(person_at(*two)).get("/all-my-services")
    assert answer.heading == "All my services"
    assert "1 payment needs your answer, at 1 of your 2 services." in answer.words
    assert rows(answer) == [
        (
            f"Tŷ Bryn Home care, {busy.reference}",
            "Confirm £353.08 for 30 Sep to 6 Oct at Tŷ Bryn By the end of Thursday 3 October",
            "£353.08 Expected 11 Oct 2019",
        ),
        (f"Ash Lodge Care home, {calm.reference}, Cartrefi Môn", "Nothing", "None planned"),
    ]
    [link] = answer.page.select("#services td a")
    assert client.get(link["href"]).heading == "Confirm or reject a payment"
    home = client.get(answer.page.find("a", string="Ash Lodge")["href"])
    assert home.page.select_one(".viewing__who strong").get_text() == "Ash Lodge"


def test_it_changes_nothing(client, two):
    answer = client.sign_in(person_at(*two)).get("/all-my-services")
    assert not answer.page.select("main form[method=post]")
    client.post("/all-my-services", status=405)


def test_the_weeks_to_come_stand_in_a_picture_and_in_figures(client, two):
    answer = client.sign_in(person_at(*two)).get("/all-my-services")
    weeks = [row.get_text(" ", strip=True) for row in answer.page.select("section[aria-labelledby=coming] tbody tr")]
    assert weeks[:2] == ["30 Sep to 6 Oct 2019 £0.00", "7 Oct to 13 Oct 2019 £353.08"]
    assert len(answer.page.select("svg rect")) == len(weeks) == 8


def test_a_role_without_money_sees_none(client, two):
    answer = client.sign_in(person_at(*two, role=Role.SCHEDULER)).get("/all-my-services")
    assert "£" not in answer.words
    assert {row[1:] for row in rows(answer)} == {("Nothing", "Not for your role")}
    assert "Nothing needs you at any of your 2 services." in answer.words


def test_who_may_look_but_not_confirm_is_asked_nothing(client, two):
    answer = client.sign_in(person_at(*two, role=Role.VIEWER)).get("/all-my-services")
    assert {row[1:] for row in rows(answer)} == {
        ("Nothing", "£353.08 Expected 11 Oct 2019"),
        ("Nothing", "None planned"),
    }


def test_rejected_held_and_sent_back_are_said_as_such(client, database):
    contracts = [asked(make_provider(name=name)) for name in ("Ash", "Beech", "Cherry", "Damson")]
    calculate(date(2019, 10, 2))
    for contract, facts in zip(
        contracts,
        (
            answered("rejected", 35_308),
            {"council_comment": "Put right"},
            {"lapsed_pence": 30_000},
            {
                "confirm_by": date(2019, 10, 1),
                "bank_on": date(2019, 10, 1),
                "waive_reason": "Agreed",
                "waived_pence": 35_308,
            },
        ),
        strict=True,
    ):
        change(payment(contract, MONDAY), **facts)
    ids = [contract.provider_id for contract in contracts]
    user = person_at(*every(select(Provider).where(Provider.id.in_(ids))))
    found = {row[0].split()[0]: row[1:] for row in rows(client.sign_in(user).get("/all-my-services"))}
    needs, next_ = found["Ash"]
    assert needs == "Nothing 1 rejected, with the council"
    assert next_.startswith("£353.08 Expected 18 Oct 2019 £353.08 held: you rejected it on ")
    assert "The council has answered your rejection. By the end of Thursday 3 October" in found["Beech"][0]
    assert "It has changed since you answered. By the end of Thursday 3 October" in found["Cherry"][0]
    assert found["Damson"] == ("Nothing", "£353.08 Was expected 1 Oct 2019")


def test_only_those_that_need_me_or_are_called_so(client, two):
    answer = client.sign_in(person_at(*two)).get("/all-my-services")
    mine = client.submit(answer, {"show": "needs-me"}, form="form.filters")
    assert [row[0].split(" Home")[0] for row in rows(mine)] == ["Tŷ Bryn"]
    found = client.submit(answer, {"name": "cartrefi mon"}, form="form.filters")
    assert [row[0].split(" Care")[0] for row in rows(found)] == ["Ash Lodge"]
    none = client.submit(answer, {"name": "ash", "show": "needs-me"}, form="form.filters")
    assert "None of your services that need you has “ash” in its name or reference. Show all" in none.words
    part = client.get("/all-my-services?show=needs-me", htmx=True)
    assert len(rows(part)) == 1
    client.get("/all-my-services?show=nonsense", status=422)


def test_where_nothing_needs_anybody_the_filter_says_so(client, database):
    client.sign_in(person_at(make_provider(), make_provider()))
    assert "Nothing needs you at any of your services. Show all" in client.get("/all-my-services?show=needs-me").words


def test_sixty_services_take_two_pages_and_as_many_queries_as_two(client, database):
    few, many = [make_provider() for _ in range(2)], [make_provider() for _ in range(60)]
    for provider in (*few, *many):
        asked(provider)
    calculate(date(2019, 10, 2))
    expected = len(client.sign_in(person_at(*few)).get("/all-my-services").reads)
    client.sign_in(person_at(*many))
    answer = client.get("/all-my-services")
    assert len(answer.reads) == expected <= 8
    assert len(rows(answer)) == 50
    assert len(rows(client.get(answer.page.select_one("a[rel=next]")["href"]))) == 10


def test_nobody_elses_payments_are_in_it(client, two):
    stranger = make_provider()
    asked(stranger)
    calculate(date(2019, 10, 2))
    client.sign_in(person_at(*two))
    answer = client.get("/all-my-services")
    assert canary(stranger.id) not in answer.text
    assert len(rows(answer)) == 2
    assert "7 Oct to 13 Oct 2019 £353.08" in answer.words


def test_it_is_there_for_who_has_several_and_where_the_council_wants_it(client, two, policy):
    client.sign_in(person_at(*two))
    menu = [link.get_text(strip=True) for link in client.get("/account").page.select("nav[aria-label=Menu] a")]
    assert menu[:2] == ["Home", "All my services"]
    assert client.get("/providers").page.find("a", href="/all-my-services")
    policy(all_services=False)
    client.get("/all-my-services", status=404)
    for address in ("/account", "/providers", f"/providers/{two[0].id}/"):
        assert not client.get(address).page.find("a", href="/all-my-services")
    policy()
    client.sign_in(make_user()).get("/all-my-services", status=404)
