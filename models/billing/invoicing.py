"""What a provider does with an invoice or a credit note as a whole. docs/invoice-states.md has the table; a test goes
through every cell.

Each verb waits its turn at the provider first, so that of two people who press at once the second is told.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import joinedload

from models.accounts.user import User
from models.audit import record
from models.base import DomainError, move, reload, session, utc_now
from models.billing.credited import insist_is_left, why_not_credited
from models.billing.invoice_mail import tell_received
from models.calendar import in_words, today
from models.money import gbp
from models.records.contract import Contract
from models.records.invoice import (
    EDITABLE,
    HoldEnding,
    Invoice,
    InvoiceHold,
    InvoiceKind,
    InvoiceLine,
    InvoiceStatus,
)
from models.records.provider import Provider

LONGEST_NUMBER = 40
LONGEST_TEXT = 1_000
MOST_OPEN = 100
"""Drafts of one provider."""
IS_OVER = {
    InvoiceStatus.SUBMITTED: "It is with the council. Cancel it if it is wrong, or wait until the council has answered",
    InvoiceStatus.APPROVED: "It is approved. Send a credit note for what is too much",
    InvoiceStatus.REJECTED: "It is rejected. Send a new one under another number",
    InvoiceStatus.CANCELLED: "It is cancelled. Its number is free: make a new one",
    InvoiceStatus.DRAFT: "It has not been sent to the council",
    InvoiceStatus.ON_HOLD: "It is on hold",
}
"""Why something cannot be done with it, and what can."""
_ZEROS = re.compile(r"0+(?=\d)")


@dataclass(frozen=True)
class Head:
    """What stands on top of an invoice. `stated_pence`: its total with VAT by the provider's own books, if they say."""

    number: str
    invoiced_on: date
    note: str = ""
    stated_pence: int | None = None
    alike_reason: str = ""
    """Why it is no double although its number looks like another's."""


def tidy_number(text: str) -> str:
    """As it is kept and compared: one space between words, nothing that cannot be seen, letters composed."""
    shown = "".join(each for each in text if each.isspace() or unicodedata.category(each)[0] != "C")
    return unicodedata.normalize("NFC", " ".join(shown.split()))


def key_of(number: str) -> str:
    """What two numbers that look alike have in common: without signs, capitals and zeros in front. "0012 " is "12", and
    so is it with digits of full width; an accent may be typed as a part of its letter or after it.
    """
    plain = unicodedata.normalize("NFKC", number).casefold()
    return _ZEROS.sub("", "".join(letter for letter in plain if letter.isalnum()))


def take_turn(invoice: Invoice) -> None:
    """Wait until nobody else changes an invoice of the provider, and read this one again. DomainError where it was
    removed meanwhile.
    """
    called = invoice.called
    session.scalars(select(Provider).where(Provider.id == invoice.provider_id)).one().one_at_a_time()
    if session.scalar(select(Invoice.id).where(Invoice.id == invoice.id)) is None:
        raise DomainError(f"Somebody else has just removed {called.lower()}. Make a new one if it is needed")
    reload(invoice)


def insist_on_editable(invoice: Invoice) -> None:
    """DomainError where the provider may not change it, with what to do."""
    if not invoice.status.is_editable:
        raise DomainError(f"{invoice.called} cannot be changed. {IS_OVER[invoice.status]}")


def insist_as_seen(invoice: Invoice, seen: str | None) -> None:
    """DomainError where its mark is another than the one which the page has shown. None: there was no page."""
    if seen is not None and seen != invoice.mark:
        raise DomainError(
            f"{invoice.called} has changed since you opened this page: it comes to {gbp(invoice.gross_pence)} now. "
            "Look at it again"
        )


def touched(invoice: Invoice, **values: Any) -> None:
    """Note that the provider changes it now; DomainError where somebody has decided it meanwhile."""
    if not move(invoice, Invoice.status.in_(EDITABLE), changed_at=utc_now(), **values):
        insist_on_editable(invoice)


def new_invoice(
    contract: Contract, head: Head, *, kind: InvoiceKind = InvoiceKind.INVOICE, credits: Invoice | None = None, by: User
) -> Invoice:
    """A draft without lines. DomainError where the provider has used the number, or one that looks like it and no
    reason is given.
    """
    provider = session.scalars(select(Provider).where(Provider.id == contract.provider_id)).one()
    provider.one_at_a_time()
    drafts = select(Invoice.id).where(Invoice.provider_id == provider.id, Invoice.status == InvoiceStatus.DRAFT)
    if len(session.scalars(drafts).all()) >= MOST_OPEN:
        raise DomainError(f"You have {MOST_OPEN} drafts. Send or remove some of them first")
    if credits is not None and (why := why_not_credited(credits)):
        raise DomainError(why)
    checked = _checked(provider.id, head, None)
    invoice = Invoice(
        provider_id=provider.id, contract_id=contract.id, kind=kind, credits_id=credits.id if credits else None,
        made_by_id=by.id, **checked,
    )  # fmt: skip
    session.add(invoice)
    record("invoice.made", invoice, by=by, kind=kind.value)
    return invoice


def change_invoice(invoice: Invoice, head: Head, *, by: User) -> None:
    """What stands on top of it. One that is on hold keeps its number, under which it is sent again."""
    take_turn(invoice)
    insist_on_editable(invoice)
    checked = _checked(invoice.provider_id, head, invoice)
    if invoice.status is InvoiceStatus.ON_HOLD and checked["number"] != invoice.number:
        raise DomainError(f"{invoice.called} is on hold. Mend it and send it again under the same number")
    touched(invoice, **checked)
    record("invoice.changed", invoice, by=by)


def _checked(provider_id: int, head: Head, own: Invoice | None) -> dict[str, Any]:
    number = tidy_number(head.number)
    key = key_of(number)
    if not key or len(number) > LONGEST_NUMBER:
        raise DomainError(
            f"Enter your own number of at most {LONGEST_NUMBER} characters, with a letter or a digit in it"
        )
    if head.invoiced_on > today():
        raise DomainError(f"The date of the invoice must be today, {in_words(today())}, or an earlier day")
    for other in session.scalars(same_key(provider_id, key)):
        if own is not None and other.id == own.id:
            continue
        if other.number == number:
            raise DomainError(f"You have used the number {number} already, on {in_words(other.invoiced_on)}")
        if not head.alike_reason.strip():
            raise DomainError(
                f"The number {number} looks like {other.number} of {in_words(other.invoiced_on)}. If it is another "
                "invoice, say why the numbers are alike"
            )
    return {
        "number": number, "number_key": key, "invoiced_on": head.invoiced_on,
        "note": head.note.strip()[:LONGEST_TEXT], "stated_pence": head.stated_pence,
        "alike_reason": head.alike_reason.strip()[:LONGEST_TEXT],
    }  # fmt: skip


def same_key(provider_id: int, key: str) -> Select[Invoice]:
    """The provider's invoices and credit notes whose number is this one, or looks like it; cancelled ones are gone."""
    mine = Invoice.provider_id == provider_id, Invoice.number_key == key
    return select(Invoice).where(*mine, Invoice.status != InvoiceStatus.CANCELLED).order_by(Invoice.id)


def remove(invoice: Invoice, *, by: User) -> None:
    """A draft that was never sent goes, and its number is free."""
    take_turn(invoice)
    if invoice.status is not InvoiceStatus.DRAFT:
        raise DomainError(f"{invoice.called} cannot be removed. {IS_OVER[invoice.status]}")
    record("invoice.removed", invoice, by=by)
    session.flush()
    session.execute(delete(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id))
    session.execute(delete(Invoice).where(Invoice.id == invoice.id))


def submit(invoice: Invoice, *, seen: str, by: User) -> None:
    """Send it to the council as the page has shown it (`seen`: its mark); one that was on hold is mended by it.

    The days to pay count from the day on which the council first had it; anew from today where what was wrong was for
    the provider to mend. DomainError where it has changed, has no lines, or a credit note takes more than is
    left of its invoice.
    """
    take_turn(invoice)
    insist_on_editable(invoice)
    insist_as_seen(invoice, seen)
    _insist_may_be_sent(invoice)
    hold = session.scalars(open_hold(invoice)).one_or_none()
    first = invoice.submitted_at is None
    values: dict[str, Any] = {"status": InvoiceStatus.SUBMITTED}
    if first:
        values |= {
            "submitted_at": utc_now(), "submitted_by_id": by.id, "received_on": today(), "valid_on": today(),
        }  # fmt: skip
    elif hold is not None and hold.reason.is_of_provider:
        values["valid_on"] = today()
    touched(invoice, **values)
    if hold is not None:
        end_hold(hold, HoldEnding.MENDED, by)
    if first:
        record("invoice.submitted", invoice, by=by, pence=invoice.gross_pence)
    else:
        record("invoice.mended", invoice, by=by, pence=invoice.gross_pence)
    tell_received(invoice, by=by)


def _insist_may_be_sent(invoice: Invoice) -> None:
    if not session.scalars(select(InvoiceLine.id).where(InvoiceLine.invoice_id == invoice.id).limit(1)).all():
        raise DomainError(f"{invoice.called} has no lines. Add what it is for")
    if invoice.gross_pence <= 0:
        raise DomainError(f"{invoice.called} comes to {gbp(0)}. Enter quantities and prices")
    if invoice.kind is InvoiceKind.CREDIT_NOTE:
        insist_is_left(invoice)


def cancel(invoice: Invoice, *, by: User) -> None:
    """Take it back before it is decided. It stays to be read, is never paid, and its number is free."""
    take_turn(invoice)
    sent = Invoice.status.in_((InvoiceStatus.SUBMITTED, InvoiceStatus.ON_HOLD))
    hold = session.scalars(open_hold(invoice)).one_or_none()
    if not move(invoice, sent, status=InvoiceStatus.CANCELLED, cancelled_at=utc_now()):
        raise DomainError(f"{invoice.called} cannot be cancelled. {IS_OVER[invoice.status]}")
    if hold is not None:
        end_hold(hold, HoldEnding.CANCELLED, by)
    record("invoice.cancelled", invoice, by=by)


def open_hold(invoice: Invoice) -> Select[InvoiceHold]:
    """The hold that is not ended, with its reason."""
    query = select(InvoiceHold).where(InvoiceHold.invoice_id == invoice.id, InvoiceHold.ended_at.is_(None))
    return query.options(joinedload(InvoiceHold.reason)).order_by(InvoiceHold.id)


def end_hold(hold: InvoiceHold, ending: HoldEnding, by: User) -> None:
    """Close it. DomainError where somebody has just done so."""
    values = {"ended_at": utc_now(), "ended_on": today(), "ended_by_id": by.id, "ending": ending}
    if not move(hold, InvoiceHold.ended_at.is_(None), **values):
        raise DomainError("Somebody else has just ended this hold. Look at the invoice again")
