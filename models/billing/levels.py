"""What a provider may claim on which day, how it is priced then, and which of its contracts pays it."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import load_only, selectinload

from models.base import DomainError, session
from models.billing.grant import ClaimGrant
from models.calendar import FAR_FUTURE, in_words, today
from models.engine.facts import Dated
from models.payments.miles import PricingRead
from models.pricing import Unit
from models.records.claim import Claim, ClaimItem
from models.records.claim_pricing import ClaimPricing, is_at_cost
from models.records.contract import Claimable, Contract, ContractRate, ServiceLevel
from models.statements import built_once
from models.together import read_together

LATE = timedelta(days=92)
"""So long after an approval has ended its service level is offered still, for days before its end."""
NOT_APPROVED = "You are not approved to claim {level} on {day}. Ask the council if you think you should be"
NO_RATE = "No rate is set for {level} on {day}, so it cannot be claimed. Ask the council by an action"
NO_CONTRACT = "No contract pays {level} on {day}, so it cannot be claimed. Ask the council by an action"
OTHER_CONTRACT = "From {day} another contract pays {level}. Put the days from then on into an item of their own"
OTHER_WAY = "On {day} {level} is claimed {how}. Put those days into an item of their own"
_FIRST_PAYS = Contract.starts_on.desc(), Contract.id.desc(), ContractRate.starts_on.desc(), ContractRate.id
"""Of two rates of one level on one day, that of the contract which began last."""
AT_COST, BY_RATE = "at cost, with a receipt", "by rate"


@dataclass(frozen=True)
class ClaimableLevel:
    """One service level as the list of a claim's dialog offers it on a day. Rates and miles in ten-thousandths."""

    id: int
    name: str
    unit: Unit
    is_client_item: bool
    is_at_cost: bool
    rate_e4: int | None
    """A mile on that day; None at cost, and where no rate is set."""
    free_weekly_e4: int = 0
    deduct_percent: int = 0

    @property
    def needs_receipt(self) -> bool:
        return self.is_at_cost


@dataclass
class Levels:
    """All that says what one provider may claim, read once."""

    provider_id: int
    levels: dict[int, ServiceLevel]
    grants: list[ClaimGrant]
    read: PricingRead
    """The rows themselves: a quote works with the same ones."""
    pricing: dict[int, list[ClaimPricing]] = field(default_factory=lambda: defaultdict(list))
    rates: dict[int, list[tuple[int, Dated]]] = field(default_factory=lambda: defaultdict(list))
    """By service level: the contract, and its rate on its days, the contract that began last first. No rate outlives
    its contract.
    """
    contracts: dict[int, list[tuple[int, Dated]]] = field(default_factory=lambda: defaultdict(list))
    """By service level: a contract that has a rate of it, its own days, and the newest rate, in the same order."""

    @classmethod
    def of(cls, provider_id: int) -> Self:
        return cls.told_by(provider_id, *read_together(*cls.queries(provider_id)))

    @staticmethod
    def queries(provider_id: int) -> tuple[Select[Any], ...]:
        """What it is told by, for a page that reads other things in the same statement: as `told_by` takes it."""
        rates = (
            select(ContractRate)
            .join(Contract, Contract.id == ContractRate.contract_id)
            .where(ContractRate.provider_id == provider_id)
            .order_by(*_FIRST_PAYS)
        )
        contracts = select(Contract).where(Contract.provider_id == provider_id).order_by(Contract.id)
        contracts = contracts.options(load_only(Contract.starts_on, Contract.ends_on))
        return ClaimGrant.of_provider(provider_id), ClaimPricing.every(), rates, contracts

    @classmethod
    def told_by(
        cls, provider_id: int, grants: Sequence[ClaimGrant], pricing: Sequence[ClaimPricing],
        rates: Sequence[ContractRate], contracts: Sequence[Contract],
    ) -> Self:  # fmt: skip
        """What those queries have found."""
        terms = PricingRead(pricing, rates)
        found = cls(provider_id, {each.service_level_id: each.level for each in grants}, list(grants), terms)
        for row in pricing:
            found.pricing[row.service_level_id].append(row)
        own = {each.id: Dated(each.starts_on, each.ends_on or FAR_FUTURE, 0) for each in contracts}
        for rate in rates:
            days, level = own[rate.contract_id], rate.service_level_id
            if rate.contract_id not in (contract for contract, _ in found.contracts[level]):
                found.contracts[level].append((rate.contract_id, replace(days, value=rate.rate_e4)))
            first, last = max(days.first, rate.starts_on), min(days.last, rate.ends_on or FAR_FUTURE)
            found.rates[level].append((rate.contract_id, Dated(first, last, rate.rate_e4)))
        return found

    def pricing_on(self, level_id: int, day: date) -> ClaimPricing | None:
        return next((each for each in reversed(self.pricing.get(level_id, ())) if each.starts_on <= day), None)

    def is_at_cost(self, level: ServiceLevel, day: date) -> bool:
        return is_at_cost(level.unit, self.pricing_on(level.id, day))

    def is_approved(self, level_id: int, day: date) -> bool:
        return any(each.service_level_id == level_id and each.covers(day) for each in self.grants)

    def rate_on(self, level_id: int, day: date) -> tuple[int, int] | None:
        """The contract that pays, and its rate; None where no rate is set for the day."""
        rates = self.rates.get(level_id, ())
        return next(((contract, each.value) for contract, each in rates if each.first <= day <= each.last), None)

    def offered(self, day: date) -> list[ClaimableLevel]:
        """By name: what may be claimed, and nothing else."""
        found = {each.service_level_id: self._as_offered(each.level, day) for each in self._offered_on(day)}
        return sorted(found.values(), key=lambda each: (each.name, each.id))

    def parts(self, day: date) -> set[Claimable]:
        """The parts of a claim to which something may be added: of that day, or of days before an approval ended."""
        return {each.level.claimable for each in self._offered_on(day)}

    def _offered_on(self, day: date) -> list[ClaimGrant]:
        return [
            each for each in self.grants
            if each.starts_on <= day and day - LATE <= (each.ends_on or FAR_FUTURE)
        ]  # fmt: skip

    def _as_offered(self, level: ServiceLevel, day: date) -> ClaimableLevel:
        terms, rate = self.pricing_on(level.id, day), self.rate_on(level.id, day)
        at_cost = is_at_cost(level.unit, terms)
        return ClaimableLevel(
            level.id, level.name, level.unit, level.claimable is Claimable.CLIENT, at_cost,
            rate[1] if rate and not at_cost else None,
            terms.free_weekly_e4 if terms else 0, terms.deduct_percent if terms else 0,
        )  # fmt: skip

    def insist_on_approval(self, level_id: int, days: Sequence[date]) -> ServiceLevel:
        """The level, where the provider may claim it on each of the days. DomainError says on which it may not."""
        if level_id not in self.levels:
            raise DomainError("Choose what you claim from the list of service levels")
        level = self.levels[level_id]
        for day in sorted(days):
            if not self.is_approved(level_id, day):
                raise DomainError(NOT_APPROVED.format(level=level.name, day=in_words(day)))
        return level

    def paying(self, level: ServiceLevel, days: Sequence[date]) -> tuple[int, int]:
        """The contract that pays such an item, and its rate on the first of the days. DomainError where a day has no
        rate (at cost: no contract in force), where two contracts would pay a part each, or where the level is claimed
        by rate on one of the days and at cost on another.
        """
        first, *later = sorted(set(days))
        at_cost, found = self.is_at_cost(level, first), self._paying_on(level, first)
        for day in later:
            if self.is_at_cost(level, day) is not at_cost:
                how = BY_RATE if at_cost else AT_COST
                raise DomainError(OTHER_WAY.format(level=level.name, day=in_words(day), how=how))
            if self._paying_on(level, day)[0] != found[0]:
                raise DomainError(OTHER_CONTRACT.format(level=level.name, day=in_words(day)))
        return found

    def _paying_on(self, level: ServiceLevel, day: date) -> tuple[int, int]:
        if (found := self.rate_on(level.id, day)) is not None:
            return found
        if not self.is_at_cost(level, day):
            raise DomainError(NO_RATE.format(level=level.name, day=in_words(day)))
        for contract, days in self.contracts.get(level.id, ()):
            if days.first <= day <= days.last:
                return contract, days.value
        raise DomainError(NO_CONTRACT.format(level=level.name, day=in_words(day)))


def place_anew(claim: Claim) -> None:
    """Move each item of a claim that is not decided to the contract which pays it now: the one that it was made, or
    copied, under may have ended since. What no contract pays, or two would, stays where it is: `checks` warns of it.
    """
    query = select(ClaimItem).where(ClaimItem.claim_id == claim.id).order_by(ClaimItem.id)
    items = session.scalars(query.options(selectinload(ClaimItem.trips))).all()
    levels = Levels.of(claim.provider_id)
    for item in items:
        level = levels.levels.get(item.service_level_id)
        if level is not None:
            with suppress(DomainError):
                item.contract_id, _ = levels.paying(level, [each.day for each in item.trips] or [item.spent_on])


def may_claim(provider_id: int, on: date | None = None) -> list[ClaimableLevel]:
    """What the provider may claim on the day (today), by name, as `Levels.offered` says it: read in one statement, for
    a page that says nothing else of it. Empty where it is not approved to claim anything.
    """
    day = on or today()
    rows = session.execute(_offered(), {"provider_id": provider_id, "day": day, "still_from": day - LATE})
    return sorted(map(_as_claimable, rows), key=lambda each: (each.name, each.id))


def _as_claimable(row: Any) -> ClaimableLevel:
    at_cost = row.unit is not Unit.MILE if row.is_at_cost is None else row.is_at_cost
    return ClaimableLevel(
        row.id, row.name, row.unit, row.claimable is Claimable.CLIENT, at_cost, None if at_cost else row.rate_e4,
        row.free_weekly_e4 or 0, row.deduct_percent or 0,
    )  # fmt: skip


@built_once
def _offered() -> Select:
    """Service levels that a provider is approved to claim, or was so lately, with the terms and the rate of a day."""
    level, terms, grant, rate = ServiceLevel, ClaimPricing, ClaimGrant, ContractRate
    day, provider_id = sa.bindparam("day", type_=sa.Date()), sa.bindparam("provider_id", type_=sa.Integer())
    newest = (
        select(sa.func.max(terms.starts_on))
        .where(terms.service_level_id == level.id, terms.starts_on <= day)
        .correlate(level)
        .scalar_subquery()
    )
    paid = (
        select(rate.rate_e4)
        .join(Contract, Contract.id == rate.contract_id)
        .where(rate.provider_id == provider_id, rate.service_level_id == level.id)
        .where(*(_holds_on(day, of) for of in (rate, Contract)))
        .order_by(*_FIRST_PAYS)
        .limit(1)
        .correlate(level)
        .scalar_subquery()
    )
    granted = select(grant.service_level_id).where(
        grant.provider_id == provider_id, grant.starts_on <= day,
        sa.or_(grant.ends_on.is_(None), grant.ends_on >= sa.bindparam("still_from", type_=sa.Date())),
    )  # fmt: skip
    return (
        select(
            level.id, level.name, level.unit, level.claimable, terms.is_at_cost, terms.free_weekly_e4,
            terms.deduct_percent, paid.label("rate_e4"),
        )
        .outerjoin(terms, sa.and_(terms.service_level_id == level.id, terms.starts_on == newest))
        .where(level.id.in_(granted))
        .order_by(level.folded_name, level.id)
    )  # fmt: skip


def _holds_on(day: sa.BindParameter[date], of: type[Contract] | type[ContractRate]) -> sa.ColumnElement[bool]:
    return sa.and_(of.starts_on <= day, sa.or_(of.ends_on.is_(None), of.ends_on >= day))


def is_claimant(provider_id: int) -> bool:
    """Whether the provider may claim, could once, or has claims: its pages show them."""
    grant = select(ClaimGrant.id).where(ClaimGrant.provider_id == provider_id).limit(1)
    claim = select(Claim.id).where(Claim.provider_id == provider_id).limit(1)
    return session.scalar(grant) is not None or session.scalar(claim) is not None
