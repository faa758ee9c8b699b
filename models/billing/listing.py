"""Claims as pages list and show them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload

from models.base import session, sum_of
from models.calendar import FinancialYear, today
from models.correspondence.attachment import Attachment
from models.folding import found_by
from models.records.claim import PAYABLE, Claim, ClaimItem, ClaimStatus
from models.records.provider import Provider
from models.statements import built_once
from models.tax_year import ReportYear, TaxYear
from models.waiting import waits
from models.words import Choice


class Order(Choice):
    """How a list is sorted."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LARGEST = "largest"


def _of_items(pence: sa.SQLColumnExpression[int], *when: sa.SQLColumnExpression[bool]) -> sa.ScalarSelect[int]:
    mine = ClaimItem.claim_id == Claim.id, ClaimItem.provider_id == Claim.provider_id
    return select(sum_of(pence)).where(*mine, *when).correlate(Claim).scalar_subquery()


def _claimed() -> sa.ScalarSelect[int]:
    return _of_items(ClaimItem.amount_pence)


def _accepted() -> sa.ColumnElement[int]:
    """0 where it is not decided."""
    return sa.case(
        (Claim.status.in_(PAYABLE), _of_items(ClaimItem.accepted_pence, ClaimItem.is_included)), else_=sa.literal(0)
    )


def _count(entity: type[ClaimItem]) -> sa.ScalarSelect[int]:
    return (
        select(func.count(entity.id)).where(entity.claim_id == Claim.id).correlate(Claim).scalar_subquery()
    )  # fmt: skip


def _files() -> sa.ScalarSelect[int]:
    mine = ClaimItem.claim_id == Claim.id, Attachment.holder == ClaimItem.__tablename__
    query = select(func.count(Attachment.id)).join(ClaimItem, ClaimItem.id == Attachment.holder_id)
    return query.where(*mine, Attachment.provider_id == Claim.provider_id).correlate(Claim).scalar_subquery()


def _rows() -> Select:
    return select(
        Claim.id, Claim.reference, Claim.claimed_on, Claim.status, Claim.submitted_at, Claim.decided_on,
        Claim.provider_id, Claim.made_by_id, Claim.notes, Provider.name.label("provider"),
        Provider.reference.label("provider_reference"), _claimed().label("claimed_pence"),
        _accepted().label("accepted_pence"), _count(ClaimItem).label("item_count"), _files().label("files"),
    ).join(Provider, Provider.id == Claim.provider_id)  # fmt: skip


def claims(
    *,
    status: ClaimStatus | None = None,
    year: ReportYear | None = None,
    text: str = "",
    order: Order = Order.NEWEST,
    with_drafts: bool = True,
) -> Select:
    """Rows of the provider at hand, or for the council of all: id, reference, claimed_on, status, provider (its name),
    provider_id, submitted_at, decided_on, claimed_pence, accepted_pence, item_count, files. `year`, of either sort,
    goes by the date of claim; `text` is looked for in the claim's reference, and in the provider's name. Withdrawn ones
    stand there only if they are asked for by `status`. Without `with_drafts`: what was sent to the panel, or decided.
    """
    query = _rows()
    if status is not None:
        query = query.where(Claim.status == status)
    else:
        query = query.where(Claim.status != ClaimStatus.WITHDRAWN)
    if not with_drafts:
        query = query.where(Claim.was_sent)
    if year is not None:
        query = query.where(Claim.claimed_on.between(year.span.first, year.span.last))
    if text:
        query = query.where(sa.or_(found_by(text, Claim.reference), Provider.found_by(text)))
    return query.order_by(*_ordered(order))


def some_claims(
    provider_id: int, offset: int, limit: int, *, status: ClaimStatus | None = None, year: ReportYear | None = None
) -> tuple[Sequence[Row], int]:
    """A part of the provider's `claims`, the newest first, and how many there are in all, 0 for a part past the end:
    rows with id, claimed_on, status, claimed_pence, accepted_pence, and first_on, the date of the first of them all.
    """
    given: dict[str, Any] = {"provider_id": provider_id, "offset": offset, "limit": limit}
    if status is not None:
        given["status"] = status
    if year is not None:
        given |= {"first_on": year.span.first, "last_on": year.span.last}
    rows = session.execute(_some(status is not None, year is not None), given).all()
    return rows, rows[0].total if rows else 0


@built_once
def _some(of_status: bool, of_year: bool) -> Select:
    every, withdrawn = aliased(Claim), Claim.status != ClaimStatus.WITHDRAWN
    provider_id = sa.bindparam("provider_id", type_=sa.Integer())
    first = select(func.min(every.claimed_on)).where(every.provider_id == provider_id)
    wanted = [Claim.status == sa.bindparam("status", type_=Claim.status.type) if of_status else withdrawn]
    if of_year:
        first_on, last_on = (sa.bindparam(name, type_=sa.Date()) for name in ("first_on", "last_on"))
        wanted.append(Claim.claimed_on.between(first_on, last_on))
    total = select(func.count(Claim.id)).where(*wanted).correlate(None).scalar_subquery()
    return (
        select(
            Claim.id, Claim.claimed_on, Claim.status, _claimed().label("claimed_pence"),
            _accepted().label("accepted_pence"), first.scalar_subquery().label("first_on"), total.label("total"),
        )
        .where(*wanted)
        .order_by(*_ordered(Order.NEWEST))
        .offset(sa.bindparam("offset", type_=sa.Integer()))
        .limit(sa.bindparam("limit", type_=sa.Integer()))
    )  # fmt: skip


def _ordered(order: Order) -> tuple[sa.SQLColumnExpression[Any], ...]:
    if order is Order.LARGEST:
        return sa.desc("claimed_pence"), Claim.claimed_on, Claim.id
    if order is Order.OLDEST:
        return func.coalesce(Claim.submitted_at, Claim.made_at).asc(), Claim.id.asc()
    return Claim.claimed_on.desc(), Claim.id.desc()


def years_since(first_on: date) -> list[ReportYear]:
    """Tax years, and then financial years, from that day's to this one, the newest first."""
    last_on, sorts = max(first_on, today()), ((TaxYear, TaxYear.of), (FinancialYear, FinancialYear.of))
    return [
        ReportYear(sort(begins))
        for sort, of in sorts
        for begins in range(of(last_on).starts_in, of(first_on).starts_in - 1, -1)
    ]


def queue(*, text: str = "", order: Order = Order.OLDEST) -> Select:
    """Rows as `claims` gives them, of those that wait for the panel: the one that was sent first stands first."""
    return claims(status=ClaimStatus.PENDING, text=text, order=order)


def in_queue() -> Select[int]:
    """Ids of the claims that wait for the panel, in the order of the queue: the one after this is the next."""
    query = select(Claim.id).where(Claim.status == ClaimStatus.PENDING, Claim.of_portal())
    return query.order_by(*_ordered(Order.OLDEST))


def numbered(claim_id: int) -> Select[Claim]:
    """The claim with its provider, and its items with level, child and trips, in one statement: `unique()` it."""
    items = joinedload(Claim.items)
    parts = [items.joinedload(each) for each in (ClaimItem.level, ClaimItem.client, ClaimItem.trips)]
    query = select(Claim).join(Claim.provider).options(contains_eager(Claim.provider), *parts)
    return query.where(Claim.id == claim_id)


def sent(claim_id: int) -> Select[Claim]:
    """As `numbered`, for the council: what was never sent to the panel is not there."""
    return numbered(claim_id).where(Claim.was_sent)


def several(claim_ids: Sequence[int]) -> Select[Claim]:
    """With their items, in order, those that were sent to the panel: to accept several at once."""
    query = select(Claim).where(Claim.id.in_(claim_ids), Claim.was_sent).options(selectinload(Claim.items))
    return query.order_by(Claim.id)


def attached(claim: Claim) -> Select[Attachment]:
    """The files of its items."""
    items = select(ClaimItem.id).where(ClaimItem.claim_id == claim.id)
    of_items = Attachment.holder == ClaimItem.__tablename__, Attachment.provider_id == claim.provider_id
    return select(Attachment).where(*of_items, Attachment.holder_id.in_(items)).order_by(Attachment.id)


def by_item(files: Iterable[Attachment]) -> dict[int, list[Attachment]]:
    """Files of items of claims, by item."""
    found: dict[int, list[Attachment]] = defaultdict(list)
    for each in files:
        found[each.holder_id].append(each)
    return found


def last_claim(provider_id: int) -> Select[Claim]:
    """The claim of the provider that was sent last and has items by rate: the one to copy."""
    by_rate = select(ClaimItem.claim_id).where(ClaimItem.provider_id == provider_id, ClaimItem.is_by_rate)
    mine = Claim.provider_id == provider_id, Claim.submitted_at.is_not(None), Claim.id.in_(by_rate)
    return select(Claim).where(*mine).order_by(Claim.claimed_on.desc(), Claim.id.desc()).limit(1)


def undecided() -> Select:
    """The claims that wait for the panel, counted with their sum: see models.waiting."""
    pence = sa.cast(func.sum(_claimed()), sa.BigInteger)
    query = waits("claims", func.count(Claim.id), func.min(Claim.submitted_at), pence)
    return query.where(Claim.status == ClaimStatus.PENDING, Claim.of_portal())


def undecided_pence(provider_id: int | None = None) -> int:
    """What is claimed and not decided: it stands beside what the provider is entitled to. Claims that wait for the
    panel, and those that it has returned for information.
    """
    query = select(sum_of(ClaimItem.amount_pence)).join(Claim, Claim.id == ClaimItem.claim_id)
    query = query.where(Claim.status.in_((ClaimStatus.PENDING, ClaimStatus.RETURNED)))
    return session.scalar(query if provider_id is None else query.where(Claim.provider_id == provider_id)) or 0
