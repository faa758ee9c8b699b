"""Organisation Details and Contacts: what is held, shown and not edited."""

from datetime import date

import pytest

from blueprints.filters import tel
from models.accounts import team
from models.correspondence.detail_change import ChangeKind, drafted
from models.permissions import Role
from tests.factories import make_contact, make_organisation, make_provider, make_user
from tests.support.rows import saved, unit_of_work


@pytest.fixture
def provider(database):
    return make_provider(
        organisation_id=make_organisation(name="Oak Group Ltd").id, invoice_address="2 Elm Street\nDarlington",
        email="house@example.org", phone="01632 960001", reference="P777",
    )  # fmt: skip


@pytest.fixture
def office(client, provider):
    return client.sign_in(make_user(Role.FINANCE, provider))


@pytest.fixture
def at(provider):
    return lambda path: f"/providers/{provider.id}/{path}"


def facts(answer):
    return {
        row.dt.get_text(strip=True): row.dd.get_text("\n", strip=True)
        for row in answer.page.select(".govuk-summary-list__row")
    }


@pytest.mark.covers("S0-042", "S1-046")
def test_the_details_held_are_those_of_correspondence(office, provider, at):
    page = office.get(at("organisation/"))
    assert page.heading == "Organisation Details"
    assert facts(page) == {
        "Name": provider.name,
        "Organisation": "Oak Group Ltd",
        "Reference": "P777",
        "Address": provider.address,
        "Invoice address": "2 Elm Street\nDarlington",
        "Delivery address": "Nothing",
        "E-mail": "house@example.org",
        "Telephone": "01632 960001",
    }
    assert len(office.get(at("organisation/")).reads) <= 5


@pytest.mark.covers("S0-042", "S1-049")
def test_home_leads_to_both(office, at):
    links = {tile.a.text: tile.a["href"] for tile in office.get(at("")).page.select(".tile")}
    assert office.get(links["Organisation Details"]).heading == "Organisation Details"
    assert office.get(links["Contacts"]).heading == "Contacts"


@pytest.mark.covers("S0-043", "S1-047")
def test_nothing_is_edited_here(office, provider, at):
    contact = make_contact(provider)
    for path in ("organisation/", "contacts/", f"contacts/{contact.id}"):
        page = office.get(at(path))
        assert not page.page.select("main form[method=post]")
        assert "You cannot edit" in page.words


@pytest.mark.parametrize("role", list(Role))
def test_everybody_sees_them_and_some_may_ask_for_a_change(client, provider, role, at):
    make_contact(provider)
    client.sign_in(make_user(role, provider))
    may_ask = role in (Role.ADMINISTRATOR, Role.FINANCE, Role.CARER)
    for path in ("organisation/", "contacts/"):
        assert ("Ask for a change" in [each.text for each in client.get(at(path)).page.select("main a")]) == may_ask


@pytest.mark.covers("S1-050")
def test_contacts_stand_on_the_left_and_the_chosen_one_on_the_right(office, provider, at):
    make_contact(provider, name="Robin Marsh", email="robin@example.org", is_correspondence=True)
    alex = make_contact(provider, name="Alex Finch", position="")
    page = office.get(at("contacts/"))
    assert [each.get_text(" ", strip=True) for each in page.page.select(".panes__list .periods a")] == [
        "Alex Finch", "Robin Marsh Finance Manager",
    ]  # fmt: skip
    assert page.page.select_one(".panes__detail h2").text == "Alex Finch"
    assert not page.page.select(".panes--chosen")
    link = page.page.select(".panes__list .periods a")[1]
    shown = office.get(link["href"])
    assert shown.page.select_one(".periods [aria-current=true]").get_text(" ", strip=True).startswith("Robin Marsh")
    assert shown.page.select(".panes--chosen")
    assert facts(shown) == {
        "Position": "Finance Manager", "E-mail": "robin@example.org", "Telephone": "01632 960555",
        "Letters go to this person": "Yes", "Access to this portal": "No",
    }  # fmt: skip
    part = office.get(at(f"contacts/{alex.id}"), htmx=True)
    assert part.page.select_one("#contacts .panes__detail h2").text == "Alex Finch"
    assert "<html" not in part.text


@pytest.mark.covers("S1-048")
def test_a_contact_says_whether_they_may_log_in_and_as_what(office, provider, at):
    administrator = make_user(Role.ADMINISTRATOR, provider, email="ada@example.org")
    ada = make_contact(provider, email="Ada@Example.org")
    robin = make_contact(provider, email="robin@example.org")
    silent = make_contact(provider, email="")
    elsewhere = make_contact(provider, email=make_user(Role.FINANCE).email)
    with unit_of_work(provider.id):
        team.invite(provider, robin.email, robin.name, Role.SCHEDULER, by=administrator)

    def access(contact):
        return facts(office.get(at(f"contacts/{contact.id}")))["Access to this portal"]

    assert access(ada) == "Yes: Provider administrator"
    assert access(robin) == "Invited as Scheduler. It waits for the council."
    assert access(elsewhere) == "No"
    assert access(silent) == "No, and there is no e-mail address to invite"


def test_contacts_are_searched_by_name_position_and_address(office, provider, at):
    make_contact(provider, name="Alex Finch", position="Nurse", email="a@example.org")
    make_contact(provider, name="Robin 100%", position="Bursar", email="b@example.org")

    def found(text):
        page = office.get(at("contacts/"), query_string={"text": text})
        return [each.text for each in page.page.select(".periods__dates")]

    assert found("finch") == ["Alex Finch"]
    assert found("BURSAR") == ["Robin 100%"]
    assert found("b@ex") == ["Robin 100%"]
    assert found("%") == ["Robin 100%"]
    assert len(found("")) == 2
    assert "Nobody is found by “zebra”." in office.get(at("contacts/?text=zebra")).words


def test_a_provider_without_contacts_is_told_so(office, at):
    page = office.get(at("contacts/"))
    assert "The council knows no contact of" in page.words


def test_many_contacts_come_in_pages_with_as_many_queries_as_few(office, provider, at):
    make_contact(provider)
    office.get(at("contacts/"))
    few = len(office.get(at("contacts/")).reads)
    for _ in range(55):
        make_contact(provider)
    first, second = office.get(at("contacts/")), office.get(at("contacts/?page=2"))
    assert len(first.reads) == few <= 7
    assert (len(first.page.select(".periods li")), len(second.page.select(".periods li"))) == (50, 6)
    link = second.page.select_one(".periods a")["href"]
    assert "page=2" in link
    assert len(office.get(link).page.select(".periods li")) == 6


def test_another_providers_contact_does_not_exist(office, at):
    office.get(at(f"contacts/{make_contact(make_provider()).id}"), status=404)


@pytest.fixture
def asked(office, provider):
    """A change of the organisation's telephone and address, of a contact's e-mail, and a new contact: all wait."""
    ada = make_contact(provider, name="Ada", phone="+44 (0)1632 960002 or 3")
    changes = (
        (ChangeKind.ORGANISATION, provider, {"phone": "01632 960999", "invoice_address": ""}),
        (ChangeKind.CONTACT, ada, {"email": "ada.new@example.org"}),
        (ChangeKind.NEW_CONTACT, provider, {"name": "Bea Lund"}),
    )
    for kind, of, wanted in changes:
        change = drafted(kind, of, wanted, wanted_on=date(2019, 10, 2))
        change.asked_by_id = office.user.id
        saved(change)
    return ada


def test_what_was_asked_for_and_waits_stands_beside_what_is_held(office, at, asked):
    held = facts(office.get(at("organisation/")))
    assert "for “ 01632 960999 ”. It waits for the council" in " ".join(held["Telephone"].split())
    assert "for nothing to be held here" in held["Invoice address"]
    assert "You asked" not in held["Name"]
    page = office.get(at("contacts/"))
    assert "ada.new@example.org" in facts(page)["E-mail"]
    assert "Bea Lund : you asked on" in page.words
    assert page.page.select_one(".periods a").get_text(" ", strip=True).startswith("Ada A change waits for the council")
    assert len(page.reads) <= 8


def test_numbers_and_addresses_can_be_pressed(office, at, asked):
    page = office.get(at("organisation/"))
    assert page.page.select_one("a[href='tel:01632960001']").text == "01632 960001"
    assert page.page.select_one("a[href='mailto:house@example.org']")
    assert office.get(at("contacts/")).page.select_one("main a[href^=tel]")["href"] == "tel:+4401632960002"
    form = office.get(at(f"changes/ask/contacts/{asked.id}"))
    assert form.page.select_one("input[name=phone]")["type"] == "tel"


@pytest.mark.parametrize(
    ("text", "number"),
    [("01632 960 123 (office)", "01632960123"), ("+44 1632 960123", "+441632960123"), ("ask Ada", ""), ("", ""),
     ("999", ""), ("ext. 12 345 678", "")],
)  # fmt: skip
def test_a_number_is_rung_only_if_it_is_one(text, number):
    assert tel(text) == number
