"""Everything that is held on one client, for the answer to a request for it (article 15 of the UK GDPR): tables of
text, internal notes of actions among them. Two people of the council release it, and the audit says who.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from models.accounts.user import User
from models.audit import AuditEvent, named, record
from models.base import DomainError, session
from models.correspondence.action import Action
from models.correspondence.action_post import ActionNote, ActionPost
from models.correspondence.action_type import ActionTeam, ActionType
from models.correspondence.attachment import Attachment
from models.correspondence.document import ContractDocument
from models.payments.adjustment import Adjustment
from models.payments.payment import PaymentLine, ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.payments.standing_hold import StandingHold
from models.permissions import Permission
from models.records.care_package import Absence, Allowance, CarePackageLineItem, Deduction, ItemPrice, ItemQuantity
from models.records.claim import ClaimItem
from models.records.client import Client
from models.records.contract import Contract
from models.records.invoice import Invoice, InvoiceLine
from models.records.provider import Provider
from models.words import folded

SOMEBODY = "[somebody else]"
"""In what people typed, in place of the name of another client."""
AUDIT = "Who looked and did what"
"""The table whose column `action` has keys of the audit's words."""
NEEDS = (Permission.VIEW_CLIENTS, Permission.VIEW_EVERY_ACTION)
"""Whoever asks for the file has to be allowed to read what is in it, ..."""
AGREES = Permission.DECIDE_STAFF_REQUESTS
"""... and whoever agrees is one of those who agree to what takes a second person."""


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


def release(client: Client, *, asked_by: User, agreed_by: User) -> list[Table]:
    """The tables, in order; that they were released, and to whom, is in the audit. DomainError where one of the two may
    not, or they are the same person.
    """
    if asked_by.id == agreed_by.id:
        raise DomainError("A second person has to agree")
    for person, needed in ((asked_by, NEEDS), (agreed_by, (AGREES,))):
        if not person.is_active or not all(person.can_at_council(each) for each in needed):
            raise DomainError(f"{person.name} may not do this: their role at the council does not include it")
    found = _tables(client)
    record("client.file_released", client, by=asked_by, agreed_by=agreed_by.id)
    return found


def _tables(client: Client) -> list[Table]:
    items = select(CarePackageLineItem.id).where(CarePackageLineItem.client_id == client.id)
    orders = select(PurchaseOrder.id).where(PurchaseOrder.client_id == client.id)
    adjustments = select(Adjustment.id).where(Adjustment.client_id == client.id)
    claims = select(ClaimItem.id).where(ClaimItem.client_id == client.id)
    line, action = PaymentLine, Action
    lines = sa.or_(
        line.item_id.in_(items), line.purchase_order_id.in_(orders), line.adjustment_id.in_(adjustments),
        line.claim_item_id.in_(claims),
    )  # fmt: skip
    actions = select(action.id).where(
        sa.or_(action.client_id == client.id, action.item_id.in_(items), action.order_id.in_(orders))
    )
    documents = select(ContractDocument.id).where(
        sa.or_(ContractDocument.client_id == client.id, ContractDocument.item_id.in_(items))
    )
    provider = Provider.name.label("provider")
    item = CarePackageLineItem
    tables = [
        _table("Person", select(
            Client.reference, Client.surname, Client.first_name, Client.born_on).where(Client.id == client.id)),
        _table("Care packages", select(
            item.reference, provider, Contract.name.label("contract"), item.starts_on, item.ends_on, item.authorised_on,
            item.is_suspended,
        ).join(Provider, Provider.id == item.provider_id).join(Contract, Contract.id == item.contract_id).where(
            item.client_id == client.id).order_by(item.starts_on, item.id)),
        *(_of_items(name, table, items, columns) for name, table, columns in _OF_ITEMS),
        _table("Claims", select(
            ClaimItem.reference, ClaimItem.description, ClaimItem.spent_on, ClaimItem.amount_pence,
            ClaimItem.accepted_pence, ClaimItem.la_note,
        ).where(ClaimItem.client_id == client.id).order_by(ClaimItem.id)),
        _table("Invoices", select(
            Invoice.number, provider, Invoice.kind, Invoice.status, InvoiceLine.first_on, InvoiceLine.last_on,
            InvoiceLine.description, InvoiceLine.quantity_e4, InvoiceLine.rate_e4, InvoiceLine.net_pence,
            InvoiceLine.vat_pence,
        ).join(Invoice, Invoice.id == InvoiceLine.invoice_id).join(
            Provider, Provider.id == InvoiceLine.provider_id).where(InvoiceLine.item_id.in_(items)).order_by(
            InvoiceLine.first_on, InvoiceLine.id)),
        _table("Purchase orders", select(
            PurchaseOrder.number, provider, PurchaseOrder.financial_year, PurchaseOrder.issued_on,
            PurchaseOrder.value_net_pence, PurchaseOrder.value_vat_pence, PurchaseOrder.spend_net_pence,
        ).join(Provider, Provider.id == PurchaseOrder.provider_id).where(PurchaseOrder.client_id == client.id).order_by(
            PurchaseOrder.id)),
        _table("Payments", select(
            provider, Contract.reference.label("contract"), ScheduledPayment.first_on.label("period_from"),
            line.component, line.first_on, line.last_on, line.net_pence, line.vat_pence,
            line.run_id.label("paid_in_run"),
        ).join(ScheduledPayment, ScheduledPayment.id == line.payment_id).join(
            Contract, Contract.id == line.contract_id).join(Provider, Provider.id == line.provider_id).where(
            lines).order_by(line.first_on, line.id)),
        _table("Adjustments", select(
            Adjustment.for_day, Adjustment.amount_pence, Adjustment.reason, Adjustment.created_at,
        ).where(Adjustment.client_id == client.id).order_by(Adjustment.id)),
        _table("Holds", select(
            StandingHold.first_on, StandingHold.last_on, StandingHold.reason, StandingHold.end_reason).where(
            StandingHold.client_id == client.id).order_by(StandingHold.id)),
        _table("Actions", select(
            action.id, provider, ActionType.name.label("type"), action.title, action.opened_at, action.event_on,
            action.event_until, action.due_on, action.closed_at, action.close_reason,
        ).join(Provider, Provider.id == action.provider_id).join(ActionType, ActionType.id == action.type_id).where(
            action.id.in_(actions)).order_by(action.id)),
        _table("Posts of actions", select(
            ActionPost.action_id, ActionPost.at, User.name.label("by"), ActionTeam.name.label("team"), ActionPost.kind,
            ActionPost.text,
        ).join(User, User.id == ActionPost.by_id).join(ActionTeam, ActionTeam.id == ActionPost.team_id).where(
            ActionPost.action_id.in_(actions)).order_by(ActionPost.id)),
        _table("Internal notes", select(
            ActionNote.action_id, ActionNote.at, User.name.label("by"), ActionNote.text,
        ).join(User, User.id == ActionNote.by_id).where(ActionNote.action_id.in_(actions)).order_by(ActionNote.id)),
        _table("Documents", select(
            ContractDocument.id, provider, ContractDocument.kind, ContractDocument.title, ContractDocument.version,
            ContractDocument.state, ContractDocument.published_at, ContractDocument.file_name,
        ).join(Provider, Provider.id == ContractDocument.provider_id).where(
            ContractDocument.id.in_(documents)).order_by(ContractDocument.id)),
        _table("Files", select(
            Attachment.holder, Attachment.holder_id, Attachment.name, Attachment.size, Attachment.made_at,
        ).where(sa.or_(
            sa.and_(Attachment.holder == "action", Attachment.holder_id.in_(actions)),
            sa.and_(Attachment.holder == "contract_document", Attachment.holder_id.in_(documents)),
        )).order_by(Attachment.id)),
        _who_looked(client, items, orders, actions, documents),
    ]  # fmt: skip
    return _without_others(tables, client)


_OF_ITEMS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("Prices", ItemPrice, ("starts_on", "ends_on", "rate_e4")),
    ("Quantities", ItemQuantity, ("starts_on", "ends_on", "quantity_e4", "timetable_e4")),
    ("Absences", Absence, ("starts_on", "ends_on", "reason", "pay_percent")),
    ("Allowances", Allowance, ("name", "due_on", "amount_pence")),
    ("Contributions", Deduction, ("kind", "starts_on", "ends_on")),
)


def _of_items(name: str, table: Any, items: Select[int], columns: Iterable[str]) -> Table:
    query = select(CarePackageLineItem.reference.label("care_package"), *(getattr(table, each) for each in columns))
    query = query.join(CarePackageLineItem, CarePackageLineItem.id == table.item_id)
    return _table(name, query.where(table.item_id.in_(items)).order_by(table.item_id, table.id))


def _who_looked(client: Client, *ids: Select[int]) -> Table:
    """What the audit says of the client's own records: who did what, and when."""
    tables = (CarePackageLineItem, PurchaseOrder, Action, ContractDocument)
    subjects = [named(client)]
    for table, theirs in zip(tables, ids, strict=True):
        subjects += [f"{table.__tablename__}:{id_}" for id_ in session.scalars(theirs)]
    asked_for = AuditEvent.detail["client"].as_string() == str(client.id)
    event = AuditEvent
    query = (
        select(event.at, User.name.label("by"), event.action, event.subject.label("record"))
        .outerjoin(User, User.id == event.user_id)
        .where(sa.or_(event.subject.in_(subjects), asked_for))
        .order_by(event.id)
    )
    return _table(AUDIT, query)


def _table(name: str, query: Select) -> Table:
    result = session.execute(query)
    return Table(name, tuple(result.keys()), [tuple(row) for row in result])


def _without_others(tables: list[Table], client: Client) -> list[Table]:
    """What people typed may name another client: both names of one, in whatever order, are taken out."""
    texts = [value for table in tables for row in table.rows for value in row if isinstance(value, str)]
    words = set(folded(" ".join(texts)).split())
    others = []
    columns = (Client.surname, Client.first_name, Client.folded_surname, Client.folded_first_name)
    for surname, first_name, folded_surname, folded_first in session.execute(
        select(*columns).where(Client.id != client.id)
    ):
        both = {*folded_surname.split(), *folded_first.split()}
        is_own = (surname, first_name) == (client.surname, client.first_name)
        if both and both <= words and surname and first_name and not is_own:
            names = re.escape(surname), re.escape(first_name)
            others.append(rf"\b{names[1]}\s+{names[0]}\b|\b{names[0]},?\s+{names[1]}\b")
    if not others:
        return tables
    pattern = re.compile("|".join(others), re.IGNORECASE)

    def cleaned(value: Any) -> Any:
        return pattern.sub(SOMEBODY, value) if type(value) is str else value

    return [Table(each.name, each.columns, [tuple(map(cleaned, row)) for row in each.rows]) for each in tables]


def client_referred_to(reference: str) -> Select[Client]:
    return select(Client).where(Client.reference == reference)


def staff_with_email(email: str) -> User:
    """DomainError where nobody at the council has it."""
    user = session.scalar(User.with_email(email).options(joinedload(User.staff)))
    if user is None or user.staff is None:
        raise DomainError(f"Nobody at the council has the e-mail address {email}")
    return user
