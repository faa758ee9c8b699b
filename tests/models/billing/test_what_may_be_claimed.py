"""What a provider may claim on a day, read in one statement for a page, beside the whole of it."""

from datetime import date
from random import Random

import pytest

from models.billing.levels import Levels, may_claim
from models.calendar import DAY
from models.pricing import Unit
from models.records.claim_pricing import ClaimPricing
from models.records.contract import Claimable
from tests.care_factories import make_contract
from tests.claim_factories import make_claim_level, make_contract_rate, make_grant
from tests.factories import make_provider
from tests.support.rows import reading, saved

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]
FIRST = date(2026, 1, 5)
DAYS = 240


@pytest.mark.parametrize("seed", range(3))
def test_the_statement_says_what_the_rows_say_on_every_day_of_any_history(seed):
    random = Random(seed)
    provider = make_provider()
    contracts = [_contract(provider, random) for _ in range(3)]
    other = make_contract(make_provider(), calculate_from=FIRST)
    for unit in (Unit.MILE, Unit.MILE, Unit.ITEM, Unit.MILE):
        level = make_claim_level(
            other, random.randrange(9_000), unit=unit, claimable=random.choice([Claimable.CLIENT, Claimable.PROVIDER])
        )
        for contract in random.sample(contracts, random.randrange(3)):
            for starts_on in random.sample(range(DAYS), random.randrange(3)):
                days = {"starts_on": FIRST + starts_on * DAY, "ends_on": _end(random, starts_on)}
                make_contract_rate(contract, level, random.randrange(1, 9_000), **days)
        for starts_on in random.sample(range(DAYS), random.randrange(3)):
            free = {"free_weekly_e4": random.randrange(90_000), "deduct_percent": random.randrange(90)}
            how = {"is_at_cost": True} if random.random() < 0.4 else free
            saved(ClaimPricing(service_level_id=level.id, starts_on=FIRST + starts_on * DAY, **how))
        for starts_on in random.sample(range(DAYS), random.randrange(3)):
            make_grant(provider.id, level, starts_on=FIRST + starts_on * DAY, ends_on=_end(random, starts_on))
    with reading(provider.id):
        told = {day: (may_claim(provider.id, day), Levels.of(provider.id).offered(day)) for day in _days()}
    for day, (read, whole) in told.items():
        assert read == whole, day
    assert any(read for read, _ in told.values())


def test_a_rate_holds_on_its_last_day_and_on_its_contracts_and_an_approval_is_offered_for_92_days_more():
    provider = make_provider()
    contract = make_contract(provider, calculate_from=FIRST, ends_on=FIRST + 20 * DAY)
    level = make_claim_level(contract, 100, unit=Unit.MILE, approved_from=None)
    make_contract_rate(contract, level, 200, starts_on=FIRST + 5 * DAY, ends_on=FIRST + 9 * DAY)
    make_grant(provider.id, level, starts_on=FIRST + DAY, ends_on=FIRST + 30 * DAY)
    with reading(provider.id):
        rates = {at: [each.rate_e4 for each in may_claim(provider.id, FIRST + at * DAY)] for at in range(130)}
    offered = dict.fromkeys(range(1, 123), [None])
    paid = dict.fromkeys(range(1, 21), [100]) | dict.fromkeys(range(5, 10), [200])
    assert {at: found for at, found in rates.items() if found} == offered | paid


def _contract(provider, random):
    return make_contract(provider, calculate_from=FIRST + random.randrange(60) * DAY, ends_on=_end(random, 60))


def _end(random, after):
    return FIRST + (after + random.randrange(90)) * DAY if random.random() < 0.6 else None


def _days():
    return [FIRST + at * DAY for at in range(-3, DAYS + 120, 7)]
