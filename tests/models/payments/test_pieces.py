"""What a run can take of a payment, and the seal over it: SQL says what Python would."""

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa

from commands.batchwise.payments import finalise_run
from models.base import session
from models.calendar import as_on
from models.payments import payment_run
from models.payments.authorising import authorise_from_command_line
from models.payments.hold import Hold, HoldKind, has_row_held
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.payment_run import prepare
from models.payments.pieces import Piece, pieces_of
from models.payments.run import RunPayment
from models.records.contract import Contract
from tests.care_factories import make_allowance, make_claim_item, make_contract, make_deduction, make_item
from tests.support.rows import every, reading, saved, unit_of_work
from tests.support.runs import calculate, change, finalise

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("database")]

MONDAY = date(2019, 9, 2)
COLUMNS = (
    "payment_id", "contract_id", "purchase_order_id", "component", "item_id", "allowance_id", "claim_item_id",
    "adjustment_id", "invoice_line_id", "first_on", "net_pence", "vat_pence",
)  # fmt: skip


def seal(lines: list[PaymentLine]) -> str:
    """As the version before SQL said it: the lines as tuples of texts."""
    return sha256(repr([tuple(str(getattr(line, name)) for name in COLUMNS) for line in lines]).encode()).hexdigest()


def drafts(payment_id: int) -> list[PaymentLine]:
    line = PaymentLine
    order = (getattr(line, name) for name in COLUMNS)
    query = sa.select(line).where(line.payment_id == payment_id, line.run_id.is_(None), ~has_row_held())
    return list(session.scalars(query.order_by(*order)))


def contract_with_all_kinds() -> Contract:
    """A week is finalised, another due: prices, a deduction, an allowance, a claim, and a difference to the first."""
    contract = make_contract(calculate_from=MONDAY)
    item, _ = make_item(contract), make_item(contract, rate_e4=4_000_000)
    make_deduction(item, 200_000)
    make_allowance(item, MONDAY + timedelta(days=8))
    make_claim_item(contract, 1_250, MONDAY + timedelta(days=8))
    finalise(MONDAY + timedelta(days=6))
    make_item(contract, rate_e4=1_000_000, starts_on=MONDAY)
    calculate(MONDAY + timedelta(days=13))
    return contract


def second_week(contract: Contract) -> ScheduledPayment:
    query = sa.select(ScheduledPayment).where(ScheduledPayment.contract_id == contract.id)
    return every(query.order_by(ScheduledPayment.first_on))[1]


def hold_one(payment: ScheduledPayment) -> PaymentLine:
    line = every(sa.select(PaymentLine).where(PaymentLine.payment_id == payment.id).order_by(PaymentLine.id))[0]
    own = {"provider_id": payment.provider_id, "payment_id": payment.id, "purchase_order_id": line.purchase_order_id}
    saved(Hold(**own, kind=HoldKind.OFFICER, reason="Dispute"))
    return line


def piece_of(payment: ScheduledPayment) -> Piece:
    with reading():
        [piece] = pieces_of([payment.id])
    return piece


def test_the_seal_is_over_each_draft_as_an_earlier_version_wrote_it():
    payment = second_week(contract_with_all_kinds())
    piece = piece_of(payment)
    with reading():
        found = drafts(payment.id)
    assert len({line.component for line in found}) == 4
    assert (piece.lines, piece.has_held, piece.digest) == (len(found), False, seal(found))


def test_a_row_that_is_held_is_neither_sealed_nor_settled():
    payment = second_week(contract_with_all_kinds())
    held = hold_one(payment)
    piece = piece_of(payment)
    with reading():
        found = drafts(payment.id)
    assert held.purchase_order_id not in {line.purchase_order_id for line in found}
    assert (piece.lines, piece.has_held, piece.digest) == (len(found), True, seal(found))
    sums = sum(row.net_pence + row.vat_pence for row in piece.to_settle.drafts)
    assert sums == sum(line.total_pence for line in found) != payment.total_pence


def test_a_payment_without_drafts_has_the_seal_of_none():
    contract = make_contract(calculate_from=MONDAY)
    calculate(MONDAY + timedelta(days=13))
    piece = piece_of(second_week(contract))
    assert (piece.lines, piece.has_held, piece.to_settle.drafts) == (0, False, ())
    assert piece.digest == seal([])


@pytest.mark.parametrize("name", ["net_pence", "vat_pence", "first_on", "component"])
def test_a_draft_that_changes_breaks_the_seal(name):
    payment = second_week(contract_with_all_kinds())
    before = piece_of(payment).digest
    line = next(each for each in every(PaymentLine) if each.payment_id == payment.id and each.component == "care")
    other = {"first_on": line.first_on - timedelta(days=1), "component": "allowance"}
    change(line, **{name: other.get(name, getattr(line, name) + 1 if name.endswith("pence") else None)})
    assert piece_of(payment).digest != before


def test_no_draft_is_marked_beside_those_that_were_sealed(monkeypatch):
    """Who has passed by the lock, and added or held a draft meanwhile, breaks the run off: nothing of it is paid."""
    contract_with_all_kinds()
    day = MONDAY + timedelta(days=13)
    with as_on(day), unit_of_work():
        run = prepare(by=None)
        authorise_from_command_line(run)
    counted = pieces_of

    def one_fewer(ids: list[int]) -> list[Piece]:
        return [replace(each, lines=each.lines - 1) for each in counted(ids)]

    monkeypatch.setattr(payment_run, "pieces_of", one_fewer)
    with as_on(day), pytest.raises(RuntimeError, match="sealed"):
        finalise_run(run.id)
    assert [part.outcome for part in every(RunPayment) if part.run_id == run.id] == [None]
    assert not [line for line in every(PaymentLine) if line.run_id == run.id]
