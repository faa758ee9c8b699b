"""Random histories of a provider that claims: see tests/support/histories.py.

Claims by the mile are sent, decided in full and in part, decided anew and withdrawn, while rates, free miles and tiers
change for days before and after.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, delete, select, update

from models.base import DomainError
from models.billing import claiming, deciding
from models.billing.deciding import IN_FULL, ItemDecision
from models.billing.items import Claimed, TripFacts
from models.billing.listing import numbered
from models.billing.pricing import set_pricing
from models.calendar import DAY, as_on
from models.money import SCALE
from models.permissions import CouncilRole
from models.records.claim import DECIDED, PAYABLE, Claim, ClaimItem, ClaimStatus
from models.records.claim_pricing import ClaimPricing
from models.records.contract import ContractRate, ServiceLevel
from models.tax_year import TaxYear
from tests.claim_factories import make_claim, make_claim_level, make_contract_rate, submit
from tests.factories import make_staff
from tests.support.histories import START, Office
from tests.support.rows import every, unit_of_work

TENTH = SCALE // 10
EVENTS = {
    "send_claim": 8, "decide_claim": 10, "change_decision": 4, "withdraw_claim": 1, "return_claim": 1,
    "claim_rate": 3, "claim_terms": 2,
}  # fmt: skip


PENNY = 100 * SCALE
"""A penny, in ten-thousandths of a pound by ten-thousandths of a mile."""


@dataclass(frozen=True)
class ClaimRate:
    first: date
    last: date
    rate_e4: int

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last


class ClaimOffice(Office):
    """Each contract owns a service level that is claimed by the mile, from the beginning."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.panel = make_staff(CouncilRole.FINANCE_PANEL)
        self.levels: dict[int, ServiceLevel] = {}
        for each in self.contracts:
            level = make_claim_level(each, self.rng.randrange(2_000, 6_000), approved_from=START - timedelta(days=400))
            self.levels[each.id] = level

    def step(self) -> str:
        if self.rng.random() > 0.5:
            return super().step()
        while True:
            name = self.rng.choices([*EVENTS], [*EVENTS.values()])[0]
            with as_on(self.day), suppress(DomainError):
                if getattr(self, f"_{name}")():
                    self.happened[name] = self.happened.get(name, 0) + 1
                    return name
            if not every(self._claims(ClaimStatus.PENDING)):
                return super().step()

    def _reject_claim(self) -> bool | None:
        """Of the finance system: the panel decides the others."""
        claim = self._draw(every(select(Claim).where(Claim.is_from_feed).order_by(Claim.id)))
        return claim and self._facts(Claim, claim, status=ClaimStatus.REJECTED)

    def _claims(self, *states: ClaimStatus) -> Select[Claim]:
        return select(Claim).where(Claim.of_portal(), Claim.status.in_(states)).order_by(Claim.id)

    def _trip(self, day: date) -> TripFacts:
        return TripFacts(day, self.rng.randint(1, 400) * TENTH, is_return=self.rng.random() < 0.4)

    def _claimed(self) -> Claimed:
        level = self.levels[self._any_contract().id]
        if self.rng.random() < 0.3:
            quantity = self.rng.randint(1, 3_000) * TENTH
            return Claimed(level.id, "Training", spent_on=self._near(60, 0), quantity_e4=quantity, reason="Right")
        trips = [self._trip(self._near(60, 0)) for _ in range(self.rng.randint(1, 5))]
        return Claimed(level.id, "Runs", trips=trips, reason="Right")

    def _send_claim(self) -> bool:
        wanted = [self._claimed() for _ in range(self.rng.randint(1, 3))]
        submit(make_claim(self.provider, self.carer, *wanted), self.carer)
        return True

    def _decision(self, item: ClaimItem) -> ItemDecision:
        drawn = self.rng.random()
        if drawn < 0.5:
            return IN_FULL
        if drawn < 0.65:
            return ItemDecision(False, note="No")
        if drawn < 0.85 and item.quantity_e4 > TENTH:
            return ItemDecision(miles_e4=self.rng.randrange(1, item.quantity_e4 // TENTH) * TENTH, note="Shorter")
        if item.amount_pence:
            return ItemDecision(sum_pence=self.rng.randint(1, item.amount_pence), note="As agreed")
        return IN_FULL

    def _decided(self, *states: ClaimStatus) -> bool | None:
        claim = self._draw(every(self._claims(*states)))
        if claim is None:
            return None
        with unit_of_work() as session:
            own = session.scalars(numbered(claim.id)).unique().one()
            decisions = {each.id: self._decision(each) for each in own.items}
            deciding.decide(own, decisions, note="Looked at", by=self.panel)
        return True

    def _decide_claim(self) -> bool | None:
        return self._decided(ClaimStatus.PENDING)

    def _change_decision(self) -> bool | None:
        return self._decided(*DECIDED)

    def _withdraw_claim(self) -> bool | None:
        claim = self._draw(every(self._claims(ClaimStatus.PENDING)))
        if claim is None:
            return None
        with unit_of_work(self.provider.id) as session:
            claiming.withdraw(session.scalars(numbered(claim.id)).unique().one(), by=self.carer)
        return True

    def _return_claim(self) -> bool | None:
        """And it is sent again, as it is."""
        claim = self._draw(every(self._claims(ClaimStatus.PENDING)))
        if claim is None:
            return None
        with unit_of_work() as session:
            own = session.scalars(numbered(claim.id)).unique().one()
            deciding.return_for_information(own, "Which school?", by=self.panel)
        submit(claim, self.carer)
        return True

    def _claim_rate(self) -> bool:
        """Another rate from a day on, which may be long past."""
        contract, day, rate = self._any_contract(), self._near(80, 10), ContractRate
        level = self.levels[contract.id]
        with unit_of_work() as session:
            own = rate.contract_id == contract.id, rate.service_level_id == level.id
            session.execute(delete(rate).where(*own, rate.starts_on >= day))
            session.execute(update(rate).where(*own).where(rate.ends_on.is_(None)).values(ends_on=day - DAY))
        make_contract_rate(contract, level, self.rng.randrange(0, 8_000), starts_on=day)
        return True

    def _claim_terms(self) -> bool:
        level = self.levels[self._any_contract().id]
        tiers = [(above * SCALE, self.rng.randrange(0, 5_000)) for above in (100, 400)]
        with unit_of_work():
            set_pricing(
                level, starts_on=self._near(80, 10), free_weekly_e4=self.rng.choice([0, 0, 20 * SCALE]),
                tiers=tiers[: self.rng.randint(0, 2)], by=self.officer,
            )  # fmt: skip
        return True

    def priced_pence(self, contract_id: int) -> int:
        """What the accepted miles of a contract come to, by a walk of its own: a tenth of a mile after the other. What
        was accepted at a sum counts its miles too, and is paid that sum elsewhere.
        """
        level = self.levels[contract_id]
        rates, terms = self._rates(contract_id), self._terms(level)
        in_week: dict[date, int] = defaultdict(int)
        in_year: dict[TaxYear, int] = defaultdict(int)
        tenths: dict[tuple[int, int], int] = defaultdict(int)
        for day, item_id, _, count, is_fixed in sorted(self._accepted(contract_id)):
            rate = next((each.rate_e4 for each in rates if each.covers(day)), None)
            own = [each for each in terms if each.starts_on <= day]
            week, year = day - timedelta(days=day.weekday()), TaxYear.of(day)
            for _ in range(count):
                in_week[week] += TENTH
                in_year[year] += TENTH
                if is_fixed or rate is None or (own and in_week[week] <= own[-1].free_weekly_e4):
                    continue
                above = [each.rate_e4 for each in own[-1].tiers if in_year[year] > each.above_e4] if own else []
                tenths[item_id, above[-1] if above else rate] += 1
        return sum((2 * count * rate * TENTH + PENNY) // (2 * PENNY) for (_, rate), count in tenths.items())

    def _accepted(self, contract_id: int) -> Iterator[tuple[date, int, int, int, bool]]:
        """Days of trips with their item, their own id, and the tenths of a mile that were accepted of each."""
        for claim in every(self._claims(*PAYABLE)):
            for item in every(numbered(claim.id))[0].items:
                if item.contract_id != contract_id or not item.is_included:
                    continue
                trips = [(each.day, each.id, each.counted_e4) for each in item.trips]
                left = item.quantity_e4 if item.accepted_e4 is None else item.accepted_e4
                for day, trip_id, miles in sorted(trips or [(item.spent_on, 0, item.quantity_e4)]):
                    yield day, item.id, trip_id, min(left, miles) // TENTH, item.is_fixed_sum
                    left -= min(left, miles)

    def _rates(self, contract_id: int) -> list[ClaimRate]:
        rate = ContractRate
        query = select(rate).where(
            rate.contract_id == contract_id, rate.service_level_id == self.levels[contract_id].id
        )
        return [ClaimRate(each.starts_on, each.ends_on or date.max, each.rate_e4) for each in every(query)]

    def _terms(self, level: ServiceLevel) -> list[ClaimPricing]:
        """In order of days."""
        return [each for each in every(ClaimPricing.every()) if each.service_level_id == level.id]
