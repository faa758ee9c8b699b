"""Mail about invoices. It names no client, and nothing that anybody has typed but the invoice's own number."""

from collections.abc import Sequence

from sqlalchemy import Select, select

from models.accounts.notification import Letter, News, at_provider, send
from models.accounts.user import Membership, User
from models.audit import Actor
from models.base import session
from models.permissions import GRANTS, Permission
from models.records.invoice import Invoice, InvoiceKind
from models.records.invoice_rule import HoldReason
from models.records.provider import Provider

BODY = """\
{name},

{what} of {provider} {words}.

{next}
"""
RECEIVED = "You need do nothing. Log in to the Provider Portal to see how far it is."
APPROVED = "Log in to the Provider Portal to see when it is paid."
REJECTED = "Log in to the Provider Portal to read why."


def tell_received(invoice: Invoice, *, by: Actor) -> None:
    _tell(invoice, "has been received by the council", RECEIVED, by)


def tell_held(invoice: Invoice, reason: HoldReason, *, by: Actor) -> None:
    """With the one sentence of its reason, and what its owner has to do: both are the council's own words."""
    _tell(invoice, "is on hold", f"{reason.sentence}\n{reason.remedy}", by)


def tell_released(invoice: Invoice, *, by: Actor) -> None:
    _tell(invoice, "is no longer on hold", RECEIVED, by)


def tell_decided(invoice: Invoice, *, is_approved: bool, by: Actor) -> None:
    words = "has been approved" if is_approved else "has been rejected"
    _tell(invoice, words, APPROVED if is_approved else REJECTED, by)


def _tell(invoice: Invoice, words: str, then: str, by: Actor) -> None:
    """Whoever has made or sent it, while they may send invoices there; if nobody is left, everybody who may."""
    provider = session.scalar(select(Provider.name).where(Provider.id == invoice.provider_id))
    what = "invoice" if invoice.kind is InvoiceKind.INVOICE else "credit note"
    there = at_provider(invoice.provider_id, "invoices", str(invoice.id))
    send(
        Letter(
            each, News.INVOICE, invoice.provider_id, f"Your {what} {words}",
            BODY.format(name=each.name, what=f"{what} {invoice.number}", provider=provider, words=words, next=then),
            there, f"{invoice.called} {words}", by,
        )
        for each in _to_tell(invoice)
    )  # fmt: skip


def _to_tell(invoice: Invoice) -> Sequence[User]:
    own = User.id.in_([each for each in (invoice.made_by_id, invoice.submitted_by_id) if each])
    return session.scalars(_people(invoice).where(own)).all() or session.scalars(_people(invoice)).all()


def _people(invoice: Invoice) -> Select[User]:
    """Everybody who may send invoices there."""
    roles = [role for role, granted in GRANTS.items() if Permission.SUBMIT_INVOICES in granted]
    place = (
        Membership.provider_id == invoice.provider_id, Membership.granted_at.is_not(None), Membership.role.in_(roles)
    )  # fmt: skip
    return select(User).join(Membership, Membership.user_id == User.id).where(*place, User.is_active).order_by(User.id)
