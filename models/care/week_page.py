"""One week of actuals as a page shows it: the rows as they stand, and all that was ever confirmed of them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Row, Select, select

from models.accounts.user import User
from models.base import session
from models.calendar import today
from models.care.rules import Rulebook
from models.records.actual import Actual, ActualException, ActualWeek, ConfirmedActual
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, ServiceLevel
from models.records.provider import Provider


def numbered(week_id: int) -> Select[ActualWeek]:
    """The week with its contract and service."""
    parts = (sa.orm.joinedload(ActualWeek.contract), sa.orm.joinedload(ActualWeek.service))
    return select(ActualWeek).options(*parts).where(ActualWeek.id == week_id)


@dataclass(frozen=True)
class WeekPage:
    """`rows`: id, item_id, the draft's figures, client and level, in the order of masked names. `figures`: what was
    confirmed of each line item, the newest first, each with the exception of it (None where there is none).
    """

    provider: str
    rows: list[Row]
    figures: dict[int, list[tuple[ConfirmedActual, ActualException | None]]]
    people: dict[int, str]
    """Names of who began, confirmed and opened it, by user id."""

    @classmethod
    def of(cls, week: ActualWeek) -> "WeekPage":
        """Four queries."""
        figures: dict[int, list[tuple[ConfirmedActual, ActualException | None]]] = defaultdict(list)
        joined = select(ConfirmedActual, ActualException).outerjoin(
            ActualException, ActualException.confirmed_id == ConfirmedActual.id
        )
        for figure, said in session.execute(
            joined.where(ConfirmedActual.week_id == week.id).order_by(ConfirmedActual.number.desc(), ConfirmedActual.id)
        ):
            figures[figure.item_id].append((figure, said))
        ids = {week.generated_by_id, week.confirmed_by_id, week.reopened_by_id}
        ids |= {figure.confirmed_by_id for found in figures.values() for figure, _ in found}
        people = select(User.id, User.name).where(User.id.in_([each for each in ids if each is not None]))
        provider = session.scalar(select(Provider.name).where(Provider.id == week.provider_id)) or ""
        names = {row.id: row.name for row in session.execute(people)}
        return cls(provider, list(session.execute(_rows(week))), dict(figures), names)

    def closed_since(self, week: ActualWeek) -> date | None:
        """The last day on which its provider could confirm it, where that is past and nobody of the council has opened
        it; one query.
        """
        levels = {row.level_id for row in self.rows}
        if week.is_opened_by_council or not levels:
            return None
        latest = Rulebook.read(levels).latest(levels, week.first_on)
        return latest if today() > latest else None


def _rows(week: ActualWeek) -> Select:
    item = CarePackageLineItem
    return (
        select(
            Actual.id, Actual.item_id, Actual.planned_e4, Actual.actual_e4, Actual.frustrated_e4, Actual.missed_e4,
            Actual.extra_e4, Actual.visits, Actual.reason, Actual.comment, item.reference.label("item_reference"),
            ServiceLevel.id.label("level_id"), ServiceLevel.name.label("level"), ServiceLevel.unit,
            Client.id.label("client_id"),
            Client.reference.label("client_reference"), Client.surname, Client.first_name,
        )
        .join(item, item.id == Actual.item_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(Client, Client.id == item.client_id)
        .join(Contract, Contract.id == item.contract_id)
        .where(Actual.week_id == week.id)
        .order_by(*Client.shown_order(), item.reference)
    )  # fmt: skip
