"""Mail about what the council has decided of a confirmed figure. It names no client, and nothing that anybody typed."""

from sqlalchemy import select

from models.accounts.notification import Letter, News, at_provider, send
from models.accounts.user import User
from models.audit import Actor
from models.base import session
from models.calendar import in_words
from models.payments.asking import people_who_may
from models.permissions import Permission
from models.records.actual import ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.records.provider import Service

WORDS = {
    ExceptionState.APPROVED: ("is approved", "It is paid as you confirmed it."),
    ExceptionState.AMENDED: ("is amended", "Another figure is paid in its place. Log in to read which, and why."),
    ExceptionState.REJECTED: (
        "is rejected",
        "It pays nothing. Log in to read why, correct the week, and confirm it again.",
    ),
}
BODY = """\
{name},

a figure of {service} in the week from {day}, of {provider}, {words}. {next}
"""


def tell_decided(exception: ActualException, figure: ConfirmedActual, week: ActualWeek, *, by: Actor) -> None:
    """Tell whoever confirmed it, while they may submit actuals there; if they may not, everybody who may."""
    service = session.scalar(select(Service.name).where(Service.id == week.service_id))
    words, then = WORDS[exception.state]
    there = at_provider(week.provider_id, "actuals", "")
    people = people_who_may(Permission.SUBMIT_ACTUALS, [week.provider_id])
    own: list[tuple[User, object]] = [each for each in people if each[0].id == figure.confirmed_by_id]
    day = in_words(week.first_on)
    send(
        Letter(
            user, News.ACTUAL, week.provider_id, f"A figure of your actuals {words}",
            BODY.format(name=user.name, service=service, day=day, provider=getattr(provider, "name", ""), words=words,
                        next=then),
            there, f"A figure of the week from {day} {words}", by,
        )
        for user, provider in own or people
    )  # fmt: skip
