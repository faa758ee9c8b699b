"""Reminders to providers of weeks of actuals: by the day before the last day to confirm one, and once it is late. No
client is named.
"""

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts.notification import Letter, News, at_provider, send
from models.base import Base, Key, session
from models.calendar import DAY, in_words, today
from models.care.register import ListedWeek, Standing, is_asked, weeks_to_do
from models.care.rules import LATEST_WEEKS
from models.payments.asking import people_who_may
from models.permissions import Permission
from models.records.provider import Provider, ProviderKind
from models.tenancy import ProviderOwned, owned
from models.words import Choice, how_many

LATE_DAYS = 7
"""So long after its last day a week that has become late is told of: what the worker was down for is caught up, and a
portal that has just begun does not tell of years.
"""
WORDS = """\
{name},

please say what {provider} delivered, and confirm it in the Provider Portal:

{weeks}

A week that is confirmed in time is paid in time. Log in to the Provider Portal to confirm, also where nothing was
different from the plan.
"""


class WeekOccasion(Choice):
    DUE = "due"
    LATE = "late"


class ActualReminder(ProviderOwned, Base):
    """The provider was reminded of a week: once before its last day, and once after it. Or of a month's timesheet."""

    __tablename__ = "actual_reminder"
    __table_args__ = owned(
        sa.UniqueConstraint("contract_id", "service_id", "first_on", "occasion"), contract_id="contract"
    )

    id: Mapped[Key]
    contract_id: Mapped[int]
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("service.id"))
    first_on: Mapped[date]
    """Of the week; of a provider that sends timesheets, of the month."""
    occasion: Mapped[WeekOccasion]
    sent_on: Mapped[date] = mapped_column(default=today)
    """The council's day."""


def providers_with_actuals() -> list[int]:
    """Ids of the providers that say week by week what they delivered, in order. Those that send timesheets do not:
    timesheet_reminding.
    """
    by_week = is_asked(), Provider.kind != ProviderKind.SHARED_LIVES
    return list(session.scalars(select(Provider.id).where(*by_week).order_by(Provider.id)))


def occasion_of(week: ListedWeek) -> WeekOccasion | None:
    """Why its provider is reminded of it today; None where it is not."""
    if week.standing is Standing.LATE:
        return WeekOccasion.LATE if today() <= week.in_time_until + timedelta(days=LATE_DAYS) else None
    is_due = week.standing in (Standing.NOT_BEGUN, Standing.DRAFT) and week.in_time_until <= today() + DAY
    return WeekOccasion.DUE if is_due else None


def remind(provider_id: int) -> bool:
    """Write one mail to each person who may submit this provider's actuals, and keep of which weeks. False where there
    is nobody, or no week that was not told of: then nothing is kept.
    """
    own = ActualReminder
    query = select(own.contract_id, own.service_id, own.first_on, own.occasion).where(own.provider_id == provider_id)
    told = {tuple(row) for row in session.execute(query)}
    weeks = weeks_to_do(today() - timedelta(weeks=LATEST_WEEKS), provider_id)
    found = [(week, why) for week in weeks if (why := occasion_of(week)) and (*week.key, why) not in told]
    people = people_who_may(Permission.SUBMIT_ACTUALS, [provider_id]) if found else []
    if not people:
        return False
    for week, why in found:
        key = {"contract_id": week.contract_id, "service_id": week.service_id, "first_on": week.first_on}
        session.add(ActualReminder(provider_id=provider_id, occasion=why, **key))
    subject = f"{how_many(len(found), 'week')} of actuals to confirm"
    lines = "\n".join(_line(week, why) for week, why in found)
    path = at_provider(provider_id, "actuals", "")
    line = f"{subject}, the first by {in_words(found[0][0].in_time_until)}"
    letters = []
    for user, provider in people:
        words = WORDS.format(name=user.name, provider=provider.name, weeks=lines)
        letters.append(Letter(user, News.ACTUAL, provider_id, subject, words, path, line))
    send(letters)
    return True


def _line(week: ListedWeek, why: WeekOccasion) -> str:
    due = in_words(week.in_time_until)
    when = f"late since {due}" if why is WeekOccasion.LATE else f"by the end of {due}"
    return f"- {week.service_name}, {week.contract_name}, {week.span.short}: {when}"
