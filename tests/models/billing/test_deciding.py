"""What the panel decides: what is paid of it, what moves afterwards, who may, and who is told."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from models.accounts.conflict import ConflictOfInterest
from models.audit import AuditEvent
from models.base import DomainError
from models.billing import deciding
from models.billing.deciding import IN_FULL, ItemDecision
from models.billing.items import Claimed, TripFacts
from models.billing.listing import claims, in_queue, queue, several
from models.billing.pricing import set_pricing
from models.calendar import DAY, as_on
from models.money import SCALE, parse_e4
from models.outbox import OutboxMessage
from models.payments.payment import PaymentLine
from models.permissions import CouncilRole, Role
from models.pricing import Unit
from models.records.claim import Claim, ClaimStatus
from models.records.claim_pricing import ClaimPricing
from models.records.contract import Claimable, ContractRate
from models.records.provider import Provider
from models.reports.whereabouts import by_contract
from models.verify import check_all
from tests.care_factories import make_contract, make_item, make_price, make_service_level
from tests.claim_factories import (
    change,
    claim_now,
    decide,
    items_of,
    make_claim,
    make_claim_level,
    make_contract_rate,
    make_pending_claim,
    submit,
)
from tests.factories import make_membership, make_provider, make_staff, make_user
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import calculate, finalise, orders, payment, rows
from tests.support.runs import change as facts

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
MONDAY = date(2026, 4, 27)
WEEK = timedelta(days=7)
TRIP = date(2026, 4, 20)


@pytest.fixture(autouse=True)
def _today():
    with as_on(MONDAY):
        yield


@pytest.fixture
def contract():
    made = make_contract(make_provider(name="Sausage Sandwich"), calculate_from=MONDAY - WEEK)
    make_item(made, rate_e4=1_000_000, starts_on=MONDAY - WEEK)
    calculate(MONDAY)
    return made


@pytest.fixture
def provider(contract):
    return every(Provider.numbered(contract.provider_id))[0]


@pytest.fixture
def carer(provider):
    return make_user(Role.CARER, provider, email="carer@example.org")


@pytest.fixture
def panel():
    return make_staff(CouncilRole.FINANCE_PANEL)


@pytest.fixture
def manager():
    return make_staff(CouncilRole.PAYMENTS_MANAGER)


@pytest.fixture
def mileage(contract):
    return make_claim_level(contract, 4_500)


@pytest.fixture
def parking(contract):
    return make_claim_level(contract, 10_000, unit=Unit.ITEM, name="Parking")


def miles(level, quantity="150", day=TRIP, **given):
    return Claimed(level.id, "Training", spent_on=day, quantity_e4=parse_e4(quantity), **given)


def ticket(level, pence=5_95):
    return Claimed(level.id, "Parking", spent_on=TRIP, amount_pence=pence)


def claimed_lines(contract):
    line = PaymentLine
    query = select(line).where(line.contract_id == contract.id, line.claim_item_id.is_not(None))
    return [(each.net_pence, each.run_id is not None) for each in every(query.order_by(line.id))]


def sound():
    assert list(check_all()) == []


def refused(claim, verb, *words, **given):
    with pytest.raises(DomainError) as found:
        change(claim, verb, *words, **given)
    return str(found.value)


@pytest.mark.covers("S4-127", "S4-129", "S4-164")
def test_what_is_accepted_joins_the_next_payment_and_the_order_of_one_off_claims(
    contract, provider, carer, panel, mileage, parking
):
    claim = make_pending_claim(provider, carer, miles(mileage), ticket(parking))
    assert payment(contract, MONDAY).total_pence == 100_00
    with reading():
        [found] = by_contract(provider.id)
    assert (found.undecided_pence, found.entitled_pence) == (67_50 + 5_95, 200_00)
    decide(claim, panel)
    found = claim_now(claim)
    assert (found.status, found.decided_on, found.decided_by_id) == (ClaimStatus.ACCEPTED, MONDAY, panel.id)
    assert [each.accepted_pence for each in found.items] == [67_50, 5_95]
    paid_in = next(each for each in (MONDAY - WEEK, MONDAY) if payment(contract, each).total_pence > 100_00)
    assert payment(contract, paid_in).total_pence == 100_00 + 73_45
    assert [order.value_pence for order in orders(contract, 2026) if order.client is None] == [73_45]
    with reading():
        [found] = by_contract(provider.id)
    assert (found.undecided_pence, found.entitled_pence) == (0, 200_00 + 73_45)
    sound()


@pytest.mark.covers("S4-165", "S4-166")
def test_fewer_miles_a_typed_sum_and_an_item_left_out_each_with_a_note(
    contract, provider, carer, panel, mileage, parking
):
    claim = make_pending_claim(provider, carer, miles(mileage), miles(mileage, "10", TRIP + DAY), ticket(parking))
    asked = [ItemDecision(True, parse_e4("100")), ItemDecision(True, None, 3_00), ItemDecision(False)]
    with pytest.raises(DomainError, match="why it is not paid in full"):
        decide(claim, panel, *asked)
    noted = [ItemDecision(each.is_included, each.miles_e4, each.sum_pence, "See above") for each in asked]
    decide(claim, panel, *noted)
    found = claim_now(claim)
    assert found.status is ClaimStatus.ACCEPTED_IN_PART
    assert [(each.is_included, each.la_note, each.accepted_pence) for each in found.items] == [
        (True, "See above", 45_00), (True, "See above", 3_00), (False, "See above", 0),
    ]  # fmt: skip
    assert [each.is_accepted_in_part for each in found.items] == [True, True, False]
    assert sorted(claimed_lines(contract)) == [(3_00, False), (45_00, False)]
    with unit_of_work() as session:
        session.execute(update(ContractRate).where(ContractRate.service_level_id == mileage.id).values(rate_e4=9_000))
    calculate(MONDAY)
    assert sorted(claimed_lines(contract)) == [(3_00, False), (90_00, False)]
    sound()


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (ItemDecision(True, parse_e4("150"), note="x"), "Enter fewer than 150 miles"),
        (ItemDecision(True, 0, note="x"), "Enter fewer than 150 miles"),
        (ItemDecision(True, 123_456, note="x"), "whole tenths"),
        (ItemDecision(True, None, 67_51, note="x"), "at most £67.50"),
        (ItemDecision(True, None, 0, note="x"), "above £0.00"),
        (ItemDecision(True, SCALE, 1_00, note="x"), "not both"),
    ],
)
def test_no_more_is_accepted_than_was_claimed(provider, carer, panel, mileage, decision, words):
    claim = make_pending_claim(provider, carer, miles(mileage))
    with pytest.raises(DomainError, match=words):
        decide(claim, panel, decision)
    decide(claim, panel, ItemDecision(True, None, 67_50, note="As claimed"))
    assert claim_now(claim).items[0].is_fixed_sum


def test_every_item_is_decided_and_no_other(provider, carer, panel, mileage, parking):
    claim = make_pending_claim(provider, carer, miles(mileage), ticket(parking))
    first, second = items_of(claim)
    for wanted in ({first.id: IN_FULL}, {first.id: IN_FULL, second.id: IN_FULL, 999: IN_FULL}):
        assert "one is not decided" in refused(claim, deciding.decide, wanted, by=panel)


def test_a_rate_that_is_set_later_pays_the_difference_and_names_claim_and_trip(
    contract, provider, carer, panel, mileage
):
    """Case 20: 150 miles on 20 April at 45p, then 55p from 6 April."""
    claim = make_pending_claim(provider, carer, miles(mileage), miles(mileage, "10", date(2026, 4, 5)))
    decide(claim, panel)
    finalise(MONDAY + 6 * DAY)
    assert claimed_lines(contract) == [(67_50, True), (4_50, True)]
    make_contract_rate(contract, mileage, 5_500, starts_on=date(2026, 4, 6))
    with unit_of_work() as session:
        old = ContractRate.service_level_id == mileage.id, ContractRate.rate_e4 == 4_500
        session.execute(update(ContractRate).where(*old).values(ends_on=date(2026, 4, 5)))
    calculate(MONDAY + WEEK)
    assert claimed_lines(contract)[2:] == [(15_00, False)]
    next_ = payment(contract, MONDAY + WEEK)
    assert next_.total_pence == 115_00
    told = [each.text for row in rows(contract, MONDAY + WEEK) for each in row.sentences if "Training" in each.text]
    [text] = told
    for words in (claim_now(claim).reference, "20 April", "£82.50", "£67.50"):
        assert words in text
    with as_on(MONDAY + WEEK):
        sound()


def test_what_was_accepted_as_a_sum_stays_whatever_the_rate(contract, provider, carer, panel, mileage):
    claim = make_pending_claim(provider, carer, miles(mileage))
    decide(claim, panel, ItemDecision(True, None, 60_00, "Agreed with the social worker"))
    finalise(MONDAY + 6 * DAY)
    facts(every(select(ContractRate).where(ContractRate.service_level_id == mileage.id))[0], rate_e4=9_000)
    calculate(MONDAY + WEEK)
    assert claimed_lines(contract) == [(60_00, True)]


def test_miles_that_were_accepted_at_a_sum_count_on_the_days_on_which_they_were_driven(
    provider, carer, panel, manager, mileage
):
    """63 miles a week are free. Of the sum 40 miles were driven in one week and 90 in the next. 41 more of the first
    week come after them: 81 in all, of which 18 are paid, £8.10.
    """
    with unit_of_work():
        set_pricing(mileage, starts_on=TRIP - WEEK, free_weekly_e4=63 * SCALE, by=manager)
    trips = [TripFacts(TRIP - WEEK, 40 * SCALE), TripFacts(TRIP, 90 * SCALE)]
    fixed = make_pending_claim(provider, carer, Claimed(mileage.id, "Runs", trips=trips))
    decide(fixed, panel, ItemDecision(sum_pence=5_00, note="As agreed"))
    later = make_pending_claim(provider, carer, miles(mileage, "41", TRIP - WEEK))
    decide(later, panel)
    assert [each.accepted_pence for each in items_of(later)] == [8_10]
    sound()


def test_a_trip_that_comes_later_and_was_driven_earlier_moves_others(
    contract, provider, carer, panel, manager, mileage
):
    with unit_of_work():
        set_pricing(mileage, starts_on=date(2020, 1, 1), free_weekly_e4=parse_e4("10"), by=manager)
    friday = make_pending_claim(provider, carer, miles(mileage, "15", TRIP + 4 * DAY))
    decide(friday, panel)
    finalise(MONDAY + 6 * DAY)
    assert claimed_lines(contract) == [(2_25, True)]
    with as_on(MONDAY + WEEK):
        monday = make_pending_claim(provider, carer, miles(mileage, "10", TRIP))
        assert items_of(monday)[0].amount_pence == 0
        decide(monday, panel)
        assert claimed_lines(contract) == [(2_25, True), (4_50, False)]
        sound()


def test_days_of_travel_take_off_a_part_of_the_childs_maintenance(contract, provider, carer, panel, manager):
    """Case 18: 10 % of £232.62 for three days."""
    weekly = make_service_level()
    item = make_item(contract, rate_e4=None, service_level_id=weekly.id)
    make_price(item, 2_326_200)
    level = make_claim_level(contract, 4_500, claimable=Claimable.CLIENT, name="Placement Mileage")
    with unit_of_work():
        set_pricing(level, starts_on=date(2020, 1, 1), deduct_percent=10, maintenance=[weekly.id], by=manager)
    trips = [TripFacts(TRIP + n * DAY, 100 * SCALE) for n in range(3)]
    claim = make_pending_claim(provider, carer, Claimed(level.id, "Runs", item.client_id, trips=trips))
    assert items_of(claim)[0].amount_pence == 135_00 - 9_97
    decide(claim, panel)
    assert claimed_lines(contract) == [(125_03, False)]
    [line] = every(select(PaymentLine).where(PaymentLine.claim_item_id.is_not(None)))
    assert [part.net_pence for part in line.working.slices] == [135_00, -9_97]


def test_a_changed_decision_on_a_paid_claim_is_a_difference_and_needs_a_note(contract, provider, carer, panel, mileage):
    claim = make_pending_claim(provider, carer, miles(mileage))
    decide(claim, panel)
    finalise(MONDAY + 6 * DAY)
    with as_on(MONDAY + WEEK):
        out = ItemDecision(False, note="Driven in a council car")
        with pytest.raises(DomainError, match="why the decision is changed"):
            decide(claim, panel, out)
        decide(claim, panel, out, note="We have found out that it was a council car")
        assert claimed_lines(contract) == [(67_50, True), (-67_50, False)]
        assert claim_now(claim).status is ClaimStatus.REJECTED
        sound()
        decide(claim, panel, note="It was not")
        assert claimed_lines(contract) == [(67_50, True)]
        sound()


def test_several_are_accepted_at_once_or_none_is(contract, provider, carer, panel, mileage):
    made = [make_pending_claim(provider, carer, miles(mileage, "10", TRIP + n * DAY)) for n in range(3)]
    ids = [each.id for each in made]
    decide(made[2], panel)
    with pytest.raises(DomainError, match=f"Claim OC{ids[2]} has been accepted"), unit_of_work() as session:
        deciding.accept(session.scalars(several(ids)).all(), by=panel)
    assert claim_now(made[0]).status is ClaimStatus.PENDING
    with unit_of_work() as session:
        deciding.accept(session.scalars(several(ids[:2])).all(), by=panel)
    assert [claim_now(each).status for each in made] == [ClaimStatus.ACCEPTED] * 3
    assert [pence for pence, _ in claimed_lines(contract)] == [4_50] * 3
    with reading() as session:
        assert session.execute(queue()).all() == []


def test_a_claim_is_returned_with_a_question_and_sent_again_with_its_place_in_the_queue(
    provider, carer, panel, mileage
):
    first = make_pending_claim(provider, carer, miles(mileage, "10"))
    second = make_pending_claim(provider, carer, miles(mileage, "20", TRIP + DAY))
    assert "Say what you need to know" in refused(first, deciding.return_for_information, "  ", by=panel)
    change(first, deciding.return_for_information, "Which training was it?", by=panel)
    found = claim_now(first)
    assert (found.status, found.returned_text) == (ClaimStatus.RETURNED, "Which training was it?")
    assert found.status.is_editable
    with reading() as session:
        assert session.scalars(in_queue()).all() == [second.id]
    with pytest.raises(DomainError, match="is with the provider"):
        decide(first, panel)
    submit(first, carer)
    with reading() as session:
        assert session.scalars(in_queue()).all() == [first.id, second.id]
        assert [row.claimed_pence for row in session.execute(claims(status=ClaimStatus.PENDING))] == [9_00, 4_50]


def test_nobody_decides_a_claim_of_a_provider_that_they_belong_or_belonged_to(provider, carer, panel, mileage):
    claim = make_pending_claim(provider, carer, miles(mileage))
    theirs = make_staff(CouncilRole.FINANCE_PANEL)
    make_membership(theirs, provider)
    household = make_staff(CouncilRole.FINANCE_PANEL, email="family@example.org")
    facts(provider, email="Family@example.org")
    for person in (theirs, household):
        for act in (
            lambda by: decide(claim, by),
            lambda by: change(claim, deciding.reject, "No", by=by),
            lambda by: change(claim, deciding.return_for_information, "Why?", by=by),
        ):
            with pytest.raises(ConflictOfInterest):
                act(person)
        with reading():
            assert not deciding.may_decide(claim, person)
    with reading():
        assert deciding.may_decide(claim, panel)
    own = make_pending_claim(provider, panel, miles(mileage, "10"))
    assert "You have made or sent this claim" in refused(own, deciding.reject, "No", by=panel)
    assert claim_now(claim).status is ClaimStatus.PENDING


def test_who_made_the_claim_reads_of_each_outcome_without_a_clients_name_or_typed_words(
    provider, carer, panel, mileage
):
    claim = make_pending_claim(provider, carer, miles(mileage), notes="Kai’s clinic")
    change(claim, deciding.return_for_information, "Was Kai there?", by=panel)
    [mail] = every(OutboxMessage)
    assert (mail.to, mail.subject) == ("carer@example.org", "A claim of yours waits for information from you")
    for typed in ("Kai", "Training", "clinic"):
        assert typed not in mail.body
    assert f"claim OC{claim.id} of Sausage Sandwich" in mail.body
    assert f"/providers/{provider.id}/claims/{claim.id}" in mail.body
    submit(claim, carer)
    change(claim, deciding.reject, "Kai was not there", by=panel)
    assert [each.subject for each in every(OutboxMessage)][1:] == ["A claim of yours has been rejected"]
    found = claim_now(claim)
    assert [(each.is_included, each.la_note) for each in found.items] == [(False, "Kai was not there")]
    assert [each.action for each in every(AuditEvent)][-3:] == ["claim.returned", "claim.submitted", "claim.rejected"]
    for event in every(select(AuditEvent).where(AuditEvent.action.startswith("claim."))):
        assert "Kai" not in str(event.detail)


def test_where_whoever_sent_it_may_make_no_claims_any_more_the_others_who_may_are_told(provider, carer, panel, mileage):
    claim = make_pending_claim(provider, carer, miles(mileage))
    facts(carer, is_active=False)
    make_user(Role.FINANCE, provider, email="finance@example.org")
    make_user(Role.VIEWER, provider, email="viewer@example.org")
    decide(claim, panel)
    assert [each.to for each in every(OutboxMessage)] == ["finance@example.org"]


def test_what_is_typed_of_a_pricing_must_make_sense(contract, mileage, parking):
    by = make_staff(CouncilRole.PAYMENTS_MANAGER)
    child = make_claim_level(contract, claimable=Claimable.CLIENT, name="Placement Mileage")
    day = {"starts_on": MONDAY, "by": by}
    cases = {
        "leave out free miles": (parking, {"free_weekly_e4": SCALE}),
        "At cost": (mileage, {"is_at_cost": True, "free_weekly_e4": SCALE}),
        "free miles of 0 or more": (mileage, {"free_weekly_e4": -1}),
        "of which maintenance": (child, {"deduct_percent": 10}),
        "not claimed for one": (mileage, {"deduct_percent": 10, "maintenance": [child.id]}),
        "tiers in order": (mileage, {"tiers": [(20 * SCALE, 1), (10 * SCALE, 1)]}),
        "cannot be claimed": (make_service_level(), {}),
    }
    for words, (level, given) in cases.items():
        with pytest.raises(DomainError, match=words), unit_of_work():
            set_pricing(level, **given, **day)
    with unit_of_work():
        set_pricing(mileage, tiers=[(100 * SCALE, 2_500)], **day)
        set_pricing(mileage, free_weekly_e4=5 * SCALE, **day)
    [kept] = every(ClaimPricing.listed())
    assert (kept.free_weekly_e4, kept.tiers) == (5 * SCALE, [])


def test_an_unsubmitted_claim_is_in_no_payment_and_no_sum(contract, provider, carer, mileage):
    make_claim(provider, carer, miles(mileage))
    calculate(MONDAY)
    assert claimed_lines(contract) == []
    with reading():
        assert by_contract(provider.id)[0].undecided_pence == 0
    assert every(Claim)[0].status is ClaimStatus.UNSUBMITTED
