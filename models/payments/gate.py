"""A dry run of a contract's gate: what waiting for agreements from a day would hold. Reading only."""

import logging
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from models.bank_holiday import working_days
from models.base import session
from models.calendar import today
from models.engine.periods import lay_out
from models.engine.reckoning import reckon
from models.money import gbp
from models.payments.book import Book
from models.payments.loading import load
from models.records.agreement import Agreement, terms_of_items
from models.records.contract import Contract
from models.words import how_many

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GateForeseen:
    """What would wait, in pence: of how many line items, how much a week, and of payments that have begun."""

    items: int
    week_pence: int
    """At the prices of the day from which it waits (or of today, if that is later), before VAT and what others pay."""
    begun_pence: int
    """More than waits now, VAT included; below 0 where money that waits would be paid."""
    never_agreed: int
    """Of the items, those of which no version was ever agreed."""

    @property
    def words(self) -> str:
        if not self.items and not self.begun_pence:
            return "The gate would hold nothing"
        return f"The gate would hold {how_many(self.items, 'item')}, {gbp(self.week_pence)} a week"

    def __str__(self) -> str:
        return f"{self.items} {self.week_pence} {self.begun_pence} {self.never_agreed}"


def foresee_gate(contract: Contract, from_on: date | None) -> GateForeseen | None:
    """What would follow if payments that begin on `from_on` or later waited for agreements (None: if none did), whether
    or not the contract says yet that it needs them; None where the contract cannot be calculated.
    """
    try:
        return _foreseen(contract, from_on)
    except Exception:
        log.exception("contract %s cannot be calculated", contract.id)
        return None


def _foreseen(contract: Contract, from_on: date | None) -> GateForeseen:
    contracts = load([contract.provider_id])
    facts = contracts.get(contract.id)
    if facts is None:  # it has no payment method, and pays nothing
        return GateForeseen(0, 0, 0, 0)
    book = Book([contract.provider_id], contracts)
    periods = lay_out(facts, book.states[contract.id], today(), working_days())

    def blocked() -> int:
        found = reckon(facts, periods, book.settled[contract.id], today(), book.placed[contract.id])
        return sum(found.blocked.values())

    now = blocked()
    facts.waits_from = from_on
    begun_pence = blocked() - now
    if from_on is None:
        return GateForeseen(0, 0, begun_pence, 0)
    day = max(from_on, today())
    ids = {item.id for item in facts.items if not item.is_blocked(day)}
    terms = terms_of_items(ids)
    agreed = dict(session.execute(select(Agreement.item_id, Agreement.terms).where(
        Agreement.item_id.in_(ids), Agreement.in_force())).all())  # fmt: skip
    weeks = {
        id_: own.week_pence_on(day) - (agreed[id_].week_pence_on(day) if id_ in agreed else 0)
        for id_, own in terms.items()
    }
    held = {id_: pence for id_, pence in weeks.items() if pence > 0}
    return GateForeseen(len(held), sum(held.values()), begun_pence, len(held.keys() - agreed.keys()))
