"""Promises of debts."""

from collections import defaultdict
from collections.abc import Collection, Iterator

import sqlalchemy as sa
from sqlalchemy import select

from models.base import session, sum_of
from models.money import gbp
from models.payments import owing
from models.payments.debt import DebtEntry, DebtEntryKind, WriteOff
from models.payments.payment import PaymentLine
from models.verify.broken import BrokenPromise


def debts() -> Iterator[BrokenPromise]:
    """No contract owes less than nothing; what is moved from one is moved to another; what is written off, a second
    person has agreed to.
    """
    for contract_id, pence in sorted(owed_by().items()):
        if pence < 0:
            yield BrokenPromise("no debt is below £0.00", gbp(pence), {"contract": contract_id})
    entry, asked = DebtEntry, WriteOff
    moved = select(entry.provider_id, sum_of(entry.pence)).where(entry.kind == DebtEntryKind.MOVED)
    for provider_id, pence in session.execute(moved.group_by(entry.provider_id).order_by(entry.provider_id)):
        if pence:
            yield BrokenPromise("a debt is moved from one contract to another", gbp(pence), {"provider": provider_id})
    given_up = _sums(select(entry.contract_id, sum_of(entry.pence)).where(entry.kind == DebtEntryKind.WRITTEN_OFF))
    by_two = asked.is_agreed.is_(True), asked.asked_by_id != asked.decided_by_id
    agreed = _sums(select(asked.contract_id, sum_of(asked.pence)).where(*by_two))
    for contract_id in sorted({*given_up, *agreed}):
        entered, meant = given_up.get(contract_id, 0), agreed.get(contract_id, 0)
        if entered != meant:
            words = f"{gbp(entered)} written off, {gbp(meant)} agreed to"
            yield BrokenPromise("a second person agrees to what is written off", words, {"contract": contract_id})


def stranded() -> Iterator[BrokenPromise]:
    """Where no payment is to come from which a debt can be taken, somebody sees to it: instalments are agreed, or a
    write-off is asked for.
    """
    for row in session.execute(owing.listed(concern=owing.Concern.NOTHING_LEFT)):
        if row.per_payment_pence is None and row.write_off_pence is None:
            words = f"{gbp(row.owed_pence)} is owed. Ask for the money, or move or write it off"
            yield BrokenPromise("a debt has a payment to be taken from", words, {"contract": row.id}, is_warning=True)


def owed_by(provider_ids: Collection[int] | None = None) -> dict[int, int]:
    """Carried - brought - entries, by contract; below £0.00 too, where that is wrong. Of all providers, or of these."""
    line, entry = PaymentLine, DebtEntry
    carried = select(line.contract_id, sum_of(line.net_pence)).where(~line.is_own)
    entries = select(entry.contract_id, -sum_of(entry.pence))
    if provider_ids is not None:
        carried = carried.where(line.provider_id.in_(provider_ids))
        entries = entries.where(entry.provider_id.in_(provider_ids))
    found: dict[int, int] = defaultdict(int)
    for query in (carried.group_by(line.contract_id), entries.group_by(entry.contract_id)):
        for contract_id, pence in session.execute(query):
            found[contract_id] += pence
    return found


def _sums(query: sa.Select) -> dict[int, int]:
    """Pence by contract, which is the first column."""
    return dict(session.execute(query.group_by(query.selected_columns[0])).all())


CHECKS = (debts, stranded)
