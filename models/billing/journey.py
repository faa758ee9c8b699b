"""Journeys that a provider drives again and again, kept so that a trip is logged with one press."""

import sqlalchemy as sa
from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, Key, TenThousandths, session
from models.money import SCALE
from models.records.provider import Provider
from models.tenancy import ProviderOwned, owned

MOST = 50
"""Journeys of one provider."""
LONGEST_NAME = 80
LONGEST_PLACE = 120
MOST_MILES_E4 = 1_000 * SCALE
"""Of one trip, one way."""


class SavedJourney(ProviderOwned, Base):
    __tablename__ = "saved_journey"
    __table_args__ = owned(
        sa.UniqueConstraint("provider_id", "name"), sa.CheckConstraint("miles_e4 > 0", name="some_miles")
    )

    id: Mapped[Key]
    name: Mapped[str]
    from_place: Mapped[str]
    to_place: Mapped[str]
    purpose: Mapped[str] = mapped_column(default="")
    miles_e4: Mapped[TenThousandths]
    """One way, in whole tenths of a mile."""
    is_return: Mapped[bool] = mapped_column(default=False)

    @classmethod
    def listed(cls) -> Select["SavedJourney"]:
        """Of the provider at hand, by name."""
        return select(cls).order_by(cls.name, cls.id)

    @classmethod
    def numbered(cls, journey_id: int) -> Select["SavedJourney"]:
        return select(cls).where(cls.id == journey_id)


def save_journey(
    provider: Provider, name: str, *, from_place: str, to_place: str, purpose: str = "", miles_e4: int,
    is_return: bool = False, by: User,
) -> SavedJourney:  # fmt: skip
    """Keep it under a name of the provider's own: one of the same name is replaced. DomainError where MOST are kept."""
    name = " ".join(name.split())[:LONGEST_NAME]
    if not name:
        raise DomainError("Enter a name for the journey")
    insist_on_miles(miles_e4)
    provider.one_at_a_time()
    session.execute(delete(SavedJourney).where(SavedJourney.provider_id == provider.id, SavedJourney.name == name))
    kept = session.scalar(select(func.count(SavedJourney.id)).where(SavedJourney.provider_id == provider.id)) or 0
    if kept >= MOST:
        raise DomainError(f"You have saved {MOST} journeys. Remove one that you no longer drive")
    journey = SavedJourney(
        provider_id=provider.id, name=name, from_place=tidy(from_place), to_place=tidy(to_place),
        purpose=tidy(purpose), miles_e4=miles_e4, is_return=is_return,
    )  # fmt: skip
    session.add(journey)
    record("journey.saved", journey, by=by)
    return journey


def forget_journey(journey: SavedJourney, *, by: User) -> None:
    record("journey.forgotten", journey, by=by)
    session.execute(delete(SavedJourney).where(SavedJourney.id == journey.id))


def tidy(text: str) -> str:
    """A place or a purpose, in one line."""
    return " ".join(text.split())[:LONGEST_PLACE]


def insist_on_miles(miles_e4: int) -> None:
    """DomainError where these are no miles of a trip: above 0, in whole tenths, at most 1,000."""
    if miles_e4 <= 0 or miles_e4 % (SCALE // 10):
        raise DomainError("Enter the miles in whole tenths, like 12.5")
    if miles_e4 > MOST_MILES_E4:
        raise DomainError("Enter no more than 1,000 miles for one trip")
