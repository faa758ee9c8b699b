"""The ledger of what a contract owes: what runs have added to its debt and taken for it, and what was repaid, written
off or moved, from the oldest to the newest, each with what is left after it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.accounts.user import User
from models.base import UTCDateTime, session
from models.calendar import Span
from models.engine.component import Component
from models.payments.debt import DebtEntry, DebtEntryKind
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun
from models.words import Choice


class Step(Choice):
    """What an entry of the ledger is."""

    ADDED = "added"
    """A run took back more than a payment held."""
    TAKEN = "taken"
    """A run took it from a payment."""
    REPAID = "repaid"
    WRITTEN_OFF = "written off"
    REINSTATED = "owed again"
    """A run has taken back a write-off."""
    MOVED_AWAY = "moved to another contract"
    MOVED_HERE = "moved from another contract"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; pence. A run's names the payment, by the days of its period."""

    on: date
    step: Step
    change_pence: int
    """Above £0.00 more is owed."""
    left_pence: int = 0
    """What is owed after it."""
    span: Span | None = None
    run_id: int | None = None
    id: int | None = None
    """That of the DebtEntry, where one stands behind it."""
    surplus_pence: int = 0
    """What was repaid above the debt."""
    surplus_note: str = ""
    """What became of that; empty while it waits."""
    reason: str = ""
    by: str = ""

    @property
    def surplus_waits(self) -> bool:
        return self.surplus_pence > 0 and not self.surplus_note


@dataclass(frozen=True)
class Ledger:
    """The entries of one contract in order, and what they add up to; pence."""

    entries: Sequence[Entry] = ()
    opening_pence: int = 0

    @property
    def left_pence(self) -> int:
        return self.entries[-1].left_pence if self.entries else self.opening_pence

    def _sum(self, *steps: Step) -> int:
        return sum(each.change_pence for each in self.entries if each.step in steps)

    @property
    def added_pence(self) -> int:
        return self._sum(Step.ADDED)

    @property
    def taken_pence(self) -> int:
        return -self._sum(Step.TAKEN)

    @property
    def repaid_pence(self) -> int:
        return -self._sum(Step.REPAID)

    @property
    def written_off_pence(self) -> int:
        """Less what is owed again."""
        return -self._sum(Step.WRITTEN_OFF, Step.REINSTATED)

    @property
    def moved_pence(self) -> int:
        """Moved to other contracts, less what was moved here."""
        return -self._sum(Step.MOVED_AWAY, Step.MOVED_HERE)

    @property
    def owed_since(self) -> date | None:
        """The day since which something has been owed without a break; None where nothing is."""
        since = None
        for each in self.entries:
            since = (since or each.on) if each.left_pence > 0 else None
        return since

    def between(self, first_on: date, last_on: date) -> "Ledger":
        """Only the entries of these days, with what was owed before them."""
        before = [each for each in self.entries if each.on < first_on]
        return Ledger(
            [each for each in self.entries if first_on <= each.on <= last_on],
            before[-1].left_pence if before else self.opening_pence,
        )

    def least_since(self, day: date) -> int:
        """The least that was owed at any time from the end of that day until now."""
        at_its_end = [each.left_pence for each in self.entries if each.on <= day][-1:] or [self.opening_pence]
        return min(at_its_end + [each.left_pence for each in self.entries if each.on > day])


@dataclass(slots=True)
class _Found:
    """An entry, and its place among those of the same day."""

    entry: Entry
    place: tuple[Any, ...]


@dataclass(slots=True)
class _Book:
    found: list[_Found] = field(default_factory=list)

    def ledger(self) -> Ledger:
        left, entries = 0, []
        for each in sorted(self.found, key=attrgetter("entry.on", "place")):
            left += each.entry.change_pence
            entries.append(replace(each.entry, left_pence=max(left, 0)))
        return Ledger(entries)


def ledgers_of(contract_ids: Iterable[int]) -> dict[int, Ledger]:
    """The ledgers of these contracts, by contract id, in one query; an empty one for who never owed anything."""
    ids = list(contract_ids)
    books: dict[int, _Book] = defaultdict(_Book)
    for row in session.execute(_rows(ids)) if ids else ():
        books[row.contract_id].found.append(_of_run(row) if row.is_line else _entered(row))
    return {id_: books[id_].ledger() for id_ in ids}


def ledger_of(contract_id: int) -> Ledger:
    return ledgers_of([contract_id])[contract_id]


def _rows(contract_ids: list[int]) -> sa.CompoundSelect:
    """What runs have carried forward and brought forward (`is_line`); and what people have entered, and what runs have
    taken back of a write-off.
    """
    line, payment, run, entry = PaymentLine, ScheduledPayment, PaymentRun, DebtEntry
    no_day, no_text = sa.cast(sa.null(), sa.Date), sa.literal("")

    def rows(of: type[PaymentLine | DebtEntry], **columns: Any) -> Select:
        query = select(
            sa.literal(of is line).label("is_line"), of.id, of.contract_id, of.run_id,
            *(column.label(name) for name, column in columns.items()),
            run.as_on, run.authorised_at, run.finalised_at,
        )  # fmt: skip
        return query.select_from(of).where(of.contract_id.in_(contract_ids))

    lines = rows(
        line, what=sa.cast(line.component, sa.String), pence=line.net_pence, first_on=payment.first_on,
        last_on=payment.last_on, on=no_day, made_at=sa.cast(sa.null(), UTCDateTime), surplus_pence=sa.literal(0),
        surplus_note=no_text, reason=no_text, by=no_text,
    )  # fmt: skip
    entries = rows(
        entry, what=sa.cast(entry.kind, sa.String), pence=entry.pence, first_on=no_day, last_on=no_day, on=entry.on,
        made_at=entry.made_at, surplus_pence=entry.surplus_pence, surplus_note=entry.surplus_note,
        reason=entry.reason, by=sa.func.coalesce(User.name, ""),
    )  # fmt: skip
    return sa.union_all(
        lines.join(payment, payment.id == line.payment_id).join(run, run.id == line.run_id).where(~line.is_own),
        entries.outerjoin(User, User.id == entry.made_by_id).outerjoin(run, run.id == entry.run_id),
    )


def _instant(row: Any) -> datetime:
    """When the run was done, as its place among the entries of a day; a run that is not through yet, when it began."""
    return row.finalised_at or row.authorised_at or datetime.combine(row.as_on, time.min, UTC)


def _of_run(row: Any) -> _Found:
    step = Step.ADDED if row.what == Component.CARRIED_FORWARD else Step.TAKEN
    entry = Entry(row.as_on, step, row.pence, span=Span(row.first_on, row.last_on), run_id=row.run_id)
    return _Found(entry, (_instant(row), row.run_id, 1, row.first_on, row.id))


def _entered(row: Any) -> _Found:
    entry = Entry(
        row.as_on or row.on, _step_of(row), -row.pence, run_id=row.run_id, id=row.id, surplus_pence=row.surplus_pence,
        surplus_note=row.surplus_note, reason=row.reason, by=row.by,
    )  # fmt: skip
    place = (_instant(row), row.run_id, 0) if row.run_id else (row.made_at, 0, 1)
    return _Found(entry, (*place, row.on, row.id))


def _step_of(row: Any) -> Step:
    match row.what:
        case DebtEntryKind.REPAID:
            return Step.REPAID
        case DebtEntryKind.WRITTEN_OFF:
            return Step.WRITTEN_OFF
        case DebtEntryKind.REINSTATED:
            return Step.REINSTATED
        case _:
            return Step.MOVED_AWAY if row.pence > 0 else Step.MOVED_HERE
