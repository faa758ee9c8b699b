"""The council's pages say here how claims of a service level are priced, from which day."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Self

from sqlalchemy import delete, select

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, session
from models.calendar import in_words
from models.money import SCALE, gbp_rate, number
from models.pricing import Unit
from models.records.claim_pricing import ClaimMaintenance, ClaimPricing, ClaimTier
from models.records.contract import Claimable, ServiceLevel

Tiers = Sequence[tuple[int, int]]
"""Miles in a tax year above which a rate holds, and that rate, both in ten-thousandths."""
MOST_FREE_E4, MOST_A_YEAR_E4 = 10_000 * SCALE, 1_000_000 * SCALE
"""Miles a week that are not paid, and miles a tax year above which no tier begins."""
MOST_RATE_E4 = 100 * SCALE
"""Of a tier, a mile."""


@dataclass(frozen=True)
class ClaimTerms:
    """How a level is priced from a day on, before anybody has agreed to it. Miles and rates in ten-thousandths."""

    starts_on: date
    is_at_cost: bool = False
    free_weekly_e4: int = 0
    deduct_percent: int = 0
    tiers: Tiers = ()
    maintenance: Sequence[int] = ()
    """Ids of the levels whose weekly price the percentage is of."""

    @classmethod
    def of(cls, pricing: ClaimPricing) -> Self:
        """With its tiers."""
        tiers = tuple((each.above_e4, each.rate_e4) for each in pricing.tiers)
        return cls(pricing.starts_on, pricing.is_at_cost, pricing.free_weekly_e4, pricing.deduct_percent, tiers)

    @property
    def given(self) -> dict[str, Any]:
        """What `set_pricing` takes beside the level."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def sentence(self) -> str:
        """By rate from 1 April 2026, the first 63 miles a week free."""
        since = f" from {in_words(self.starts_on)}"
        if self.is_at_cost:
            return f"At cost{since}, with a receipt"
        parts = [f"By rate{since}"]
        if self.free_weekly_e4:
            parts.append(f"the first {number(self.free_weekly_e4)} miles a week (Monday to Sunday) free")
        parts += [f"above {number(above)} miles a tax year {gbp_rate(rate)} a mile" for above, rate in self.tiers]
        if self.deduct_percent:
            parts.append(f"less {self.deduct_percent}% of the child’s maintenance for each day of travel")
        return ", ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        return self.given | {"starts_on": self.starts_on.isoformat()}

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Self:
        tiers = tuple((above, rate) for above, rate in row["tiers"])
        return cls(**row | {"starts_on": date.fromisoformat(row["starts_on"]), "tiers": tiers})


def set_pricing(
    level: ServiceLevel,
    *,
    starts_on: date,
    is_at_cost: bool = False,
    free_weekly_e4: int = 0,
    deduct_percent: int = 0,
    tiers: Tiers = (),
    maintenance: Sequence[int] = (),
    by: User,
) -> ClaimPricing:
    """The terms of the level from that day until the next row's: a row of the same day is written anew. Trips of those
    days that are paid already are paid the difference with the next payment. `maintenance`: ids of the levels whose
    weekly price the percentage is of. DomainError where the terms make no sense.
    """
    insist_on_terms(level, ClaimTerms(starts_on, is_at_cost, free_weekly_e4, deduct_percent, tiers, maintenance))
    _forget(level, starts_on)
    pricing = ClaimPricing(
        service_level_id=level.id, starts_on=starts_on, is_at_cost=is_at_cost, free_weekly_e4=free_weekly_e4,
        deduct_percent=deduct_percent,
    )  # fmt: skip
    session.add(pricing)
    session.flush()
    session.add_all(ClaimTier(pricing_id=pricing.id, above_e4=above, rate_e4=rate) for above, rate in tiers)
    session.add_all(ClaimMaintenance(pricing_id=pricing.id, service_level_id=each) for each in maintenance)
    record(
        "claim_pricing.set", pricing, by=by, level=level.reference, starts_on=starts_on.isoformat(),
        at_cost=is_at_cost, free_weekly=number(free_weekly_e4), deduct_percent=deduct_percent,
        tiers=[f"{number(above)}: {gbp_rate(rate)}" for above, rate in tiers],
    )  # fmt: skip
    return pricing


def insist_on_terms(level: ServiceLevel, terms: ClaimTerms) -> None:
    """DomainError where they make no sense for the level."""
    if level.claimable is Claimable.NO:
        raise DomainError(f"{level.name} cannot be claimed. Choose another service level")
    _insist_on_sizes(terms.free_weekly_e4, terms.tiers)
    _insist_on_sense(
        level, terms.is_at_cost, terms.free_weekly_e4, terms.deduct_percent, terms.tiers, terms.maintenance
    )  # fmt: skip


def _insist_on_sense(
    level: ServiceLevel, is_at_cost: bool, free_weekly_e4: int, deduct_percent: int, tiers: Tiers,
    maintenance: Sequence[int],
) -> None:  # fmt: skip
    by_miles = free_weekly_e4 or deduct_percent or tiers or maintenance
    if is_at_cost and by_miles:
        raise DomainError("At cost, the person types the sum: leave out free miles, tiers and days of travel")
    if by_miles and level.unit is not Unit.MILE:
        raise DomainError(f"{level.name} is not counted in miles: leave out free miles, tiers and days of travel")
    if free_weekly_e4 < 0 or not 0 <= deduct_percent <= 100:
        raise DomainError("Enter free miles of 0 or more, and a percentage from 0 to 100")
    if bool(deduct_percent) is not bool(maintenance):
        raise DomainError("Enter the percentage that a day of travel takes off, and of which maintenance")
    if deduct_percent and level.claimable is not Claimable.CLIENT:
        raise DomainError("Days of travel are taken off a child’s maintenance, and this level is not claimed for one")
    above = [each for each, _ in tiers]
    if any(each <= 0 for each in above) or any(rate < 0 for _, rate in tiers) or above != sorted(set(above)):
        raise DomainError("Enter tiers in order, each above more miles than the one before")


def _insist_on_sizes(free_weekly_e4: int, tiers: Tiers) -> None:
    if free_weekly_e4 > MOST_FREE_E4 or any(each > MOST_A_YEAR_E4 for each, _ in tiers):
        raise DomainError(
            f"Enter no more than {number(MOST_FREE_E4)} miles a week, and {number(MOST_A_YEAR_E4)} a year"
        )
    if any(rate > MOST_RATE_E4 for _, rate in tiers):
        raise DomainError(f"Enter no more than {gbp_rate(MOST_RATE_E4)} a mile")


def _forget(level: ServiceLevel, starts_on: date) -> None:
    same = ClaimPricing.service_level_id == level.id, ClaimPricing.starts_on == starts_on
    ids = list(session.scalars(select(ClaimPricing.id).where(*same)))
    for part in (ClaimTier, ClaimMaintenance):
        session.execute(delete(part).where(part.pricing_id.in_(ids)))
    session.execute(delete(ClaimPricing).where(ClaimPricing.id.in_(ids)))


def told(pricing: ClaimPricing) -> str:
    """Its terms in a sentence."""
    return ClaimTerms.of(pricing).sentence
