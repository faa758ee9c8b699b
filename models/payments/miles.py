"""Reading what the engine prices miles by: items, trips, terms, rates and maintenance, in a fixed number of queries.

`books` reads what counts of decided claims. Whoever quotes a claim that is not decided asks `book_of` for more.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session
from models.calendar import FAR_FUTURE
from models.engine.facts import Dated
from models.engine.mileage import Drive, Journey, MileageBook, MileageItem, MileageTerms
from models.pricing import Unit
from models.records.care_package import CarePackageLineItem, ItemPrice
from models.records.claim import DECIDED, PAYABLE, UNDECIDED, Claim, ClaimItem, ClaimTrip
from models.records.claim_pricing import ClaimPricing
from models.records.contract import ContractRate, ServiceLevel
from models.words import folded

IS_DECIDED = Claim.status.in_(DECIDED)


@dataclass(frozen=True)
class PricingRead:
    """What prices the claims of one provider, where it is read already."""

    pricing: Sequence[ClaimPricing]
    """As `ClaimPricing.every` gives it."""
    rates: Sequence[ContractRate]
    """All of the provider."""


def books(provider_ids: Collection[int]) -> dict[int, MileageBook]:
    """The miles of those of the providers that have a decided item which is priced by them, by provider."""
    priced = select(ClaimItem.provider_id).join(Claim, Claim.id == ClaimItem.claim_id)
    priced = priced.where(
        ClaimItem.provider_id.in_(provider_ids), ClaimItem.is_priced, Claim.status.in_(DECIDED)
    ).distinct()
    owners = sorted(session.scalars(priced))
    return _read(owners, IS_DECIDED) if owners else {}


def book_of(provider_id: int, claim_id: int = 0, read: PricingRead | None = None) -> MileageBook:
    """The provider's miles as if what is undecided were accepted in full: of its decided claims, of those that wait,
    and of the claim of that number. Its terms and rates are there when it has claimed none; `read` has them where they
    are read already.
    """
    waits = sa.or_(Claim.status.in_(UNDECIDED), Claim.id == claim_id)
    book = _read([provider_id], sa.or_(IS_DECIDED, waits), read)[provider_id]
    return book.with_items(
        replace(each, is_payable=True, decided_on=date.min, accepted_e4=None) if each.decided_on is None else each
        for each in book.items
    )


def _read(
    provider_ids: list[int], which: sa.ColumnElement[bool], read: PricingRead | None = None
) -> dict[int, MileageBook]:  # fmt: skip
    terms = _terms(read.pricing if read else session.scalars(ClaimPricing.every()).unique())
    found = {each: MileageBook(terms=terms) for each in provider_ids}
    for provider_id, item in _items(provider_ids, which):
        found[provider_id].items.append(item)
    for provider_id, key, rate in _rates(read.rates if read else _rates_of(provider_ids)):
        found[provider_id].rates.setdefault(key, []).append(rate)
    levels = frozenset[int]().union(*(each.maintenance for rows in terms.values() for _, each in rows))
    if levels:
        for provider_id, client_id, level_id, price in _maintenance(provider_ids, levels, found):
            found[provider_id].maintenance.setdefault(client_id, []).append((level_id, price))
    return found


def _items(provider_ids: list[int], which: sa.ColumnElement[bool]) -> Iterable[tuple[int, MileageItem]]:
    """Items of levels that are counted in miles: priced ones, and those that were accepted at a sum."""
    item = ClaimItem
    rows = session.execute(
        select(
            item.id, item.provider_id, item.contract_id, item.service_level_id, item.client_id, item.called(),
            item.spent_on, item.quantity_e4, item.is_priced.label("is_priced"), item.accepted_e4, item.is_included,
            Claim.decided_on, Claim.status, ClaimTrip,
        )
        .join(Claim, Claim.id == item.claim_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .outerjoin(ClaimTrip, ClaimTrip.claim_item_id == item.id)
        .where(item.provider_id.in_(provider_ids), which, sa.or_(item.is_priced, ServiceLevel.unit == Unit.MILE))
        .order_by(item.id, ClaimTrip.day, ClaimTrip.id)
    )  # fmt: skip
    for _, of_item in groupby(rows, key=lambda each: each.id):
        row, *more = of_item
        drives = tuple(drive_of(each.ClaimTrip) for each in (row, *more) if each.ClaimTrip is not None)
        yield row.provider_id, MileageItem(
            row.id, row.contract_id, row.service_level_id, row.client_id, row.called,
            drives or (Drive(0, row.spent_on, row.quantity_e4),),
            row.decided_on if row.status in DECIDED else None,
            row.status in PAYABLE and row.is_included, not row.is_priced, row.accepted_e4,
        )  # fmt: skip


def drive_of(trip: ClaimTrip) -> Drive:
    return Drive(trip.id or 0, trip.day, trip.counted_e4, journey_of(trip))


def journey_of(trip: ClaimTrip) -> Journey | None:
    """What tells that a trip is the same drive as another child's; None where its places are not written down, or
    whoever drove it has said that it is a drive of its own.
    """
    if trip.is_separate or not trip.from_place or not trip.to_place:
        return None
    return folded(trip.from_place), folded(trip.to_place), trip.miles_e4, trip.is_return


def _terms(pricing: Iterable[ClaimPricing]) -> dict[int, list[tuple[date, MileageTerms]]]:
    """Of rows as `ClaimPricing.every` orders them."""
    found: dict[int, list[tuple[date, MileageTerms]]] = defaultdict(list)
    for row in pricing:
        tiers = tuple((each.above_e4, each.rate_e4) for each in row.tiers)
        maintenance = frozenset(each.service_level_id for each in row.maintenance)
        terms = MileageTerms(row.free_weekly_e4, tiers, row.deduct_percent, maintenance)
        found[row.service_level_id].append((row.starts_on, terms))
    return found


def _rates_of(provider_ids: list[int]) -> Iterable[Any]:
    """Rows with the columns of a rate that count."""
    rate = ContractRate
    columns = rate.provider_id, rate.contract_id, rate.service_level_id, rate.starts_on, rate.ends_on, rate.rate_e4
    return session.execute(select(*columns).where(rate.provider_id.in_(provider_ids)).order_by(rate.id))


def _rates(rows: Iterable[Any]) -> Iterable[tuple[int, tuple[int, int], Dated]]:
    for row in sorted(rows, key=lambda each: (each.contract_id, each.service_level_id, each.starts_on)):
        dated = Dated(row.starts_on, row.ends_on or FAR_FUTURE, row.rate_e4)
        yield row.provider_id, (row.contract_id, row.service_level_id), dated


def _maintenance(
    provider_ids: list[int], levels: frozenset[int], found: dict[int, MileageBook]
) -> Iterable[tuple[int, int, int, Dated]]:
    """Weekly prices of care packages of these levels, on the days of both: the item's own prices or, without any, its
    contract's rates.
    """
    item = CarePackageLineItem
    rows = session.execute(
        select(item.id, item.provider_id, item.client_id, item.contract_id, item.service_level_id, item.starts_on,
               item.ends_on, ItemPrice.starts_on.label("priced_from"), ItemPrice.ends_on.label("priced_to"),
               ItemPrice.rate_e4)
        .outerjoin(ItemPrice, ItemPrice.item_id == item.id)
        .where(item.provider_id.in_(provider_ids), item.service_level_id.in_(levels))
        .order_by(item.id, ItemPrice.starts_on)
    )  # fmt: skip
    for _, of_item in groupby(rows, key=lambda each: each.id):
        each, *more = of_item
        own = [row for row in (each, *more) if row.priced_from is not None]
        prices = [Dated(price.priced_from, price.priced_to or FAR_FUTURE, price.rate_e4) for price in own]
        prices = prices or found[each.provider_id].rates.get((each.contract_id, each.service_level_id), [])
        for price in prices:
            first, last = max(price.first, each.starts_on), min(price.last, each.ends_on or FAR_FUTURE)
            if first <= last:
                yield each.provider_id, each.client_id, each.service_level_id, Dated(first, last, price.value)
