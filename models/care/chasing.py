"""The council reminds providers of weeks of actuals that nobody has confirmed: each week at most once a day."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.accounts.conflict import insist_on_none
from models.accounts.notification import Letter, News, at_provider, send
from models.accounts.user import User
from models.audit import record
from models.base import Base, DomainError, Key, insert_first, utc_now
from models.calendar import in_words, today
from models.payments.asking import people_who_may
from models.permissions import Permission
from models.tenancy import ProviderOwned, owned
from models.words import how_many

WORDS = """\
{name},

{count} of actuals of {provider} {has} not been confirmed yet:

{weeks}

Log in to the Provider Portal, and confirm what was delivered. Where a week waits, what hangs on it is not paid.
"""


class ActualChase(ProviderOwned, Base):
    """Somebody of the council has reminded the provider of a week: whoever begins it or not, once a day."""

    __tablename__ = "actual_chase"
    __table_args__ = owned(
        sa.UniqueConstraint("contract_id", "service_id", "first_on", "chased_on"), contract_id="contract"
    )

    id: Mapped[Key]
    contract_id: Mapped[int] = mapped_column(index=True)
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("service.id"))
    first_on: Mapped[date]
    """Of the week."""
    chased_on: Mapped[date] = mapped_column(default=today)
    chased_at: Mapped[datetime] = mapped_column(default=utc_now)
    chased_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))


def chase(rows: Sequence[Any], *, by: User) -> int:
    """Write to whoever may submit the actuals of these weeks, rows of models.care.submissions; how many weeks were told
    of. One that was chased today is left out. DomainError where all were, or one of them is confirmed, or nobody at a
    provider may submit it.
    """
    insist_on_none(by, {row.provider_id for row in rows})
    if settled := [row for row in rows if row.state.is_confirmed]:
        raise DomainError(f"{settled[0].provider} has confirmed its week from {in_words(settled[0].first_on)}")
    people = people_who_may(Permission.SUBMIT_ACTUALS, {row.provider_id for row in rows})
    reached = {provider.id for _, provider in people}
    if lonely := [row for row in rows if row.provider_id not in reached]:
        raise DomainError(
            f"Nobody at {lonely[0].provider} may submit actuals. Ring them, and have somebody given access"
        )
    new = [row for row in rows if _is_first(row, by)]
    if not new:
        raise DomainError("A reminder was sent today. Send the next one tomorrow")
    by_provider: dict[int, list[Any]] = defaultdict(list)
    for row in new:
        by_provider[row.provider_id].append(row)
    for provider_id, weeks in by_provider.items():
        record("actual_week.chased", f"provider:{provider_id}", by=by, provider_id=provider_id, weeks=len(weeks))
    send(_letter(user, provider.name, by_provider[provider.id], by) for user, provider in people
         if provider.id in by_provider)  # fmt: skip
    return len(new)


def _is_first(row: Any, by: User) -> bool:
    own = {"contract_id": row.contract_id, "service_id": row.service_id, "first_on": row.first_on}
    now = {"chased_on": today(), "chased_at": utc_now(), "chased_by_id": by.id}
    return insert_first(ActualChase, provider_id=row.provider_id, **own, **now)


def _letter(user: User, provider: str, weeks: Sequence[Any], by: User) -> Letter:
    count, lines = how_many(len(weeks), "week"), "\n".join(
        f"- {each.contract}, {each.service}, the week from {in_words(each.first_on)}" for each in weeks
    )  # fmt: skip
    words = WORDS.format(
        name=user.name, count=count, provider=provider, has="has" if len(weeks) == 1 else "have", weeks=lines
    )
    subject = f"{count} of actuals {'waits' if len(weeks) == 1 else 'wait'} for you"
    there = at_provider(weeks[0].provider_id, "actuals", "")
    return Letter(user, News.ACTUAL, weeks[0].provider_id, subject, words, there, caused_by=by)
