"""What is told of a claim beside its items: what its provider may claim, limits, files, and who made and decided it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import load_only

from models.accounts.user import User
from models.billing.levels import Levels
from models.billing.limit import ClaimLimit
from models.billing.listing import attached, by_item
from models.calendar import today
from models.correspondence.attachment import Attachment
from models.records.claim import Claim, ClaimStatus
from models.together import read_together

GONE = (ClaimStatus.WITHDRAWN, ClaimStatus.REJECTED)
"""What was claimed in these is claimed no more."""


@dataclass(frozen=True)
class Beside:
    """Read in one statement, for pages of the claim and for the rules that it is checked by."""

    levels: Levels
    limits: Sequence[ClaimLimit]
    """Those in force."""
    sent_in_month: int
    """Other claims of the provider that were sent in the calendar month of this one's sending and are not gone."""
    files: dict[int, list[Attachment]]
    """By item."""
    people: dict[int, str]
    """The names of those who made, sent and decided it, by id."""

    @classmethod
    def of(cls, claim: Claim) -> Self:
        *levels, limits, sent, files, people = read_together(
            *Levels.queries(claim.provider_id), ClaimLimit.in_force(), _sent_in_month(claim), attached(claim),
            _people(claim),
        )  # fmt: skip
        names = {each.id: each.name for each in people}
        return cls(Levels.told_by(claim.provider_id, *levels), limits, len(sent), by_item(files), names)


def _sent_in_month(claim: Claim) -> Select[Claim]:
    query = select(Claim).where(
        Claim.provider_id == claim.provider_id, Claim.id != claim.id, Claim.of_portal(),
        Claim.status.not_in(GONE), *_in_month(claim.submitted_on or today()),
    )  # fmt: skip
    return query.order_by(Claim.id)


def _in_month(day: date) -> tuple[sa.ColumnElement[bool], ...]:
    first = day.replace(day=1)
    return Claim.submitted_on >= first, Claim.submitted_on < (first + timedelta(days=32)).replace(day=1)


def _people(claim: Claim) -> Select[User]:
    ids = {claim.made_by_id, claim.submitted_by_id, claim.decided_by_id} - {None}
    return select(User).options(load_only(User.name)).where(User.id.in_(ids)).order_by(User.id)
