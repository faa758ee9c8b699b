"""One-Off Claims as a provider's people make them: the list, a claim, its items and trips, sending it."""

import io
from datetime import date

import pytest

from models.billing.items import Claimed
from models.correspondence.attachment import Attachment
from models.permissions import Role
from models.pricing import Unit
from models.records.claim import Claim, ClaimItem, ClaimStatus, ClaimTrip
from tests.care_factories import make_claim_item, make_client, make_contract, make_item
from tests.claim_factories import items_of, make_claim, make_claim_level, submit
from tests.factories import canary, make_provider, make_user
from tests.support.claims import (
    CHILD_MILEAGE,
    OWN_MILEAGE,
    PARKING,
    approve_of_the_guide,
    make_full_claim,
    price_with_all,
)
from tests.support.client import PortalClient, filled_in
from tests.support.files import PDF
from tests.support.rows import every, reloaded

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
    """Mileage for a child, mileage of one's own, parking: what this carer may claim."""
    return approve_of_the_guide(contract)


@pytest.fixture
def at(provider):
    return lambda path="": f"/providers/{provider.id}/claims/{path}"


@pytest.fixture
def person(provider):
    return make_user(Role.CARER, provider, name="Dawn Stockton")


@pytest.fixture
def carer(client, person):
    return client.sign_in(person)


@pytest.fixture
def claim(provider, person, levels, child):
    """150 miles of school runs, not sent yet."""
    runs = Claimed(levels["child"].id, "School runs", child.id, WEDNESDAY, 1_500_000)
    return make_claim(provider, person, runs)


def begun(carer, at):
    answer = carer.submit(carer.get(at()), form="main .panes__list form", status=303)
    return answer.location.rpartition("/")[2]


def typed(levels, level, **given):
    return {"level": str(levels[level].id), "choose": "", "send": "y"} | given


def add(carer, at, claim_id, levels, level, *, of=None, status=303, **given):
    page = carer.get(at(f"{claim_id}/items/new{'?of=provider' if of else ''}"))
    return carer.submit(page, typed(levels, level, **given), form="form#item", status=status)


@pytest.mark.covers("S4-126", "S4-127", "S4-128", "S4-131", "S4-133", "S4-140", "S4-168", "S4-007")
def test_the_first_page_says_what_claims_are_for_and_what_this_person_may_claim_and_no_more(carer, at, levels):
    page = carer.get(at())
    assert "Submit One-Off Claims Online" in page.words
    assert "Please select a One-Off Claim on the left." in page.words
    assert "To create a new One-Off Claim, press the New Claim button on the left." in page.words
    assert "Each claim goes to the council’s Finance Panel" in page.words
    assert "Keep a record of each trip, and every receipt" in page.words
    assert "Submit a claim for each week" in page.words
    assert "do not use this to claim for any other type of payment" in page.words
    assert [each.get_text() for each in page.page.select(".panes__detail .govuk-list")[0].select("li")] == [
        f"{OWN_MILEAGE}, £0.387 a mile", PARKING, f"{CHILD_MILEAGE}, £0.387 a mile",
    ]  # fmt: skip


@pytest.mark.covers("S4-134", "S4-135", "S4-136", "S4-137", "S4-138", "S4-139")
def test_a_new_claim_is_of_today_empty_and_unsubmitted(carer, at, levels):
    page = carer.get(at(begun(carer, at)))
    assert "UNSUBMITTED" in page.words
    assert [each["value"] for each in page.page.select("[name=claimed_on]")] == ["2", "10", "2019"]
    assert page.page.select_one("[name=notes]") is not None
    assert "Total Payable £0.00" in page.words
    assert "No One-Off Claim Client Items" in page.words
    assert "No One-Off Claim Provider Items" in page.words
    assert {"Add New Client Item", "Add New Provider Item"} <= {each.get_text() for each in page.page.select("main a")}
    assert "Submit claim" not in page.words


@pytest.mark.covers("S4-134", "S4-135")
def test_its_date_and_notes_are_changed_and_a_day_to_come_stays_on_the_form(carer, at, claim):
    form = f"form[action$='{claim.id}/header']"
    late = {"claimed_on": ["3", "10", "2019"], "notes": "Mileage claim for 1st - 6th September 2019"}
    refused = carer.submit(carer.get(at(f"{claim.id}")), late, form=form, status=422)
    assert refused.errors == ["That day has not come yet. Enter today or an earlier day"]
    assert "Mileage claim for 1st - 6th September 2019" in refused.text
    carer.submit(refused, {"claimed_on": ["2", "10", "2019"]}, form=form, status=303)
    assert reloaded(claim).notes == "Mileage claim for 1st - 6th September 2019"


@pytest.mark.covers(
    "S4-141", "S4-142", "S4-143", "S4-144", "S4-145", "S4-146", "S4-148", "S4-149", "S4-153", "S4-162", "S4-163"
)
def test_150_miles_with_the_signed_form_come_to_58_05_and_wait_for_the_panel(carer, at, levels, child):
    claim_id = begun(carer, at)
    add(
        carer, at, claim_id, levels, "child", description="School runs", client=str(child.id), quantity="150",
        files=[(io.BytesIO(PDF), "mileage.pdf")],
    )  # fmt: skip
    page = carer.get(at(claim_id))
    row = [cell.get_text(" ", strip=True) for cell in page.page.select("tbody tr")[0].select("th, td")]
    assert row[:6] == ["School runs mileage.pdf", CHILD_MILEAGE, child.full_name, "150", "£0.387", "£58.05"]
    assert row[6].startswith("edit School runs remove School runs")
    button = page.page.select_one("form[action$=submit] button").get_text()
    assert button == "Submit claim for £58.05"
    sent = carer.submit(page, form="form[action$=submit]", status=303)
    page = carer.get(sent.location)
    assert "PENDING" in page.words
    assert "Has LA Notes Included View" in page.words
    assert [each.get_text() for each in page.page.select("tbody td")][-3:-1] == ["No", "Yes"]
    assert "Save the date and notes" not in page.words
    [kept] = every(Attachment)
    assert kept.name == "mileage.pdf"
    assert carer.get(at(f"{claim_id}/items/{kept.holder_id}/files/{kept.id}")).response.data == PDF


@pytest.mark.covers("S4-142", "S4-155")
def test_the_list_of_service_levels_has_no_selection_and_what_this_part_of_a_claim_may_hold(carer, at, claim):
    def offered(of=""):
        page = carer.get(at(f"{claim.id}/items/new{of}"))
        return [each.get_text() for each in page.page.select("[name=level] option")]

    assert offered() == ["[No Selection]", CHILD_MILEAGE]
    assert offered("?of=provider") == ["[No Selection]", OWN_MILEAGE, PARKING]


@pytest.mark.covers("S4-130", "S4-154", "S4-155", "S4-156", "S4-157", "S4-158", "S4-159", "S4-160", "S4-161")
def test_a_provider_item_by_the_mile_and_one_at_cost_with_its_ticket(carer, at, levels):
    claim_id = begun(carer, at)
    add(carer, at, claim_id, levels, "own", of="provider", description="Training", quantity="12.5")
    refused = add(carer, at, claim_id, levels, "parking", of="provider", description="Parking", status=422)
    assert refused.errors == ["Enter the sum on the receipt, like 3.80"]
    carer.submit(
        refused, typed(levels, "parking", amount="3.80", files=[(io.BytesIO(PDF), "ticket.pdf")]), form="form#item",
        status=303,
    )  # fmt: skip
    assert [(each.description, each.amount_pence) for each in every(ClaimItem)] == [("Training", 484), ("Parking", 380)]
    page = carer.get(at(claim_id))
    assert page.page.select_one("form[action$=submit] button").get_text() == "Submit claim for £8.64"


def test_at_cost_without_its_receipt_the_claim_is_not_sent_and_says_so(carer, at, levels):
    claim_id = begun(carer, at)
    add(carer, at, claim_id, levels, "parking", of="provider", description="Parking", amount="3.80")
    page = carer.get(at(claim_id))
    refused = carer.submit(page, form="form[action$=submit]", status=422)
    assert "A receipt is needed" in refused.errors[0]
    assert every(Claim)[0].status is ClaimStatus.UNSUBMITTED


@pytest.mark.covers("S4-145", "S4-159")
def test_the_amount_is_worked_out_as_one_types(carer, at, claim, levels):
    page = carer.get(at(f"{claim.id}/items/new"))
    there = page.page.select_one("[name=quantity]")["data-hx-post"]
    answer = carer.post(there, typed(levels, "child", quantity="150", spent_on=["2", "10", "2019"]), htmx=True)
    assert answer.words == "150 miles. Unit Cost £0.387 a mile Amount £58.05 150 miles at £0.387"
    answer = carer.post(there, typed(levels, "child", quantity="many"), htmx=True)
    assert "Amount £0.00" in answer.words
    assert len(every(ClaimItem)) == 1


@pytest.mark.covers("S4-150", "S4-151")
def test_an_item_is_edited_and_removed(carer, at, claim, levels):
    [item] = every(ClaimItem)
    page = carer.get(at(f"{claim.id}/items/{item.id}/change"))
    assert page.page.select_one("[name=quantity]")["value"] == "150"
    carer.submit(page, typed(levels, "child", quantity="100"), form="form#item", status=303)
    assert reloaded(item).amount_pence == 3_870
    page = carer.get(at(f"{claim.id}/items/{item.id}/remove"))
    carer.submit(page, form="main form", status=303)
    assert every(ClaimItem) == []


def test_of_an_item_that_was_removed_meanwhile_what_is_typed_stays_to_be_added_again(carer, at, claim, levels):
    [item] = every(ClaimItem)
    there = at(f"{claim.id}/items/{item.id}")
    page, remove = carer.get(f"{there}/change"), carer.get(f"{there}/remove")
    carer.submit(remove, form="main form", status=303)
    given = typed(levels, "child", quantity="77", description="By bus")
    refused = carer.submit(page, given, form="form#item", status=422)
    assert refused.errors == ["Somebody else has removed this item. Add it again if it is needed"]
    assert "New One-Off Claim Client Item" in refused.heading
    kept = filled_in(refused.page.select_one("form#item"))
    assert (kept["quantity"], kept["description"], kept["client"]) == ("77", "By bus", str(item.client_id))
    carer.get(f"{there}/change", status=404)
    answer = carer.post(f"{there}/remove", status=303)
    assert "Somebody else has removed the item already" in carer.follow(answer).words
    carer.submit(refused, form="form#item", status=303)
    [again] = every(ClaimItem)
    assert (again.quantity_e4, again.description) == (770_000, "By bus")


@pytest.mark.covers("S4-152")
def test_an_item_is_repeated_for_another_child(carer, at, claim, contract, provider):
    sibling = make_client(surname=f"Testing{canary(provider.id)}", first_name="Sibling")
    make_item(contract, client=sibling)
    [item] = every(ClaimItem)
    page = carer.get(at(f"{claim.id}/items/{item.id}/repeat"))
    assert [each.get_text() for each in page.page.select("[name=client] option")] == [
        "[No Selection]", sibling.full_name,
    ]  # fmt: skip
    assert carer.submit(page, status=422).errors == ["Choose the client"]
    carer.submit(page, {"client": str(sibling.id)}, status=303)
    assert [each.client_id for each in every(ClaimItem)] == [item.client_id, sibling.id]


@pytest.mark.covers("S4-147")
def test_a_second_file_of_one_item_is_refused_and_what_was_typed_stays(carer, at, levels, child):
    claim_id = begun(carer, at)
    two = [(io.BytesIO(PDF), "one.pdf"), (io.BytesIO(PDF + b"\n"), "two.pdf")]
    refused = add(carer, at, claim_id, levels, "child", client=str(child.id), description="School runs",
                  quantity="150", files=two, status=422)  # fmt: skip
    assert refused.errors == ["Attach 1 file to one item. Put the others into another item, or untick one"]
    assert refused.page.select_one("[name=quantity]")["value"] == "150"


TRIP = {"start": "Home", "end": "Oak School", "miles": "6.2", "is_return": "y", "week": "2019-09-23"}


def test_a_week_of_school_runs_is_five_trips_there_and_back(carer, at, levels, child):
    claim_id = begun(carer, at)
    add(carer, at, claim_id, levels, "child", description="School runs", days="school", keep_journey="y", **TRIP)
    trips = every(ClaimTrip)
    assert [each.day.day for each in trips] == [23, 24, 25, 26, 27]
    assert {(each.from_place, each.to_place, each.purpose, each.counted_e4) for each in trips} == {
        ("Home", "Oak School", "School runs", 124_000)
    }
    [item] = every(ClaimItem)
    assert (item.quantity_e4, item.amount_pence, item.client_id) == (620_000, 2_399, child.id)

    page = carer.get(at(f"{claim_id}/items/{item.id}/change"))
    marks = [each["value"] for each in page.page.select("[name=trips]")]
    assert len(marks) == 5
    carer.submit(page, typed(levels, "child", trips=marks[:4]), form="form#item", status=303)
    assert [each.day.day for each in every(ClaimTrip)] == [23, 24, 25, 26]


def test_a_saved_journey_fills_in_the_trip(carer, at, levels, child):
    claim_id = begun(carer, at)
    add(carer, at, claim_id, levels, "child", description="School runs", days="0", keep_journey="y", **TRIP)
    page = carer.get(at(f"{claim_id}/items/new"))
    [_, saved] = page.page.select("[name=journey] option")
    assert saved.get_text() == "Home to Oak School"
    chosen = typed(levels, "child", description="More", journey=saved["value"], days=["1", "2"], week="2019-09-23")
    carer.submit(page, chosen, form="form#item", status=303)
    assert [each.counted_e4 for each in every(ClaimTrip)] == [124_000] * 3
    page = carer.get(at("journeys"))
    carer.submit(page, form="main td form", status=303)
    assert "None yet" in carer.get(at("journeys")).words


def test_what_is_missing_of_a_trip_is_said_and_a_day_to_come_cannot_be_ticked(carer, at, levels):
    claim_id = begun(carer, at)
    refused = add(carer, at, claim_id, levels, "child", description="Runs", start="Home", status=422)
    assert refused.errors == [
        "Say where the trip ended", "Enter the number of miles, like 12.5",
        "Tick the days on which you made this trip",
    ]  # fmt: skip
    given = {**TRIP, "week": "2019-09-30", "days": ["2", "3"]}
    refused = add(carer, at, claim_id, levels, "child", description="Runs", status=422, **given)
    assert refused.errors == ["3 October 2019 has not come yet. Untick it, or choose another week"]


def test_trips_are_added_one_after_the_other_before_the_item_is_made(carer, at, levels):
    claim_id = begun(carer, at)
    page = carer.get(at(f"{claim_id}/items/new"))
    page = carer.submit(page, typed(levels, "child", choose="trips", days="0", **TRIP), form="form#item", status=200)
    assert [each.get_text() for each in page.page.select("label[for^=trips-]")] == [
        "Mon 23 Sep: Home to Oak School and back, 12.4 miles"
    ]
    assert page.page.select_one("[name=start]")["value"] == ""
    assert "12.4 miles. Unit Cost £0.387 a mile Amount £4.80" in page.words
    more = {"start": "Oak School", "end": "Dentist", "miles": "3", "week": "2019-09-23", "days": "1"}
    carer.submit(page, typed(levels, "child", description="Runs", **more), form="form#item", status=303)
    assert [each.counted_e4 for each in every(ClaimTrip)] == [124_000, 30_000]


def test_a_trip_that_was_tampered_with_is_not_taken(carer, at, levels):
    claim_id = begun(carer, at)
    bad = ['{"on": "2019-09-23"}', "rubbish", '{"on": "2019-09-23", "start": "", "end": "", "purpose": "", '
           '"miles_e4": -5, "is_return": false}', "[]", "7"]  # fmt: skip
    for mark in bad:
        refused = add(carer, at, claim_id, levels, "child", description="Runs", trips=mark, status=422)
        assert "A trip did not arrive as it was sent. Add it again" in refused.errors
    assert every(ClaimItem) == []


def test_the_same_trip_again_is_warned_of_and_goes_on_with_a_reason(carer, at, levels, child, provider, person):
    for _ in range(2):
        claim_id = begun(carer, at)
        add(carer, at, claim_id, levels, "child", description="School runs", days="0", **TRIP)
        if not every(Claim)[1:]:
            carer.submit(carer.get(at(claim_id)), form="form[action$=submit]", status=303)
    page = carer.get(at(claim_id))
    assert "The same trip of 23 September 2019 is in claim" in page.words
    refused = carer.submit(page, form="form[action$=submit]", status=422)
    assert "Remove it, or say why it is right" in refused.errors[0]
    [there] = [each["href"] for each in page.page.select(".govuk-warning-text a")]
    page = carer.get(there)
    carer.submit(page, typed(levels, "child", reason="Two runs that day"), form="form#item", status=303)
    carer.submit(carer.get(at(claim_id)), form="form[action$=submit]", status=303)
    assert every(Claim)[-1].status is ClaimStatus.PENDING


def test_a_sum_that_has_changed_since_it_was_shown_is_not_sent(carer, at, claim):
    page = carer.get(at(f"{claim.id}"))
    refused = carer.submit(page, {"seen": "1"}, form="form[action$=submit]", status=422)
    assert "The claim has changed from £0.01 to £58.05" in refused.errors[0]
    assert reloaded(claim).status is ClaimStatus.UNSUBMITTED


def test_a_claim_is_sent_once(carer, at, claim):
    page = carer.get(at(f"{claim.id}"))
    first = carer.submit(page, form="form[action$=submit]", status=303)
    again = carer.submit(page, form="form[action$=submit]", status=303)
    assert again.location == first.location
    other = carer.post(at(f"{claim.id}/submit"), {"seen": "5805"})
    assert other.status_code == 422
    assert reloaded(claim).status is ClaimStatus.PENDING


def test_last_weeks_claim_is_copied_a_week_later(carer, at, levels):
    claim_id = begun(carer, at)
    given = {**TRIP, "week": "2019-09-16", "days": "school"}
    add(carer, at, claim_id, levels, "child", description="School runs", **given)
    copied = carer.submit(carer.get(at(claim_id)), form="form[action$=copy]", status=303)
    days = [each.day.day for each in every(ClaimTrip)]
    assert days == [16, 17, 18, 19, 20, 23, 24, 25, 26, 27]
    assert "Check each trip" in carer.get(copied.location).words


def test_a_claim_is_withdrawn_after_one_is_asked(carer, at, claim, person):
    submit(claim, person)
    page = carer.get(at(f"{claim.id}/withdraw"))
    carer.submit(page, status=303)
    assert reloaded(claim).status is ClaimStatus.WITHDRAWN


def test_a_viewer_sees_claims_and_makes_none(app, provider, at, claim):
    viewer = PortalClient(app).sign_in(make_user(Role.VIEWER, provider))
    page = viewer.get(at(f"{claim.id}"))
    assert "New Claim" not in page.words
    assert "Submit claim" not in page.words
    assert "Save the date" not in page.words
    for path in ("new", f"{claim.id}/submit", f"{claim.id}/copy"):
        viewer.post(at(path), status=403)
    viewer.get(at(f"{claim.id}/items/new"), status=403)


@pytest.mark.covers("S4-129", "S4-132", "S4-164")
def test_the_list_says_provider_date_and_what_became_of_each_of_before_too(carer, at, contract, provider, levels):
    make_claim_item(contract, 6_400, date(2019, 9, 25), service_level_id=levels["own"].id)
    make_claim_item(
        contract, 1_000, date(2019, 9, 20), status=ClaimStatus.REJECTED, accepted_pence=0,
        service_level_id=levels["own"].id,
    )  # fmt: skip
    page = carer.get(at())
    assert [each.get_text(" ", strip=True) for each in page.page.select(".periods a")] == [
        f"25/09/2019 £64.00 {provider.name} Accepted", f"20/09/2019 £0.00 {provider.name} Rejected",
    ]  # fmt: skip
    page = carer.get(page.page.select_one(".periods a")["href"])
    assert "£64.00 is in your next payment, or in one before" in page.words
    assert page.page.select_one("form[action$=withdraw], form[action$=submit]") is None


@pytest.mark.covers("S4-057")
def test_claims_stand_in_the_menu_and_on_home_of_those_only_who_may_claim(app, carer, at, levels, provider):
    home = carer.get(f"/providers/{provider.id}/")
    assert "View and create One-Off Claims" in home.words
    assert any(each.get("href") == at() for each in home.page.select("header a, nav a"))
    other = make_provider()
    stranger = PortalClient(app).sign_in(make_user(Role.CARER, other))
    home = stranger.get(f"/providers/{other.id}/")
    assert "One-Off Claims" not in home.words
    assert not [each for each in home.page.select("nav a") if each["href"].endswith("/claims/")]


def test_another_providers_claim_is_not_there(app, claim, at):
    other = make_provider()
    stranger = PortalClient(app).sign_in(make_user(Role.CARER, other))
    [item] = every(ClaimItem)
    for path in (f"{claim.id}", f"{claim.id}/items/{item.id}", f"{claim.id}/items/new", f"{claim.id}/withdraw"):
        stranger.get(f"/providers/{other.id}/claims/{path}", status=404)
        stranger.get(at(path), status=404)
    stranger.post(f"/providers/{other.id}/claims/{claim.id}/submit", {"seen": "5805"}, status=404)


def test_what_one_is_not_approved_to_claim_is_refused_whatever_is_sent(carer, at, claim, app):
    other = make_contract()
    level = make_claim_level(other, 10_000, name="Equipment of another", unit=Unit.ITEM)
    page = carer.get(at(f"{claim.id}/items/new?of=provider"))
    sent = {"level": str(level.id), "description": "Cot", "amount": "80.00", "send": "y", "choose": ""}
    refused = carer.submit(page, sent, form="form#item", status=422)
    assert "Choose a service level from the list" in refused.errors
    assert len(every(ClaimItem)) == 1


def test_pages_of_a_claim_ask_the_database_as_often_however_much_is_in_it(carer, at, contract, child, levels, person):
    def reads(many):
        claim = make_full_claim(contract, levels["child"], levels["parking"], person, many=many)
        item = f"{claim.id}/items/{items_of(claim)[0].id}"
        paths = (f"{claim.id}", f"{claim.id}/items/new", item, f"{item}/change", f"{item}/repeat", f"{item}/remove")
        for path in paths:
            carer.get(at(path))  # what is noted once a minute is noted now
        return [len(carer.get(at(path)).reads) for path in paths]

    price_with_all(contract, child, levels["child"])
    few = reads(2)
    assert reads(6) == few
    assert max(few) <= 8
