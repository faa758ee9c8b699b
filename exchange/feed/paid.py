"""Rules of payments_sent.csv that rest on what runs have paid: it tells of just that, to the penny."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from exchange.feed.kinds import shown
from exchange.feed.schema import BY_NAME
from exchange.feed.shape import Key, Values
from exchange.feed.sheets import Row, Sheet
from exchange.feed.world import World
from models.base import chunks, session
from models.calendar import today
from models.money import gbp
from models.payments.payment import ScheduledPayment
from models.payments.run import PaymentRun, RunPayment
from models.records.contract import Contract

FILE = "payments_sent.csv"
CHUNK = 500


class _Paid(NamedTuple):
    """What a run has paid of a payment to the bank, and the run's day."""

    pence: int
    on: date


def check(sheet: Sheet, world: World) -> None:
    """Add to the sheet what is wrong with rows that tell of money."""
    if sheet.file.name != FILE:
        return
    merged = world.merged[FILE]
    paid = _paid_by({key[-1] for key in sheet.by_key})
    for key, row in sheet.each():
        if not row.is_rejected:
            _check_row(sheet, row, merged[key], paid.get(key))


def news_of(rows: list[tuple[Row, Values]], world: World, attribute: str) -> list[Key]:
    """The keys of the rows whose `attribute` has come or changed with this feed."""
    stored, found = world.stored[FILE], []
    for _, values in rows:
        key = BY_NAME[FILE].key_of(values)
        before = stored.get(key)
        if values[attribute] and (before is None or before.values[attribute] != values[attribute]):
            found.append(key)
    return found


def _check_row(sheet: Sheet, row: Row, values: Values, paid: _Paid | None) -> None:
    if paid is None:
        of = f"contract {values['contract_id']} for the period from {shown(values['period_first_on'])}"
        sheet.fault(row, "run", f"Run {values['run_id']} has paid nothing to the bank of {of}")
        return
    if values["amount_pence"] != paid.pence:
        sheet.fault(row, "amount", f"Enter what the run has paid of it: {gbp(paid.pence)}")
    for name in ("sent_on", "in_bank_on"):
        if values[name] and values[name] < paid.on:
            sheet.fault(row, name, f"Enter the day of the run, {shown(paid.on)}, or a later day")
    for name in ("sent_on", "returned_on"):
        if values[name] and values[name] > today():
            sheet.fault(row, name, "This day is still to come. Leave it empty until then")


def _paid_by(run_ids: set[int]) -> dict[Key, _Paid]:
    """By contract reference, first day of the period, and run."""
    part, payment, run = RunPayment, ScheduledPayment, PaymentRun
    query = (
        select(Contract.reference, payment.first_on, part.run_id, part.paid_pence, run.as_on)
        .join(payment, payment.id == part.payment_id)
        .join(Contract, Contract.id == payment.contract_id)
        .join(run, run.id == part.run_id)
        .where(part.is_finalised, part.paid_pence != 0)
    )
    rows = (row for some in chunks(sorted(run_ids), CHUNK) for row in session.execute(query.where(run.id.in_(some))))
    return {(reference, first, run_id): _Paid(pence or 0, on) for reference, first, run_id, pence, on in rows}
