"""Lists of contract documents, and the money that waits on them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.base import session, sum_of
from models.calendar import midnight
from models.correspondence.document import ContractDocument, DocumentKind, DocumentState
from models.payments.blocked import BlockedSum
from models.payments.offered import OfferedTerms
from models.records.agreement import Agreement
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, ServiceLevel
from models.records.provider import Provider, Service
from models.statements import TODAY
from models.waiting import waits

D = ContractDocument
I = CarePackageLineItem  # noqa: E741 - beside D, as P is a payment elsewhere


def waits_pence() -> sa.ColumnElement[int]:
    """What agreeing to this version would release; pence, VAT included. 0 of what does not wait."""
    own = select(OfferedTerms.releases_pence).where(OfferedTerms.document_id == D.id).correlate(D).scalar_subquery()
    return sa.case((D.state == DocumentState.PUBLISHED, sa.func.coalesce(own, 0)), else_=0)


def is_outdated() -> sa.ColumnElement[bool]:
    """It waits, and the records say otherwise by now: a new version is needed."""
    late = select(OfferedTerms.id).where(OfferedTerms.document_id == D.id, OfferedTerms.is_outdated).correlate(D)
    return sa.and_(D.state == DocumentState.PUBLISHED, late.exists())


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
            is_outdated().label("is_outdated"),
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
    """How many documents of the provider at hand wait for its answer, the pence that wait on them, and how many of them
    are deeds, which are signed on paper: `how_many`, `pence` and `deeds`. `before`: only those whose state changed
    before that day.
    """
    count = sa.func.count(D.id)
    columns = count.label("how_many"), sum_of(waits_pence()).label("pence"), count.filter(D.is_deed).label("deeds")
    query = _joined(select(*columns).select_from(D))
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


class ToMake(StrEnum):
    """Which line items are offered to make agreements of."""

    MISSING = ""
    """Nobody has drafted or published one, although none was ever agreed, or money waits above what is agreed."""
    OUTDATED = "outdated"
    """The one that is published says otherwise than the records, and there is no draft yet."""
    ALL = "all"


def to_make(*, provider: str = "", contract: str = "", which: ToMake = ToMake.MISSING) -> Select:
    """Line items to make agreements of, by provider and client, among those that have not ended: of contracts that need
    agreements or, where what is published is out of date, of any.
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
            _blocked_pence().label("waits_pence"), _is_late().label("is_outdated"),
        )
        .join(Contract, Contract.id == I.contract_id)
        .join(Client, Client.id == I.client_id)
        .join(ServiceLevel, ServiceLevel.id == I.service_level_id)
        .join(Provider, Provider.id == I.provider_id)
        .where(*_OF[which]())
        .order_by(Provider.folded_name, *Client.name_order(), Client.reference, I.id)
    )  # fmt: skip
    if provider:
        query = query.where(Provider.found_by(provider))
    if contract:
        query = query.where(Contract.reference == contract)
    return query


def _blocked_pence() -> sa.ColumnElement[int]:
    return select(sum_of(BlockedSum.pence)).where(BlockedSum.item_id == I.id).correlate(I).scalar_subquery()


def _agreed_version() -> sa.ColumnElement[int]:
    return select(sa.func.max(Agreement.version)).where(Agreement.item_id == I.id).correlate(I).scalar_subquery()


def _needs_agreement() -> tuple[sa.ColumnElement[bool], ...]:
    of_those = select(Contract.id).where(Contract.is_agreement_required)
    return I.contract_id.in_(of_those), sa.or_(I.ends_on.is_(None), I.ends_on >= TODAY)


def _is_missing() -> tuple[sa.ColumnElement[bool], ...]:
    live = D.item_id == I.id, D.state.in_((DocumentState.DRAFT, DocumentState.PUBLISHED))
    is_ready = I.authorised_on.is_not(None), ~I.is_suspended
    waits_above = sa.and_(_blocked_pence() > 0, *is_ready)
    no_document = ~select(D.id).where(*live).correlate(I).exists()
    return *_needs_agreement(), no_document, sa.or_(_agreed_version().is_(None), waits_above)


def _is_late() -> sa.ColumnElement[bool]:
    """The published document of a line item is out of date, and nobody has drafted the next."""
    draft = select(D.id).where(D.item_id == I.id, D.state == DocumentState.DRAFT).correlate(I).exists()
    return sa.and_(I.id.in_(select(OfferedTerms.item_id).where(OfferedTerms.is_outdated)), ~draft)


_OF: dict[ToMake, Callable[[], tuple[sa.ColumnElement[bool], ...]]] = {
    ToMake.MISSING: _is_missing, ToMake.OUTDATED: lambda: (_is_late(),), ToMake.ALL: _needs_agreement,
}  # fmt: skip


def missing() -> Select:
    """The line items of `to_make`, counted for the desk: see models.waiting."""
    query = waits("agreements missing", sa.func.count(I.id), sa.func.min(I.starts_on), sum_of(_blocked_pence()))
    return query.select_from(I).where(*_is_missing())


def outdated() -> Select:
    """The line items whose published document is out of date, counted for the desk with what waits all the same."""
    own = select(OfferedTerms.rest_pence).where(OfferedTerms.item_id == I.id).correlate(I).scalar_subquery()
    since = select(D.published_at).where(D.item_id == I.id, D.state == DocumentState.PUBLISHED).correlate(I)
    query = waits(
        "documents outdated", sa.func.count(I.id), sa.func.min(since.scalar_subquery()), sa.func.nullif(sum_of(own), 0)
    )
    return query.select_from(I).where(_is_late())


@dataclass(frozen=True, slots=True)
class Standing:
    """What waits on a published document, pence with VAT, and whether it still says what the records say."""

    releases_pence: int = 0
    """What would be paid once it is agreed."""
    rest_pence: int = 0
    """What of its line item would wait all the same."""
    is_outdated: bool = False
    now_pence: int = 0
    """What its line item comes to by now, in a week or a month as the paper names it."""


def standing_of(document: ContractDocument) -> Standing:
    """Of one that does not wait: nothing."""
    offer = OfferedTerms
    columns = offer.releases_pence, offer.rest_pence, offer.is_outdated, offer.now_pence
    found = session.execute(select(*columns).where(offer.document_id == document.id)).one_or_none()
    return Standing(*found) if found is not None and document.is_waiting else Standing()
