"""Approval to claim: which service levels a provider may claim, from which day to which. The council gives and ends it.

A grant ends by its last day and is never removed, so that what was claimed under it can be told for good.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, contains_eager, joinedload, mapped_column, relationship

from models.accounts.conflict import insist_on_none
from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, Key, move, session, utc_now
from models.billing.claim_mail import tell_approval
from models.calendar import FAR_FUTURE, in_words, today
from models.records.contract import Claimable, ContractRate, ServiceLevel
from models.records.provider import Provider
from models.tenancy import ProviderOwned, owned

LONGEST_NOTE = 500


class ClaimGrant(ProviderOwned, Base):
    """A provider may claim for days from `starts_on` to `ends_on` (included; None has no end)."""

    __tablename__ = "claim_grant"
    __table_args__ = owned(
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="days"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_by"),
    )

    id: Mapped[Key]
    service_level_id: Mapped[int] = mapped_column(sa.ForeignKey("service_level.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="")
    """For the council only: who approved it, and where that is written."""
    given_at: Mapped[datetime] = mapped_column(default=utc_now)
    given_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]
    """When somebody last said that it ends."""
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))

    level: Mapped[ServiceLevel] = relationship(lazy="raise", viewonly=True)
    provider: Mapped[Provider] = relationship(lazy="raise", viewonly=True)

    @property
    def is_over(self) -> bool:
        """Its last day is past."""
        return self.ends_on is not None and self.ends_on < today()

    def covers(self, day: date) -> bool:
        return self.starts_on <= day <= (self.ends_on or FAR_FUTURE)

    @classmethod
    def covering(cls, day: date) -> sa.ColumnElement[bool]:
        """A condition: it covers the day."""
        return sa.and_(cls.starts_on <= day, sa.or_(cls.ends_on.is_(None), cls.ends_on >= day))

    @classmethod
    def of_provider(cls, provider_id: int) -> Select["ClaimGrant"]:
        """With their levels, by the level's name, the newest of each first."""
        return (
            select(cls)
            .join(cls.level)
            .options(joinedload(cls.level))
            .where(cls.provider_id == provider_id)
            .order_by(ServiceLevel.folded_name, cls.starts_on.desc(), cls.id.desc())
        )

    @classmethod
    def listed(cls, *, text: str = "", current_only: bool = True) -> Select["ClaimGrant"]:
        """Every provider's, with provider and level, by the provider's name. `text` is looked for in its name and
        reference. `current_only`: those whose last day is not past.
        """
        query = select(cls).join(cls.provider).join(cls.level)
        query = query.options(contains_eager(cls.provider), contains_eager(cls.level))
        if text:
            query = query.where(Provider.found_by(text))
        if current_only:
            query = query.where(sa.or_(cls.ends_on.is_(None), cls.ends_on >= today()))
        order = Provider.folded_name, Provider.id, ServiceLevel.folded_name, cls.starts_on.desc(), cls.id.desc()
        return query.order_by(*order)

    @classmethod
    def numbered(cls, grant_id: int) -> Select["ClaimGrant"]:
        options = contains_eager(cls.provider), contains_eager(cls.level)
        return select(cls).join(cls.provider).join(cls.level).options(*options).where(cls.id == grant_id)


def give(
    provider: Provider, level: ServiceLevel, *, starts_on: date, ends_on: date | None = None, note: str = "", by: User
) -> ClaimGrant:
    """The provider may claim the level from then on. DomainError where it may already on one of the days, where no
    contract of the provider has a rate of the level (none would pay it), or where `by` belongs to the provider.
    """
    insist_on_none(by, [provider.id])
    if level.claimable is Claimable.NO:
        raise DomainError(f"{level.name} cannot be claimed. Choose another service level")
    if ends_on is not None and ends_on < starts_on:
        raise DomainError("The last day must be the first day or a later one")
    provider.one_at_a_time()
    rate = select(ContractRate.id).where(
        ContractRate.provider_id == provider.id, ContractRate.service_level_id == level.id
    )
    if session.scalar(rate.limit(1)) is None:
        raise DomainError(
            f"No contract of {provider.name} has a rate for {level.name}, so nothing would pay it. Ask for the rate to "
            "be set in the finance system first"
        )
    same = ClaimGrant.of_provider(provider.id).where(
        ClaimGrant.service_level_id == level.id,
        ClaimGrant.starts_on <= (ends_on or FAR_FUTURE),
        sa.or_(ClaimGrant.ends_on.is_(None), ClaimGrant.ends_on >= starts_on),
    )
    if (other := session.scalars(same.limit(1)).first()) is not None:
        until = f" to {in_words(other.ends_on)}" if other.ends_on else ""
        raise DomainError(
            f"{provider.name} may claim {level.name} already, from {in_words(other.starts_on)}{until}. Give it for "
            "other days, or end that first"
        )
    grant = ClaimGrant(
        provider_id=provider.id, service_level_id=level.id, starts_on=starts_on, ends_on=ends_on, given_by_id=by.id,
        note=" ".join(note.split())[:LONGEST_NOTE],
    )  # fmt: skip
    session.add(grant)
    record("claim_grant.given", grant, by=by, level=level.reference, starts_on=starts_on.isoformat(),
           ends_on=ends_on.isoformat() if ends_on else None)  # fmt: skip
    until = f" to {in_words(ends_on)}" if ends_on else ""
    tell_approval(provider.id, level.name, f"from {in_words(starts_on)}{until}", by=by)
    return grant


def end(grant: ClaimGrant, *, ends_on: date, by: User) -> None:
    """Say its last day, which may be past: trips after it can no longer be sent to the panel. What has been accepted
    stays. DomainError where it is before the first day.
    """
    insist_on_none(by, [grant.provider_id])
    if ends_on < grant.starts_on:
        raise DomainError(f"The last day must be {in_words(grant.starts_on)} or later")
    seen = ClaimGrant.ends_on.is_not_distinct_from(grant.ends_on)
    if not move(grant, seen, ends_on=ends_on, ended_at=utc_now(), ended_by_id=by.id):
        raise DomainError("A colleague has just changed this approval. Look at it again")
    record("claim_grant.ended", grant, by=by, ends_on=ends_on.isoformat())
    level = session.scalars(select(ServiceLevel).where(ServiceLevel.id == grant.service_level_id)).one()
    tell_approval(grant.provider_id, level.name, f"up to {in_words(ends_on)}, and not after it", by=by)
