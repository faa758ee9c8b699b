"""Promises that hold in every sound database, checked over the whole of it. Nothing is changed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import select

from models import folding
from models.auditing import chain
from models.auditing.chain import Head
from models.base import DomainError, begin_write, scope, session, storage_faults, sum_of
from models.calendar import today
from models.engine.component import CARRIED, DEDUCTIONS, Component
from models.engine.periods import lay_out
from models.engine.reckoning import reckon
from models.money import gbp
from models.payments.batching import batches
from models.payments.blocked import BlockedSum, CalculationFault, faults
from models.payments.book import Book
from models.payments.calculation import calculate
from models.payments.confirmation import Confirmation
from models.payments.debt import DebtEntry, DebtEntryKind, WriteOff
from models.payments.loading import load
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import PaymentRun, RunPayment
from models.tenancy import EVERY_PROVIDER, set_tenant
from models.words import folded


@dataclass(frozen=True)
class BrokenPromise:
    """A promise that does not hold, and where. Names records by id, never a client."""

    promise: str
    where: str


def check_all(heads: Iterable[Head] = ()) -> Iterator[BrokenPromise]:
    """Check every promise; a sound database yields nothing. `heads` are those of the audit that were written down
    elsewhere.
    """
    with scope():
        set_tenant(EVERY_PROVIDER)
        of_money = (totals, closed_payments, answers, nothing_below_zero, debts, slices, carried, orders, runs)
        for check in (*of_money, two_people, names, storage):
            yield from check()
        for fault in chain.check(heads):
            yield BrokenPromise("the audit is as it was sealed", fault.words)
        provider_batches = list(batches())
    for batch in provider_batches:
        yield from every_pound(batch)
        yield from drafts_are_current(batch)


def totals() -> Iterator[BrokenPromise]:
    """A payment that has begun comes to what its lines add up to."""
    payment, line = ScheduledPayment, PaymentLine
    total = sum_of(line.total_pence)
    rows = session.execute(
        select(payment.id, payment.total_pence, total)
        .outerjoin(line, sa.and_(line.payment_id == payment.id, line.is_own))
        .where(sa.or_(payment.is_open, payment.is_begun))
        .group_by(payment.id, payment.net_pence, payment.vat_pence)
        .having(payment.total_pence != total)
        .order_by(payment.id)
    )
    for id_, stored, found in rows:
        yield BrokenPromise("lines add up to their payment", f"payment {id_}: {gbp(stored)}, lines {gbp(found)}")


def closed_payments() -> Iterator[BrokenPromise]:
    """What is closed has no draft left, and comes to what was finalised of its own lines."""
    payment, line = ScheduledPayment, PaymentLine
    finalised = sum_of(sa.case((line.run_id.is_not(None), line.total_pence), else_=0))
    drafts = sa.func.count(sa.case((line.run_id.is_(None), line.id)))
    rows = session.execute(
        select(payment.id, payment.total_pence, finalised, drafts)
        .outerjoin(line, sa.and_(line.payment_id == payment.id, line.is_own))
        .where(payment.closed_run_id.is_not(None))
        .group_by(payment.id, payment.net_pence, payment.vat_pence)
        .having(sa.or_(payment.total_pence != finalised, drafts > 0))
        .order_by(payment.id)
    )
    for id_, stored, found, count in rows:
        where = f"payment {id_}: {gbp(stored)}, finalised {gbp(found)}, {count} drafts"
        yield BrokenPromise("a closed payment is what was finalised of it", where)


def answers() -> Iterator[BrokenPromise]:
    """A confirmation stands at the total that was confirmed; what is rejected is paid only if the council said so."""
    payment = ScheduledPayment
    rows = session.execute(
        select(payment.id, payment.total_pence, payment.answered_pence)
        .where(payment.confirmation == Confirmation.CONFIRMED, payment.answered_pence != payment.total_pence)
        .order_by(payment.id)
    )
    for id_, total, answered in rows:
        yield BrokenPromise(
            "a confirmation is to the total", f"payment {id_}: {gbp(total)}, answered {gbp(answered or 0)}"
        )
    for id_ in session.scalars(select(payment.id).where(payment.closed_run_id.is_not(None), payment.is_rejected)):
        yield BrokenPromise("a rejected payment is not paid", f"payment {id_}")


def nothing_below_zero() -> Iterator[BrokenPromise]:
    """No run pays less than nothing for one payment."""
    line = PaymentLine
    total = sum_of(line.total_pence)
    rows = session.execute(
        select(line.payment_id, line.run_id, total)
        .where(line.run_id.is_not(None))
        .group_by(line.payment_id, line.run_id)
        .having(total < 0)
    )
    for payment_id, run_id, found in rows:
        yield BrokenPromise("no payment is below £0.00", f"payment {payment_id} in run {run_id}: {gbp(found)}")


def debts() -> Iterator[BrokenPromise]:
    """No contract owes less than nothing; what is moved from one is moved to another; what is written off, a second
    person has agreed to.
    """
    for contract_id, pence in sorted(_debts().items()):
        if pence < 0:
            yield BrokenPromise("no debt is below £0.00", f"contract {contract_id}: {gbp(pence)}")
    entry, asked = DebtEntry, WriteOff
    moved = select(entry.provider_id, sum_of(entry.pence)).where(entry.kind == DebtEntryKind.MOVED)
    for provider_id, pence in session.execute(moved.group_by(entry.provider_id).order_by(entry.provider_id)):
        if pence:
            yield BrokenPromise("a debt is moved from one contract to another", f"provider {provider_id}: {gbp(pence)}")
    given_up = _sums(select(entry.contract_id, sum_of(entry.pence)).where(entry.kind == DebtEntryKind.WRITTEN_OFF))
    by_two = asked.is_agreed.is_(True), asked.asked_by_id != asked.decided_by_id
    agreed = _sums(select(asked.contract_id, sum_of(asked.pence)).where(*by_two))
    for contract_id in sorted({*given_up, *agreed}):
        entered, meant = given_up.get(contract_id, 0), agreed.get(contract_id, 0)
        if entered != meant:
            where = f"contract {contract_id}: {gbp(entered)} written off, {gbp(meant)} agreed to"
            yield BrokenPromise("a second person agrees to what is written off", where)


def _sums(query: sa.Select) -> dict[int, int]:
    """Pence by contract, which is the first column."""
    return dict(session.execute(query.group_by(query.selected_columns[0])).all())


def slices() -> Iterator[BrokenPromise]:
    """The net and VAT of a line for care or a deduction are those of its slices, less what was finalised before."""
    told = [Component.CARE, *sorted(DEDUCTIONS)]
    line = PaymentLine
    rows = session.execute(
        select(line.id, line.net_pence, line.vat_pence, line.working).where(line.component.in_(told)).order_by(line.id)
    ).yield_per(1_000)
    for id_, net, vat, working in rows:
        due_net = sum(part.net_pence for part in working.slices)
        due_vat = sum(part.vat_pence for part in working.slices)
        if (due_net - working.before_net_pence, due_vat - working.before_vat_pence) != (net, vat):
            yield BrokenPromise("a line is what its slices say", f"line {id_}")


def carried() -> Iterator[BrokenPromise]:
    """Every line belongs to a purchase order, but those of a run that carry a debt."""
    line = PaymentLine
    carries = line.component.in_(CARRIED)
    is_odd = sa.or_(sa.and_(line.is_own, carries), sa.and_(~line.is_own, ~carries))
    for id_ in session.scalars(select(line.id).where(is_odd).order_by(line.id)):
        yield BrokenPromise("a line has an order, or carries a debt", f"line {id_}")


def orders() -> Iterator[BrokenPromise]:
    """The spend of a purchase order is the sum of its finalised lines; its value is that and what it still expects."""
    order, line = PurchaseOrder, PaymentLine
    spend = sum_of(line.total_pence)
    rows = session.execute(
        select(order, spend)
        .outerjoin(line, sa.and_(line.purchase_order_id == order.id, line.run_id.is_not(None)))
        .group_by(order.id)
        .order_by(order.id)
    )
    for row, found in rows:
        if row.spend_pence != found:
            yield BrokenPromise("an order's spend is its finalised lines", f"order {row.number}")
        if row.remaining_pence != sum(part.amount.net_pence + part.amount.vat_pence for part in row.expected):
            yield BrokenPromise("an order's value is its spend and what is to come", f"order {row.number}")


def runs() -> Iterator[BrokenPromise]:
    """What a run has paid for a payment is what its lines come to, and no more than was authorised."""
    member, line = RunPayment, PaymentLine
    of_lines = select(line.run_id, line.payment_id, sum_of(line.total_pence)).where(line.run_id.is_not(None))
    lines = {
        (run_id, payment_id): pence
        for run_id, payment_id, pence in session.execute(of_lines.group_by(line.run_id, line.payment_id))
    }
    of_members = select(member.run_id, member.payment_id, member.paid_pence, member.total_pence)
    members = {(row.run_id, row.payment_id): row for row in session.execute(of_members)}
    for run_id, payment_id in sorted({*lines, *members}):
        row, found = members.get((run_id, payment_id)), lines.get((run_id, payment_id), 0)
        paid = (row.paid_pence or 0) if row else 0
        where = f"run {run_id}, payment {payment_id}: paid {gbp(paid)}"
        if paid != found:
            yield BrokenPromise("a run pays what its lines come to", f"{where}, lines {gbp(found)}")
        if row and paid > max(row.total_pence, 0):
            yield BrokenPromise("a run pays no more than was authorised", f"{where}, authorised {gbp(row.total_pence)}")


def two_people() -> Iterator[BrokenPromise]:
    """No run was authorised by the person who prepared it."""
    run = PaymentRun
    for id_ in session.scalars(
        select(run.id).where(run.authorised_by_id.is_not(None), run.authorised_by_id == run.prepared_by_id)
    ):
        yield BrokenPromise("who prepares a run does not authorise it", f"run {id_}")


def names() -> Iterator[BrokenPromise]:
    """Every folded column holds the folded text of its source, so that searching and sorting find the present name."""
    for name, stored in folding.pairs():
        id_ = name.table.c.id
        for row_id, text, found in session.execute(select(id_, name, stored).order_by(id_)).yield_per(1_000):
            if found != folded(text):
                yield BrokenPromise("a folded column is what it folds", f"{name.table} {row_id}: {stored.name}")


def storage() -> Iterator[BrokenPromise]:
    """SQLite's own checks of its file; PostgreSQL checks its pages as it reads them."""
    for fault in storage_faults():
        yield BrokenPromise("the database file is whole", fault)


def every_pound(provider_ids: list[int]) -> Iterator[BrokenPromise]:
    """Entitled = paid - repaid - written off - moved away + open and held + blocked - owed back, contract by contract:
    what is on record against what the facts entitle to, reckoned anew.
    """
    with scope():
        set_tenant(EVERY_PROVIDER)
        contracts = load(provider_ids)
        book = Book(provider_ids, contracts)
        stored = _accounted_for(provider_ids)
        noted = set(session.scalars(select(CalculationFault.contract_id)))
        for id_, facts in contracts.items():
            try:
                periods = lay_out(facts, book.states[id_], today())
                entitled = reckon(facts, periods, book.settled[id_], today(), book.placed[id_]).entitled_pence
            except Exception:  # noqa: S112 -- drafts_are_current() names it
                continue
            if id_ in noted:
                yield BrokenPromise("every contract can be calculated", f"contract {id_}: calculate it again")
            elif entitled != stored[id_]:
                where = f"contract {id_}: entitled to {gbp(entitled)}, accounted for {gbp(stored[id_])}"
                yield BrokenPromise("every pound is somewhere", where)


def _accounted_for(provider_ids: list[int]) -> dict[int, int]:
    """By contract: all lines, and what is blocked, less what other entries took off the debt, and what is owed."""
    line, entry, payment = PaymentLine, DebtEntry, ScheduledPayment
    found: dict[int, int] = defaultdict(int)
    lines = select(line.contract_id, sum_of(line.total_pence)).where(line.provider_id.in_(provider_ids))
    entries = select(entry.contract_id, -sum_of(entry.pence)).where(entry.provider_id.in_(provider_ids))
    blocked = select(payment.contract_id, sum_of(BlockedSum.pence)).join(payment, payment.id == BlockedSum.payment_id)
    blocked = blocked.where(BlockedSum.provider_id.in_(provider_ids))
    for query in (
        lines.group_by(line.contract_id), entries.group_by(entry.contract_id), blocked.group_by(payment.contract_id),
    ):  # fmt: skip
        for contract_id, pence in session.execute(query):
            found[contract_id] += pence
    for contract_id, pence in _debts().items():
        found[contract_id] -= pence
    return found


def _debts() -> dict[int, int]:
    """Carried - brought - entries, by contract; below £0.00 too, where that is wrong."""
    line, entry = PaymentLine, DebtEntry
    carried = select(line.contract_id, sum_of(line.net_pence)).where(~line.is_own).group_by(line.contract_id)
    entries = select(entry.contract_id, -sum_of(entry.pence)).group_by(entry.contract_id)
    found: dict[int, int] = defaultdict(int)
    for query in (carried, entries):
        for contract_id, pence in session.execute(query):
            found[contract_id] += pence
    return found


def drafts_are_current(provider_ids: list[int]) -> Iterator[BrokenPromise]:
    """Calculating again would change nothing. The calculation is done and thrown away."""
    with scope():
        set_tenant(EVERY_PROVIDER)
        begin_write()
        before = _as_calculated(provider_ids)
        try:
            calculate(provider_ids)
        except DomainError as refusal:  # the calendar was set back
            yield BrokenPromise("today is no day before the last finalised one", str(refusal))
            return
        after = _as_calculated(provider_ids)
        failed = session.execute(faults(provider_ids=provider_ids)).all()
        session.rollback()
    for row in failed:
        yield BrokenPromise("every contract can be calculated", f"contract {row.contract_id}: {row.fault}")
    for whose in sorted({key[0] for key, _ in before.items() ^ after.items()}):
        yield BrokenPromise("a second calculation changes nothing", f"{whose}: calculate it again")


def _as_calculated(provider_ids: list[int]) -> dict[tuple[str, str], object]:
    """Drafts, totals, answers and blocked sums as they stand, by contract; and values, by purchase order."""
    line, payment, order = PaymentLine, ScheduledPayment, PurchaseOrder
    found: dict[tuple[str, str], object] = {}
    for row in session.execute(
        select(
            line.contract_id, line.component, line.item_id, line.allowance_id, line.claim_item_id, line.adjustment_id,
            line.first_on, line.net_pence, line.vat_pence,
        ).where(line.provider_id.in_(provider_ids), line.run_id.is_(None))
    ):  # fmt: skip
        found[f"contract {row.contract_id}", repr(tuple(map(_plain, row)))] = True
    for contract_id, first_on, *sums in session.execute(
        select(
            payment.contract_id, payment.first_on, payment.net_pence, payment.vat_pence, payment.waiting_pence,
            payment.confirmation, payment.answered_pence, payment.asked_by, payment.waived_pence, payment.bank_on,
        ).where(payment.provider_id.in_(provider_ids))
    ):  # fmt: skip
        found[f"contract {contract_id}", f"payment {first_on}"] = tuple(sums)
    blocked = select(payment.contract_id, payment.first_on, BlockedSum.item_id, BlockedSum.pence)
    of_these = BlockedSum.provider_id.in_(provider_ids)
    for contract_id, *parts in session.execute(
        blocked.join(payment, payment.id == BlockedSum.payment_id).where(of_these)
    ):
        found[f"contract {contract_id}", f"blocked {tuple(map(_plain, parts))!r}"] = True
    values = select(order.number, order.value_net_pence, order.value_vat_pence)
    for number, *value in session.execute(values.where(order.provider_id.in_(provider_ids))):
        found[f"order {number}", "value"] = tuple(value)
    return found


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else str(value)
