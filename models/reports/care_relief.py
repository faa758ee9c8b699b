"""Qualifying care relief: what a carer's household may receive in a tax year before tax is due, as the law sets it.

Figures of law are rows with the instrument that set them. A year that is not on record, or that nobody has checked,
has no figures here, and nothing is worked out for it.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, Key, Pence, insert_first, move, session, utc_now
from models.tax_year import TaxYear


class CareRelief(Base):
    """The figures of one tax year, in pence. One person enters them, and another checks them against the instrument."""

    __tablename__ = "care_relief"
    __table_args__ = (
        sa.CheckConstraint("fixed_pence > 0 AND younger_pence > 0 AND older_pence > 0", name="some_amount"),
        sa.CheckConstraint("(checked_at IS NULL) = (checked_by_id IS NULL)", name="checked_by"),
        sa.CheckConstraint("checked_by_id IS NULL OR entered_by_id IS NULL OR checked_by_id <> entered_by_id",
                           name="two_people"),
    )  # fmt: skip

    id: Mapped[Key]
    year: Mapped[int] = mapped_column(unique=True)
    """The calendar year in which the tax year begins."""
    fixed_pence: Mapped[Pence]
    """A household's, for a whole year."""
    younger_pence: Mapped[Pence]
    """A week, for a child under 11."""
    older_pence: Mapped[Pence]
    """A week, for a child of 11 or over, or an adult."""
    instrument: Mapped[str]
    """Which law or statutory instrument sets them."""
    entered_at: Mapped[datetime] = mapped_column(default=utc_now)
    entered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    """None of what came with the portal."""
    checked_at: Mapped[datetime | None]
    checked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))

    entered_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=entered_by_id)
    checked_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=checked_by_id)

    @property
    def tax_year(self) -> TaxYear:
        return TaxYear(self.year)

    @property
    def is_checked(self) -> bool:
        return self.checked_at is not None

    @classmethod
    def newest_first(cls) -> Select["CareRelief"]:
        who = sa.orm.joinedload(cls.entered_by), sa.orm.joinedload(cls.checked_by)
        return select(cls).order_by(cls.year.desc()).options(*who)

    @classmethod
    def numbered(cls, id_: int) -> Select["CareRelief"]:
        return cls.newest_first().where(cls.id == id_)

    @classmethod
    def of(cls, year: TaxYear) -> Select["CareRelief"]:
        return select(cls).where(cls.year == year.starts_in)

    def qualifying_pence(self, younger_weeks: int, older_weeks: int) -> int:
        """What a household may receive in that year: the fixed sum for the whole of it, and so many weeks of care."""
        return self.fixed_pence + younger_weeks * self.younger_pence + older_weeks * self.older_pence

    def check(self, *, by: User) -> None:
        """Say that the figures are those of the instrument. DomainError for whoever entered them, and where somebody
        has checked or changed them since they were read.
        """
        if by.id == self.entered_by_id:
            raise DomainError("You entered these figures. Ask a colleague to check them against the instrument")
        figures = (CareRelief.fixed_pence == self.fixed_pence, CareRelief.younger_pence == self.younger_pence,
                   CareRelief.older_pence == self.older_pence)  # fmt: skip
        if not move(self, CareRelief.checked_at.is_(None), *figures, checked_at=utc_now(), checked_by_id=by.id):
            raise DomainError("Somebody else has just checked or changed these figures. Look at them again")
        record("care_relief.checked", self, by=by, year=self.year)

    def correct(self, *, fixed_pence: int, younger_pence: int, older_pence: int, instrument: str, by: User) -> None:
        """Enter other figures for the year: nothing is worked out with them until somebody else has checked them."""
        was = [self.fixed_pence, self.younger_pence, self.older_pence]
        is_as_read = CareRelief.fixed_pence == self.fixed_pence, CareRelief.older_pence == self.older_pence
        values = {"fixed_pence": fixed_pence, "younger_pence": younger_pence, "older_pence": older_pence}
        anew = {"entered_at": utc_now(), "entered_by_id": by.id, "checked_at": None, "checked_by_id": None}
        if not move(self, *is_as_read, **values, instrument=instrument, **anew):
            raise DomainError("Somebody else has just changed these figures. Look at them again")
        record("care_relief.corrected", self, by=by, year=self.year, was=was, now=list(values.values()))


def enter(
    year: int, *, fixed_pence: int, younger_pence: int, older_pence: int, instrument: str, by: User
) -> CareRelief:
    """Put a tax year on record, to be checked by somebody else. DomainError where it is there already."""
    figures = {"fixed_pence": fixed_pence, "younger_pence": younger_pence, "older_pence": older_pence}
    values = {"instrument": instrument, "entered_at": utc_now(), "entered_by_id": by.id}
    is_first = insert_first(CareRelief, year=year, **figures, **values)
    row = session.scalars(CareRelief.of(TaxYear(year))).one()
    if not is_first:
        raise DomainError(f"The tax year {row.tax_year} is on record already. Correct its figures instead")
    record("care_relief.entered", row, by=by, year=year, now=list(figures.values()))
    return row
