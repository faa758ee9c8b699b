"""Making a claim: what it comes to, what it needs, and what is refused."""

from datetime import date

import pytest
from sqlalchemy import delete

from models.audit import AuditEvent
from models.base import DomainError
from models.billing import claiming, items
from models.billing.items import Claimed, TripFacts, days_ticked, mark_of
from models.billing.journey import SavedJourney, forget_journey, save_journey
from models.billing.levels import may_claim
from models.billing.listing import attached, by_item, claims, queue
from models.calendar import DAY, as_on
from models.correspondence.attachment import Attachment
from models.money import SCALE, parse_e4
from models.permissions import Role
from models.pricing import Unit
from models.records.claim import ClaimItem, ClaimStatus, ClaimTrip
from models.records.client import Client
from models.records.contract import Claimable, ContractRate
from models.records.provider import Provider
from tests.care_factories import make_client, make_contract, make_item
from tests.claim_factories import (
    change,
    claim_now,
    items_of,
    make_claim,
    make_claim_level,
    make_contract_rate,
    make_grant,
    make_pending_claim,
    make_receipt,
    submit,
)
from tests.factories import make_provider, make_user
from tests.support.rows import every, reading, unit_of_work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
MONDAY = date(2026, 6, 1)


@pytest.fixture(autouse=True)
def _today():
    with as_on(MONDAY + 7 * DAY):
        yield


@pytest.fixture
def contract():
    return make_contract(make_provider(), starts_on=date(2018, 4, 1))


@pytest.fixture
def provider(contract):
    return every(Provider.numbered(contract.provider_id))[0]


@pytest.fixture
def carer(provider):
    return make_user(Role.CARER, provider)


@pytest.fixture
def mileage(contract):
    return make_claim_level(contract)


@pytest.fixture
def parking(contract):
    return make_claim_level(contract, 10_000, unit=Unit.ITEM, name="Parking")


def miles(level, quantity="150", day=MONDAY, **given):
    return Claimed(level.id, "Training in Durham", spent_on=day, quantity_e4=parse_e4(quantity), **given)


def ticket(level, pence=5_95, day=MONDAY):
    return Claimed(level.id, "Parking at training", spent_on=day, amount_pence=pence)


def trip(day=MONDAY, tenths=33, **given):
    return TripFacts(day, tenths * SCALE // 10, **{"from_place": "Home", "to_place": "School"} | given)


def refused(claim, verb, *words, **given):
    with pytest.raises(DomainError) as found:
        change(claim, verb, *words, **given)
    return str(found.value)


@pytest.mark.covers("S4-131", "S4-134", "S4-135", "S4-136", "S4-139")
def test_the_mark_of_an_item_is_another_one_with_each_thing_that_is_typed_of_it():
    own = {
        "service_level_id": 1, "client_id": 2, "description": "Runs", "spent_on": MONDAY, "quantity_e4": 10 * SCALE,
        "amount_pence": 450, "is_by_rate": True, "reason": "",
    }  # fmt: skip
    drive = {"day": MONDAY, "from_place": "Home", "to_place": "School", "miles_e4": 5 * SCALE, "is_return": True}

    def mark(trip=None, **changed):
        return mark_of(ClaimItem(**own | changed), [ClaimTrip(**drive | (trip or {}))])

    others = [
        mark(**each)
        for each in (
            {"service_level_id": 3}, {"client_id": 3}, {"description": "Rides"}, {"spent_on": MONDAY - DAY},
            {"quantity_e4": 11 * SCALE}, {"reason": "Two schools"}, {"trip": {"day": MONDAY - DAY}},
            {"trip": {"to_place": "Clinic"}}, {"trip": {"miles_e4": SCALE}}, {"trip": {"is_return": False}},
        )
    ]  # fmt: skip
    assert len({mark(), *others}) == 1 + len(others)
    assert mark(amount_pence=900) == mark(), "what other items make of its sum"
    assert mark(is_by_rate=False, amount_pence=900) != mark(is_by_rate=False)


def test_a_new_claim_is_of_today_empty_and_unsubmitted(provider, carer):
    claim = make_claim(provider, carer, notes="Week of 1 June")
    found = claim_now(claim)
    assert (found.claimed_on, found.notes, found.status) == (MONDAY + 7 * DAY, "Week of 1 June", "unsubmitted")
    assert (found.reference, found.items, found.status.label) == (f"OC{claim.id}", [], "Unsubmitted")
    change(claim, claiming.change_claim, claimed_on=MONDAY, notes="Other words", by=carer)
    assert (claim_now(claim).claimed_on, claim_now(claim).notes) == (MONDAY, "Other words")
    assert "must be today" in refused(claim, claiming.change_claim, claimed_on=MONDAY + 8 * DAY, notes="", by=carer)


@pytest.mark.covers("S4-141", "S4-144", "S4-145", "S4-153", "S4-162", "S4-163")
def test_150_miles_come_to_58_05_and_are_sent_at_that_sum(provider, carer, mileage):
    claim = make_claim(provider, carer, miles(mileage))
    [item] = items_of(claim)
    assert (item.rate_e4, item.amount_pence, item.quantity_e4) == (3_870, 58_05, 1_500_000)
    assert refused(claim, claiming.submit, shown_pence=58_04, by=carer).startswith("This claim comes to £58.05 now")
    change(claim, claiming.submit, shown_pence=58_05, by=carer)
    found = claim_now(claim)
    assert (found.status, found.submitted_by_id) == (ClaimStatus.PENDING, carer.id)
    with reading(provider.id) as session:
        [row] = session.execute(claims()).all()
    assert (row.claimed_pence, row.accepted_pence, row.item_count, row.status.label) == (58_05, 0, 1, "Pending")
    assert [each.action for each in every(AuditEvent)] == ["claim.made", "claim.item_added", "claim.submitted"]


@pytest.mark.covers("S4-128", "S4-146", "S4-147", "S4-154", "S4-157", "S4-160")
def test_what_is_claimed_at_cost_is_the_sum_typed_and_needs_its_receipt(provider, carer, parking):
    claim = make_claim(provider, carer)
    change(claim, items.add_item, ticket(parking), by=carer)
    [item] = items_of(claim)
    assert (item.amount_pence, item.quantity_e4, item.rate_e4, item.is_by_rate) == (5_95, SCALE, 59_500, False)
    assert "A receipt is needed" in refused(claim, claiming.submit, shown_pence=5_95, by=carer)
    two = (make_receipt(), make_receipt(name="back.jpg"))
    assert "An item can have 1 file" in refused(claim, items.change_item, item, ticket(parking), files=two, by=carer)
    change(claim, items.change_item, item, ticket(parking), files=two[:1], by=carer)
    assert "An item can have 1 file" in refused(
        claim, items.change_item, item, ticket(parking), files=two[1:], by=carer
    )
    change(claim, items.change_item, item, ticket(parking, 6_00), files=two[1:], most_files=2, by=carer)
    with reading(provider.id) as own:
        assert [each.name for each in by_item(own.scalars(attached(claim)))[item.id]] == ["receipt.jpg", "back.jpg"]
    change(claim, items.detach, item, every(Attachment)[0], by=carer)
    submit(claim, carer)
    assert claim_now(claim).status.is_pending


@pytest.mark.covers("S4-130", "S4-149", "S4-150", "S4-151", "S4-161")
def test_one_claim_holds_miles_of_children_training_and_parking_each_changed_and_removed(
    contract, provider, carer, mileage, parking
):
    bart = make_item(contract)
    school = make_claim_level(contract, 4_500, claimable=Claimable.CLIENT, name="Placement Mileage")
    runs = Claimed(school.id, "School runs", bart.client_id, MONDAY, parse_e4("20"))
    claim = make_claim(provider, carer, runs, miles(mileage), ticket(parking))
    assert [each.amount_pence for each in items_of(claim)] == [9_00, 58_05, 5_95]
    assert [each.is_client_item for each in items_of(claim)] == [True, False, False]
    first, second, third = items_of(claim)
    change(claim, items.change_item, second, miles(mileage, "10"), by=carer)
    change(claim, items.remove_item, third, by=carer)
    assert [each.amount_pence for each in items_of(claim)] == [9_00, 3_87]
    assert every(Attachment) == []


@pytest.mark.covers("S4-126", "S4-155")
def test_only_what_this_provider_is_approved_for_can_be_chosen(contract, provider, carer, mileage):
    other = make_claim_level(contract, name="Equipment", unit=Unit.ITEM, approved_from=None)
    over = make_claim_level(contract, name="Over", approved_from=None)
    make_grant(provider.id, over, ends_on=MONDAY - 2 * DAY)
    with reading(provider.id):
        assert [each.name for each in may_claim(provider.id)] == [mileage.name, "Over"]
        assert [each.name for each in may_claim(provider.id, MONDAY + 90 * DAY)] == [mileage.name, "Over"]
        assert [each.name for each in may_claim(provider.id, MONDAY + 91 * DAY)] == [mileage.name]
        [found, _] = may_claim(provider.id)
    assert (found.rate_e4, found.needs_receipt, found.is_client_item) == (3_870, False, False)
    claim = make_claim(provider, carer)
    assert "Choose what you claim" in refused(claim, items.add_item, miles(other), by=carer)
    words = refused(claim, items.add_item, miles(over, day=MONDAY - DAY), by=carer)
    assert words.startswith("You are not approved to claim Over on 31 May 2026")
    change(claim, items.add_item, miles(over, day=MONDAY - 2 * DAY), by=carer)


def test_what_is_missing_or_makes_no_sense_is_refused(contract, provider, carer, mileage, parking):
    child = make_claim_level(contract, claimable=Claimable.CLIENT, name="Placement Mileage")
    stranger = make_client()
    claim = make_claim(provider, carer)
    cases = {
        "Enter the day": Claimed(mileage.id, "X", quantity_e4=SCALE),
        "Enter a description": Claimed(mileage.id, "  ", spent_on=MONDAY, quantity_e4=SCALE),
        "Enter how many": Claimed(mileage.id, "X", spent_on=MONDAY),
        "Enter the sum": Claimed(parking.id, "X", spent_on=MONDAY, quantity_e4=SCALE),
        "Choose the child": Claimed(child.id, "X", stranger.id, MONDAY, SCALE),
        "is still to come": Claimed(mileage.id, "X", spent_on=MONDAY + 8 * DAY, quantity_e4=SCALE),
        "whole tenths": Claimed(mileage.id, "X", trips=[TripFacts(MONDAY, 12_345)]),
        "no more than 1,000 miles": Claimed(mileage.id, "X", trips=[TripFacts(MONDAY, 1_001 * SCALE)]),
        "No rate is set": Claimed(mileage.id, "X", spent_on=date(2018, 4, 1), quantity_e4=SCALE),
    }
    make_contract_rate(contract, mileage, 1, starts_on=date(2018, 4, 2), ends_on=None)
    with unit_of_work() as session:
        old = ContractRate.service_level_id == mileage.id, ContractRate.starts_on == date(2018, 4, 1)
        session.execute(delete(ContractRate).where(*old))
    for words, claimed in cases.items():
        assert words in refused(claim, items.add_item, claimed, by=carer), words
    assert "This claim has no items" in refused(claim, claiming.submit, shown_pence=0, by=carer)


def test_trips_of_the_log_fill_an_item_and_each_is_removed_by_itself(provider, carer, mileage):
    week = trip(is_return=True).on(days_ticked(MONDAY + 2 * DAY, [0, 1, 2, 3, 4]))
    claim = make_claim(provider, carer, Claimed(mileage.id, "School runs", trips=week))
    [item] = items_of(claim)
    assert (item.spent_on, item.quantity_e4, item.amount_pence) == (MONDAY, parse_e4("33"), 12_77)
    assert [each.day for each in item.trips] == [MONDAY + n * DAY for n in range(5)]
    change(claim, items.add_trips, item, [trip(MONDAY - 3 * DAY, to_place="Clinic")], by=carer)
    [item] = items_of(claim)
    assert (item.spent_on, item.quantity_e4) == (MONDAY - 3 * DAY, parse_e4("36.3"))
    for each in list(item.trips[1:]):
        change(claim, items.remove_trip, item, each, by=carer)
    assert "Remove the item instead" in refused(claim, items.remove_trip, item, items_of(claim)[0].trips[0], by=carer)
    assert items_of(claim)[0].amount_pence == 1_28


def test_the_amount_as_one_types_is_what_is_kept_afterwards(provider, carer, mileage, parking):
    claim = make_claim(provider, carer, miles(mileage, "10"))
    wanted = Claimed(mileage.id, "School runs", trips=[trip(is_return=True)])
    quote = change(claim, items.quote_for, wanted)
    assert (quote.amount_pence, quote.sentence) == (2_55, "6.6 miles at £0.387")
    assert change(claim, items.quote_for, ticket(parking)).amount_pence == 5_95
    assert len(items_of(claim)) == 1
    change(claim, items.add_item, wanted, by=carer)
    assert items_of(claim)[1].amount_pence == 2_55


@pytest.mark.covers("S4-152")
def test_an_item_is_repeated_for_another_child_and_what_both_were_driven_together_counts_once(
    contract, provider, carer
):
    bart, lisa = make_item(contract), make_item(contract)
    level = make_claim_level(contract, 4_500, claimable=Claimable.CLIENT, name="Placement Mileage")
    claim = make_claim(provider, carer, Claimed(level.id, "School runs", bart.client_id, trips=[trip(tenths=100)]))
    [first] = items_of(claim)
    client = every(Client)[-1]
    assert client.id == lisa.client_id
    change(claim, items.repeat_item, first, client, by=carer)
    assert [each.amount_pence for each in items_of(claim)] == [4_50, 0]
    assert [each.client_id for each in items_of(claim)] == [bart.client_id, lisa.client_id]
    assert "for that child already" in refused(claim, items.repeat_item, items_of(claim)[1], client, by=carer)
    change(claim, items.remove_item, first, by=carer)
    assert [each.amount_pence for each in items_of(claim)] == [4_50]


def test_last_weeks_claim_is_copied_without_receipts_and_without_days_to_come(provider, carer, mileage, parking):
    week = trip().on(days_ticked(MONDAY, [0, 1, 4]))
    old = make_claim(
        provider, carer, Claimed(mileage.id, "School runs", trips=week), ticket(parking), notes="School runs"
    )
    with as_on(MONDAY + 9 * DAY):
        made = change(old, claiming.copy_claim, by=carer)
    found = claim_now(made)
    assert (found.notes, found.status, found.reference) == ("School runs", ClaimStatus.UNSUBMITTED, f"OC{made.id}")
    [item] = found.items
    assert [each.day for each in item.trips] == [MONDAY + 7 * DAY, MONDAY + 8 * DAY]
    assert (item.amount_pence, item.spent_on) == (2_55, MONDAY + 7 * DAY)
    assert "lie ahead" in refused(old, claiming.copy_claim, days=30, by=carer)


def test_a_journey_is_saved_under_its_name_replaced_and_removed(provider, carer):
    with unit_of_work(provider.id) as session:
        own = session.scalars(Provider.numbered(provider.id)).one()
        school = {"from_place": "Home", "to_place": "School", "by": carer}
        save_journey(own, "School", miles_e4=33_000, **school)
        save_journey(own, "School", miles_e4=34_000, is_return=True, **school)
        with pytest.raises(DomainError, match="whole tenths"):
            save_journey(own, "School", miles_e4=33_333, **school)
    [journey] = every(SavedJourney)
    assert (journey.miles_e4, journey.is_return) == (34_000, True)
    with unit_of_work(provider.id):
        forget_journey(journey, by=carer)
    assert every(SavedJourney) == []


def test_another_provider_sees_neither_claims_nor_journeys(provider, carer, mileage):
    make_pending_claim(provider, carer, miles(mileage))
    with reading(make_provider().id) as session:
        assert session.execute(claims()).all() == session.execute(queue()).all() == []
        assert session.scalars(SavedJourney.listed()).all() == []
    with reading() as session:
        assert [row.provider_id for row in session.execute(queue())] == [provider.id]


def test_no_more_than_thirty_claims_wait_to_be_sent(provider, carer):
    for _ in range(claiming.MOST_OPEN):
        make_claim(provider, carer)
    with pytest.raises(DomainError, match="30 claims that are not sent"):
        make_claim(provider, carer)
