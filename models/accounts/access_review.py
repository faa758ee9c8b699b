"""The review that a provider makes every six calendar months of who still has access to it.

Due dates follow the real date, not the business calendar of a demonstration or training. A carer works alone and has
nobody to review, so a provider whose only people are carers is never due.
"""

from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts import team
from models.accounts.user import Membership, User
from models.audit import record
from models.base import Base, DomainError, Key, UTCDateTime, session, utc_now
from models.calendar import london_day, midnight
from models.permissions import Role
from models.records.provider import Provider
from models.statements import Id, named
from models.tenancy import ProviderOwned
from models.waiting import waits

MONTHS = 6


class AccessReview(ProviderOwned, Base):
    """Somebody has gone through everybody with access to this provider, and has kept or removed each of them."""

    __tablename__ = "access_review"

    id: Mapped[Key]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))


def review(places: Sequence[Membership], leavers: Collection[int], *, by: User) -> AccessReview:
    """Record the review, and remove the people with the user ids `leavers`. `places` are the places that the page
    showed.

    DomainError if somebody was let in or removed since, or if no administrator would be left.
    """
    now = session.scalars(team.colleagues().where(Membership.granted_at.is_not(None))).all()
    if {place.id for place in places} != {place.id for place in now}:
        raise DomainError("Somebody was let in or removed while you were choosing. Look at the list again")
    [provider_id] = {place.provider_id for place in places}
    done = AccessReview(provider_id=provider_id, by_id=by.id)
    session.add(done)
    record("access.reviewed", done, by=by, people=len(places), removed=len(leavers))
    for place in sorted(places, key=lambda place: place.user_id == by.id):
        if place.user_id in leavers:
            team.remove(place, by=by)
    return done


@dataclass(frozen=True)
class Reviewed:
    """How a provider stands with its reviews."""

    last_at: datetime | None = None
    """When the newest was made; None where there has been none."""
    due_on: date | None = None
    """The day by which the next is to be made; None where there is nothing to review."""

    @property
    def is_due(self) -> bool:
        return is_due(self.due_on)


def reviewed(provider_id: int) -> Reviewed:
    row = session.execute(since_last(provider_id)).one_or_none()
    return Reviewed(row.reviewed_at, six_months_after(london_day(row.since))) if row else Reviewed()


def since_last(provider_id: Id) -> Select:
    """One row with `since`, the last review (`reviewed_at`) or the first grant of access; none where there is nothing
    to review.
    """
    return _since().where(Provider.id == provider_id)


def is_due(day: date | None) -> bool:
    return day is not None and day <= _today()


def overdue() -> Select:
    """Rows (id, name, reference, since) of providers whose review is due, the longest overdue first. `since` is the
    last review or, without one, the first grant of access.
    """
    since = _since()
    return since.where(since.selected_columns.since < _END_OF_DUE)


def waiting() -> Select:
    """The providers whose reviews are due, counted: see models.waiting. Since the last review or, without one, the
    first grant of access: it has been due since `six_months_after` that.
    """
    rows = overdue().order_by(None).subquery()
    return waits("reviews of access", sa.func.count(rows.c.id), sa.func.min(rows.c.since))


def six_months_after(day: date) -> date:
    """The same day of the month, or the month's last where it has no such day."""
    return _moved(day, MONTHS)


def _since() -> Select:
    reviews = (
        select(AccessReview.provider_id, sa.func.max(AccessReview.at).label("at"))
        .group_by(AccessReview.provider_id)
        .subquery()
    )
    grants = (
        select(Membership.provider_id, sa.func.min(Membership.granted_at).label("at"))
        .where(Membership.role != Role.CARER, Membership.granted_at.is_not(None))
        .group_by(Membership.provider_id)
        .subquery()
    )
    since = sa.func.coalesce(reviews.c.at, grants.c.at)
    return (
        select(Provider.id, Provider.name, Provider.reference, since.label("since"), reviews.c.at.label("reviewed_at"))
        .join(grants, grants.c.provider_id == Provider.id)
        .outerjoin(reviews, reviews.c.provider_id == Provider.id)
        .order_by(since, Provider.id)
    )


def _today() -> date:
    return london_day(utc_now())


def _last_day_due(today: date) -> date:
    """The last day that lies at least six months before `today`."""
    back = _moved(today, -MONTHS)
    is_last_of_month = (today + timedelta(days=1)).month != today.month
    return back.replace(day=monthrange(back.year, back.month)[1]) if is_last_of_month else back


def _end_of_due() -> datetime:
    return midnight(_last_day_due(_today()) + timedelta(days=1))


_END_OF_DUE = named("reviewed_before", UTCDateTime(), _end_of_due)
"""A review before this instant is due again. By the real clock."""


def _moved(day: date, months: int) -> date:
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
