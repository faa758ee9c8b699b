"""What a new total means for a payment's answer, and until when its provider is asked anew.

A confirmation lapses; a rejection stays; "pay as it is" lapses. Where only what is confirmed is paid, a total with
little time left to answer it opens a window of WINDOW working days. Rules: design.md section 7, *Confirmation*;
docs/payment-states.md.
"""

from datetime import date, timedelta
from typing import Any

from models.bank_holiday import working_days_after
from models.calendar import DueDays, PeriodDates
from models.payments.confirmation import NOT_WAIVED, Asked, Confirmation

WINDOW = 2
"""Working days that a provider is given to answer anew."""
LONGEST_WINDOW = timedelta(days=28)
"""What an officer may give it at most: a year mistyped would keep the payment back for good."""


def on_new_total(
    old: Any, total_pence: int, dates: PeriodDates, *, pays_only_confirmed: bool, as_on: date
) -> dict[str, Any]:
    """What else changes of a payment when its total becomes another, or with a new payment (`old` is None)."""
    changed: dict[str, Any] = {}
    if old is not None and old.waived_pence is not None and old.waived_pence != total_pence:
        changed |= NOT_WAIVED
    has_lapsed = (
        old is not None and old.confirmation is Confirmation.CONFIRMED and old.answered_pence not in (None, total_pence)
    )
    if has_lapsed:
        changed |= {"lapsed_pence": old.answered_pence, "answered_pence": None}
        changed |= {"confirmation": Confirmation.UNCONFIRMED}
    if not pays_only_confirmed:
        return changed
    notice = working_days_after(as_on, WINDOW)
    is_short = notice > dates.confirm_by
    changed["full_notice_on"] = notice if is_short else None
    is_answered = old is not None and old.confirmation is not Confirmation.UNCONFIRMED and not has_lapsed
    if is_short and total_pence > 0 and not is_answered:
        why = Asked.LATE if old is None else Asked.LAPSED if has_lapsed else Asked.CHANGED
        changed |= _window(old, why, notice, as_on)
    return changed


def _window(old: Any, why: Asked, notice: date, as_on: date) -> dict[str, Any]:
    """One window a payment. A change inside it makes it a working day longer, once."""
    if old is None or old.asked_by is None:
        return {"asked_by": notice, "asked_because": why}
    if as_on <= old.asked_by and not old.is_extended:
        return {"asked_by": working_days_after(old.asked_by, 1), "is_extended": True}
    return {}


def bank_day(old: Any, due: DueDays, changed: dict[str, Any]) -> date:
    """The calendar's bank day or, where an answer comes or is waited for, or the council decides, beyond the day to
    finalise, as many days after the first run that can take it.
    """
    if old is not None and old.waived_on is not None and "waived_pence" not in changed:
        return due.bank_day_of_run(old.waived_on)
    is_answered = old is not None and old.confirmation is not Confirmation.UNCONFIRMED and "confirmation" not in changed
    if is_answered and old.answered_on is not None:
        return due.bank_day_of_run(old.answered_on)
    asked_by = changed.get("asked_by", old.asked_by if old else None)
    if asked_by is None or asked_by < due.dates.finalise_on:
        return due.dates.bank_on
    return due.bank_day_of_run(due.working.after(asked_by, 1))
