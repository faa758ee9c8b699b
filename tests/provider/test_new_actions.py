"""What a new action insists on: a file, a day that can be right, and the client of what it is linked with."""

import io
from datetime import date

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from models.correspondence.action import Action
from models.correspondence.action_type import CareEvent
from models.correspondence.attachment import Attachment
from models.permissions import Role
from tests.action_factories import make_team, make_type
from tests.care_factories import make_contract, make_item
from tests.factories import make_provider, make_user
from tests.support.client import filled_in
from tests.support.rows import every


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
