"""Mail about what the panel has done with a claim, and what somebody may claim. It names no client, and nothing that
anybody has typed.
"""

from collections.abc import Sequence

from sqlalchemy import Select, select

from models.accounts.notification import Letter, News, at_provider, send
from models.accounts.user import Membership, User
from models.audit import Actor
from models.base import session
from models.permissions import GRANTS, Permission
from models.records.claim import Claim, ClaimStatus
from models.records.provider import Provider

WORDS = {
    ClaimStatus.ACCEPTED: "has been accepted",
    ClaimStatus.ACCEPTED_IN_PART: "has been accepted in part",
    ClaimStatus.REJECTED: "has been rejected",
    ClaimStatus.RETURNED: "waits for information from you",
}
BODY = """\
{name},

claim {reference} of {provider} {words}.

{next}
"""
APPROVAL = """\
{name},

{provider} may claim {level} {days}.

Log in to the Provider Portal to see all that you may claim.
"""
DECIDED = "Log in to the Provider Portal to read what became of each item."
ASKED = "Log in to the Provider Portal to read what is asked, change the claim and send it again."


def tell_outcome(claim: Claim, *, by: Actor, link: str = "") -> None:
    """Tell whoever has made or sent the claim, while they may make claims there; if nobody is left, everybody who may.
    `link` is where they read it.
    """
    provider = session.scalar(select(Provider.name).where(Provider.id == claim.provider_id))
    words = WORDS[claim.status]
    there = link or at_provider(claim.provider_id, "claims", str(claim.id))
    body = ASKED if claim.status is ClaimStatus.RETURNED else DECIDED
    send(
        Letter(
            each, News.CLAIM, claim.provider_id, f"A claim of yours {words}",
            BODY.format(name=each.name, reference=claim.reference, provider=provider, words=words, next=body), there,
            f"Claim {claim.reference} {words}", by,
        )
        for each in _to_tell(claim)
    )  # fmt: skip


def _to_tell(claim: Claim) -> Sequence[User]:
    own = User.id.in_([each for each in (claim.made_by_id, claim.submitted_by_id) if each])
    people = _people(claim.provider_id)
    return session.scalars(people.where(own)).all() or session.scalars(people).all()


def tell_approval(provider_id: int, level: str, days: str, *, by: Actor) -> None:
    """Tell everybody who may make claims there which service level they may claim, and on which days: "from 1 April
    2026", "up to 5 May 2026".
    """
    provider = session.scalar(select(Provider.name).where(Provider.id == provider_id))
    send(
        Letter(
            each, News.CLAIM, provider_id, "What you may claim",
            APPROVAL.format(name=each.name, provider=provider, level=level, days=days),
            at_provider(provider_id, "claims", ""), f"You may claim {level} {days}", by,
        )
        for each in session.scalars(_people(provider_id)).all()
    )  # fmt: skip


def _people(provider_id: int) -> Select[User]:
    """Everybody who may make claims there."""
    roles = [role for role, granted in GRANTS.items() if Permission.MAKE_CLAIMS in granted]
    place = Membership.provider_id == provider_id, Membership.granted_at.is_not(None), Membership.role.in_(roles)
    return select(User).join(Membership, Membership.user_id == User.id).where(*place, User.is_active).order_by(User.id)
