"""What a demonstration’s finance system has told of the bank by its today: what was sent and is in the bank, a payment
that the bank has returned, and one that is paid again. It comes as a feed, as everything does that a council hears.
"""

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from exchange.feed import import_feed
from exchange.feed.paid import FILE
from models.base import scope, session
from models.calendar import DAY, today
from models.money import plain
from models.payments.payment import ScheduledPayment
from models.payments.run import PaymentRun, RunPayment
from models.records.contract import Contract
from models.tenancy import every_provider

WEEKS = 6
"""So far back the finance system tells."""
HEADINGS = (
    "contract_ref", "period_first_on", "run", "amount", "sent_on", "in_bank_on", "bank_reference", "returned_on",
    "return_reason", "paid_again_on",
)  # fmt: skip


def tell_of_the_bank(folder: Path, *, has_returns: bool) -> None:
    """Write the feed into the folder, and import it; nothing where no run has paid anything of late. With `has_returns`
    the bank has returned two payments, of which one is paid again.
    """
    with scope(), every_provider():
        found = session.execute(_paid()).all()
        come = [row for row in found if row.bank_on <= today() - 3 * DAY]
        returned, again = (come[2:3], come[3:4]) if has_returns else ([], [])
        rows = [_row(row, is_returned=row in (*returned, *again), is_paid_again=row in again) for row in found]
    if not rows:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADINGS, *rows])
    import_feed(folder, is_foreseen=False)


def _paid() -> Any:
    """What runs paid in the last weeks, the latest run first."""
    part, payment, run = RunPayment, ScheduledPayment, PaymentRun
    since = today() - timedelta(weeks=WEEKS)
    return (
        select(Contract.reference, payment.first_on, run.id, run.as_on, part.paid_pence, part.bank_on)
        .join(payment, payment.id == part.payment_id)
        .join(Contract, Contract.id == payment.contract_id)
        .join(run, run.id == part.run_id)
        .where(part.is_finalised, part.paid_pence != 0, run.as_on.between(since, today() - DAY))
        .order_by(run.as_on.desc(), Contract.reference, payment.first_on)
    )


def _row(row: Any, *, is_returned: bool, is_paid_again: bool) -> list[str]:
    returned_on = row.bank_on + DAY if is_returned else None
    again_on = row.bank_on + 2 * DAY if is_paid_again else None
    in_bank_on = row.bank_on if row.bank_on <= today() else None
    sent_on, why = min(row.as_on + DAY, row.bank_on), "Account closed" if is_returned else ""
    days = [_day(sent_on), _day(in_bank_on), f"DCC {row.id:05}", _day(returned_on), why, _day(again_on)]
    return [row.reference, _day(row.first_on), str(row.id), plain(row.paid_pence), *days]


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
