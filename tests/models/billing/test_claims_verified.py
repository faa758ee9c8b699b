"""What `./portal verify` finds where claims are not as they must be."""

from datetime import date

import pytest

from models.billing.items import Claimed, TripFacts
from models.calendar import as_on
from models.money import SCALE
from models.permissions import CouncilRole, Role
from models.records.provider import Provider
from models.verify import check_all
from tests.care_factories import make_contract, make_item
from tests.claim_factories import decide, items_of, make_claim_level, make_pending_claim
from tests.factories import make_provider, make_staff, make_user
from tests.support.rows import every
from tests.support.runs import calculate, change

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
MONDAY = date(2026, 4, 27)


@pytest.fixture
def claim():
    with as_on(MONDAY):
        contract = make_contract(make_provider(), calculate_from=MONDAY)
        make_item(contract, starts_on=MONDAY)
        calculate(MONDAY)
        [provider] = every(Provider.numbered(contract.provider_id))
        trips = [TripFacts(MONDAY, 10 * SCALE, is_return=True)]
        claimed = Claimed(make_claim_level(contract).id, "Training", trips=trips)
        made = make_pending_claim(provider, make_user(Role.CARER, provider), claimed)
        decide(made, make_staff(CouncilRole.FINANCE_PANEL))
        yield made


def promises():
    return {each.promise for each in check_all()}


def test_a_sound_claim_breaks_none(claim):
    assert promises() == set()


def test_an_item_that_is_left_out_of_an_accepted_claim_is_found(claim):
    change(items_of(claim)[0], is_included=False)
    assert "a claim is decided as its items are" in promises()


def test_fewer_miles_in_a_claim_that_is_accepted_whole_are_found(claim):
    change(items_of(claim)[0], accepted_e4=SCALE)
    assert "a claim is decided as its items are" in promises()


def test_a_line_of_a_claim_that_is_not_decided_is_found(claim):
    undecided = {"decided_at": None, "decided_by_id": None, "decided_on": None}
    change(claim, status="pending", **undecided)
    assert "a claim is paid once it is decided" in promises()


@pytest.mark.parametrize("wrong", [{"quantity_e4": 10 * SCALE}, {"spent_on": date(2026, 4, 26)}])
def test_an_item_that_is_not_its_trips_is_found(claim, wrong):
    change(items_of(claim)[0], **wrong)
    assert "an item of a claim is its trips" in promises()
