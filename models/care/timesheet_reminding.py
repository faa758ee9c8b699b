"""Reminders to Shared Lives carers of last month's timesheet: once it is over, and once more where it is late.

No client is named.
"""

from datetime import timedelta

from sqlalchemy import select

from models.accounts.notification import Letter, News, at_provider, send
from models.base import session
from models.calendar import in_words, today
from models.care.reminding import ActualReminder, WeekOccasion
from models.care.timesheet_list import last_month, unsent_of
from models.payments.asking import people_who_may
from models.permissions import Permission
from models.records.provider import Provider, ProviderKind
from models.words import how_many

LATE_AFTER = 7
"""Days of the new month after which a timesheet that is not sent is told of again."""
TOLD_UNTIL = 21
"""The last day of the new month on which one is told of: a worker that was down catches up, and no more."""
WORDS = """\
{name},

please send what {provider} delivered in {month}:

{sheets}

Log in to the Provider Portal, tap the days, and send each. Nights and sessions are paid once they are approved.
"""


def providers_with_timesheets() -> list[int]:
    """Ids of the Shared Lives carers, in order."""
    of_kind = Provider.kind == ProviderKind.SHARED_LIVES
    return list(session.scalars(select(Provider.id).where(of_kind).order_by(Provider.id)))


def occasion() -> WeekOccasion | None:
    """Why carers are told today of last month; None where they are not."""
    if today().day > TOLD_UNTIL:
        return None
    return WeekOccasion.DUE if today().day <= LATE_AFTER else WeekOccasion.LATE


def remind(provider_id: int) -> bool:
    """Write one mail to each person who may send this carer's timesheets, and keep of which. False where there is
    nobody, or none that was not told of: then nothing is kept.
    """
    why, month, own = occasion(), last_month(), ActualReminder
    if why is None:
        return False
    kept = own.provider_id == provider_id, own.first_on == month.first, own.occasion == why
    told = {tuple(row) for row in session.execute(select(own.contract_id, own.service_id).where(*kept))}
    rows = session.execute(unsent_of(provider_id)).all()
    found = [row for row in rows if (row.contract_id, row.service_id) not in told]
    people = people_who_may(Permission.SUBMIT_ACTUALS, [provider_id]) if found else []
    if not people:
        return False
    for row in found:
        key = {"contract_id": row.contract_id, "service_id": row.service_id, "first_on": month.first}
        session.add(ActualReminder(provider_id=provider_id, occasion=why, **key))
    name = f"{month.first:%B} {month.first.year}"
    subject = f"{how_many(len(found), 'timesheet')} to send for {name}"
    due = in_words(month.last + timedelta(days=LATE_AFTER))
    when = f"late since {due}" if why is WeekOccasion.LATE else f"by the end of {due}"
    sheets = "\n".join(f"- {row.service}, {row.contract}: {when}" for row in found)
    path = at_provider(provider_id, "timesheets", "")
    letters = []
    for user, provider in people:
        words = WORDS.format(name=user.name, provider=provider.name, month=name, sheets=sheets)
        letters.append(Letter(user, News.ACTUAL, provider_id, subject, words, path, subject))
    send(letters)
    return True
