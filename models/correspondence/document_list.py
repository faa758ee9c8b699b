"""Lists of contract documents, and the money that waits on them."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session, sum_of
from models.calendar import midnight, today
from models.correspondence.document import ContractDocument, DocumentKind, DocumentState
from models.payments.blocked import BlockedSum
from models.records.agreement import Agreement
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, ServiceLevel
from models.records.provider import Provider, Service
from models.waiting import waits

D = ContractDocument
I = CarePackageLineItem  # noqa: E741 - beside D, as P is a payment elsewhere


def waits_pence() -> sa.ColumnElement[int]:
    """What waits until this document is agreed, of a line item that nothing else blocks; pence, VAT included. To be
    used where the item and the contract are joined.
    """
    own = select(sum_of(BlockedSum.pence)).where(BlockedSum.item_id == D.item_id).correlate(D).scalar_subquery()
    is_ready = sa.and_(I.authorised_on.is_not(None), I.authorised_on <= today(), ~I.is_suspended)
    waits_here = sa.and_(D.state == DocumentState.PUBLISHED, Contract.is_agreement_required, is_ready)
    return sa.case((waits_here, own), else_=0)


def listed(
    *, kind: DocumentKind | None = None, state: DocumentState | None = None, client_id: int | None = None,
    service: str = "", since: date | None = None, provider: str = "", contract: str = "",
) -> Select:  # fmt: skip
    """Documents as a list shows them, the latest news first. `since`: whose state has changed on that day or later;
    `service` is a reference, `provider` words of its name. A filter left out takes all.
    """
    query = _joined(
        select(
            D.id, D.kind, D.title, D.version, D.state, D.is_deed, D.sha256, D.made_at, D.published_at, D.updated_at,
            D.chased_at, D.agreed_at, D.provider_id, Provider.name.label("provider"), I.reference.label("item"),
            Client.surname, Client.first_name, Client.reference.label("client_reference"), D.client_id,
            ServiceLevel.name.label("service"), Contract.name.label("contract"),
            Contract.reference.label("contract_reference"), waits_pence().label("waits_pence"),
        )
    )  # fmt: skip
    query = query.order_by(D.updated_at.desc(), D.id.desc())
    if kind is not None:
        query = query.where(D.kind == kind)
    if state is not None:
        query = query.where(D.state == state)
    if client_id is not None:
        query = query.where(D.client_id == client_id)
    if service:
        query = query.where(Service.reference == service)
    if provider:
        query = query.where(Provider.found_by(provider))
    if contract:
        query = query.where(Contract.reference == contract)
    return query.where(D.updated_at >= midnight(since)) if since is not None else query


def shown_to_provider(**chosen: Any) -> Select:
    """As `listed`, without what the council alone sees."""
    return listed(**chosen).where(D.is_published)


def _joined(query: Select) -> Select:
    return (
        query.join(Provider, Provider.id == D.provider_id)
        .outerjoin(I, I.id == D.item_id)
        .outerjoin(Contract, Contract.id == D.contract_id)
        .outerjoin(ServiceLevel, ServiceLevel.id == I.service_level_id)
        .outerjoin(Service, Service.id == ServiceLevel.service_id)
        .outerjoin(Client, Client.id == D.client_id)
    )


def waiting_here(*, before: date | None = None) -> Select:
    """How many documents of the provider at hand wait for its answer, and the pence that wait on them: `how_many` and
    `pence`. `before`: only those whose state changed before that day.
    """
    query = _joined(select(sa.func.count(D.id).label("how_many"), sum_of(waits_pence()).label("pence")).select_from(D))
    query = query.where(D.state == DocumentState.PUBLISHED)
    return query.where(D.updated_at < midnight(before)) if before is not None else query


def clients_here() -> Select:
    """The clients of published documents of the provider at hand, by name: id, surname, first name, reference."""
    known = select(D.client_id).where(D.is_published)
    columns = Client.id, Client.surname, Client.first_name, Client.reference
    return select(*columns).where(Client.id.in_(known)).order_by(*Client.name_order(), Client.reference)


def services_here() -> Select:
    """The services of published documents of the provider at hand, by name: reference and name."""
    known = (
        select(ServiceLevel.service_id)
        .join(I, I.service_level_id == ServiceLevel.id)
        .join(D, D.item_id == I.id)
        .where(D.is_published)
    )
    return (
        select(Service.reference, Service.name).where(Service.id.in_(known)).order_by(Service.folded_name, Service.id)
    )


def waiting(state: DocumentState) -> Select:
    """Drafts, published or rejected documents, counted for the desk: see models.waiting. A rejected one waits only as
    long as it is the newest of its series.
    """
    later = sa.orm.aliased(D)
    is_newest = ~select(later.id).where(later.series == D.series, later.version > D.version).correlate(D).exists()
    query = waits(
        f"documents {state}", sa.func.count(D.id), sa.func.min(D.updated_at), sa.func.nullif(sum_of(waits_pence()), 0)
    )
    return _joined(query.select_from(D)).where(D.state == state, is_newest)


def to_make(*, provider: str = "", contract: str = "", all_items: bool = False) -> Select:
    """Line items whose contract needs agreements, by provider and client, that nobody has drafted or published one for
    although none was ever agreed, or money waits above what is agreed; with `all_items` every one that has not ended.
    """
    newest = (
        select(sa.func.max(D.version)).where(D.item_id == I.id, D.state != DocumentState.WITHDRAWN).correlate(I)
    ).scalar_subquery()
    state = select(D.state).where(D.item_id == I.id, D.version == newest).correlate(I).scalar_subquery()
    query = (
        select(
            I.id, I.reference, I.starts_on, I.ends_on, I.provider_id, I.client_id, Client.surname, Client.first_name,
            Client.reference.label("client_reference"), ServiceLevel.name.label("service"),
            Contract.reference.label("contract_reference"), Provider.name.label("provider"),
            newest.label("version"), state.label("state"), _agreed_version().label("agreed_version"),
            _blocked_pence().label("waits_pence"),
        )
        .join(Contract, Contract.id == I.contract_id)
        .join(Client, Client.id == I.client_id)
        .join(ServiceLevel, ServiceLevel.id == I.service_level_id)
        .join(Provider, Provider.id == I.provider_id)
        .where(Contract.is_agreement_required, sa.or_(I.ends_on.is_(None), I.ends_on >= today()))
        .order_by(Provider.folded_name, *Client.name_order(), Client.reference, I.id)
    )  # fmt: skip
    if provider:
        query = query.where(Provider.found_by(provider))
    if contract:
        query = query.where(Contract.reference == contract)
    return query if all_items else query.where(*_is_missing())


def _blocked_pence() -> sa.ColumnElement[int]:
    return select(sum_of(BlockedSum.pence)).where(BlockedSum.item_id == I.id).correlate(I).scalar_subquery()


def _agreed_version() -> sa.ColumnElement[int]:
    return select(sa.func.max(Agreement.version)).where(Agreement.item_id == I.id).correlate(I).scalar_subquery()


def _is_missing() -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions on a line item whose contract needs agreements."""
    live = D.item_id == I.id, D.state.in_((DocumentState.DRAFT, DocumentState.PUBLISHED))
    waits_above = sa.and_(_blocked_pence() > 0, I.authorised_on.is_not(None), ~I.is_suspended)
    return ~select(D.id).where(*live).correlate(I).exists(), sa.or_(_agreed_version().is_(None), waits_above)


def missing() -> Select:
    """The line items of `to_make`, counted for the desk: see models.waiting."""
    query = waits("agreements missing", sa.func.count(I.id), sa.func.min(I.starts_on), sum_of(_blocked_pence()))
    is_open = Contract.is_agreement_required, sa.or_(I.ends_on.is_(None), I.ends_on >= today())
    return query.select_from(I).join(Contract, Contract.id == I.contract_id).where(*is_open, *_is_missing())


def pence_waiting_on(document: ContractDocument) -> int:
    """What waits until this document is agreed; pence."""
    return session.scalar(_joined(select(waits_pence()).select_from(D)).where(D.id == document.id)) or 0
