"""Service levels of claims as the guide has them, which a contract's provider is approved to claim."""

from datetime import date

from models.accounts.user import User
from models.billing.items import Claimed, TripFacts
from models.pricing import Unit
from models.records.claim import Claim
from models.records.claim_pricing import ClaimMaintenance, ClaimPricing, ClaimTier
from models.records.client import Client
from models.records.contract import Claimable, Contract, ServiceLevel
from models.records.provider import Provider
from tests.care_factories import make_item
from tests.claim_factories import make_claim, make_claim_level
from tests.support.rows import saved

CHILD_MILEAGE = "In-House Fostering Placement - Mileage"
OWN_MILEAGE = "In-House Foster Carer - Foster Carer Mileage"
PARKING = "In-House Foster Carer - Parking"


def approve_of_the_guide(contract: Contract) -> dict[str, ServiceLevel]:
    """Mileage for a child at £0.387, the same of one's own, and parking at cost."""
    mine = Claimable.PROVIDER
    return {
        "child": make_claim_level(contract, name=CHILD_MILEAGE, claimable=Claimable.CLIENT),
        "own": make_claim_level(contract, name=OWN_MILEAGE, claimable=mine),
        "parking": make_claim_level(contract, 10_000, name=PARKING, unit=Unit.ITEM, claimable=mine),
    }


def price_with_all(contract: Contract, child: Client, level: ServiceLevel) -> None:
    """Two tiers, and days of travel that take a tenth off what the child's care package costs a week."""
    weekly = make_item(contract, client=child)
    terms = saved(ClaimPricing(service_level_id=level.id, starts_on=date(2019, 9, 1), deduct_percent=10))
    saved(ClaimTier(pricing_id=terms.id, above_e4=100_000, rate_e4=2_500))
    saved(ClaimTier(pricing_id=terms.id, above_e4=200_000, rate_e4=2_000))
    saved(ClaimMaintenance(pricing_id=terms.id, service_level_id=weekly.service_level_id))


def make_full_claim(contract: Contract, mileage: ServiceLevel, at_cost: ServiceLevel, by: User, *, many: int) -> Claim:
    """Not sent yet: school runs of so many children on so many days, and so many sums."""
    trips = [TripFacts(date(2019, 9, 23 + day), 62_000, "Home", "School", is_return=True) for day in range(many)]
    children = [make_item(contract).client_id for _ in range(many)]
    runs = [Claimed(mileage.id, f"School runs {each}", each, trips=trips) for each in children]
    day, why = date(2019, 9, 23), "Each way has a ticket of its own"
    sums = [Claimed(at_cost.id, f"Ticket {n}", spent_on=day, amount_pence=380 + n, reason=why) for n in range(many)]
    return make_claim(Provider(id=contract.provider_id), by, *runs, *sums)
