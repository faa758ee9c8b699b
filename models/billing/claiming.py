"""What a provider does with a claim as a whole. docs/claim-states.md has the table; a test goes through every cell.

Each verb waits its turn at the provider first, so that of two people who press at once the second is told.
"""

from datetime import date
from secrets import token_hex
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, reload, session, utc_now
from models.billing.checks import refusals
from models.billing.levels import place_anew
from models.billing.quoting import requote
from models.calendar import DAY, in_words, today
from models.money import gbp
from models.records.claim import EDITABLE, Claim, ClaimItem, ClaimStatus, ClaimTrip
from models.records.provider import Provider

LONGEST_NOTES = 2_000
MOST_OPEN = 30
"""Claims of one provider that are not sent yet."""
FROM_FEED = "This claim is the finance system’s. It cannot be changed here"
SENT = "This claim has been sent to the panel. Withdraw it if it is wrong, or wait until the panel has answered"
IS_OVER = {
    ClaimStatus.ACCEPTED: "This claim has been accepted",
    ClaimStatus.ACCEPTED_IN_PART: "This claim has been accepted in part",
    ClaimStatus.REJECTED: "This claim has been rejected",
    ClaimStatus.WITHDRAWN: "This claim has been withdrawn",
}
NO_LONGER = "{state}, so it can no longer be changed. Make a new claim"


def take_turn(claim: Claim) -> None:
    """Wait until nobody else changes a claim of the provider, and read this one again."""
    session.scalars(select(Provider).where(Provider.id == claim.provider_id)).one().one_at_a_time()
    reload(claim)


def insist_on_editable(claim: Claim) -> None:
    """DomainError where the provider may not change it, with what to do."""
    if claim.is_from_feed:
        raise DomainError(FROM_FEED)
    if claim.status is ClaimStatus.PENDING:
        raise DomainError(SENT)
    if not claim.status.is_editable:
        raise DomainError(NO_LONGER.format(state=IS_OVER[claim.status]))


def touched(claim: Claim, **values: Any) -> None:
    """Note that the provider changes it now; DomainError where somebody has sent or decided it meanwhile."""
    if not move(claim, Claim.status.in_(EDITABLE), Claim.of_portal(), changed_at=utc_now(), **values):
        insist_on_editable(claim)


def new_claim(provider: Provider, *, claimed_on: date | None = None, notes: str = "", by: User) -> Claim:
    """An empty claim, of today unless another day is said. DomainError where MOST_OPEN wait to be sent."""
    provider.one_at_a_time()
    unsent = select(Claim.id).where(Claim.provider_id == provider.id, Claim.status == ClaimStatus.UNSUBMITTED)
    if len(session.scalars(unsent).all()) >= MOST_OPEN:
        raise DomainError(f"You have {MOST_OPEN} claims that are not sent. Send or withdraw some of them first")
    claim = Claim(
        provider_id=provider.id, reference=f"new-{token_hex(16)}", claimed_on=_checked(claimed_on or today()),
        notes=notes.strip()[:LONGEST_NOTES], status=ClaimStatus.UNSUBMITTED, made_by_id=by.id,
    )  # fmt: skip
    session.add(claim)
    session.flush()
    claim.reference = f"OC{claim.id}"
    record("claim.made", claim, by=by)
    return claim


def _checked(claimed_on: date) -> date:
    if claimed_on > today():
        raise DomainError(f"The date of claim must be today, {in_words(today())}, or an earlier day")
    return claimed_on


def change_claim(claim: Claim, *, claimed_on: date, notes: str, by: User) -> None:
    """Its date and its notes."""
    take_turn(claim)
    insist_on_editable(claim)
    touched(claim, claimed_on=_checked(claimed_on), notes=notes.strip()[:LONGEST_NOTES])
    record("claim.changed", claim, by=by)


def submit(claim: Claim, *, shown_pence: int, by: User) -> None:
    """Send it to the finance panel, at the sum that the page has shown. DomainError where that has changed, the claim
    is empty, or a rule refuses it: each rule that does, an item a line.
    """
    take_turn(claim)
    insist_on_editable(claim)
    place_anew(claim)
    total = requote(claim)
    if refused := refusals(claim):
        raise DomainError("\n".join(refused))
    if total != shown_pence:
        raise DomainError(
            f"This claim comes to {gbp(total)} now, no longer to {gbp(shown_pence)}: trips or rates have changed. Look "
            "at it again, then send it"
        )
    first = {"submitted_at": utc_now(), "submitted_on": today(), "submitted_by_id": by.id}
    if claim.submitted_at is not None:
        first = {}
    touched(claim, status=ClaimStatus.PENDING, **first)
    record("claim.submitted", claim, by=by, pence=total)


def withdraw(claim: Claim, *, by: User) -> None:
    """Take it back before it is decided. It stays to be read, and is never paid."""
    take_turn(claim)
    if claim.is_from_feed:
        raise DomainError(FROM_FEED)
    undecided = Claim.status.in_((*EDITABLE, ClaimStatus.PENDING))
    if not move(claim, undecided, Claim.of_portal(), status=ClaimStatus.WITHDRAWN, withdrawn_at=utc_now()):
        raise DomainError(NO_LONGER.format(state=IS_OVER[claim.status]))
    record("claim.withdrawn", claim, by=by)


def copy_claim(claim: Claim, *, days: int = 7, by: User) -> Claim:
    """A new claim with the mileage items of this one, each trip so many days later. What was claimed at cost is not
    copied, since it needs a receipt of its own, and neither is a trip that would lie ahead. DomainError where that
    leaves nothing.
    """
    provider = session.scalars(select(Provider).where(Provider.id == claim.provider_id)).one()
    items = session.scalars(
        select(ClaimItem)
        .where(ClaimItem.claim_id == claim.id, ClaimItem.is_by_rate)
        .options(selectinload(ClaimItem.trips))
        .order_by(ClaimItem.id)
    ).all()
    copies = [found for each in items if (found := _later(each, days)) is not None]
    if not copies:
        raise DomainError(f"None of its trips can be copied: {days} days later they would all lie ahead")
    made = new_claim(provider, notes=claim.notes, by=by)
    for item, trips in copies:
        item.claim_id, item.reference = made.id, f"new-{token_hex(16)}"
        session.add(item)
        session.flush()
        item.reference = f"OI{item.id}"
        for trip in trips:
            trip.claim_item_id = item.id
        session.add_all(trips)
    session.flush()
    place_anew(made)
    requote(made)
    record("claim.copied", made, by=by, copied_from=claim.reference)
    return made


def _later(item: ClaimItem, days: int) -> tuple[ClaimItem, list[ClaimTrip]] | None:
    ahead = days * DAY
    trips = [
        ClaimTrip(
            provider_id=item.provider_id, day=each.day + ahead, from_place=each.from_place, to_place=each.to_place,
            purpose=each.purpose, miles_e4=each.miles_e4, is_return=each.is_return, is_separate=each.is_separate,
        )
        for each in item.trips
        if each.day + ahead <= today()
    ]  # fmt: skip
    spent_on = trips[0].day if trips else item.spent_on + ahead
    if (item.trips and not trips) or spent_on > today():
        return None
    quantity = sum(each.counted_e4 for each in trips) if trips else item.quantity_e4
    return ClaimItem(
        provider_id=item.provider_id, contract_id=item.contract_id, service_level_id=item.service_level_id,
        client_id=item.client_id, description=item.description, spent_on=spent_on, quantity_e4=quantity,
        rate_e4=item.rate_e4, amount_pence=0, accepted_pence=0, is_by_rate=True,
    ), trips  # fmt: skip
