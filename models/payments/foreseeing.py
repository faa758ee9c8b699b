"""What an adjustment would come to, before it is made."""

import logging
from dataclasses import dataclass
from datetime import date

from models.bank_holiday import working_days
from models.calendar import Span, today
from models.engine.facts import DueSum
from models.engine.periods import Periods, lay_out
from models.engine.reckoning import reckon
from models.payments.book import Book
from models.payments.calculation import lock
from models.payments.loading import load
from models.records.contract import Contract

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Foreseen:
    """The days of the payment that an adjustment would be part of; its total pence without and with the adjustment."""

    span: Span
    now_pence: int
    then_pence: int

    def __str__(self) -> str:
        return f"{self.span.first} {self.now_pence} {self.then_pence}"


def foresee(
    contract: Contract, client_id: int, *, amount_pence: int, for_day: date, is_to_be_made: bool = False
) -> Foreseen | None:
    """What would follow from an adjustment; None where the contract cannot be calculated. Writes nothing. With
    `is_to_be_made` it locks the provider's contracts, so that it still holds when `adjust` is called in the same
    request.
    """
    if is_to_be_made:
        lock([contract.provider_id])
    try:
        return _foreseen(contract, client_id, amount_pence, for_day)
    except Exception:
        log.exception("contract %s cannot be calculated", contract.id)
        return None


def _foreseen(contract: Contract, client_id: int, amount_pence: int, for_day: date) -> Foreseen:
    contracts = load([contract.provider_id])
    facts, book = contracts[contract.id], Book([contract.provider_id], contracts)
    periods = lay_out(facts, book.states[contract.id], today(), working_days())
    first = Periods(periods, today()).current
    current = next(period.span for period in periods if period.span.first == first)

    def total() -> int:
        found = reckon(facts, periods, book.settled[contract.id], today(), book.placed[contract.id])
        return sum(draft.total_pence for draft in found.drafts if draft.paid_in == current.first)

    now = total()
    facts.adjustments.append((DueSum(0, "", for_day, amount_pence), client_id))
    return Foreseen(current, now, total())
