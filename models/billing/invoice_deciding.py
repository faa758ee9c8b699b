"""What the council does with invoices: hold, release, approve, reject. docs/invoice-states.md has the table; a test
goes through every cell.

Nobody decides an invoice of a provider at which they have or had a place, nor one that they have made or sent. What is
approved is calculated at once, so that it stands in the next payment of a contract that pays by invoice.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select

from models.accounts.conflict import conflicts_of, insist_on_none
from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, reload, session, utc_now
from models.billing.credited import has_credit_notes, insist_is_left
from models.billing.invoice_listing import numbered
from models.billing.invoice_mail import tell_decided, tell_held, tell_released
from models.billing.invoice_matching import match
from models.billing.invoicing import end_hold, insist_as_seen, open_hold, take_turn
from models.calendar import today
from models.payments.calculation import calculate, lock
from models.permissions import Permission
from models.records.invoice import (
    HoldEnding,
    Invoice,
    InvoiceHold,
    InvoiceKind,
    InvoiceStatus,
)
from models.records.invoice_rule import HoldReason, Releaser
from models.words import how_many

LONGEST_TEXT = 1_000
OWN_INVOICE = "You have made or sent this invoice, so a colleague has to decide it"
NOT_THERE = {
    InvoiceStatus.DRAFT: "has not been sent to the council",
    InvoiceStatus.SUBMITTED: "waits to be decided",
    InvoiceStatus.ON_HOLD: "is on hold. Release it first",
    InvoiceStatus.APPROVED: "has been approved",
    InvoiceStatus.REJECTED: "has been rejected",
    InvoiceStatus.CANCELLED: "has been cancelled",
}


def may_decide(invoice: Invoice, by: User) -> bool:
    is_own = by.id in (invoice.made_by_id, invoice.submitted_by_id)
    return not is_own and not conflicts_of(by, [invoice.provider_id])


def hold(invoice: Invoice, reason: HoldReason, *, note: str = "", by: User, seen: str | None = None) -> None:
    """Put it on hold for one of the reasons that are offered, and tell the provider today. DomainError where it does
    not wait to be decided, or has another mark than `seen`, which the page had.
    """
    _begin(invoice, by)
    if invoice.status is not InvoiceStatus.SUBMITTED:
        raise DomainError(_not_there(invoice))
    insist_as_seen(invoice, seen)
    if reason.ended_at is not None:
        raise DomainError(f"“{reason.name}” is no longer a reason to hold. Choose another one")
    if not move(invoice, Invoice.status == InvoiceStatus.SUBMITTED, status=InvoiceStatus.ON_HOLD, changed_at=utc_now()):
        raise DomainError(_not_there(invoice))
    session.add(
        InvoiceHold(
            provider_id=invoice.provider_id, invoice_id=invoice.id, reason_id=reason.id, note=_tidy(note),
            held_on=today(), held_by_id=by.id,
        )
    )  # fmt: skip
    record("invoice.held", invoice, by=by, reason=reason.id)
    tell_held(invoice, reason, by=by)


def release(invoice: Invoice, *, by: User, seen: str | None = None) -> None:
    """Let it go on as it is. The days to pay count on from its receipt: it was valid all the while. DomainError where
    its reason is for a manager to release, and `by` is none; `seen` as `hold` takes it.
    """
    _begin(invoice, by)
    held = session.scalars(open_hold(invoice)).one_or_none()
    if held is None or invoice.status is not InvoiceStatus.ON_HOLD:
        raise DomainError(f"{invoice.called} is not on hold")
    insist_as_seen(invoice, seen)
    if held.reason.released_by is Releaser.MANAGER and not by.can_at_council(Permission.MANAGE_INVOICE_RULES):
        raise DomainError(f"“{held.reason.name}” is for a payments manager to release")
    if not move(invoice, Invoice.status == InvoiceStatus.ON_HOLD, status=InvoiceStatus.SUBMITTED, changed_at=utc_now()):
        raise DomainError(_not_there(invoice))
    end_hold(held, HoldEnding.RELEASED, by)
    record("invoice.released", invoice, by=by, reason=held.reason_id)
    tell_released(invoice, by=by)


def approve(invoice: Invoice, *, seen: str, note: str = "", by: User) -> None:
    """As the page has shown it: `seen` is its mark. DomainError where it does not wait to be decided, has changed, or
    differs from what the council knows and no note says why it is paid all the same. A rejected one is approved anew
    with a note.
    """
    _approve(invoice, seen, note, by)
    calculate([invoice.provider_id])


def approve_each(invoices: Sequence[Invoice], seen: Mapping[int, str], *, by: User) -> None:
    """Several at once, each as the page has shown it (`seen`: their marks, by id): only such as wait and match.
    DomainError names the first that does not, or has changed, and none is approved.
    """
    if len(invoices) < len(seen):
        raise DomainError(f"{how_many(len(seen) - len(invoices), 'invoice')} of the list cannot be found any more")
    for invoice in sorted(invoices, key=lambda each: (each.provider_id, each.id)):
        _approve(invoice, seen.get(invoice.id, ""), "", by, only_submitted=True)
    if ids := sorted({each.provider_id for each in invoices}):
        calculate(ids)


def _approve(invoice: Invoice, seen: str, note: str, by: User, *, only_submitted: bool = False) -> None:
    _begin(invoice, by)
    before, note = invoice.status, _tidy(note)
    decidable = (InvoiceStatus.SUBMITTED,) if only_submitted else (InvoiceStatus.SUBMITTED, InvoiceStatus.REJECTED)
    if before not in decidable:
        raise DomainError(_not_there(invoice))
    insist_as_seen(invoice, seen)
    if invoice.kind is InvoiceKind.CREDIT_NOTE:
        insist_is_left(invoice)
    if not note and before is InvoiceStatus.REJECTED:
        raise DomainError("Say why the decision is changed. The provider reads it")
    if not note and not match(session.scalars(numbered(invoice.id)).unique().one()).is_matched:
        raise DomainError(
            f"{invoice.called} differs from what the council knows. Say why it is paid all the same, or hold it"
        )
    _decided(invoice, before, InvoiceStatus.APPROVED, note, by)


def reject(invoice: Invoice, reason: str, *, by: User, seen: str | None = None) -> None:
    """For a reason that the provider reads. What was paid of an approved one is taken back as a difference. DomainError
    where credit notes take back of it: they are rejected first; `seen` as `hold` takes it.
    """
    _begin(invoice, by)
    reason, before = _tidy(reason), invoice.status
    if before not in (InvoiceStatus.SUBMITTED, InvoiceStatus.ON_HOLD, InvoiceStatus.APPROVED):
        raise DomainError(_not_there(invoice))
    insist_as_seen(invoice, seen)
    if not reason:
        raise DomainError("Say why it is rejected. The provider reads it")
    if has_credit_notes(invoice):
        raise DomainError(f"Credit notes take back of {invoice.called.lower()}. Reject these first")
    held = session.scalars(open_hold(invoice)).one_or_none()
    _decided(invoice, before, InvoiceStatus.REJECTED, reason, by)
    if held is not None:
        end_hold(held, HoldEnding.REJECTED, by)
    calculate([invoice.provider_id])


def _decided(invoice: Invoice, before: InvoiceStatus, after: InvoiceStatus, note: str, by: User) -> None:
    values = {"decided_on": today(), "decided_at": utc_now(), "decided_by_id": by.id, "decision_note": note}
    if not move(invoice, Invoice.status == before, status=after, **values):
        raise DomainError(_not_there(invoice))
    is_approved = after is InvoiceStatus.APPROVED
    record(f"invoice.{after.value}", invoice, by=by, pence=invoice.gross_pence, before=before.value)
    tell_decided(invoice, is_approved=is_approved, by=by)


def _begin(invoice: Invoice, by: User) -> None:
    """Nobody else decides, changes or calculates an invoice of the provider until the transaction ends."""
    insist_on_none(by, [invoice.provider_id])
    if by.id in (invoice.made_by_id, invoice.submitted_by_id):
        raise DomainError(OWN_INVOICE)
    take_turn(invoice)
    lock([invoice.provider_id])


def _not_there(invoice: Invoice) -> str:
    reload(invoice)
    return f"{invoice.called} {NOT_THERE[invoice.status]}. Look at it again"


def _tidy(text: str) -> str:
    return text.strip()[:LONGEST_TEXT]


def several(invoice_ids: Collection[int]) -> list[Invoice]:
    """In order, those that were sent; read anew, since an act that was refused leaves in memory what it had tried."""
    wanted = Invoice.id.in_(invoice_ids), Invoice.submitted_at.is_not(None)
    query = select(Invoice).where(*wanted).order_by(Invoice.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))
