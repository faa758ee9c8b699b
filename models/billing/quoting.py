"""What the items of a claim come to before anybody has decided it, by the rules that the engine will pay them by."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import select

from models.base import session
from models.engine.mileage import MileageBook, MileageItem, priced
from models.engine.working import Slice
from models.money import SCALE, gbp, gbp_rate, number
from models.payments.miles import PricingRead, book_of
from models.records.claim import Claim, ClaimItem
from models.words import how_many

NEVER = date.max
"""The day up to which a quote takes every decision as made."""


@dataclass(frozen=True)
class Quote:
    """What one item comes to, in pence; its rate and its quantity in ten-thousandths."""

    rate_e4: int
    quantity_e4: int
    amount_pence: int
    parts: tuple[Slice, ...] = ()
    """How it is worked out; none for a sum."""

    @property
    def paid_e4(self) -> int:
        """Miles that are paid."""
        return sum(each.quantity_e4 for each in self.parts if each.net_pence >= 0)

    @property
    def sentence(self) -> str:
        """How it comes about: 100 miles at £0.45, 150 miles at £0.25. Empty for a sum."""
        told = [told_part(each) for each in self.parts]
        if self.parts and (free := self.quantity_e4 - self.paid_e4) > 0:
            told.append(f"{number(free)} miles are not paid")
        if not self.parts and self.quantity_e4 and not self.amount_pence and self.rate_e4:
            told = [f"{number(self.quantity_e4)} miles are not paid"]
        return ", ".join(told)


def told_part(part: Slice) -> str:
    """100 miles at £0.45, or what days of travel take off."""
    if part.net_pence < 0:
        days = how_many(part.quantity_e4 // SCALE, "day")
        weekly = gbp_rate(part.rate_e4)
        return f"less {gbp(-part.net_pence)} ({part.percent}% of {weekly} a week for {days} of travel)"
    return f"{number(part.quantity_e4)} miles at {gbp_rate(part.rate_e4)}"


@dataclass(frozen=True)
class Quotes:
    by_item: dict[int, Quote] = field(default_factory=dict)

    @property
    def total_pence(self) -> int:
        return sum(each.amount_pence for each in self.by_item.values())

    def of(self, item_id: int) -> Quote:
        return self.by_item[item_id]


def quoted(claim: Claim, items: Sequence[ClaimItem] | None = None, read: PricingRead | None = None) -> Quotes:
    """Its items as if it were accepted in full, after all that is accepted or waits of the same provider. A page gives
    the items, and what prices them, that it has read.
    """
    if items is None:
        items = session.scalars(select(ClaimItem).where(ClaimItem.claim_id == claim.id).order_by(ClaimItem.id)).all()
    if not any(each.is_priced for each in items):
        return Quotes({each.id: _sum(each) for each in items})
    book = book_of(claim.provider_id, claim.id, read)
    return Quotes(quotes_in(book, items))


def quotes_in(book: MileageBook, items: Sequence[ClaimItem]) -> dict[int, Quote]:
    cells = priced(book, NEVER)
    return {
        each.id: _quote(book, each.contract_id, each.service_level_id, each.spent_on, each.quantity_e4,
                        [part for cell in cells.get(each.id, ()) for part in cell.slices])
        if each.is_priced else _sum(each)
        for each in items
    }  # fmt: skip


def quote_of(claim: Claim, item: MileageItem) -> Quote:
    """What `item`, which is not kept yet or is about to be changed (by its id), would come to beside the others."""
    book = book_of(claim.provider_id, claim.id)
    others = [each for each in book.items if each.id != item.id]
    book = book.with_items([*others, replace(item, is_payable=True, decided_on=date.min)])
    parts = [part for cell in priced(book, NEVER).get(item.id, ()) for part in cell.slices]
    first = min(each.day for each in item.drives)
    quantity = sum(each.miles_e4 for each in item.drives)
    return _quote(book, item.contract_id, item.level_id, first, quantity, parts)


def _quote(
    book: MileageBook, contract_id: int, level_id: int, first: date, quantity_e4: int, parts: list[Slice]
) -> Quote:  # fmt: skip
    rate = book.rate_on(contract_id, level_id, first) or 0
    return Quote(rate, quantity_e4, sum(each.net_pence for each in parts), tuple(parts))


def _sum(item: ClaimItem) -> Quote:
    return Quote(item.rate_e4, item.quantity_e4, item.amount_pence)


def requote(claim: Claim) -> int:
    """Keep with each item what it comes to now; the total in pence. While the claim is the provider's to change."""
    session.flush()
    items = session.scalars(select(ClaimItem).where(ClaimItem.claim_id == claim.id).order_by(ClaimItem.id)).all()
    quotes = quoted(claim, items)
    for each in items:
        if each.is_by_rate:
            found = quotes.of(each.id)
            each.rate_e4, each.amount_pence = found.rate_e4, found.amount_pence
            each.accepted_pence = 0
    return quotes.total_pence
