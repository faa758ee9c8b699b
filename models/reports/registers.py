"""What the finance system owns, as the council reads it: contracts, service levels with their prices, clients, care
package line items, calendars, purchase orders. Rows in columns only; each list ends its order with a tie-breaker.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.bank_holiday import working_days
from models.calendar import DueDays, Span, periods, today
from models.folding import found_by
from models.paging import Order
from models.payments.purchase_order import PurchaseOrder
from models.records.agreement import Agreement
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Calendar, Contract, ContractRate, PaymentMethod, ServiceLevel
from models.records.provider import Provider, Service
from models.unindexed import unindexed

Condition = sa.ColumnElement[bool]
_NAMES = (Client.surname, Client.first_name, Client.reference.label("client_reference"))
_PROVIDER = (
    Provider.id.label("provider_id"), Provider.name.label("provider"), Provider.reference.label("provider_reference"),
)  # fmt: skip
_CONTRACT = (Contract.reference.label("contract_reference"), Contract.name.label("contract"))


class State(StrEnum):
    """Whether a record with a first and a last day is in force on a day."""

    NOW = "now"
    COMING = "coming"
    ENDED = "ended"

    @property
    def label(self) -> str:
        return {"now": "In force", "coming": "Begin later", "ended": "Ended"}[self.value]

    def condition(self, of: type[Contract | CarePackageLineItem]) -> Condition:
        ended = sa.and_(of.ends_on.is_not(None), of.ends_on < today())
        return {
            State.NOW: sa.and_(of.starts_on <= today(), ~sa.func.coalesce(ended, sa.false())),
            State.COMING: of.starts_on > today(),
            State.ENDED: ended,
        }[self]


def contracts(*, name: str = "", state: State | None = None) -> Select:
    """By provider and name. `name`: words of the contract, its provider, or their references."""
    query = (
        select(Contract.id, Contract.reference, Contract.name, Contract.starts_on, Contract.ends_on,
               Contract.confirmation, Contract.payment_terms, *_PROVIDER)
        .join(Provider, Provider.id == Contract.provider_id)
        .order_by(Provider.folded_name, Contract.folded_name, Contract.id)
        .where(found_by(name, Contract.folded_name, Contract.reference, Provider.folded_name, Provider.reference))
    )  # fmt: skip
    return query.where(state.condition(Contract)) if state is not None else query


def rates(*, name: str = "") -> Select:
    """Service levels by service and name, with how many contracts pay for each today, and from what to what; both in
    ten-thousandths of a pound, None where no contract does.
    """
    rate, level = ContractRate, ServiceLevel
    now = sa.and_(
        rate.service_level_id == level.id, rate.starts_on <= today(),
        sa.or_(rate.ends_on.is_(None), rate.ends_on >= today()),
    )  # fmt: skip
    by = (
        level.id, level.reference, level.name, level.unit, level.convention, level.vat_code, level.vat_basis_points,
        level.folded_name, Service.name.label("service"), Service.folded_name.label("folded_service"),
    )  # fmt: skip
    return (
        select(*by, sa.func.count(rate.contract_id.distinct()).label("contracts"),
               sa.func.min(rate.rate_e4).label("least_e4"), sa.func.max(rate.rate_e4).label("most_e4"))
        .join(Service, Service.id == level.service_id)
        .outerjoin(rate, now)
        .where(found_by(name, level.folded_name, level.reference, Service.folded_name))
        .group_by(*by)
        .order_by(Service.folded_name, level.folded_name, level.id)
    )  # fmt: skip


def service_level(level_id: int) -> Select[ServiceLevel]:
    return select(ServiceLevel).where(ServiceLevel.id == level_id).options(sa.orm.joinedload(ServiceLevel.service))


def prices(*, level_id: int, name: str = "") -> Select:
    """What contracts pay for a service level, by provider and contract, the newest of each first."""
    rate = ContractRate
    return (
        select(rate.id, rate.rate_e4, rate.starts_on, rate.ends_on, *_CONTRACT, *_PROVIDER)
        .join(Contract, Contract.id == rate.contract_id)
        .join(Provider, Provider.id == rate.provider_id)
        .where(rate.service_level_id == level_id)
        .where(found_by(name, Contract.folded_name, Contract.reference, Provider.folded_name, Provider.reference))
        .order_by(Provider.folded_name, Contract.folded_name, rate.starts_on.desc(), rate.id)
    )


def clients(*, text: str = "", provider: str = "", with_care: bool = False) -> Select:
    """By name, with how many line items each has in force. `provider`: those who have, or had, care there."""
    item = CarePackageLineItem
    of = select(item.id).where(item.client_id == Client.id).correlate(Client)
    now = of.where(State.NOW.condition(item))
    query = (
        select(Client.id, Client.reference, Client.surname, Client.first_name, Client.born_on,
               now.with_only_columns(sa.func.count(item.id)).scalar_subquery().label("items"))
        .where(Client.found_by(text))
        .order_by(*Client.name_order(), Client.reference)
    )  # fmt: skip
    if provider:
        there = of.join(Provider, Provider.id == item.provider_id).where(Provider.found_by(provider))
        query = query.where(there.exists())
    return query.where(now.exists()) if with_care else query


def client(client_id: int) -> Select[Client]:
    return select(Client).where(Client.id == client_id)


class ItemState(StrEnum):
    """What an officer looks for among the line items."""

    NOW = "now"
    COMING = "coming"
    ENDED = "ended"
    BLOCKED = "blocked"
    NOT_AGREED = "not_agreed"

    @property
    def label(self) -> str:
        own = {"blocked": "Not authorised, or suspended", "not_agreed": "Not agreed"}
        return own.get(self.value) or State(self.value).label

    def condition(self) -> Condition:
        item = CarePackageLineItem
        if self is ItemState.BLOCKED:
            return sa.or_(item.authorised_on.is_(None), item.is_suspended)
        if self is ItemState.NOT_AGREED:
            return sa.and_(Contract.is_agreement_required, ~Agreement.is_of(item), ~State.ENDED.condition(item))
        return State(self.value).condition(item)


@dataclass(frozen=True)
class SoughtItems:
    """Which line items an officer looks for. `text`: words of the client's reference, or the item's own, and of the
    client's name where `by_name`: whoever is told no names finds, and sorts, by none.
    """

    text: str = ""
    provider: str = ""
    contract: str = ""
    """The contract's reference."""
    client_id: int | None = None
    state: ItemState | None = None
    by_name: bool = True

    @property
    def is_by_name_of_all(self) -> bool:
        """Sorted by name, among all: then the clients are read in that order, rather than all items sorted."""
        return self.by_name and not self.provider and not self.contract and self.client_id is None

    def narrow(self, query: Select) -> Select:
        """Of a query of line items with their clients, contracts and providers."""
        item = CarePackageLineItem
        names = (Client.folded_surname, Client.folded_first_name) if self.by_name else ()
        query = query.where(found_by(self.text, *names, Client.reference, item.reference))
        if self.provider:
            query = query.where(Provider.found_by(self.provider))
        if self.contract:
            query = query.where(Contract.reference == self.contract)
        if self.client_id is not None:
            query = query.where(item.client_id == self.client_id)
        return query.where(self.state.condition()) if self.state is not None else query

    def sort(self, query: Select) -> Select:
        """By client, the newest item of each first."""
        return query.order_by(None).order_by(*items_order(by_name=self.by_name))


def clients_order(*, by_name: bool) -> Order:
    """By name; for whoever is told none, by reference."""
    return (*Client.name_order(), Client.reference) if by_name else (Client.reference,)


def items_order(*, by_name: bool) -> Order:
    """By client, the newest item of each first."""
    return (*clients_order(by_name=by_name), CarePackageLineItem.starts_on.desc(), CarePackageLineItem.id)


def items(sought: SoughtItems = SoughtItems()) -> Select:
    """Line items by client, the newest first."""
    client_id: sa.SQLColumnExpression[int] = unindexed(Client.id) if sought.is_by_name_of_all else Client.id
    return sought.sort(sought.narrow(item_rows(client_id)))


def item_rows(client_id: sa.SQLColumnExpression[int] = Client.id) -> Select:
    """What a list shows of a line item."""
    item = CarePackageLineItem
    return (
        select(item.id, item.reference, item.client_id, item.starts_on, item.ends_on, item.authorised_on,
               item.is_suspended, *_NAMES, ServiceLevel.name.label("service"), *_CONTRACT, *_PROVIDER)
        .join(Client, client_id == item.client_id)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(Contract, Contract.id == item.contract_id)
        .join(Provider, Provider.id == item.provider_id)
    )  # fmt: skip


def item(item_id: int) -> Select:
    """One row of `items`, with its service level's id and unit, its contract as `Contract`, and whether it was ever
    agreed.
    """
    of = CarePackageLineItem
    is_agreed = Agreement.is_of(of).label("is_agreed")
    more = ServiceLevel.id.label("level_id"), ServiceLevel.unit, ServiceLevel.convention, Contract, is_agreed
    return items().add_columns(*more).where(of.id == item_id)


def orders(*, text: str = "", provider: str = "", year: int | None = None, client_id: int | None = None) -> Select:
    """Issued purchase orders, those of the newest year first, by client; `text` as PurchaseOrder.found_by."""
    order = PurchaseOrder
    query = order_rows().where(order.is_issued, order.found_by(text)).order_by(*ORDERS_USUAL)
    if provider:
        query = query.where(Provider.found_by(provider))
    if year is not None:
        query = query.where(order.financial_year == year)
    return query.where(order.client_id == client_id) if client_id is not None else query


ORDERS_USUAL: Order = (
    PurchaseOrder.financial_year.desc(), *PurchaseOrder.name_order(), Client.reference, PurchaseOrder.id,
)  # fmt: skip
"""Those of the newest year first, by client."""


def order_rows() -> Select:
    """What a list shows of a purchase order."""
    order = PurchaseOrder
    return (
        select(order.id, order.number, order.revision, order.financial_year, order.issued_on, order.client_id,
               order.value_pence.label("value_pence"), order.spend_pence.label("spend_pence"),
               order.remaining_pence.label("remaining_pence"), order.value_net_pence, order.value_vat_pence,
               *_NAMES, *_PROVIDER)
        .join(Provider, Provider.id == order.provider_id)
        .outerjoin(Client, Client.id == order.client_id)
    )  # fmt: skip


def calendars(*, name: str = "") -> Select:
    """By name, with how many payment methods pay by each today."""
    method = PaymentMethod
    uses = select(sa.func.count(method.id)).where(
        method.calendar_id == Calendar.id, sa.or_(method.ends_on.is_(None), method.ends_on >= today())
    )
    return (
        select(Calendar.id, Calendar.reference, Calendar.name, Calendar.frequency, Calendar.anchor_on,
               Calendar.confirm_by_days, Calendar.finalise_days, Calendar.bank_days,
               uses.correlate(Calendar).scalar_subquery().label("methods"))
        .where(found_by(name, Calendar.name, Calendar.reference))
        .order_by(sa.func.lower(Calendar.name), Calendar.id)
    )  # fmt: skip


def calendar(calendar_id: int) -> Select[Calendar]:
    return select(Calendar).where(Calendar.id == calendar_id).options(sa.orm.selectinload(Calendar.overrides))


AROUND = timedelta(days=182)


def periods_near(of: Calendar) -> list[tuple[Span, DueDays, bool]]:
    """The calendar's periods from half a year ago to half a year ahead, with their days, and whether the finance system
    has moved one of them.
    """
    working, moved = working_days(), {each.period_first_on for each in of.overrides}
    spans = periods(today() - AROUND, today() + AROUND, of.frequency, of.anchor_on)
    return [(span, of.due_days_of(span.first, working), span.first in moved) for span in spans]


def methods_of(of: Calendar) -> Select:
    """The contracts that pay by the calendar, by provider."""
    method = PaymentMethod
    return (
        select(method.id, method.calculate_from, method.ends_on, *_CONTRACT, *_PROVIDER)
        .join(Contract, Contract.id == method.contract_id)
        .join(Provider, Provider.id == method.provider_id)
        .where(method.calendar_id == of.id)
        .order_by(Provider.folded_name, Contract.folded_name, method.calculate_from.desc(), method.id)
    )
