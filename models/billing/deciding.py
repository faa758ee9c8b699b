"""What the finance panel does with claims. docs/claim-states.md has the table; a test goes through every cell.

Nobody decides a claim of a provider at which they have or had a place, nor one that they have made or sent. What is
accepted is calculated at once, so that it stands in the next payment and in the order of one-off claims.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from models.accounts.conflict import conflicts_of, insist_on_none
from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, reload, session, utc_now
from models.billing.claim_mail import tell_outcome
from models.billing.claiming import FROM_FEED, take_turn
from models.billing.levels import place_anew
from models.calendar import today
from models.engine.mileage import priced
from models.money import SCALE, gbp, number
from models.payments.calculation import calculate, lock
from models.payments.miles import books
from models.records.claim import DECIDED, Claim, ClaimItem, ClaimStatus

LONGEST_TEXT = 1_000
OWN_CLAIM = "You have made or sent this claim, so a colleague has to decide it"
NOT_PENDING = {
    ClaimStatus.PENDING: "has been changed",
    ClaimStatus.UNSUBMITTED: "has not been sent to the panel",
    ClaimStatus.RETURNED: "is with the provider, who has been asked for information",
    ClaimStatus.WITHDRAWN: "has been withdrawn",
    ClaimStatus.ACCEPTED: "has been accepted",
    ClaimStatus.ACCEPTED_IN_PART: "has been accepted in part",
    ClaimStatus.REJECTED: "has been rejected",
}


@dataclass(frozen=True)
class ItemDecision:
    """What becomes of one item. All of it unless fewer miles, or another sum, is said."""

    is_included: bool = True
    miles_e4: int | None = None
    """Fewer miles than were claimed, in ten-thousandths: those of its first trips, priced by rate."""
    sum_pence: int | None = None
    """A sum, which no later rate moves."""
    note: str = ""
    """The provider reads it."""

    @property
    def is_in_part(self) -> bool:
        return not self.is_included or self.miles_e4 is not None or self.sum_pence is not None


IN_FULL = ItemDecision()


def insist_may_decide(claim: Claim, by: User) -> None:
    """ConflictOfInterest, or DomainError, where somebody else has to decide it."""
    insist_on_none(by, [claim.provider_id])
    if by.id in (claim.made_by_id, claim.submitted_by_id):
        raise DomainError(OWN_CLAIM)


def may_decide(claim: Claim, by: User) -> bool:
    is_own = by.id in (claim.made_by_id, claim.submitted_by_id)
    return not is_own and not conflicts_of(by, [claim.provider_id])


def decide(
    claim: Claim, decisions: Mapping[int, ItemDecision], *, note: str = "", by: User, link: str = "",
    seen: str | None = None,
) -> None:  # fmt: skip
    """Say what becomes of each item, by its id: all in full accepts the claim, none rejects it, anything else accepts
    it in part. A claim that is decided already can be decided anew, with a note: what is paid too much or too little is
    a difference of the next payment. DomainError where the claim is not there to be decided, an item is left open, or
    what is not paid in full has no note. `seen`: the claim's mark as the page had it; DomainError where it has changed.
    """
    _decide(claim, decisions, note, by, link, seen=seen)
    calculate([claim.provider_id])


def accept(claims: Sequence[Claim], *, by: User, seen: Mapping[int, str] | None = None) -> None:
    """Several at once, each in full. DomainError names the first that cannot be accepted, and none is. `seen`: their
    marks as the page had them, by id.
    """
    for claim in sorted(claims, key=lambda each: (each.provider_id, each.id)):
        items = session.scalars(select(ClaimItem.id).where(ClaimItem.claim_id == claim.id)).all()
        mark = None if seen is None else seen.get(claim.id, "")
        _decide(claim, dict.fromkeys(items, IN_FULL), "", by, "", only_pending=True, seen=mark)
    if ids := sorted({each.provider_id for each in claims}):
        calculate(ids)


def reject(claim: Claim, reason: str, *, by: User, link: str = "", seen: str | None = None) -> None:
    """All of it, for a reason that the provider reads. `seen` as `decide` takes it."""
    reason = _tidy(reason)
    if not reason:
        raise DomainError("Say why the claim is rejected. The provider reads it")
    items = session.scalars(select(ClaimItem.id).where(ClaimItem.claim_id == claim.id)).all()
    _decide(claim, dict.fromkeys(items, ItemDecision(False, note=reason)), reason, by, link, seen=seen)
    calculate([claim.provider_id])


def return_for_information(claim: Claim, text: str, *, by: User, link: str = "", seen: str | None = None) -> None:
    """Give it back to the provider with a question: it is changed and sent again, and keeps its place in the queue."""
    text = _tidy(text)
    if not text:
        raise DomainError("Say what you need to know. The provider reads it")
    _begin(claim, by, seen)
    asked = {"returned_at": utc_now(), "returned_text": text}
    if not move(claim, Claim.status == ClaimStatus.PENDING, Claim.of_portal(), status=ClaimStatus.RETURNED, **asked):
        raise DomainError(_not_there(claim))
    record("claim.returned", claim, by=by)
    tell_outcome(claim, by=by, link=link)


def _begin(claim: Claim, by: User, seen: str | None) -> None:
    """Nobody else decides, changes or calculates a claim of the provider until the transaction ends. DomainError where
    it is not what `by` has read any more.
    """
    insist_may_decide(claim, by)
    take_turn(claim)
    lock([claim.provider_id])
    if claim.is_from_feed:
        raise DomainError(FROM_FEED)
    if seen is not None and seen != claim.mark:
        raise DomainError(_not_there(claim))


def _decide(
    claim: Claim, decisions: Mapping[int, ItemDecision], note: str, by: User, link: str, *,
    only_pending: bool = False, seen: str | None = None,
) -> None:  # fmt: skip
    _begin(claim, by, seen)
    before, note = claim.status, _tidy(note)
    if before is not ClaimStatus.PENDING and (only_pending or before not in DECIDED):
        raise DomainError(_not_there(claim))
    if before in DECIDED and not note:
        raise DomainError("Say why the decision is changed. The provider reads it")
    if before is ClaimStatus.PENDING:
        place_anew(claim)
    items = session.scalars(select(ClaimItem).where(ClaimItem.claim_id == claim.id).order_by(ClaimItem.id)).all()
    if {each.id for each in items} != set(decisions):
        raise DomainError("The items of this claim have changed, or one is not decided. Look at it again")
    for item in items:
        _apply(item, decisions[item.id])
    found = set(decisions.values())
    is_none, is_full = not any(each.is_included for each in found), not any(each.is_in_part for each in found)
    after = (
        ClaimStatus.REJECTED if is_none else ClaimStatus.ACCEPTED if is_full else ClaimStatus.ACCEPTED_IN_PART
    )  # fmt: skip
    decided = {"decided_on": today(), "decided_at": utc_now(), "decided_by_id": by.id, "decision_note": note}
    if not move(claim, Claim.status == before, Claim.of_portal(), status=after, **decided):
        raise DomainError(_not_there(claim))
    session.flush()
    pence = _keep_sums(claim, items)
    record(f"claim.{after.value}", claim, by=by, pence=pence, before=before.value)
    tell_outcome(claim, by=by, link=link)


def _apply(item: ClaimItem, decision: ItemDecision) -> None:
    note = _tidy(decision.note)
    if decision.is_in_part and not note:
        raise DomainError(f"Say of {item.description} why it is not paid in full. The provider reads it")
    if decision.miles_e4 is not None and decision.sum_pence is not None:
        raise DomainError(f"Say of {item.description} fewer miles or a sum, not both")
    item.is_included, item.la_note = decision.is_included, note
    item.accepted_e4, item.is_fixed_sum, item.accepted_pence = None, False, 0
    if not decision.is_included:
        return
    if decision.miles_e4 is not None:
        item.accepted_e4 = _fewer(item, decision.miles_e4)
    elif decision.sum_pence is not None:
        item.is_fixed_sum, item.accepted_pence = item.is_by_rate, _at_most(item, decision.sum_pence)
    elif not item.is_by_rate:
        item.accepted_pence = item.amount_pence


def _fewer(item: ClaimItem, miles_e4: int) -> int:
    if not item.is_by_rate:
        raise DomainError(f"{item.description} is claimed at cost. Enter a sum")
    if not 0 < miles_e4 < item.quantity_e4 or miles_e4 % (SCALE // 10):
        raise DomainError(
            f"Enter fewer than {number(item.quantity_e4)} miles for {item.description}, in whole tenths and above 0"
        )
    return miles_e4


def _at_most(item: ClaimItem, pence: int) -> int:
    if not 0 < pence <= item.amount_pence:
        raise DomainError(f"Enter a sum above £0.00 and at most {gbp(item.amount_pence)} for {item.description}")
    return pence


def _keep_sums(claim: Claim, items: Sequence[ClaimItem]) -> int:
    """Write with each item what was accepted, as it comes out today; the sum of all in pence."""
    if any(each.is_priced and each.is_included for each in items):
        cells = priced(books([claim.provider_id])[claim.provider_id], today())
        for each in items:
            if each.is_priced and each.is_included:
                each.accepted_pence = sum(cell.net_pence for cell in cells.get(each.id, ()))
    return sum(each.accepted_pence for each in items if each.is_included)


def _not_there(claim: Claim) -> str:
    reload(claim)
    return f"Claim {claim.reference} {NOT_PENDING[claim.status]}. Look at it again"


def _tidy(text: str) -> str:
    return text.strip()[:LONGEST_TEXT]
