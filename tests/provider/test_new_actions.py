"""What a new action insists on: a file, a day that can be right, and the client of what it is linked with."""

import io
from datetime import date

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from models.base import utc_now
from models.correspondence.action import Action
from models.correspondence.action_post import ActionPost
from models.correspondence.action_type import CareEvent
from models.correspondence.attachment import Attachment
from models.correspondence.document import ContractDocument, DocumentKind, DocumentState
from models.permissions import CouncilRole, Role
from tests.action_factories import make_team, make_type
from tests.care_factories import make_client, make_contract, make_item
from tests.factories import make_provider, make_staff, make_user
from tests.support.client import PortalClient, filled_in
from tests.support.rows import every, saved


@pytest.fixture
def provider(database):
    return make_provider(name="Sausage Sandwich")


@pytest.fixture
def office(client, provider):
    return client.sign_in(make_user(Role.FINANCE, provider))


@pytest.fixture
def type_(database):
    return make_type(make_team(name="Childrens Finance"), name="AA Query")


@pytest.fixture
def at(provider):
    return lambda path="": f"/providers/{provider.id}/actions/{path}"


@pytest.fixture
def missing(database):
    return make_type(
        make_team(name="Brokerage desk"), name="AA Missing", event=CareEvent.MISSING_PACKAGE, days_back=731,
        file_needed="purchase confirmation",
    )  # fmt: skip


DAY_FIELDS = {"event_on": ["1", "9", "2019"]}


def test_a_missing_package_needs_its_purchase_confirmation_and_keeps_all_that_was_typed(office, at, missing):
    page = office.get(at(f"new?type={missing.id}"))
    assert "Files: attach the purchase confirmation" in page.words
    typed = {"title": "Care since September", "text": "We give care and see no package"} | DAY_FIELDS
    again = office.submit(page, typed, status=422)
    assert again.errors == ["Attach the purchase confirmation"]
    kept = filled_in(again.page.select_one("main form"))
    assert {name: kept[name].strip() if name == "text" else kept[name] for name in typed} == typed
    letter = FileStorage(io.BytesIO(b"Order 12"), filename="confirmation.txt")
    office.submit(again, {"files": letter}, status=303)
    [action], [file] = every(select(Action)), every(Attachment)
    assert (action.event_on, file.name) == (date(2019, 9, 1), "confirmation.txt")


def test_a_day_of_another_century_is_refused_and_says_from_when(office, at, missing):
    typed = {"title": "Care", "text": "For long"} | {"event_on": ["1", "9", "1890"]}
    again = office.submit(office.get(at(f"new?type={missing.id}")), typed, status=422)
    assert "Enter a day from 1 October 2017 on. If it was before that, contact us" in again.errors


def test_what_is_asked_about_an_item_is_about_its_client_and_nobody_else(office, at, type_, provider):
    contract = make_contract(provider=provider)
    item, other = make_item(contract), make_item(contract)
    page = office.get(at(f"new?item={item.id}&type={type_.id}"))
    assert [each["value"] for each in page.page.select("select[name=related] option")] == [str(item.client_id)]
    again = office.submit(page, {"text": "More hours", "related": str(other.client_id)}, status=422)
    assert again.errors == ["Choose who it is about from the list"]
    office.submit(page, {"text": "More hours"}, status=303)
    [action] = every(select(Action))
    assert (action.item_id, action.client_id) == (item.id, item.client_id)


@pytest.fixture
def three(provider, type_, monkeypatch):
    """Clients of a provider that has more than a list can have: Adams, Brown and Clark."""
    monkeypatch.setattr("blueprints.provider.actions.MOST_CLIENTS", 2)
    contract = make_contract(provider=provider)
    named = [make_client(surname=name, first_name="Kay") for name in ("Adams", "Brown", "Clark")]
    return [make_item(contract, client=each).client_id for each in named]


def offered_in(page):
    return [each["value"] for each in page.page.select("select[name=related] option")]


def test_one_of_many_clients_is_found_by_name_before_they_are_chosen(office, at, three):
    page = office.get(at("new"))
    assert offered_in(page) == [""]
    found = office.submit(page, {"find": "brow", "text": "More hours", "choose": "y"})
    assert offered_in(found) == ["", str(three[1])]
    assert "1 client found" in found.words
    assert filled_in(found.page.select_one("main form"))["text"].strip() == "More hours"
    chosen = {"related": str(three[1]), "title": "Hours", "text": "More hours"}
    office.submit(found, chosen, status=303)
    assert [action.client_id for action in every(select(Action))] == [three[1]]


def test_who_is_chosen_stays_whatever_is_looked_for_next(office, at, three):
    page = office.submit(office.get(at("new")), {"find": "adams", "choose": "y"})
    again = office.submit(page, {"find": "nobody of this name", "related": str(three[0]), "choose": "y"})
    assert offered_in(again) == ["", str(three[0])]
    assert filled_in(again.page.select_one("main form"))["related"] == str(three[0])


@pytest.mark.parametrize("typed", ["9" * 12, "٣", "x", "-1"])
def test_nobody_else_is_offered_by_a_number_that_is_sent(office, at, three, typed):
    sent = {"related": typed, "title": "Hours", "text": "More hours"}
    again = office.submit(office.get(at("new")), sent, status=422)
    assert (offered_in(again), again.errors) == ([""], ["Choose who it is about from the list"])


def test_a_client_of_another_provider_is_neither_found_nor_chosen(office, at, three):
    other = make_item(make_contract(provider=make_provider()), client=make_client(surname="Brownlow"))
    page = office.submit(office.get(at("new")), {"find": "brown", "choose": "y"})
    assert offered_in(page) == ["", str(three[1])]
    sent = {"related": str(other.client_id), "title": "Hours", "text": "More hours"}
    assert offered_in(office.submit(page, sent, status=422)) == ["", str(three[1])]


def test_as_many_clients_as_a_list_can_have_stand_in_it(office, at, three, monkeypatch):
    monkeypatch.setattr("blueprints.provider.actions.MOST_CLIENTS", 3)
    page = office.get(at("new"))
    assert (offered_in(page), page.page.select_one("[type=search]")) == (["", *map(str, three)], None)


def make_document(item, **given):
    clerk = make_staff(CouncilRole.SERVICE_AGREEMENTS)
    values = {
        "provider_id": item.provider_id, "kind": DocumentKind.OTHER, "title": "Terms of the home", "series": "upload:1",
        "version": 2, "contract_id": item.contract_id, "client_id": item.client_id, "sha256": "0" * 64,
        "state": DocumentState.PUBLISHED, "published_at": utc_now(), "published_by_id": clerk.id,
        "made_by_id": clerk.id,
    }  # fmt: skip
    return saved(ContractDocument(**values | given))


@pytest.mark.covers("S1-015")
def test_asking_about_a_document_names_it_and_links_its_contract_and_client(office, at, type_, provider):
    item = make_item(make_contract(provider=provider))
    document = make_document(item)
    shown = office.get(f"/providers/{provider.id}/documents/{document.id}")
    [link] = [each for each in shown.page.select("main a") if each.get_text() == "Ask about this document"]
    page = office.get(f"{link['href']}&type={type_.id}")
    assert filled_in(page.page.select_one("main form"))["title"] == "Terms of the home, version 2"
    office.submit(page, {"text": "Clause 4 is missing"}, status=303)
    [action] = every(select(Action))
    assert (action.contract_id, action.client_id, action.item_id) == (item.contract_id, item.client_id, None)
    assert action.document_id == document.id
    thread = office.get(at(str(action.id)))
    assert thread.page.select_one(f"main a[href='/providers/{provider.id}/documents/{document.id}']")


def test_nobody_asks_about_a_document_that_they_do_not_see(app, office, at, type_, provider):
    """Another provider’s, a draft of the council’s, or any document for who plans care and sees none."""
    item = make_item(make_contract(provider=provider))
    unseen = {"state": DocumentState.DRAFT, "published_at": None, "published_by_id": None}
    draft = make_document(item, series="upload:2", **unseen)
    theirs = make_document(make_item(make_contract(provider=make_provider())), series="upload:3")
    for document in (draft, theirs):
        office.get(at(f"new?document={document.id}"), status=404)
    scheduler = PortalClient(app).sign_in(make_user(Role.SCHEDULER, provider))
    scheduler.get(at(f"new?document={make_document(item, series='upload:4').id}"), status=404)


def test_an_action_leads_to_the_care_package_that_it_is_about_once_the_provider_sees_that(office, at, type_, provider):
    contract = make_contract(provider=provider)
    for day, is_seen in ((date(2019, 9, 1), True), (None, False)):
        item = make_item(contract, authorised_on=day)
        page = office.get(at(f"new?item={item.id}&type={type_.id}"))
        office.submit(page, {"text": "More hours"}, status=303)
        thread = office.get(at(f"{every(select(Action).order_by(Action.id))[-1].id}"))
        address = f"/providers/{provider.id}/care-packages/{item.id}"
        assert bool(thread.page.select(f"main a[href='{address}']")) is is_seen
        assert f"Care package line item {item.reference}" in thread.words


def test_what_cannot_be_printed_is_left_out_of_what_was_typed(office, at, type_):
    """Control characters come with what is copied from elsewhere: no page may hold them, nor a spreadsheet."""
    typed = {
        "title": "The\x08 week\x0bof\x1f 9\ufffe September",
        "text": "One\x08\ttab\x1b[31m\r\ntwo\U0001f600\U0001ffff",
    }
    office.submit(office.get(at(f"new?type={type_.id}")), typed, status=303)
    [action], [post] = every(select(Action)), every(ActionPost)
    assert (action.title, post.text) == ("The week of 9 September", "One\ttab[31m\ntwo\U0001f600")
    assert "two\U0001f600" in office.get(at(f"{action.id}")).text
