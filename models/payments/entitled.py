"""What each contract was entitled to, day by day: what every calculation of that day found, its last one counting.

Statements of account rest on it (models/reports/statement.py). A row stands for its day and those after it until the
next one; a contract that is entitled to the same gets no new row.
"""

from collections.abc import Collection, Mapping
from datetime import date

import sqlalchemy as sa
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, Pence, rows_changed, session
from models.tenancy import ProviderOwned, owned


class EntitledSum(ProviderOwned, Base):
    """What the facts entitled a contract to, from the beginning up to this day; pence with VAT."""

    __tablename__ = "entitled_sum"
    __table_args__ = owned(
        sa.UniqueConstraint("contract_id", "on"),
        contract_id="contract",
    )

    id: Mapped[Key]
    contract_id: Mapped[int]
    on: Mapped[date]
    pence: Mapped[Pence]
    is_opening: Mapped[bool] = mapped_column(default=False)
    """The contract was paid before the portal kept this: of the days before, nobody knows what was calculated."""


def keep_entitled(
    sums: Mapping[int, int], as_on: date, *, providers: Mapping[int, int], paid_before: Collection[int]
) -> None:
    """Store what a calculation of that day found, pence by contract id. `providers` says whose each contract is;
    `paid_before`: ids of the contracts that had payments on record before it. One query, and a write of what differs.
    """
    entitled = EntitledSum
    last = _newest(sums.keys())
    is_last = sa.and_(entitled.contract_id == last.c.contract_id, entitled.on == last.c.on)
    query = select(entitled.id, entitled.contract_id, entitled.on, entitled.pence).join(last, is_last)
    stored = {row.contract_id: row for row in session.execute(query)}
    if any(row.on > as_on for row in stored.values()):  # as on a later day somebody has looked ahead
        ahead = entitled.contract_id.in_(sums.keys()), entitled.on > as_on
        rows_changed(delete(entitled).where(*ahead), unsynced=True)
        keep_entitled(sums, as_on, providers=providers, paid_before=paid_before)
        return
    changed = {id_: pence for id_, pence in sums.items() if id_ not in stored or stored[id_].pence != pence}
    same_day = {id_: pence for id_, pence in changed.items() if id_ in stored and stored[id_].on == as_on}
    if same_day:
        session.execute(update(entitled), [{"id": stored[id_].id, "pence": each} for id_, each in same_day.items()])
    new = [
        {"provider_id": providers[id_], "contract_id": id_, "on": as_on, "pence": pence,
         "is_opening": id_ not in stored and id_ in paid_before}
        for id_, pence in changed.items()
        if id_ not in same_day
    ]  # fmt: skip
    if new:
        session.execute(insert(entitled), new)


def latest_entitled(contract_ids: Collection[int]) -> dict[int, int]:
    """What was calculated last, pence by contract id; without contracts of which nothing is kept."""
    last = _newest(contract_ids)
    is_last = sa.and_(EntitledSum.contract_id == last.c.contract_id, EntitledSum.on == last.c.on)
    return dict(session.execute(select(EntitledSum.contract_id, EntitledSum.pence).join(last, is_last)).all())


def _newest(contract_ids: Collection[int]) -> sa.Subquery:
    entitled = EntitledSum
    of_these = entitled.contract_id.in_(contract_ids)
    query = select(entitled.contract_id, sa.func.max(entitled.on).label("on")).where(of_these)
    return query.group_by(entitled.contract_id).subquery("newest")
