"""Service levels of claims as the guide has them, which a contract's provider is approved to claim."""

from models.pricing import Unit
from models.records.contract import Claimable, Contract, ServiceLevel
from tests.claim_factories import make_claim_level

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
