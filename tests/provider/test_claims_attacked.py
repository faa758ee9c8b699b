"""Forms of a claim as nobody's browser sends them: the answer says what is wrong, and nothing fails."""

import json
from datetime import date, timedelta

import pytest

from models.billing.items import Claimed
from models.money import SCALE
from models.permissions import Role
from models.records.claim import ClaimItem
from tests.auth.journey import mailed_code
from tests.care_factories import make_client, make_contract, make_item
from tests.claim_factories import items_of, make_claim, make_pending_claim
from tests.factories import PASSWORD, canary, make_provider, make_user
from tests.support.claims import approve_of_the_guide
from tests.support.client import PortalClient
from tests.support.rows import every

WEDNESDAY = date(2019, 10, 2)


@pytest.fixture
def provider(database):
    return make_provider()


@pytest.fixture
def contract(provider):
    return make_contract(provider)


@pytest.fixture
def child(contract, provider):
    child = make_client(surname=f"Testing{canary(provider.id)}", first_name="CLA")
    make_item(contract, client=child)
    return child


@pytest.fixture
def levels(contract, child):
    return approve_of_the_guide(contract)


@pytest.fixture
def person(provider):
    return make_user(Role.CARER, provider, name="Dawn Stockton")


@pytest.fixture
def carer(client, person):
    return client.sign_in(person)


@pytest.fixture
def at(provider):
    return lambda path="": f"/providers/{provider.id}/claims/{path}"


@pytest.fixture
def claim(provider, person, levels):
    return make_claim(provider, person)


def trip(**given):
    usual = {"on": "2019-10-01", "start": "Home", "end": "School", "purpose": "", "miles_e4": 33_000, "is_return": True}
    return json.dumps(usual | given)


ODD = [
    {"client": "abc"},
    {"client": "9" * 30},
    {"client": "²"},
    {"level": "9" * 30},
    {"level": "abc"},
    {"journey": "abc"},
    {"week": "0001-01-01", "days": "0"},
    {"days": "9"},
    {"days": "²"},
    {"trips": trip(start=5)},
    {"trips": trip(start=None)},
    {"trips": trip(on="0001-01-01")},
    {"trips": trip(on=20191001)},
    {"trips": trip(miles_e4=True)},
    {"trips": trip(miles_e4=1e300)},
    {"trips": "[" * 20_000},
    {"trips": "9" * 5_000},
    {"quantity": "1e9"},
    {"quantity": "9" * 5_000},
    {"quantity": "-5"},
    {"quantity": "0"},
    {"quantity": "nan"},
    {"spent_on": ["1", "1", "1"]},
    {"spent_on": ["31", "2", "2019"]},
    {"spent_on": ["1", "1", "99999"]},
    {"description": "\x00\x07"},
]


@pytest.mark.parametrize("odd", ODD, ids=lambda each: f"{next(iter(each))} {str(next(iter(each.values())))[:30]}")
def test_an_odd_value_is_refused_while_one_types_and_when_it_is_sent(carer, at, claim, levels, child, odd):
    page = carer.get(at(f"{claim.id}/items/new"))
    usual = {"level": str(levels["child"].id), "client": str(child.id), "description": "Runs", "send": "y",
             "choose": "", "quantity": "10", "spent_on": ["1", "10", "2019"]}  # fmt: skip
    typed = usual | ({"quantity": ""} if "trips" in odd or "days" in odd else {}) | odd
    for choose in ("level", "trips"):
        answer = carer.submit(page, typed | {"choose": choose}, form="form#item", status=None)
        assert answer.status_code in (200, 422)
    answer = carer.post(at(f"{claim.id}/items/amount"), typed, status=None)
    assert answer.status_code in (200, 422)
    answer = carer.submit(page, typed, form="form#item", status=None)
    assert answer.status_code in (422, 409)
    assert every(ClaimItem) == []


@pytest.mark.parametrize("pence", ["-5", "0", "50000.01", "9" * 30, "1e5", "nan", "£"])
def test_a_sum_that_is_none_is_refused(carer, at, claim, levels, pence):
    page = carer.get(at(f"{claim.id}/items/new?of=provider"))
    typed = {"level": str(levels["parking"].id), "description": "Ticket", "send": "y", "choose": "", "amount": pence,
             "spent_on": ["1", "10", "2019"]}  # fmt: skip
    carer.post(at(f"{claim.id}/items/amount?of=provider"), typed, status=None)
    carer.submit(page, typed, form="form#item", status=422)
    assert every(ClaimItem) == []


@pytest.mark.parametrize("day", [["1", "1", "1"], ["31", "12", "9999"], ["0", "0", "0"], ["1", "1", "2"]])
def test_a_date_of_claim_that_no_calendar_of_ours_has(carer, at, provider, person, levels, claim, day):
    answer = carer.submit(carer.get(at(claim.id)), {"claimed_on": day}, form="form[action$=header]", status=None)
    assert answer.status_code in (303, 422)
    carer.get(at(claim.id))
    carer.get(at())


def test_an_item_of_another_claim_or_provider_is_not_there(app, carer, at, provider, person, levels, claim):
    ticket = Claimed(levels["parking"].id, "Ticket", spent_on=WEDNESDAY, amount_pence=3_80)
    other = make_pending_claim(provider, person, ticket)
    [item] = items_of(other)
    for path in ("change", "remove", "repeat"):
        carer.get(at(f"{claim.id}/items/{item.id}/{path}"), status=404)
    carer.post(at(f"{claim.id}/items/amount?item={item.id}"), {"level": "1"}, status=404)
    stranger = PortalClient(app).sign_in(make_user(Role.CARER, make_provider()))
    for path in (f"{other.id}", f"{other.id}/items/{item.id}", f"{other.id}/items/{item.id}/files/1"):
        stranger.get(at(path), status=404)


def test_what_is_pending_is_changed_by_no_stale_page(carer, at, provider, person, levels):
    ticket = Claimed(levels["parking"].id, "Ticket", spent_on=WEDNESDAY, amount_pence=3_80)
    claim = make_claim(provider, person, ticket)
    [item] = items_of(claim)
    change = carer.get(at(f"{claim.id}/items/{item.id}/change"))
    remove = carer.get(at(f"{claim.id}/items/{item.id}/remove"))
    carer.submit(carer.get(at(claim.id)), form="form[action$=submit]", status=303)
    refused = carer.submit(change, {"amount": "99.00", "send": "y", "choose": ""}, form="form#item", status=422)
    assert "This claim has been sent to the panel" in refused.errors[0]
    assert refused.page.select_one("[name=amount]")["value"] == "99.00"
    carer.submit(remove, form="main form", status=422)
    carer.submit(change, form="form[action*=take-off]", status=409)
    assert [each.amount_pence for each in items_of(claim)] == [3_80]


def test_what_is_typed_of_a_new_item_is_there_again_in_the_dialog_too_until_it_is_made(carer, at, claim, levels, child):
    there = at(f"{claim.id}/items/new")
    page = carer.get(there)
    form = page.page.select_one("form#item")
    assert form["data-keep"] == at(f"{claim.id}/items/keep")
    typed = {"level": str(levels["child"].id), "client": str(child.id), "description": "Runs to scho", "quantity": "12"}
    carer.submit(page, typed, form="form#item", action=form["data-keep"], status=303)
    for again in (carer.get(there), carer.get(there, htmx=True)):
        assert again.page.select_one("[name=description]")["value"] == "Runs to scho"
        assert again.page.select_one("form#item").has_attr("data-kept")
        assert again.page.select_one("[name=level] [selected]")["value"] == str(levels["child"].id)
    assert carer.get(f"{there}?of=provider").page.select_one("[name=description]").get("value", "") == ""
    made = {"spent_on": ["1", "10", "2019"], "quantity": "12", "send": "y", "choose": ""}
    carer.submit(carer.get(there, htmx=True), made, form="form#item", htmx=True, status=204)
    assert [each.description for each in items_of(claim)] == ["Runs to scho"]
    assert carer.get(there).page.select_one("[name=description]").get("value", "") == ""


def test_what_is_typed_of_another_providers_claim_is_not_kept(app, at, claim):
    stranger = PortalClient(app).sign_in(make_user(Role.CARER, make_provider()))
    stranger.post(at(f"{claim.id}/items/keep"), {"description": "x"}, status=404)


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_an_item_that_was_sent_after_the_session_had_ended_is_there_again(
    client, person, at, claim, levels, child, time_machine, htmx
):
    time_machine.move_to("2026-03-01T09:00:00+00:00", tick=False)
    there = at(f"{claim.id}/items/new")
    page = client.sign_in(person).get(there)
    time_machine.shift(timedelta(minutes=30))
    typed = {"level": str(levels["child"].id), "client": str(child.id), "description": "Runs", "quantity": "12",
             "spent_on": ["1", "10", "2019"], "send": "y", "choose": ""}  # fmt: skip
    late = client.submit(page, typed, form="form#item", htmx=htmx, status=204 if htmx else 303)
    client.user = person
    page = client.submit(client.follow(late), {"email": person.email, "password": PASSWORD}, status=303)
    page = client.follow(client.submit(client.follow(page), {"code": mailed_code()}, status=303))
    assert "You were logged out before this was saved" in page.words
    assert page.page.select_one("[name=description]")["value"] == "Runs"
    assert page.page.select_one("[name=quantity]")["value"] == "12"
    assert items_of(claim) == []
    client.submit(page, {"send": "y", "choose": ""}, form="form#item", status=303)
    assert [each.description for each in items_of(claim)] == ["Runs"]


@pytest.fixture
def runs(provider, person, levels, child):
    """150 miles of school runs, not sent yet."""
    return make_claim(provider, person, Claimed(levels["child"].id, "School runs", child.id, WEDNESDAY, 150 * SCALE))


def sent(levels, quantity):
    return {"level": str(levels["child"].id), "choose": "", "send": "y", "quantity": quantity}


def test_of_two_who_change_one_item_the_second_is_told_and_what_both_typed_is_there(carer, at, runs, levels):
    [item] = every(ClaimItem)
    there = at(f"{runs.id}/items/{item.id}/change")
    first, second = carer.get(there), carer.get(there)
    carer.submit(first, sent(levels, "100"), form="form#item", status=303)
    refused = carer.submit(second, sent(levels, "120"), form="form#item", status=422)
    assert "Somebody else has changed this item since you opened it" in refused.errors[0]
    assert "100 units, £38.70 now" in refused.errors[0]
    assert refused.page.select_one("[name=quantity]")["value"] == "120"
    assert [each.quantity_e4 for each in every(ClaimItem)] == [100 * SCALE]
    carer.submit(refused, {"send": "y", "choose": ""}, form="form#item", status=303)
    assert [each.quantity_e4 for each in every(ClaimItem)] == [120 * SCALE]


def test_a_page_that_is_drawn_again_for_another_choice_still_knows_what_it_was_opened_on(carer, at, runs, levels):
    [item] = every(ClaimItem)
    there = at(f"{runs.id}/items/{item.id}/change")
    first, second = carer.get(there), carer.get(there)
    carer.submit(first, sent(levels, "100"), form="form#item", status=303)
    drawn = carer.submit(second, sent(levels, "120") | {"choose": "level"}, form="form#item")
    refused = carer.submit(drawn, {"send": "y", "choose": ""}, form="form#item", status=422)
    assert "Somebody else has changed this item" in refused.errors[0]
    assert [each.quantity_e4 for each in every(ClaimItem)] == [100 * SCALE]
