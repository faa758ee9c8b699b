"""Reminders to providers of payments that have to be confirmed, shortly before the last day to answer. No client is
named.
"""

from collections import defaultdict
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, contains_eager, mapped_column

from models.accounts.notification import Letter, News, at_provider, send
from models.bank_holiday import working_days
from models.base import Base, Key, session
from models.calendar import today
from models.money import gbp
from models.payments.asking import confirmers, named
from models.payments.payment import ScheduledPayment
from models.tenancy import ProviderOwned, link, owned
from models.words import how_many

REMINDER = """\
{name},

{count} of {provider} {has} to be confirmed, and nobody has answered yet. Please confirm or reject by the last day:

{payments}

Log in to the Provider Portal to confirm or reject.
"""


class Reminder(ProviderOwned, Base):
    """The provider was reminded of a payment: once for each last day that it has."""

    __tablename__ = "reminder"
    __table_args__ = owned(
        sa.UniqueConstraint("payment_id", "answer_by"), link("payment_id", "scheduled_payment", ondelete="CASCADE")
    )

    id: Mapped[Key]
    payment_id: Mapped[int] = mapped_column()
    answer_by: Mapped[date]
    sent_on: Mapped[date] = mapped_column(default=today)
    """The council's day."""


def to_remind(days: int) -> Select[ScheduledPayment]:
    """Payments that have to be confirmed within this many working days, and of which nobody was reminded. None of a
    provider who was reminded of something today: it gets one mail a day.
    """
    payment, reminder = ScheduledPayment, Reminder
    was_reminded = select(reminder.id).where(
        reminder.provider_id == payment.provider_id,
        sa.or_(
            reminder.sent_on == today(),
            sa.and_(reminder.payment_id == payment.id, reminder.answer_by == payment.answer_by),
        ),
    )
    return (
        select(payment)
        .join(payment.contract)
        .options(contains_eager(payment.contract))
        .where(
            payment.is_to_be_confirmed,
            ~payment.is_waived,
            payment.answer_by <= working_days().after(today(), days),
            ~was_reminded.exists(),
        )
        .order_by(payment.answer_by, payment.first_on, payment.id)
    )


def providers_to_remind(days: int) -> list[int]:
    """Their ids, in order."""
    return sorted(set(session.scalars(to_remind(days).with_only_columns(ScheduledPayment.provider_id))))


def remind(provider_id: int, days: int) -> bool:
    """Write to whoever may confirm this provider's payments, and keep that they were reminded. False where there is
    nobody, or nothing any more: then nothing is kept.
    """
    people = confirmers([provider_id])
    found = session.scalars(to_remind(days).where(ScheduledPayment.provider_id == provider_id)).all()
    if not found or not people:
        return False
    for each in found:
        session.add(Reminder(provider_id=provider_id, payment_id=each.id, answer_by=each.answer_by))
    by_day: dict[date, list[str]] = defaultdict(list)
    for each in found:
        by_day[each.answer_by].append(f"{named(each)}, {gbp(each.total_pence)}")
    payments = "\n\n".join(f"By {day:%A} {day.day} {day:%B}:\n" + "\n".join(lines) for day, lines in by_day.items())
    letters = []
    has = "has" if len(found) == 1 else "have"
    for user, provider in people:
        words = REMINDER.format(
            name=user.name, count=how_many(len(found), "payment"), provider=provider.name, has=has, payments=payments
        )
        subject = f"{how_many(len(found), 'payment')} to confirm"
        line = f"{subject}, the first by {found[0].answer_by:%A} {found[0].answer_by.day} {found[0].answer_by:%B}"
        path = at_provider(provider.id, "payments", "")
        letters.append(Letter(user, News.DEADLINE, provider.id, subject, words, path, line))
    send(letters)
    return True
