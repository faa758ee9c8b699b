"""What is said of a claim before it is sent, and beside it to the panel: rules that refuse it, and what to look at."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from models.base import DomainError, session
from models.billing.beside import GONE, Beside
from models.billing.levels import AT_COST, BY_RATE, NOT_APPROVED, Levels
from models.billing.limit import ClaimLimit, LimitKind
from models.calendar import in_words, today
from models.correspondence.attachment import Attachment
from models.money import SCALE, number
from models.records.care_package import CarePackageLineItem
from models.records.claim import Claim, ClaimItem, ClaimTrip
from models.records.contract import ServiceLevel
from models.words import Choice, folded

EMPTY = "This claim has no items. Add a client item or a provider item first"


class WarningKind(Choice):
    SAME_TRIP = "same_trip"
    SAME_ITEM = "same_item"
    SHARED = "shared"
    LIMIT = "limit"
    NOT_APPROVED = "not_approved"
    NO_RATE = "no_rate"
    NO_RECEIPT = "no_receipt"
    AFTER_CLAIM = "after_claim"
    OTHER_WAY = "other_way"
    NOT_PLACED = "not_placed"


@dataclass(frozen=True)
class Warned:
    """One thing to look at. `item_id` is None where it is of the whole claim."""

    kind: WarningKind
    text: str
    item_id: int | None = None
    refuses: bool = False
    """It cannot be sent so."""
    needs_reason: bool = False
    """It can be sent once its item says why it is right."""


@dataclass(frozen=True)
class _Row:
    """A trip of the provider, or an item that has none."""

    claim_id: int
    reference: str
    item: Any
    day: date
    places: tuple[str, str] | None
    one_way_e4: int
    is_return: bool
    is_separate: bool

    @property
    def miles_e4(self) -> int:
        return self.one_way_e4 * (2 if self.is_return else 1)

    @property
    def journey(self) -> tuple[Any, ...]:
        """What the same drive has in common, whoever sat in the car."""
        return self.item.service_level_id, self.day, self.places, self.one_way_e4, self.is_return

    def is_same(self, other: "_Row") -> bool:
        """Whether both are the same trip, or hold the same way of one: a trip and back holds two. It is the same under
        another service level too. At cost: the same sum of one service level.
        """
        if (self.item.client_id, self.day) != (other.item.client_id, other.day):
            return False
        if not self.item.is_by_rate or not other.item.is_by_rate:
            return self._of_sum == other._of_sum
        return self.one_way_e4 == other.one_way_e4 and bool(self._ways & other._ways)

    def was_sent_before(self, claim: Claim) -> bool:
        """Its claim: before this one's last change. All that was sent, while this one can still be changed."""
        sent_at = self.item.submitted_at
        return claim.status.is_editable or sent_at is None or claim.changed_at is None or sent_at < claim.changed_at

    @property
    def _of_sum(self) -> tuple[Any, ...]:
        return self.item.is_by_rate, self.item.service_level_id, self.item.amount_pence

    @property
    def _ways(self) -> set[tuple[str, str] | None]:
        back = {(self.places[1], self.places[0])} if self.is_return and self.places else set()
        return {self.places, *back}


def warnings(claim: Claim, beside: Beside | None = None) -> list[Warned]:
    """All that is to be said of it, first of the whole claim, then item by item: one statement, and one more where
    `beside` is not read yet.
    """
    beside, rows = beside or Beside.of(claim), _rows(claim)
    own = [each for each in rows if each.claim_id == claim.id]
    return [
        *_of_limits(claim, beside, own, rows),
        *(found for item, of_item in _by_item(own) for found in _of_item(claim, item, of_item, rows)),
        *_of_levels(beside.levels, own),
    ]


def refusals(claim: Claim) -> list[str]:
    """Why it cannot be sent, a sentence each; empty where it can. A sentence of one item begins with what it is."""
    session.flush()
    names = dict(
        session.execute(select(ClaimItem.id, ClaimItem.description).where(ClaimItem.claim_id == claim.id)).all()
    )
    if not names:
        return [EMPTY]
    found = [each for each in warnings(claim) if each.refuses or each.needs_reason]
    return [f"{names[each.item_id]}: {each.text}" if each.item_id else each.text for each in found]


def _rows(claim: Claim) -> list[_Row]:
    """The claim's own trips, and those of the provider's other claims from the first of its days on: however long ago
    that is. What the provider has not sent yet is in no other claim.
    """
    item, trip = ClaimItem, ClaimTrip
    day = func.coalesce(trip.day, item.spent_on)
    others = sa.and_(day >= _first_day(claim), Claim.was_sent, Claim.status.not_in(GONE), item.is_included)
    query = (
        select(
            item.id, item.service_level_id, item.client_id, item.is_by_rate, item.amount_pence, item.quantity_e4,
            item.reason, item.contract_id, item.spent_on, Claim.id.label("claim_id"), Claim.reference,
            Claim.submitted_at,
            trip.day, trip.from_place, trip.to_place, trip.miles_e4, trip.is_return, trip.is_separate,
            ServiceLevel.name.label("level"), _files().label("files"), _is_placed(day).label("is_placed"),
        )
        .join(Claim, Claim.id == item.claim_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .outerjoin(trip, trip.claim_item_id == item.id)
        .where(item.provider_id == claim.provider_id, sa.or_(Claim.id == claim.id, others))
        .order_by(item.id, trip.day, trip.id)
    )  # fmt: skip
    return [_row(each) for each in session.execute(query)]


def _first_day(claim: Claim) -> sa.ScalarSelect[date]:
    item, trip = aliased(ClaimItem), aliased(ClaimTrip)
    query = select(func.min(func.coalesce(trip.day, item.spent_on))).select_from(item)
    query = query.outerjoin(trip, trip.claim_item_id == item.id)
    return query.where(item.claim_id == claim.id, item.provider_id == claim.provider_id).scalar_subquery()


def _is_placed(day: Any) -> sa.ColumnElement[bool]:
    """Whether the child was with the provider on the day, by any care package; also where the item is for no child."""
    package = CarePackageLineItem
    theirs = package.provider_id == ClaimItem.provider_id, package.client_id == ClaimItem.client_id
    days = package.starts_on <= day, sa.or_(package.ends_on.is_(None), package.ends_on >= day)
    return sa.or_(ClaimItem.client_id.is_(None), sa.exists().where(*theirs, *days).correlate(ClaimItem, ClaimTrip))


def _files() -> sa.ScalarSelect[int]:
    mine = Attachment.provider_id == ClaimItem.provider_id, Attachment.holder_id == ClaimItem.id
    return (
        select(func.count(Attachment.id))
        .where(Attachment.holder == ClaimItem.__tablename__, *mine)
        .correlate(ClaimItem)
        .scalar_subquery()
    )


def _row(row: Any) -> _Row:
    places = (folded(row.from_place), folded(row.to_place)) if row.from_place and row.to_place else None
    miles = row.miles_e4 if row.day else row.quantity_e4
    return _Row(
        row.claim_id, row.reference, row, row.day or row.spent_on, places, miles, bool(row.is_return),
        bool(row.is_separate),
    )  # fmt: skip


def _by_item(rows: list[_Row]) -> Iterator[tuple[Any, list[_Row]]]:
    found: dict[int, list[_Row]] = defaultdict(list)
    for each in rows:
        found[each.item.id].append(each)
    return ((of_item[0].item, of_item) for of_item in found.values())


def _of_item(claim: Claim, item: Any, own: list[_Row], rows: list[_Row]) -> Iterator[Warned]:
    if not item.is_by_rate and not item.files:
        yield Warned(WarningKind.NO_RECEIPT, "A receipt is needed. Add a photograph or a file of it", item.id, True)
    if (ahead := max(each.day for each in own)) > claim.claimed_on:
        text = f"{in_words(ahead)} is after the date of claim, {in_words(claim.claimed_on)}. Change one of them"
        yield Warned(WarningKind.AFTER_CLAIM, text, item.id, True)
    twins = [(each, twin) for each in own if (twin := _twin(claim, each, rows)) is not None]
    if twins:
        each, twin = twins[0]
        what = "trip" if item.is_by_rate else "sum"
        where = "in this claim" if twin.claim_id == claim.id else f"in claim {twin.reference}"
        more = f", and {len(twins) - 1} more" if len(twins) > 1 else ""
        ask = "" if item.reason else ". Remove it, or say why it is right"
        kind = WarningKind.SAME_TRIP if item.is_by_rate else WarningKind.SAME_ITEM
        text = f"The same {what} of {in_words(each.day)} is {where} already{more}{ask}"
        yield Warned(kind, text, item.id, needs_reason=not item.reason)
    shared = [each for each in own if _is_shared(each, rows)]
    if shared:
        text = (
            f"The drive of {in_words(shared[0].day)} is claimed for another child too. Its miles count once"
            + (f", and so do those of {len(shared) - 1} more" if len(shared) > 1 else "")
        )  # fmt: skip
        yield Warned(WarningKind.SHARED, text, item.id)


def _twin(claim: Claim, row: _Row, rows: list[_Row]) -> _Row | None:
    """The first other trip that is the same: above this one in its claim, or in a claim that was sent before this one
    was sent or last changed. Which of the two was begun first tells nothing: a trip is written into an older one too.
    """
    above = rows[: rows.index(row)]
    for each in rows:
        is_before = each in above if each.claim_id == claim.id else each.was_sent_before(claim)
        if is_before and each.is_same(row):
            return each
    return None


def _is_shared(row: _Row, rows: list[_Row]) -> bool:
    """Another child's item, which came first, has the same drive."""
    if row.places is None or row.is_separate or not row.item.is_by_rate:
        return False
    return any(
        each.journey == row.journey and each.item.client_id != row.item.client_id and not each.is_separate
        for each in rows if each.item.id < row.item.id
    )  # fmt: skip


def _of_limits(claim: Claim, beside: Beside, own: list[_Row], rows: list[_Row]) -> Iterator[Warned]:
    for limit in beside.limits:
        match limit.kind:
            case LimitKind.MONTHLY:
                if ((count := beside.sent_in_month) + 1) * SCALE > limit.most_e4:
                    month = f"{claim.submitted_on or today():%B %Y}"
                    text = f"{limit.sentence}. You have sent {count} in {month}"
                    yield Warned(WarningKind.LIMIT, text, None, limit.refuses)
            case LimitKind.AGE:
                yield from _too_old(claim, limit, own)
            case LimitKind.DAILY_MILES:
                yield from _too_far(limit, own, rows)


def _limited(limit: ClaimLimit, rows: Collection[_Row]) -> list[_Row]:
    return [each for each in rows if limit.service_level_id in (None, each.item.service_level_id)]


def _too_old(claim: Claim, limit: ClaimLimit, own: list[_Row]) -> Iterator[Warned]:
    sent_on = claim.submitted_on or today()
    most = limit.most_e4 // SCALE
    for item, of_item in _by_item([each for each in _limited(limit, own) if (sent_on - each.day).days > most]):
        days = (sent_on - of_item[0].day).days
        when = f"before it was sent, {in_words(sent_on)}" if claim.submitted_on else "ago"
        text = f"{limit.sentence}. {in_words(of_item[0].day)} is {days} days {when}"
        yield Warned(WarningKind.LIMIT, text, item.id, limit.refuses)


def _too_far(limit: ClaimLimit, own: list[_Row], rows: list[_Row]) -> Iterator[Warned]:
    """Miles of a day over all claims of the provider. What siblings were driven together counts once."""
    driven: dict[date, int] = defaultdict(int)
    for each in _limited(limit, rows):
        if each.item.is_by_rate and not _is_shared(each, rows):
            driven[each.day] += each.miles_e4
    told = set()
    for each in _limited(limit, own):
        if each.item.is_by_rate and each.day not in told and driven[each.day] > limit.most_e4:
            told.add(each.day)
            text = f"{limit.sentence}. {in_words(each.day)} comes to {number(driven[each.day])}"
            yield Warned(WarningKind.LIMIT, text, each.item.id, limit.refuses)


def _of_levels(levels: Levels, own: list[_Row]) -> Iterator[Warned]:
    """Approval, rates and how the level is claimed, as they are now: all may have changed since the item was added."""
    for item, of_item in _by_item(own):
        days = sorted({each.day for each in of_item})
        away = next((each.day for each in of_item if not each.item.is_placed), None)
        if away is not None:
            yield Warned(
                WarningKind.NOT_PLACED, f"No care package of this child is in force on {in_words(away)}", item.id
            )
        closed = next((day for day in days if not levels.is_approved(item.service_level_id, day)), None)
        if closed is not None:
            text = NOT_APPROVED.format(level=item.level, day=in_words(closed))
            yield Warned(WarningKind.NOT_APPROVED, text, item.id, True)
            continue
        level = levels.levels[item.service_level_id]
        if item.is_by_rate is levels.is_at_cost(level, days[0]):
            how = AT_COST if item.is_by_rate else BY_RATE
            text = f"{item.level} is claimed {how} on {in_words(days[0])}. Change this item, or remove it"
            yield Warned(WarningKind.OTHER_WAY, text, item.id, True)
            continue
        try:
            levels.paying(level, days)
        except DomainError as problem:
            yield Warned(WarningKind.NO_RATE, str(problem), item.id, True)
