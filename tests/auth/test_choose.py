"""Choosing between several providers, and changing from one to another."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from models.accounts.user import Membership, Staff
from models.payments.confirmation import Confirmation
from models.permissions import CouncilRole, Role
from tests.auth.journey import log_in, mailed_code
from tests.care_factories import make_contract, make_item
from tests.factories import make_membership, make_organisation, make_provider, make_staff, make_user
from tests.support.rows import every, saved
from tests.support.runs import calculate, change, payment

MONDAY = date(2019, 9, 30)


def person_at(*providers, role=Role.FINANCE, **given):
    user = make_user(role, providers[0], **given)
    for provider in providers[1:]:
        make_membership(user, provider, role)
    return user


def listed(answer):
    return [link.get_text(strip=True) for link in answer.page.select(".places a")]


def many(count):
    return [make_provider(name=f"House {n}") for n in range(1, count + 1)]


@pytest.mark.postgres
@pytest.mark.covers("S1-009", "S1-012", "S2-005")
def test_who_has_several_providers_chooses_by_name_and_comes_to_its_home_page(client, database):
    first, second = make_provider(name="Tŷ Bryn"), make_provider(name="Sausage Sandwich")
    user = person_at(first, second)
    chooser = client.follow(log_in(client, user))
    assert chooser.heading == "Choose a provider"
    assert listed(chooser) == ["Sausage Sandwich", "Tŷ Bryn"]
    home = client.get(chooser.page.find("a", string="Tŷ Bryn")["href"])
    assert home.response.request.path == f"/providers/{first.id}/"
    assert home.page.select_one(".viewing__who").get_text(" ", strip=True) == "Viewing: Tŷ Bryn"


@pytest.mark.covers("S1-009")
def test_who_has_one_provider_is_never_asked(client, database):
    provider = make_provider()
    user = make_user(provider=provider)
    invited = make_membership(user, make_provider(), Role.FINANCE)
    change(invited, granted_at=None)
    client.sign_in(user)
    assert client.get("/providers", status=303).location == f"/providers/{provider.id}/"
    home = client.get(f"/providers/{provider.id}/")
    assert home.page.select_one(".viewing__change") is None
    client.get(f"/providers/{invited.provider_id}/", status=404)
    client.get("/all-my-services", status=404)


def test_staff_start_at_their_desk(client, database):
    assert client.sign_in(make_staff(CouncilRole.AUDITOR)).get("/providers", status=303).location == "/council/"


def test_staff_with_providers_of_their_own_may_choose_one(client, database):
    user = person_at(make_provider(name="Oak"), make_provider(name="Elm"))
    saved(Staff(user_id=user.id, role=CouncilRole.AUDITOR))
    assert listed(client.sign_in(user).get("/providers")) == ["Elm", "Oak"]
    assert client.get("/log-in", status=303).location == "/council/"


def test_who_has_none_is_told_whom_to_ask(client, database):
    user = make_user()
    [place] = every(select(Membership).where(Membership.user_id == user.id))
    change(place, granted_at=None)
    words = client.sign_in(user).get("/providers").words
    assert "Your login does not open any provider's pages at present. Contact the Children's Services" in words


def test_a_link_to_a_page_of_one_provider_wins_over_the_choice(client, database):
    first, second = make_provider(), make_provider()
    user = person_at(first, second)
    refused = client.get(f"/providers/{second.id}/payments/?year=2019", status=303)
    log_in_page = client.follow(refused)
    client.user = user
    code = client.follow(client.submit(log_in_page, {"email": user.email, "password": "Three-Green-Kettles-7"}))
    answer = client.submit(code, {"code": mailed_code()}, status=303)
    assert answer.location == f"/providers/{second.id}/payments/?year=2019"


def test_two_of_the_same_name_are_told_apart(client, database):
    same = [make_provider(name="The Willows", kind=kind) for kind in ("care_home", "home_care")]
    client.sign_in(person_at(*same))
    told = [each.get_text() for each in client.get("/providers").page.select(".places__why")]
    assert told == [f"Care home, {same[0].reference}", f"Home care, {same[1].reference}"]


def test_they_are_grouped_by_organisation_where_there_are_several(client, database):
    north, south = make_organisation(name="Northern Care"), make_organisation(name="Amber Homes")
    made = [
        make_provider(name="One", organisation_id=north.id),
        make_provider(name="Two", organisation_id=south.id),
        make_provider(name="Three"),
    ]
    answer = client.sign_in(person_at(*made)).get("/providers")
    assert [each.get_text() for each in answer.page.select("main h2")] == ["Amber Homes", "Northern Care", "Others"]
    assert listed(answer) == ["Two", "One", "Three"]
    client.sign_in(person_at(*made[:1], make_provider(name="Four", organisation_id=north.id)))
    assert not client.get("/providers").page.select("main h2")


def test_a_long_list_has_a_search_and_a_very_long_one_pages(client, database):
    providers = many(15)
    user = person_at(*providers)
    client.sign_in(user)
    assert client.get("/providers").page.select_one("form.filters") is None
    for provider in [make_provider(name="Tŷ Bryn"), *(make_provider(name=f"Lodge {n:02}") for n in range(36))]:
        make_membership(user, provider)
    answer = client.get("/providers")
    assert len(listed(answer)) == 50
    assert listed(client.get(answer.page.select_one("a[rel=next]")["href"])) == ["Lodge 35", "Tŷ Bryn"]
    found = client.submit(answer, {"name": "ty bryn"}, form="form.filters")
    assert listed(found) == ["Tŷ Bryn"]
    assert len(listed(client.submit(answer, {"name": "lodge"}, form="form.filters"))) == 36
    nothing = client.submit(answer, {"name": "Nowhere"}, form="form.filters")
    assert "None of your 52 providers has “Nowhere” in its name or reference. Show all" in nothing.words


def test_choosing_takes_few_queries_however_many_there_are(client, database):
    client.sign_in(person_at(*many(2)))
    few = len(client.get("/providers").reads)
    client.sign_in(person_at(*many(60)))
    assert len(client.get("/providers").reads) == few <= 3


# --- the list at the top right


def switch_of(answer):
    return answer.page.select_one("details.viewing__change")


@pytest.mark.postgres
@pytest.mark.covers("S1-010", "S1-011", "S1-013", "S1-014", "S2-006")
def test_every_page_of_a_provider_names_it_and_leads_to_the_others(client, database):
    mine = [make_provider(name=name) for name in ("Oak", "Elm", "Ash")]
    client.sign_in(person_at(*mine))
    for page in ("", "payments/", "payments/schedule", "purchase-orders/"):
        answer = client.get(f"/providers/{mine[0].id}/{page}")
        assert answer.page.select_one(".viewing__who strong").get_text() == "Oak"
        assert re.search(r" - Oak - ", answer.page.title.get_text())
        links = [(link.get_text(), link["href"]) for link in switch_of(answer).select("a")]
        assert links == [
            ("Ash", f"/providers/{mine[2].id}/{page}"),
            ("Elm", f"/providers/{mine[1].id}/{page}"),
            ("All my services", "/all-my-services"),
        ]
    there = client.get(links[0][1])
    assert there.page.select_one(".viewing__who strong").get_text() == "Ash"


def test_of_many_the_first_ten_are_in_the_list_and_the_way_to_the_rest(client, database):
    mine = many(13)
    client.sign_in(person_at(*mine))
    texts = [link.get_text() for link in switch_of(client.get(f"/providers/{mine[0].id}/")).select("a")]
    assert texts == [
        *(f"House {n}" for n in range(2, 12)), "Choose from all 13 providers", "All my services"
    ]  # fmt: skip


def test_a_record_leads_to_the_list_of_its_kind_at_the_other_provider(client, database):
    """A record is one provider's; and where a person may not see such pages, the way is to the other's home."""
    one, other, third = (make_provider(name=name) for name in ("Oak", "Elm", "Ash"))
    user = person_at(one, other)
    make_membership(user, third, Role.SIGNATORY)
    contract = make_contract(one)
    answer = client.sign_in(user).get(f"/providers/{one.id}/contracts/{contract.reference}")
    assert [a["href"] for a in switch_of(answer).select("li a")] == [
        f"/providers/{third.id}/", f"/providers/{other.id}/contracts/"
    ]  # fmt: skip


def test_pages_of_nobodys_own_keep_the_menu_of_the_provider_that_one_came_from(client, database):
    one, other = make_provider(name="Oak"), make_provider(name="Elm")
    answer = client.sign_in(person_at(one, other)).get(f"/providers/{other.id}/")
    for text in ("Help", "Privacy"):
        page = client.get(next(a["href"] for a in answer.page.select("footer a") if a.text == text))
        assert page.page.select_one(".viewing__who strong").text == "Elm"
        assert page.page.select_one(f"#navigation a[href='/providers/{other.id}/payments/']")
    login = client.get(answer.page.select_one(".header__user a")["href"])
    password = client.get(login.page.find("a", string="Change Password")["href"])
    assert password.page.select_one(".viewing__who strong").text == "Elm"
    stranger = make_provider(name="Ash")
    assert client.get(f"/help?at={stranger.id}").page.select_one(".viewing__who") is None


def test_who_has_one_provider_has_its_menu_everywhere(client, database):
    provider = make_provider(name="Oak")
    client.sign_in(make_user(Role.SIGNATORY, provider))
    for address in ("/help", "/account", "/privacy"):
        answer = client.get(address)
        assert answer.page.select_one(".viewing__who strong").text == "Oak"
        assert not answer.page.select("#navigation a[href$='/payments/']")  # a signatory sees none
        assert "?at=" not in answer.text


def test_outside_a_provider_nothing_pretends_to_be_one(client, database):
    client.sign_in(person_at(make_provider(name="Oak"), make_provider(name="Elm")))
    for address in ("/providers", "/account", "/all-my-services", "/help"):
        answer = client.get(address)
        assert answer.page.select_one(".viewing") is None
        assert "Oak" not in answer.page.title.get_text()


# --- two tabs


@pytest.mark.postgres
@pytest.mark.covers("S1-010", "S1-011")
def test_what_is_sent_from_one_tab_acts_on_that_tabs_provider(client, database, set_today):
    providers = [make_provider(), make_provider()]
    contracts = [make_contract(each, calculate_from=MONDAY, confirmation="required") for each in providers]
    for contract in contracts:
        make_item(contract)
    calculate(date(2019, 10, 1))
    set_today(date(2019, 10, 1))
    client.sign_in(person_at(*providers))
    here, there = (
        f"/providers/{each.provider_id}/payments/{each.reference}/{MONDAY}/answer" for each in contracts
    )  # fmt: skip
    first_tab = client.get(here)
    client.get(f"/providers/{providers[1].id}/")  # the second tab changes over
    second_tab = client.get(there)
    button = {"confirm": "Confirm"}
    answer = client.submit(first_tab, button, status=303)
    assert answer.location.startswith(f"/providers/{providers[0].id}/")
    assert [state(contract) for contract in contracts] == [Confirmation.CONFIRMED, Confirmation.UNCONFIRMED]
    client.submit(second_tab, button, status=303)
    assert [state(contract) for contract in contracts] == [Confirmation.CONFIRMED, Confirmation.CONFIRMED]


def test_one_providers_payment_cannot_be_answered_under_the_others_address(client, database):
    mine = [make_provider(), make_provider()]
    contract = make_contract(mine[0], calculate_from=MONDAY, confirmation="required")
    make_item(contract)
    calculate(date(2019, 10, 1))
    client.sign_in(person_at(*mine))
    client.post(f"/providers/{mine[1].id}/payments/{contract.reference}/{MONDAY}/answer", {"confirm": ""}, status=404)
    assert state(contract) is Confirmation.UNCONFIRMED


def state(contract):
    return payment(contract, MONDAY).confirmation
