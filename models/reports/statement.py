"""A statement of account between two days: what a provider was entitled to, what it was paid, and what is left.

closing = opening + entitled - paid + repaid + written off, in pence with VAT. Entitled is what was calculated on the
later day less what was on the earlier (models/payments/entitled.py); paid goes by the day of the run. What a run took
for a debt, or added to one, is shown beside what it paid and not subtracted: it is in it already. What is moved between
contracts stands in a line of its own, and comes to £0.00 for the provider as a whole. At the end of today closing is
open + held + blocked - owed back (models/reports/whereabouts.py). Above £0.00 the council still has to pay.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session, sum_of
from models.calendar import DAY, today
from models.engine.component import Component
from models.payments.debt import DebtEntry, DebtEntryKind
from models.payments.entitled import EntitledSum
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.run import PaymentRun, RunPayment
from models.payments.sent import SentPayment
from models.records.contract import Contract
from models.words import Choice


class Entry(Choice):
    """What a line of a statement is."""

    ENTITLED = "calculated"
    PAID = "paid"
    REPAID = "repaid"
    WRITTEN_OFF = "written off"
    MOVED = "moved between contracts"


_ORDER = list(Entry)
_KINDS = {DebtEntryKind.REPAID: Entry.REPAID, DebtEntryKind.MOVED: Entry.MOVED}


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `pence` is signed, and adds to the balance."""

    contract_id: int
    on: date
    entry: Entry
    pence: int
    balance_pence: int = 0
    """Of all contracts of the statement, after it."""
    run_id: int | None = None
    taken_pence: int = 0
    """Of a run: what it took for what is owed. It is shown, and changes nothing here."""
    added_pence: int = 0
    """Of a run: what it added to what is owed; shown likewise."""
    reason: str = ""


@dataclass(frozen=True)
class Statement:
    first_on: date
    last_on: date
    opening_pence: int
    """At the end of the day before `first_on`."""
    lines: tuple[Line, ...]
    returned_pence: int = 0
    """Of all that was paid: what the bank has returned, and is to be paid again."""
    begins_on: date | None = None
    """The first day that it can begin on, where the portal has not always kept what was calculated."""

    def _sum(self, *entries: Entry) -> int:
        return sum(line.pence for line in self.lines if line.entry in entries)

    @property
    def entitled_pence(self) -> int:
        return self._sum(Entry.ENTITLED)

    @property
    def paid_pence(self) -> int:
        return -self._sum(Entry.PAID)

    @property
    def repaid_pence(self) -> int:
        return self._sum(Entry.REPAID)

    @property
    def written_off_pence(self) -> int:
        """Less what runs have taken back of it."""
        return self._sum(Entry.WRITTEN_OFF)

    @property
    def moved_pence(self) -> int:
        return self._sum(Entry.MOVED)

    @property
    def taken_pence(self) -> int:
        return sum(line.taken_pence for line in self.lines)

    @property
    def added_pence(self) -> int:
        return sum(line.added_pence for line in self.lines)

    @property
    def closing_pence(self) -> int:
        gone = self.paid_pence - self.repaid_pence - self.written_off_pence - self.moved_pence
        return self.opening_pence + self.entitled_pence - gone


def statement_of(contract_ids: Collection[int], first_on: date, last_on: date) -> Statement:
    """Of these contracts together, from the first day to the last or today, whichever is earlier. Five statements."""
    last_on = min(last_on, today())
    entitled, begins_on = _entitled(contract_ids, last_on)
    if begins_on is not None:
        first_on = max(first_on, begins_on)
    lines = [*entitled, *_paid(contract_ids, last_on), *_entries(contract_ids, last_on)]
    lines.sort(key=lambda line: (line.on, _ORDER.index(line.entry), line.contract_id, line.run_id or 0))
    balance, opening, shown = 0, 0, []
    for line in lines:
        balance += line.pence
        if line.on < first_on:
            opening = balance
        else:
            shown.append(replace(line, balance_pence=balance))
    return Statement(first_on, last_on, opening, tuple(shown), _returned(contract_ids), begins_on)


def _entitled(contract_ids: Collection[int], last_on: date) -> tuple[list[Line], date | None]:
    """What changed in what each contract is entitled to; and the day after the last on which the portal began to keep
    that for one of them, None where it always has.
    """
    row = EntitledSum
    query = select(row).where(row.contract_id.in_(contract_ids), row.on <= last_on).order_by(row.contract_id, row.on)
    before: dict[int, int] = defaultdict(int)
    lines, begins_on = [], None
    for each in session.scalars(query):
        change = each.pence - before[each.contract_id]
        before[each.contract_id] = each.pence
        if each.is_opening:
            begins_on = max(begins_on or each.on + DAY, each.on + DAY)
        if change:
            lines.append(Line(each.contract_id, each.on, Entry.ENTITLED, change))
    return lines, begins_on


def _paid(contract_ids: Collection[int], last_on: date) -> Iterator[Line]:
    """What each run has paid of each contract, and what it took for debts or added to them."""
    part, payment, run = RunPayment, ScheduledPayment, PaymentRun
    query = (
        select(payment.contract_id, run.as_on, part.run_id, sum_of(sa.func.coalesce(part.paid_pence, 0)).label("pence"))
        .join(payment, payment.id == part.payment_id)
        .join(run, run.id == part.run_id)
        .where(payment.contract_id.in_(contract_ids), part.is_finalised, run.as_on <= last_on)
        .group_by(payment.contract_id, run.as_on, part.run_id)
        .order_by(part.run_id, payment.contract_id)
    )
    carried = _carried(contract_ids)
    for row in session.execute(query):
        taken, added = carried.get((row.contract_id, row.run_id), (0, 0))
        if row.pence or taken or added:
            yield Line(
                row.contract_id, row.as_on, Entry.PAID, -row.pence, run_id=row.run_id, taken_pence=taken,
                added_pence=added,
            )  # fmt: skip


def _returned(contract_ids: Collection[int]) -> int:
    sent = SentPayment
    query = select(sum_of(sent.amount_pence)).where(sent.contract_id.in_(contract_ids), sent.is_returned)
    return int(session.execute(query).scalar_one())


def _carried(contract_ids: Collection[int]) -> dict[tuple[int, int], tuple[int, int]]:
    """What runs have brought forward (taken) and carried forward (added), by contract and run."""
    line = PaymentLine

    def of(component: Component) -> sa.ColumnElement[int]:
        return sum_of(sa.case((line.component == component, line.net_pence), else_=0))

    query = (
        select(line.contract_id, line.run_id, of(Component.BROUGHT_FORWARD), of(Component.CARRIED_FORWARD))
        .where(line.contract_id.in_(contract_ids), ~line.is_own, line.run_id.is_not(None))
        .group_by(line.contract_id, line.run_id)
    )
    found: Any = session.execute(query)
    return {(contract_id, run_id): (-brought, carried) for contract_id, run_id, brought, carried in found}


def _entries(contract_ids: Collection[int], last_on: date) -> Iterator[Line]:
    entry, run = DebtEntry, PaymentRun
    query = (
        select(entry, run.as_on)
        .outerjoin(run, run.id == entry.run_id)
        .where(entry.contract_id.in_(contract_ids), entry.pence != 0)
        .order_by(entry.id)
    )
    for each, as_on in session.execute(query):
        on = as_on or each.on
        if on <= last_on:
            kind = _KINDS.get(each.kind, Entry.WRITTEN_OFF)
            yield Line(each.contract_id, on, kind, each.pence, run_id=each.run_id, reason=each.reason)


def contracts_of(provider_id: int) -> dict[int, tuple[str, str]]:
    """Name and reference of each contract of this provider, by id, in the order of the names."""
    query = select(Contract.id, Contract.name, Contract.reference).where(Contract.provider_id == provider_id)
    rows = session.execute(query.order_by(Contract.folded_name, Contract.reference))
    return {id_: (name, reference) for id_, name, reference in rows}
