"""The items of a claim and the trips in them, as its provider adds, changes and removes them until it is decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from secrets import token_hex
from typing import Any, NoReturn

from sqlalchemy import delete, func, select

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, reload, session
from models.billing.claiming import insist_on_editable, take_turn, touched
from models.billing.journey import insist_on_miles, tidy
from models.billing.levels import Levels
from models.billing.quoting import Quote, quote_of, requote
from models.calendar import in_words, today
from models.correspondence.attachment import Attachment, Taken, keep
from models.engine.mileage import Drive, MileageItem
from models.money import SCALE, gbp, number
from models.payments.miles import drive_of
from models.records.claim import Claim, ClaimItem, ClaimTrip
from models.records.client import Client
from models.records.contract import Claimable, ServiceLevel
from models.words import how_many

MOST_ITEMS = 60
MOST_TRIPS = 200
"""Of one item."""
LONGEST_DESCRIPTION = 200
LONGEST_REASON = 500
MOST_PENCE = 50_000_00
"""Of one sum."""
MOST_UNITS_E4 = 10_000 * SCALE
"""Of one item without trips."""
UNSAVED = 2**31
"""Stands for the id of an item that is not kept yet: it comes after all others."""


@dataclass(frozen=True)
class TripFacts:
    """One trip, as it is typed. Miles one way, in ten-thousandths, whole tenths of a mile."""

    day: date
    miles_e4: int
    from_place: str = ""
    to_place: str = ""
    purpose: str = ""
    is_return: bool = False
    is_separate: bool = False
    """A drive of its own, although the same one was made for another child that day."""

    def on(self, days: Iterable[date]) -> list["TripFacts"]:
        """The same trip on each of these days."""
        return [replace(self, day=day) for day in days]


@dataclass(frozen=True)
class Claimed:
    """An item as its dialog holds it. By rate: a day and a quantity, or trips. At cost: a day and a sum."""

    level_id: int
    description: str
    client_id: int | None = None
    spent_on: date | None = None
    quantity_e4: int | None = None
    amount_pence: int | None = None
    reason: str = ""
    """Why it is right although it was warned of."""
    trips: Sequence[TripFacts] | None = ()
    """None, in a change: the trips that it has stay."""


def days_ticked(week_of: date, weekdays: Iterable[int]) -> list[date]:
    """The days of the week (Monday to Sunday) that `week_of` lies in; 0 is Monday."""
    monday = week_of - timedelta(days=week_of.weekday())
    return [monday + timedelta(days=each) for each in sorted(set(weekdays)) if 0 <= each <= 6]


def add_item(
    claim: Claim, claimed: Claimed, *, files: Sequence[Taken] = (), most_files: int = 1, by: User
) -> ClaimItem:  # fmt: skip
    """DomainError where the claim cannot be changed, the provider may not claim this on that day, no rate is set, or
    something is missing.
    """
    take_turn(claim)
    insist_on_editable(claim)
    if (session.scalar(select(func.count(ClaimItem.id)).where(ClaimItem.claim_id == claim.id)) or 0) >= MOST_ITEMS:
        raise DomainError(f"A claim can have {MOST_ITEMS} items. Send it, and make another")
    _insist_on_few(len(files), most_files)
    item = ClaimItem(provider_id=claim.provider_id, claim_id=claim.id, reference=f"new-{token_hex(16)}")
    trips = _fill(item, claimed)
    touched(claim)
    session.add(item)
    session.flush()
    item.reference = f"OI{item.id}"
    _write_trips(item, trips)
    keep(files, for_=item, by=by)
    requote(claim)
    record("claim.item_added", claim, by=by, item=item.reference)
    return item


def mark_of(item: ClaimItem, trips: Iterable[ClaimTrip]) -> str:
    """Another one once somebody has changed what is typed of the item. What other items make of its sum does not count,
    nor do its files, which nobody overwrites.
    """
    sum_typed = None if item.is_by_rate else item.amount_pence
    typed = item.service_level_id, item.client_id, item.description, item.spent_on, item.quantity_e4, sum_typed
    facts = *typed, item.reason, *sorted(repr(_facts_of(each)) for each in trips)
    return sha256(repr(facts).encode()).hexdigest()[:16]


def _insist_as_seen(item: ClaimItem, seen: str | None) -> None:
    """DomainError where somebody has removed the item, or changed it since it had the mark `seen`. It is read again."""
    if session.scalar(select(ClaimItem.id).where(ClaimItem.id == item.id)) is None:
        raise DomainError("Somebody else has removed this item. Add it again if it is needed")
    reload(item)
    rows = select(ClaimTrip).where(ClaimTrip.claim_item_id == item.id).execution_options(populate_existing=True)
    if seen is not None and seen != mark_of(item, session.scalars(rows.order_by(ClaimTrip.id))):
        what = f"“{item.description}”, {in_words(item.spent_on)}"
        quantity = f"{number(item.quantity_e4)} units, " if item.is_by_rate else ""
        raise DomainError(
            f"Somebody else has changed this item since you opened it: it is {what}, {quantity}"
            f"{gbp(item.amount_pence)} now. Save yours again if it is right all the same"
        )


def change_item(
    claim: Claim, item: ClaimItem, claimed: Claimed, *, files: Sequence[Taken] = (), most_files: int = 1,
    seen: str | None = None, by: User,
) -> None:  # fmt: skip
    """Write it anew; files are added to those that it has. `seen`: its mark as the page had it. DomainError as
    `add_item`, and where somebody has changed or removed it since.
    """
    take_turn(claim)
    insist_on_editable(claim)
    _insist_as_seen(item, seen)
    if files:
        _insist_on_few(len(files) + len(session.scalars(Attachment.of(item)).all()), most_files)
    if claimed.trips is None:
        claimed = replace(claimed, trips=_trips_of(item))
    trips = _fill(item, claimed)
    touched(claim)
    _write_trips(item, trips)
    keep(files, for_=item, by=by)
    requote(claim)
    record("claim.item_changed", claim, by=by, item=item.reference)


def remove_item(claim: Claim, item: ClaimItem, *, by: User) -> None:
    """With its trips and its files."""
    take_turn(claim)
    insist_on_editable(claim)
    _insist_as_seen(item, None)
    touched(claim)
    files = Attachment.of(item).with_only_columns(Attachment.id).order_by(None)
    session.execute(delete(Attachment).where(Attachment.id.in_(files)))
    session.execute(delete(ClaimTrip).where(ClaimTrip.claim_item_id == item.id))
    session.execute(delete(ClaimItem).where(ClaimItem.id == item.id))
    requote(claim)
    record("claim.item_removed", claim, by=by, item=item.reference)


def detach(claim: Claim, item: ClaimItem, attachment: Attachment, *, by: User) -> None:
    """Take a file off an item, for another in its place."""
    take_turn(claim)
    insist_on_editable(claim)
    touched(claim)
    session.execute(delete(Attachment).where(Attachment.id == attachment.id))
    record("claim.item_changed", claim, by=by, item=item.reference)


def repeat_item(claim: Claim, item: ClaimItem, client: Client, *, by: User) -> ClaimItem:
    """The same for another child. Trips with their places written down are the same drive, whose miles count once."""
    if client.id == item.client_id:
        raise DomainError("This item is for that child already. Choose another")
    claimed = Claimed(
        item.service_level_id, item.description, client.id, item.spent_on, item.quantity_e4, item.amount_pence,
        item.reason, _trips_of(item),
    )  # fmt: skip
    return add_item(claim, claimed, by=by)


def add_trips(claim: Claim, item: ClaimItem, trips: Sequence[TripFacts], *, by: User) -> None:
    """To the log of an item by rate. An item that had none is worth its trips from now on."""
    _change_trips(claim, item, [*_trips_of(item), *trips], by)


def remove_trip(claim: Claim, item: ClaimItem, trip: ClaimTrip, *, by: User) -> None:
    """DomainError where it is the last one: remove the item."""
    rest = _trips_of(item, but=trip.id)
    if not rest:
        raise DomainError("This is the only trip of this item. Remove the item instead")
    _change_trips(claim, item, rest, by)


def _change_trips(claim: Claim, item: ClaimItem, trips: list[TripFacts], by: User) -> None:
    claimed = Claimed(
        item.service_level_id, item.description, item.client_id, item.spent_on, item.quantity_e4, reason=item.reason,
        trips=trips,
    )  # fmt: skip
    change_item(claim, item, claimed, by=by)


def quote_for(claim: Claim, claimed: Claimed, item: ClaimItem | None = None) -> Quote:
    """What it would come to, written nowhere: for the amount as one types. `item` is what it would replace. DomainError
    as `add_item`.
    """
    if claimed.trips is None:
        claimed = replace(claimed, trips=_trips_of(item) if item else ())
    draft = ClaimItem(provider_id=claim.provider_id, claim_id=claim.id)
    with session.no_autoflush:
        trips = _fill(draft, claimed)
        if not draft.is_by_rate:
            return Quote(draft.rate_e4, draft.quantity_e4, draft.amount_pence)
        drives = tuple(
            replace(drive_of(ClaimTrip(**_columns(each))), id=at) for at, each in enumerate(trips)
        )  # fmt: skip
        only = (Drive(0, draft.spent_on, draft.quantity_e4),)
        return quote_of(
            claim,
            MileageItem(item.id if item else UNSAVED, draft.contract_id, draft.service_level_id, draft.client_id, "",
                        drives or only, None),
        )  # fmt: skip


def _fill(item: ClaimItem, claimed: Claimed) -> list[TripFacts]:
    """Check what is claimed, and write it into the item, but for its trips, which are given back in order of days."""
    trips = sorted(claimed.trips or (), key=lambda each: each.day)
    days = [each.day for each in trips] or [claimed.spent_on or _missing("Enter the day")]
    if max(days) > today():
        raise DomainError(f"{in_words(max(days))} is still to come. Claim it when the day has come")
    levels = Levels.of(item.provider_id)
    level = levels.insist_on_approval(claimed.level_id, days)
    contract_id, rate_e4 = levels.paying(level, days)
    at_cost = levels.is_at_cost(level, days[0])
    item.service_level_id, item.contract_id = level.id, contract_id
    item.client_id = _client(item.provider_id, level, claimed.client_id)
    item.description = " ".join(claimed.description.split())[:LONGEST_DESCRIPTION] or _missing("Enter a description")
    item.reason = " ".join(claimed.reason.split())[:LONGEST_REASON]
    item.spent_on, item.is_by_rate, item.accepted_pence = days[0], not at_cost, 0
    if at_cost:
        item.amount_pence = _sum(claimed.amount_pence)
        item.quantity_e4, item.rate_e4 = SCALE, item.amount_pence * 100
        return []
    item.quantity_e4, item.rate_e4, item.amount_pence = _quantity(claimed, trips), rate_e4, 0
    return trips


def _missing(words: str) -> NoReturn:
    raise DomainError(words)


def _client(provider_id: int, level: ServiceLevel, client_id: int | None) -> int | None:
    if level.claimable is not Claimable.CLIENT:
        return None
    known = Client.of_provider(provider_id).where(Client.id == client_id).with_only_columns(Client.id)
    if client_id is None or session.scalar(known) is None:
        raise DomainError("Choose the child that it is for")
    return client_id


def _sum(pence: int | None) -> int:
    if pence is None or pence <= 0:
        raise DomainError("Enter the sum that you paid, as on the receipt")
    if pence > MOST_PENCE:
        raise DomainError("Enter no more than £50,000.00 for one item")
    return pence


def _quantity(claimed: Claimed, trips: Sequence[TripFacts]) -> int:
    if len(trips) > MOST_TRIPS:
        raise DomainError(f"An item can have {how_many(MOST_TRIPS, 'trip')}. Add another item for the rest")
    for each in trips:
        insist_on_miles(each.miles_e4)
    if trips:
        return sum(each.miles_e4 * (2 if each.is_return else 1) for each in trips)
    quantity = claimed.quantity_e4 or 0
    if quantity <= 0 or quantity > MOST_UNITS_E4:
        raise DomainError("Enter how many, above 0 and no more than 10,000")
    return quantity


def _columns(trip: TripFacts) -> dict[str, Any]:
    return {
        "day": trip.day, "from_place": tidy(trip.from_place), "to_place": tidy(trip.to_place),
        "purpose": tidy(trip.purpose), "miles_e4": trip.miles_e4, "is_return": trip.is_return,
        "is_separate": trip.is_separate,
    }  # fmt: skip


def _write_trips(item: ClaimItem, trips: Iterable[TripFacts]) -> None:
    """Trips that stay as they are keep their rows."""
    missing = list(trips)
    query = select(ClaimTrip).where(ClaimTrip.claim_item_id == item.id).order_by(ClaimTrip.day, ClaimTrip.id)
    for row in session.scalars(query).all():
        if (same := _facts_of(row)) in missing:
            missing.remove(same)
        else:
            session.execute(delete(ClaimTrip).where(ClaimTrip.id == row.id))
    for each in missing:
        session.add(ClaimTrip(provider_id=item.provider_id, claim_item_id=item.id, **_columns(each)))


def _facts_of(trip: ClaimTrip) -> TripFacts:
    return TripFacts(
        trip.day, trip.miles_e4, trip.from_place, trip.to_place, trip.purpose, trip.is_return, trip.is_separate
    )  # fmt: skip


def _trips_of(item: ClaimItem, *, but: int | None = None) -> list[TripFacts]:
    query = select(ClaimTrip).where(ClaimTrip.claim_item_id == item.id).order_by(ClaimTrip.day, ClaimTrip.id)
    return [_facts_of(each) for each in session.scalars(query) if each.id != but]


def _insist_on_few(count: int, most: int) -> None:
    if count > most:
        raise DomainError(
            f"An item can have {how_many(most, 'file')}. Add another item for the other, or take one away first"
        )
