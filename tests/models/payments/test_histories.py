"""Whatever happens to a provider's payments: every pound is somewhere, once, what was paid never changes, and why a
payment differs from the one before adds up.

Long random histories on a database, through the commands and verbs that the portal itself uses.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models import verify
from models.bank_holiday import working_days
from models.calendar import Span, as_on
from models.engine.actuals import week_cells
from models.engine.component import CARRIED
from models.engine.entitlement import Cell, cells
from models.engine.facts import ItemFacts
from models.engine.periods import Period, lay_out
from models.engine.reckoning import reckon
from models.outbox import OutboxMessage
from models.payments.awaited import AwaitedSum
from models.payments.blocked import BlockedSum, CalculationFault
from models.payments.book import Book
from models.payments.confirmation import Confirmation
from models.payments.debt import DebtEntry, DebtEntryKind
from models.payments.hold import Hold
from models.payments.loading import load
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.run import RunPayment
from models.payments.standing import Kept, standings
from models.pricing import PayOnActuals
from models.records.contract import Contract
from models.reports.difference import differences
from models.reports.reason_kind import Kind
from models.reports.statement import statement_of
from models.reports.whereabouts import Whereabouts, by_contract
from tests.support.histories import FACTS, Office
from tests.support.rows import every, reading

SEEDS = range(400) if os.environ.get("CAMPAIGN") else range(2, 6)
STEPS = 60
SUNDAY = 6
IN_A_RUN = select(PaymentLine).where(PaymentLine.run_id.is_not(None))


def rows_of(entity: type, *which: Any, without: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """All rows of a table with all columns but some, as text that can be sorted."""
    table = entity.__table__
    columns = [column for column in table.columns if column.name not in without]
    with reading() as session:
        found = session.execute(select(*columns).where(*which))
        return sorted(tuple(f"{name}={value!r}" for name, value in row._mapping.items()) for row in found)


def on_record() -> dict[str, list[tuple[str, ...]]]:
    """All that a calculation may write. Drafts and blocked sums get new ids each time."""
    return {
        "payments": rows_of(ScheduledPayment),
        "drafts": rows_of(PaymentLine, PaymentLine.run_id.is_(None), without=("id",)),
        "blocked": rows_of(BlockedSum, without=("id",)),
        "awaited": rows_of(AwaitedSum, without=("id",)),
        "orders": rows_of(PurchaseOrder),
        "mail": rows_of(OutboxMessage),
        "holds": rows_of(Hold),
    }


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What one of the two has and the other has not, to read in a failure."""

    def less(one: dict[str, Any], other: dict[str, Any], sign: str) -> list[str]:
        return [f"{sign} {kind}: {' '.join(row)}" for kind in one for row in Counter(one[kind]) - Counter(other[kind])]

    return less(before, after, "-") + less(after, before, "+")


def finalised() -> set[tuple[str, ...]]:
    return set(rows_of(PaymentLine, PaymentLine.run_id.is_not(None)))


def due_in(period: Period, item: ItemFacts) -> Iterator[Cell]:
    """The item's cells of one whole period, or of the weeks that end in it."""
    terms, method = item.terms(period.method.basis), period.method
    if method.is_by_invoice:
        return
    if method.pay_on_actuals is PayOnActuals.NEVER:
        yield from cells(terms, period.span)
        return
    for n in range(period.span.days):
        sunday = period.span.first + timedelta(days=n)
        if sunday.weekday() == SUNDAY:
            monday = sunday - timedelta(days=SUNDAY)
            delivered = item.delivered.get(monday)
            yield from week_cells(terms, Span(monday, sunday), method.pay_on_actuals, delivered, item.actuals_rule)


def entitled(office: Office) -> dict[int, int]:
    """What each contract's facts entitle to, VAT included, by a walk of its own over items, days and sums; checked
    against what the reckoning says.
    """
    found = {}
    with reading(), as_on(office.day):
        contracts = load([office.provider.id])
        book = Book([office.provider.id], contracts)
        for id_, facts in contracts.items():
            periods = lay_out(facts, book.states[id_], office.day, working_days())
            last = max((p.span.last for p in periods if p.is_due(office.day)), default=date.min)
            due = [p for p in periods if p.span.first <= last and not p.is_after_end]
            total = 0
            for item in facts.items:
                for period in due:
                    for cell in due_in(period, item):
                        total += cell.net_pence + cell.vat_pence
                total += sum(
                    sum_.amount_pence
                    for sum_ in item.allowances
                    if any(sum_.due_on in p.span for p in due if not p.method.is_by_invoice)
                    and item.terms_gross.is_payable_on(sum_.due_on)
                )
            total += sum(sum_.amount_pence for sum_, _ in facts.adjustments) + office.priced_pence(id_)
            for claim, decided_on in facts.claims:
                is_decided = decided_on is not None and decided_on <= office.day
                paid = select(PaymentLine).where(PaymentLine.claim_item_id == claim.id, PaymentLine.run_id.is_not(None))
                total += claim.amount_pence if is_decided else sum(line.total_pence for line in every(paid))
            again = reckon(facts, periods, book.settled[id_], office.day, book.placed[id_])
            assert again.entitled_pence == total
            found[id_] = total
    return found


def check_money(office: Office) -> None:
    """Entitled = paid - repaid - written off - moved away + open and held + blocked - owed back, by contract."""
    lines, entries, blocked = every(PaymentLine), every(DebtEntry), every(BlockedSum)
    with reading(office.provider.id) as session, as_on(office.day):
        ids = dict(session.execute(select(Contract.reference, Contract.id)).all())
        on_the_page = {ids[each.reference]: each for each in by_contract(office.provider.id)}
    contract_of = {payment.id: payment.contract_id for payment in every(ScheduledPayment)}
    for contract_id, due in entitled(office).items():
        own = [line for line in lines if line.contract_id == contract_id]
        paid = sum(line.total_pence for line in own if line.run_id)
        drafts = sum(line.total_pence for line in own if not line.run_id)
        waits = sum(row.pence for row in blocked if contract_of[row.payment_id] == contract_id)
        taken_off = sum(entry.pence for entry in entries if entry.contract_id == contract_id)
        debt = sum(line.total_pence for line in own if line.component in CARRIED) - taken_off
        assert debt >= 0
        assert due == paid - taken_off + drafts + waits - debt
        told = on_the_page[contract_id]
        assert (told.entitled_pence, told.paid_pence, told.blocked_pence) == (due, paid, waits)
        assert (told.open_pence + told.held_pence, told.owed_pence) == (drafts, debt)
        written_off = sum(
            entry.pence
            for entry in entries
            if entry.contract_id == contract_id and entry.kind in (DebtEntryKind.WRITTEN_OFF, DebtEntryKind.REINSTATED)
        )
        assert written_off >= 0
        check_statement(office, contract_id, told)


def check_statement(office: Office, contract_id: int, told: Whereabouts) -> None:
    """A statement of account balances: from day to day, and with where every pound is on the last day."""
    closing = told.open_pence + told.held_pence + told.blocked_pence - told.owed_pence
    between = office.day - timedelta(days=office.rng.randint(0, 40))
    with reading(office.provider.id), as_on(office.day):
        whole = statement_of([contract_id], date.min, office.day)
        early = statement_of([contract_id], date.min, between - timedelta(days=1))
        late = statement_of([contract_id], between, office.day)
    assert whole.begins_on is None
    assert whole.opening_pence == early.opening_pence == 0
    assert whole.closing_pence == late.closing_pence == closing
    assert early.closing_pence == late.opening_pence
    assert whole.entitled_pence == told.entitled_pence
    assert whole.paid_pence == told.paid_pence
    assert whole.repaid_pence + whole.written_off_pence + whole.moved_pence == told.given_back_pence
    assert all(line.balance_pence == whole.closing_pence for line in whole.lines[-1:])


def check_payments(office: Office) -> None:
    """Totals are a payment's own lines; how each stands adds up; what is closed has no draft."""
    sums: dict[int, int] = defaultdict(int)
    for line in every(PaymentLine):
        if line.component not in CARRIED:
            sums[line.payment_id] += line.total_pence
    drafts = Counter(line.payment_id for line in every(select(PaymentLine).where(PaymentLine.run_id.is_(None))))
    with as_on(office.day), reading() as session:
        payments = session.scalars(select(ScheduledPayment)).all()
        stands = standings(payments)
        for payment in payments:
            if payment.is_open or payment.is_begun:
                assert payment.total_pence == sums[payment.id]
            if payment.closed_run_id is not None:
                assert not drafts[payment.id]
            found = stands[payment.id]
            assert found.total_pence == payment.total_pence
            assert found.total_pence == found.bank_pence + found.taken_pence - found.added_pence + found.held_pence
            assert found.bank_pence >= 0


def check_differences(office: Office) -> None:
    """The reasons why each payment differs from the one before add up to the difference, with nothing unexplained."""
    with as_on(office.day), reading(office.provider.id) as session:
        payments = session.scalars(select(ScheduledPayment)).all()
        before = dict(session.execute(select(ScheduledPayment.id, ScheduledPayment.id_before)).all())
        found = differences(payments)
    totals = {payment.id: payment.total_pence for payment in payments}
    assert found.keys() == {id_ for id_, earlier in before.items() if earlier}
    for id_, told in found.items():
        assert sum(reason.pence for reason in told.reasons) == told.pence == totals[id_] - totals[before[id_]]
        assert all(reason.pence and reason.words() for reason in told.reasons)
        assert Kind.OTHER not in {reason.kind for reason in told.reasons}
        assert told.sentence()


class Runs:
    """Compares what is before a run with what is after it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.forecasts = 0
        """Payments that a run paid as they were forecast."""

    @contextmanager
    def watch(self) -> Iterator[None]:
        with as_on(self.office.day), reading() as session:
            payments = {payment.id: payment for payment in session.scalars(select(ScheduledPayment))}
            stands = standings(payments.values())
            strict = set(session.scalars(select(Contract.id).where(Contract.holds_unconfirmed)))
        held = {(hold.payment_id, hold.purchase_order_id) for hold in every(select(Hold).where(Hold.is_in_force))}
        before = {line.id for line in every(IN_A_RUN)}
        yield
        new = [line for line in every(IN_A_RUN) if line.id not in before]
        for line in new:
            if line.component in CARRIED:
                continue
            payment = payments[line.payment_id]
            is_waived = payment.waived_pence is not None and payment.waived_pence == payment.total_pence
            assert not {(payment.id, None), (payment.id, line.purchase_order_id)} & held
            assert payment.confirmation is not Confirmation.REJECTED or is_waived
            is_unanswered = payment.confirmation is Confirmation.UNCONFIRMED and payment.total_pence > 0
            assert not (payment.contract_id in strict and is_unanswered) or is_waived
        parts = self._parts(new)
        for payment_id, part in parts.items():
            carried = sum(line.total_pence for line in new if line.payment_id == payment_id)
            assert 0 <= part.paid_pence <= part.total_pence
            assert part.paid_pence == carried
        self._forecast(parts, payments, stands)

    def _parts(self, new: list[PaymentLine]) -> dict[int, RunPayment]:
        runs = {line.run_id for line in new}
        query = select(RunPayment).where(RunPayment.run_id.in_(runs), RunPayment.is_finalised)
        return {part.payment_id: part for part in every(query)}

    def _forecast(self, parts: dict[int, RunPayment], payments: dict[int, Any], stands: dict[int, Any]) -> None:
        """As far as a run takes the payments of a contract in order, it pays what they were forecast to pay."""
        by_contract = defaultdict(list)
        for payment in sorted(payments.values(), key=lambda each: each.first_on):
            if payment.closed_run_id is None and stands[payment.id].kept in (None, Kept.ASKED):
                by_contract[payment.contract_id].append(payment.id)
        assert not [id_ for id_ in parts if stands[id_].kept not in (None, Kept.ASKED)]
        for ids in by_contract.values():
            for id_ in ids:
                if id_ not in parts:
                    break
                assert parts[id_].paid_pence == stands[id_].bank_pence - stands[id_].paid_pence
                self.forecasts += 1


def play(seed: int, steps: int, kind: type[Office] = Office) -> Office:
    office = kind(seed)
    runs = Runs(office)
    office.watching_runs = runs.watch
    office.calculate()
    sealed: set[tuple[str, ...]] = set()
    for _ in range(steps):
        name = office.step()
        after = on_record()
        office.calculate()
        once = on_record()
        assert name in FACTS or not changed(after, once), name
        office.calculate()
        assert not changed(once, on_record()), name
        now = finalised()
        assert sealed <= now
        sealed = now
        check_money(office)
        check_payments(office)
        check_differences(office)
    with as_on(office.day):
        assert [each for each in verify.check_all() if not each.is_warning] == []
    assert every(CalculationFault) == []
    office.happened["forecast"] = runs.forecasts
    return office


@pytest.mark.parametrize("seed", SEEDS)
def test_every_pound_is_somewhere_after_any_history(database, seed):
    play(seed, STEPS)


@pytest.mark.postgres
@pytest.mark.parametrize("seed", [1_000_001])
def test_every_pound_is_somewhere_on_both_databases(database, seed):
    play(seed, STEPS // 2)
