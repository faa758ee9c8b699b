"""Confirming the weeks that a file has completed, as its sender has ticked."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from models.accounts.user import User
from models.base import DomainError, savepoint, session
from models.calendar import in_words
from models.care import weeks
from models.records.actual import ActualWeek
from models.uploads.facts import WeekKey


def confirm_each(keys: Iterable[WeekKey], *, late_reason: str, by: User) -> tuple[list[date], list[str]]:
    """Confirm them, each by itself: the first days of those that are, and what keeps the others from it."""
    done, refused = [], []
    for key in keys:
        own = ActualWeek.contract_id == key.contract_id, ActualWeek.service_id == key.service_id
        week = session.scalars(select(ActualWeek).where(*own, ActualWeek.first_on == key.first_on)).one_or_none()
        if week is None or not week.is_open:
            continue
        try:
            with savepoint():
                weeks.confirm(week, by=by, late_reason=late_reason)
            done.append(key.first_on)
        except DomainError as refusal:
            refused.append(f"The week from {in_words(key.first_on)} is not confirmed: {refusal}")
    return done, refused
