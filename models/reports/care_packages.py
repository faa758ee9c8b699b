"""Care package line items as their provider reads them, and the commissioned care that anybody takes away as a file.

Rows in columns only. What the council lists is in models.reports.registers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from models.base import choice, chunks, session
from models.folding import found_by
from models.records.agreement import Agreement
from models.records.care_package import CarePackageLineItem, ItemPrice, ItemQuantity, ItemStatus
from models.records.client import Client
from models.records.contract import Contract, ContractRate, PaymentMethod, ServiceLevel
from models.records.feed import FeedImport
from models.records.provider import Provider, Service
from models.words import Choice

Condition = sa.ColumnElement[bool]
I = CarePackageLineItem  # noqa: E741 - it stands in nearly every line


@dataclass(frozen=True)
class WantedItems:
    """Which line items a provider looks for. `text`: words of the client's name or reference, or the item's own."""

    text: str = ""
    service_id: int | None = None
    contract: str = ""
    """The contract's reference."""
    client_id: int | None = None
    status: ItemStatus | None = None
    with_historical: bool = False

    @property
    def conditions(self) -> Iterable[Condition]:
        """All but whether historical ones are left out."""
        yield is_commissioned()
        yield found_by(self.text, Client.folded_surname, Client.folded_first_name, Client.reference, I.reference)
        if self.service_id is not None:
            yield ServiceLevel.service_id == self.service_id
        if self.contract:
            yield Contract.reference == self.contract
        if self.client_id is not None:
            yield I.client_id == self.client_id
        if self.status is not None:
            yield I.status == self.status


class AgreementState(Choice):
    """How far a line item's service agreement has got."""

    AGREED = "agreed"
    NOT_AGREED = "not agreed"
    """Payments of its contract wait for it, or will from a later day on."""
    NOT_NEEDED = "not needed"

    @property
    def label(self) -> str:
        return self.value.capitalize()


def agreement_state() -> sa.ColumnElement[AgreementState]:
    """Of a query with the contracts and the agreements that are in force."""
    state = sa.case(
        (Agreement.id.is_not(None), AgreementState.AGREED.value),
        (Contract.waits_for_agreement, AgreementState.NOT_AGREED.value),
        else_=AgreementState.NOT_NEEDED.value,
    )
    return sa.type_coerce(state, choice(AgreementState))


def _in_force(of: Any) -> Condition:
    """A price, rate or quantity holds on the day that is told of its item."""
    return sa.and_(of.starts_on <= I.terms_on, sa.or_(of.ends_on.is_(None), of.ends_on >= I.terms_on))


def with_terms() -> Select:
    """Line items by client, the newest first, with the price, the quantity and the timetable of the day `terms_on`:
    rate_e4 is None where no price holds, quantity_e4 where the quantity is one unit. An item with no price of its own
    has its contract's rate.
    """
    own = aliased(ItemPrice)
    has_own = select(own.id).where(own.item_id == I.id).correlate(I).exists()
    of_contract = sa.and_(
        ContractRate.contract_id == I.contract_id, ContractRate.service_level_id == I.service_level_id,
        _in_force(ContractRate), ~has_own,
    )  # fmt: skip
    return (
        select(
            I.id, I.reference, I.client_id, I.contract_id, I.starts_on, I.ends_on, I.authorised_on, I.is_suspended,
            I.status.label("status"), I.is_historical.label("is_historical"), I.feed_import_id,
            Client.surname, Client.first_name, Client.reference.label("client_reference"),
            ServiceLevel.name.label("service_level"), ServiceLevel.unit, Service.name.label("service"),
            Contract.reference.label("contract_reference"), Contract.name.label("contract"),
            agreement_state().label("agreement"), Agreement.version.label("agreed_version"), Agreement.agreed_on,
            Agreement.by_name, Agreement.source,
            Provider.name.label("provider"), Provider.reference.label("provider_reference"),
            sa.func.coalesce(ItemPrice.rate_e4, ContractRate.rate_e4).label("rate_e4"),
            ItemQuantity.quantity_e4, ItemQuantity.timetable_e4,
        )
        .select_from(I)
        .join(Client, Client.id == I.client_id)
        .join(ServiceLevel, ServiceLevel.id == I.service_level_id)
        .join(Service, Service.id == ServiceLevel.service_id)
        .join(Contract, Contract.id == I.contract_id)
        .join(Provider, Provider.id == I.provider_id)
        .outerjoin(ItemPrice, sa.and_(ItemPrice.item_id == I.id, _in_force(ItemPrice)))
        .outerjoin(ContractRate, of_contract)
        .outerjoin(Agreement, sa.and_(Agreement.item_id == I.id, Agreement.in_force()))
        .outerjoin(ItemQuantity, sa.and_(ItemQuantity.item_id == I.id, _in_force(ItemQuantity)))
        .order_by(*Client.name_order(), Client.reference, I.starts_on.desc(), I.id)
    )  # fmt: skip


def is_commissioned() -> Condition:
    """A condition: the council has authorised it, and its provider sees it."""
    return sa.and_(I.is_activated)


def listed(wanted: WantedItems) -> Select:
    """The wanted line items of the provider of this session: rows of `with_terms`."""
    query = with_terms().where(*wanted.conditions)
    return query if wanted.with_historical else query.where(~I.is_historical)


@dataclass(frozen=True)
class Counted:
    """How many line items a list has, and how many more are left out of it because they are historical."""

    shown: int
    historical: int


def counted(wanted: WantedItems) -> Counted:
    """Of all that the filters find."""
    query = (
        select(sa.func.count(I.id), sa.func.coalesce(sa.func.sum(sa.case((I.is_historical, 1), else_=0)), 0))
        .select_from(I)
        .join(Client, Client.id == I.client_id)
        .join(ServiceLevel, ServiceLevel.id == I.service_level_id)
        .join(Contract, Contract.id == I.contract_id)
        .where(*wanted.conditions)
    )
    found, historical = session.execute(query).one()
    return Counted(found, 0) if wanted.with_historical else Counted(found - historical, historical)


@dataclass(frozen=True)
class Offered:
    """What the pick lists above the line items have: values as they travel in the address, and what people read."""

    services: list[tuple[str, str]]
    contracts: list[tuple[str, str]]
    clients: list[tuple[str, str]]


def offered(most_clients: int) -> Offered:
    """Of the line items that this provider sees, historical ones too. Of the clients one more than `most_clients` at
    most: then there are too many for a pick list.
    """
    kinds = (
        select(Service.id, Service.name, Service.folded_name, Contract.reference, Contract.name.label("contract"),
               Contract.folded_name.label("folded_contract"))
        .select_from(I)
        .join(ServiceLevel, ServiceLevel.id == I.service_level_id)
        .join(Service, Service.id == ServiceLevel.service_id)
        .join(Contract, Contract.id == I.contract_id)
        .where(is_commissioned())
        .distinct()
    )  # fmt: skip
    rows = session.execute(kinds).all()
    services = {str(row.id): row.name for row in sorted(rows, key=lambda row: (row.folded_name, row.id))}
    contracts = {row.reference: row.contract for row in sorted(rows, key=lambda row: (row.folded_contract, row[3]))}
    seen = select(I.client_id).where(is_commissioned())
    clients = session.scalars(Client.at_provider().where(Client.id.in_(seen)).limit(most_clients + 1)).all()
    named = [(str(client.id), client.full_name) for client in clients]
    return Offered(list(services.items()), list(contracts.items()), named)


def one(item_id: int) -> Select:
    """The row of one line item that the provider of this session sees, with what the engine needs to know of it;
    `basis` is that of its contract's newest payment method, None where it has none.
    """
    method = PaymentMethod
    basis = (
        select(method.basis)
        .where(method.contract_id == I.contract_id)
        .order_by(method.calculate_from.desc())
        .limit(1)
        .correlate(I)
        .scalar_subquery()
    )
    more = (
        ServiceLevel.id.label("level_id"), ServiceLevel.convention, ServiceLevel.vat_basis_points,
        Contract.ends_on.label("contract_ends_on"), basis.label("basis"),
    )  # fmt: skip
    return with_terms().add_columns(*more).where(I.id == item_id, is_commissioned())


def last_changed(item_ids: Sequence[int]) -> dict[int, datetime]:
    """When a feed last changed these line items, their prices or their quantities; those that came from none are left
    out. A contract's rate is not asked about: it is no part of the item.
    """
    found: dict[int, datetime] = {}
    for ids in chunks(item_ids, 10_000):
        changes = sa.union_all(
            select(I.id.label("item_id"), I.feed_import_id).where(I.id.in_(ids)),
            *(select(kind.item_id, kind.feed_import_id).where(kind.item_id.in_(ids))
              for kind in (ItemPrice, ItemQuantity)),
        ).subquery()  # fmt: skip
        query = (
            select(changes.c.item_id, sa.func.max(FeedImport.at))
            .join(FeedImport, FeedImport.id == changes.c.feed_import_id)
            .group_by(changes.c.item_id)
        )
        found |= dict(session.execute(query).all())
    return found
