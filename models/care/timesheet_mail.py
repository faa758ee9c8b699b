"""Mail about what the council has done with a timesheet. It names no client, and nothing that anybody has typed."""

from sqlalchemy import select

from models.accounts.notification import Letter, News, at_provider, send
from models.accounts.user import User
from models.audit import Actor
from models.base import session
from models.payments.asking import people_who_may
from models.permissions import Permission
from models.records.provider import Service
from models.records.timesheet import Timesheet, TimesheetState

WORDS = {
    TimesheetState.VERIFIED: ("has been verified", "Finance looks at it next. You need do nothing."),
    TimesheetState.RETURNED: (
        "has been returned", "Log in to the Provider Portal to read why. Change it, and send it again."
    ),
    TimesheetState.APPROVED: ("has been approved", "It is paid with your next payment that it belongs to."),
}  # fmt: skip
BODY = """\
{name},

the timesheet of {month}, {service}, of {provider} {words}. {next}
"""


def tell(sheet: Timesheet, *, by: Actor) -> None:
    """Tell whoever may submit it, in its new state."""
    service = session.scalar(select(Service.name).where(Service.id == sheet.service_id))
    words, then = WORDS[sheet.state]
    people: list[tuple[User, object]] = list(people_who_may(Permission.SUBMIT_ACTUALS, [sheet.provider_id]))
    there = at_provider(sheet.provider_id, "timesheets", str(sheet.id))
    subject = f"Your timesheet of {sheet.name} {words}"
    send(
        Letter(
            user, News.ACTUAL, sheet.provider_id, subject,
            BODY.format(name=user.name, month=sheet.name, service=service, provider=getattr(provider, "name", ""),
                        words=words, next=then),
            there, caused_by=by,
        )
        for user, provider in people
    )  # fmt: skip
