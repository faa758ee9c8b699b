"""What somebody tries who wants more than is due: the same trip twice, a contract that ended, a rule that changed."""

from datetime import date

import pytest
from sqlalchemy import select

from models.base import DomainError
from models.billing.checks import WarningKind, refusals, warnings
from models.billing.claiming import copy_claim
from models.billing.deciding import return_for_information
from models.billing.items import Claimed, TripFacts, add_item, add_trips, change_item
from models.billing.limit import LimitEffect, LimitKind, set_limit
from models.billing.pricing import set_pricing
from models.calendar import DAY, as_on
from models.money import SCALE, parse_e4
from models.permissions import CouncilRole, Role
from models.pricing import Unit
from models.records.claim import ClaimStatus
from models.records.contract import Claimable, ContractRate
from models.records.provider import Provider
from tests.care_factories import make_claim_item, make_client, make_contract, make_item
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
from tests.factories import make_provider, make_staff, make_user
from tests.support.rows import every, reading, unit_of_work
from tests.support.runs import change as facts

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
TODAY = date(2026, 6, 30)
SPRING = date(2026, 4, 1)


@pytest.fixture(autouse=True)
def _today():
    with as_on(TODAY):
        yield


@pytest.fixture
def contract():
    return make_contract(make_provider())


@pytest.fixture
def provider(contract):
    return every(Provider.numbered(contract.provider_id))[0]


@pytest.fixture
def carer(provider):
    return make_user(Role.CARER, provider)


@pytest.fixture
def panel():
    return make_staff(CouncilRole.FINANCE_PANEL)


@pytest.fixture
def manager():
    return make_staff(CouncilRole.PAYMENTS_MANAGER)


@pytest.fixture
def mileage(contract):
    return make_claim_level(contract, 4_500, name="Mileage")


@pytest.fixture
def parking(contract):
    return make_claim_level(contract, 10_000, unit=Unit.ITEM, name="Parking")


def trip(day=TODAY, start="Home", end="School", tenths=33, **given):
    return TripFacts(day, tenths * SCALE // 10, start, end, **given)


def log(level, *trips, client=None, **given):
    return Claimed(level.id, "School runs", client, trips=trips, **given)


def miles(level, quantity="10", day=TODAY, **given):
    return Claimed(level.id, "Training", spent_on=day, quantity_e4=parse_e4(quantity), **given)


def kinds(claim):
    with reading(claim.provider_id):
        return [each.kind for each in warnings(claim_now(claim))]


def refused_because(claim):
    with reading(claim.provider_id):
        return refusals(claim)


def price(level, manager, **given):
    with unit_of_work():
        set_pricing(level, by=manager, **given)


# The same trip, claimed twice.


def test_a_trip_that_is_written_into_an_older_claim_is_found(provider, carer, panel, mileage):
    """The older claim is returned; the trip is claimed and paid in a newer one, and then added to the older one."""
    older = make_pending_claim(provider, carer, log(mileage, trip(TODAY - DAY)))
    change(older, return_for_information, "Which school?", by=panel)
    decide(make_pending_claim(provider, carer, log(mileage, trip())), panel)
    change(older, add_trips, items_of(older)[0], [trip()], by=carer)
    assert kinds(older) == [WarningKind.SAME_TRIP]
    with pytest.raises(DomainError, match="The same trip of 30 June 2026 is in claim OC2 already"):
        submit(older, carer)


def test_the_panel_sees_a_twin_in_whichever_claim_came_second(provider, carer, panel, mileage):
    first = make_pending_claim(provider, carer, log(mileage, trip()))
    second = make_pending_claim(provider, carer, log(mileage, trip(), reason="Twice that day"))
    assert (kinds(first), kinds(second)) == ([], [WarningKind.SAME_TRIP])


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (trip(is_return=True), True),
        (trip(start="School", end="Home"), False),
        (trip(start="School", end="Home", is_return=True), True),
        (trip(start="  home ", end="SCHOOL"), True),
        (trip(tenths=34), False),
        (trip(TODAY - DAY), False),
    ],
)
def test_one_way_of_a_trip_and_back_is_the_same_trip(provider, carer, mileage, other, is_same):
    make_pending_claim(provider, carer, log(mileage, trip()))
    assert kinds(make_claim(provider, carer, log(mileage, other))) == [WarningKind.SAME_TRIP] * is_same


def test_another_service_level_makes_no_other_trip_of_it(contract, provider, carer, mileage, parking):
    make_pending_claim(provider, carer, log(mileage, trip()))
    contact = make_claim_level(contract, name="Contact mileage")
    assert kinds(make_claim(provider, carer, log(contact, trip()))) == [WarningKind.SAME_TRIP]
    taxi = make_claim_level(contract, 10_000, unit=Unit.ITEM, name="Taxi")
    make_pending_claim(provider, carer, Claimed(parking.id, "Ticket", spent_on=TODAY, amount_pence=5_95))
    fare = Claimed(taxi.id, "Fare", spent_on=TODAY, amount_pence=5_95)
    assert kinds(make_claim(provider, carer, fare)) == [], "two receipts may say the same sum"


def test_a_claim_that_is_not_sent_is_no_twin_and_counts_no_miles(provider, carer, manager, mileage):
    with unit_of_work():
        set_limit(LimitKind.DAILY_MILES, most_e4=10 * SCALE, effect=LimitEffect.REFUSE, by=manager)
    draft = make_claim(provider, carer, log(mileage, trip(tenths=60)))
    claim = make_claim(provider, carer, log(mileage, trip(tenths=60)))
    submit(claim, carer)
    assert set(kinds(draft)) == {WarningKind.SAME_TRIP, WarningKind.LIMIT}


def test_miles_a_day_count_however_long_ago_the_day_was(provider, carer, manager, mileage):
    with unit_of_work():
        set_limit(LimitKind.DAILY_MILES, most_e4=10 * SCALE, effect=LimitEffect.REFUSE, by=manager)
    day = TODAY - 200 * DAY
    make_pending_claim(provider, carer, miles(mileage, "6", day))
    claim = make_claim(provider, carer, miles(mileage, "4.1", day))
    assert refused_because(claim) == [
        "Training: No more than 10 miles may be claimed for one day. 12 December 2025 comes to 10.1"
    ]


# A contract that ended.


@pytest.fixture
def after(contract, mileage, parking):
    """A contract from 1 April, after the one that ended the day before; its rate of the mileage is £0.50."""
    facts(contract, ends_on=SPRING - DAY)
    found = make_contract(Provider(id=contract.provider_id), starts_on=SPRING, calculate_from=SPRING)
    make_contract_rate(found, mileage, 5_000, starts_on=SPRING)
    return found


def test_a_trip_is_paid_by_the_contract_of_its_day(provider, carer, contract, after, mileage):
    claim = make_claim(provider, carer, miles(mileage, day=SPRING - DAY), miles(mileage, day=SPRING))
    assert [(each.contract_id, each.amount_pence) for each in items_of(claim)] == [
        (contract.id, 4_50), (after.id, 5_00),
    ]  # fmt: skip


def test_one_item_is_not_paid_by_two_contracts(provider, carer, after, mileage):
    with pytest.raises(DomainError, match="From 1 April 2026 another contract pays Mileage. Put the days from then on"):
        make_claim(provider, carer, log(mileage, trip(SPRING - DAY), trip(SPRING)))


@pytest.mark.parametrize(("day", "is_claimable"), [(SPRING - DAY, True), (SPRING, False)])
@pytest.mark.parametrize("how", ["by rate", "at cost"])
def test_nothing_is_claimed_for_days_after_the_contract_that_pays_it(
    provider, carer, contract, mileage, parking, day, is_claimable, how
):
    facts(contract, ends_on=SPRING - DAY)
    ticket = Claimed(parking.id, "Ticket", spent_on=day, amount_pence=1_00)
    claimed = miles(mileage, day=day) if how == "by rate" else ticket
    if is_claimable:
        submit(make_claim(provider, carer, claimed), carer)
        return
    with pytest.raises(DomainError, match="on 1 April 2026, so it cannot be claimed"):
        make_claim(provider, carer, claimed)


def test_at_cost_a_contract_in_force_is_enough_and_a_rate_of_the_day_is_not_asked_for(
    provider, carer, contract, parking
):
    old = make_claim_level(contract, 10_000, unit=Unit.ITEM, name="Taxi")
    [rate] = every(select(ContractRate).where(ContractRate.service_level_id == old.id))
    facts(rate, ends_on=SPRING)
    claim = make_claim(provider, carer, Claimed(old.id, "Fare", spent_on=TODAY, amount_pence=1_00))
    assert items_of(claim)[0].contract_id == contract.id


def test_a_copy_is_paid_by_the_contract_of_its_own_days(provider, carer, after, mileage):
    claim = make_pending_claim(provider, carer, miles(mileage, day=SPRING - DAY))
    copied = change(claim, copy_claim, days=1, by=carer)
    assert [(each.contract_id, each.amount_pence) for each in items_of(copied)] == [(after.id, 5_00)]


def test_a_claim_follows_its_days_to_another_contract_until_it_is_decided(provider, carer, panel, contract, mileage):
    """The feed ends the contract afterwards, for the days of a claim that is not sent, and of one that waits."""
    draft = make_claim(provider, carer, miles(mileage, day=SPRING))
    waits = make_pending_claim(provider, carer, miles(mileage, "20", day=SPRING))
    facts(contract, ends_on=SPRING - DAY)
    assert kinds(waits) == [WarningKind.NO_RATE]
    with pytest.raises(DomainError, match="No rate is set for Mileage on 1 April 2026"):
        submit(draft, carer)
    after = make_contract(provider, starts_on=SPRING, calculate_from=SPRING)
    make_contract_rate(after, mileage, 5_000, starts_on=SPRING)
    with pytest.raises(DomainError, match="This claim comes to £5.00 now, no longer to £4.50"):
        submit(draft, carer)
    decide(waits, panel)
    assert [(each.contract_id, each.accepted_pence) for each in items_of(waits)] == [(after.id, 10_00)]


# A rule that changed.


def test_what_is_by_rate_now_is_not_claimed_as_a_sum_and_the_other_way_round(provider, carer, manager, mileage):
    by_rate = make_claim(provider, carer, miles(mileage))
    price(mileage, manager, starts_on=TODAY, is_at_cost=True)
    assert refused_because(by_rate) == [
        "Training: Mileage is claimed at cost, with a receipt on 30 June 2026. Change this item, or remove it"
    ]
    at_cost = make_claim(provider, carer, Claimed(mileage.id, "Sum", spent_on=TODAY, amount_pence=500_00))
    price(mileage, manager, starts_on=TODAY)
    assert refused_because(by_rate) == []
    assert refused_because(at_cost) == [
        "Sum: Mileage is claimed by rate on 30 June 2026. Change this item, or remove it"
    ]


def test_one_item_is_not_partly_by_rate_and_partly_at_cost(provider, carer, manager, mileage):
    price(mileage, manager, starts_on=TODAY, is_at_cost=True)
    with pytest.raises(DomainError, match="On 30 June 2026 Mileage is claimed at cost, with a receipt. Put those days"):
        make_claim(provider, carer, log(mileage, trip(TODAY - DAY), trip()))


@pytest.mark.parametrize(
    ("kind", "most"), [(LimitKind.AGE, 3_651), (LimitKind.MONTHLY, 1_001), (LimitKind.DAILY_MILES, 10_001)]
)
def test_a_limit_that_no_calendar_holds_is_not_set(manager, kind, most):
    """999,999,999 days before today there was no day: each claim that was sent would have failed."""
    with pytest.raises(DomainError, match="Enter no more than"), unit_of_work():
        set_limit(kind, most_e4=most * SCALE, effect=LimitEffect.WARN, by=manager)
    with unit_of_work():
        set_limit(kind, most_e4=(most - 1) * SCALE, effect=LimitEffect.WARN, by=manager)


@pytest.mark.parametrize("given", [{"tiers": [(SCALE, 10**9)]}, {"free_weekly_e4": 10**9}, {"tiers": [(10**12, 1)]}])
def test_no_price_is_set_that_no_column_holds(manager, mileage, given):
    with pytest.raises(DomainError, match="no more than"):
        price(mileage, manager, starts_on=TODAY, **given)


# A child who is not there.


def test_a_child_whose_placement_has_ended_is_pointed_out_to_the_panel(contract, provider, carer):
    level = make_claim_level(contract, claimable=Claimable.CLIENT, name="Placement Mileage")
    child = make_item(contract, starts_on=SPRING, ends_on=TODAY - DAY).client_id
    claim = make_pending_claim(provider, carer, log(level, trip(TODAY - DAY), client=child))
    assert kinds(claim) == []
    for day, kind in ((TODAY, [WarningKind.NOT_PLACED]), (SPRING, []), (SPRING - DAY, [WarningKind.NOT_PLACED])):
        assert kinds(make_claim(provider, carer, log(level, trip(day, tenths=40), client=child))) == kind
    never = make_client()
    with pytest.raises(DomainError, match="Choose the child"):
        make_claim(provider, carer, log(level, trip(), client=never.id))


def test_a_package_elsewhere_is_no_placement_here(contract, provider, carer):
    level = make_claim_level(contract, claimable=Claimable.CLIENT, name="Placement Mileage")
    child = make_client()
    make_item(contract, client=child, starts_on=SPRING, ends_on=TODAY - DAY)
    make_item(make_contract(make_provider()), client=child, starts_on=SPRING)
    assert kinds(make_claim(provider, carer, log(level, trip(), client=child.id))) == [WarningKind.NOT_PLACED]


def test_a_claim_of_another_provider_is_neither_twin_nor_miles(contract, provider, carer, manager, mileage):
    with unit_of_work():
        set_limit(LimitKind.DAILY_MILES, most_e4=10 * SCALE, effect=LimitEffect.REFUSE, by=manager)
    elsewhere = make_contract(make_provider())
    [other] = every(Provider.numbered(elsewhere.provider_id))
    make_pending_claim(other, make_user(Role.CARER, other), miles(make_claim_level(elsewhere), "10"))
    assert kinds(make_claim(provider, carer, miles(mileage, "10"))) == []


def test_what_the_finance_system_has_paid_is_a_twin(contract, provider, carer, parking):
    make_claim_item(contract, 5_95, TODAY, service_level_id=parking.id)
    ticket = Claimed(parking.id, "Ticket", spent_on=TODAY, amount_pence=5_95)
    assert kinds(make_claim(provider, carer, ticket)) == [WarningKind.SAME_ITEM]


def test_states_hold_although_two_tabs_are_open(provider, carer, panel, mileage):
    """One tab changes an item while the other has sent the claim, and the panel has accepted it."""
    claim = make_pending_claim(provider, carer, miles(mileage))
    [item] = items_of(claim)
    for state in (ClaimStatus.PENDING, ClaimStatus.ACCEPTED):
        if state is ClaimStatus.ACCEPTED:
            decide(claim, panel)
        assert claim_now(claim).status is state
        with pytest.raises(DomainError):
            change(claim, change_item, item, miles(mileage, "999"), by=carer)
        with pytest.raises(DomainError):
            change(claim, add_item, miles(mileage, "999", TODAY - DAY), by=carer)
    assert [each.accepted_pence for each in items_of(claim)] == [4_50]
