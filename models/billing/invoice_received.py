"""Taking in an invoice that came as a file: it becomes a draft, which its provider looks through and sends."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from models.accounts.user import User
from models.base import DomainError, session
from models.billing.invoice_lines import Asked, add_lines, take_back
from models.billing.invoicing import Head, key_of, new_invoice, tidy_number
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, VatCode
from models.records.invoice import Invoice, InvoiceKind, InvoiceLine, InvoiceStatus
from models.records.provider import Provider


@dataclass(frozen=True)
class ReceivedLine:
    """As the file says it; quantity and rate in ten-thousandths. `item` is the reference of a care package."""

    item: str
    first_on: date
    last_on: date
    quantity_e4: int
    rate_e4: int
    net_pence: int
    vat_code: VatCode
    vat_basis_points: int
    description: str = ""


@dataclass(frozen=True)
class Received:
    kind: InvoiceKind
    number: str
    invoiced_on: date
    contract: str
    """Its reference; empty where the file says none."""
    credits: str
    """Of a credit note: the number of the invoice that it takes back of."""
    stated_pence: int
    note: str
    lines: tuple[ReceivedLine, ...]
    seller: str = ""
    buyer: str = ""
    """Names of the two parties; empty where the file says none."""

    def strangers(self, provider: str, council: str) -> str:
        """A sentence about names that are not those of the provider and the council: the wrong file may have been
        chosen. They are no fault, since names are written in many ways. Empty where both are known.
        """
        pairs = (("from", self.seller, provider), ("to", self.buyer, council))
        other = [f"{way} “{name}”" for way, name, known in pairs if name and key_of(name) != key_of(known)]
        return f"The file is {' '.join(other)}: make sure that it is the right one" if other else ""


def take_in(received: Received, provider: Provider, *, alike_reason: str = "", by: User) -> Invoice:
    """A draft of what the file says. DomainError where a care package or the contract is none of the provider's, or a
    rule of drafts is broken.
    """
    items = _items(provider, received)
    contract = _contract(provider, received, items)
    head = Head(received.number, received.invoiced_on, received.note, received.stated_pence, alike_reason)
    if received.kind is InvoiceKind.CREDIT_NOTE:
        return _credit_note(provider, contract, received, head, items, by)
    invoice = new_invoice(contract, head, by=by)
    session.flush()
    add_lines(invoice, [_asked(each, items[each.item]) for each in received.lines], by=by)
    return invoice


def _asked(line: ReceivedLine, item: CarePackageLineItem) -> Asked:
    return Asked(
        item.id, line.first_on, line.last_on, line.quantity_e4, line.rate_e4, line.vat_code, line.vat_basis_points,
        line.description, line.net_pence,
    )  # fmt: skip


def _items(provider: Provider, received: Received) -> dict[str, CarePackageLineItem]:
    wanted = {each.item for each in received.lines}
    item = CarePackageLineItem
    query = select(item).where(item.provider_id == provider.id, item.reference.in_(wanted), item.is_activated)
    found = {each.reference: each for each in session.scalars(query.order_by(item.id))}
    if missing := sorted(wanted - found.keys()):
        raise DomainError(
            f"You have no care package {missing[0]}. Write our references as your list of them shows them"
        )
    return found


def _contract(provider: Provider, received: Received, items: dict[str, CarePackageLineItem]) -> Contract:
    ids = {each.contract_id for each in items.values()}
    if len(ids) != 1:
        raise DomainError("The lines are for care packages of several contracts. Send an invoice for each contract")
    query = select(Contract).where(Contract.provider_id == provider.id, Contract.id.in_(ids)).order_by(Contract.id)
    contract = session.scalars(query).one()
    if received.contract and received.contract != contract.reference:
        raise DomainError(
            f"The file says contract {received.contract}, and its care packages are of contract {contract.reference}"
        )
    return contract


def _credit_note(
    provider: Provider, contract: Contract, received: Received, head: Head, items: dict[str, CarePackageLineItem],
    by: User,
) -> Invoice:  # fmt: skip
    mine = (
        Invoice.provider_id == provider.id,
        Invoice.number == tidy_number(received.credits),
        Invoice.kind == InvoiceKind.INVOICE,
    )
    query = select(Invoice).where(*mine, Invoice.status == InvoiceStatus.APPROVED).order_by(Invoice.id)
    of = session.scalars(query).first()
    if of is None:
        raise DomainError(f"No invoice {received.credits or 'without a number'} of yours is approved to take back of")
    own = session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == of.id).order_by(InvoiceLine.id)).all()
    wanted: dict[int, int] = {}
    for line in received.lines:
        fits = [
            each
            for each in own
            if (each.item_id, each.first_on, each.last_on) == (items[line.item].id, line.first_on, line.last_on)
        ]
        if not fits:
            raise DomainError(
                f"Invoice {of.number} has no line of {line.item} for the days {line.first_on:%d/%m/%Y} on"
            )
        of_line = next((each for each in fits if each.rate_e4 == line.rate_e4), fits[0])
        wanted[of_line.id] = wanted.get(of_line.id, 0) + line.quantity_e4
    note = new_invoice(contract, head, kind=InvoiceKind.CREDIT_NOTE, credits=of, by=by)
    session.flush()
    take_back(note, wanted, by=by)
    return note
