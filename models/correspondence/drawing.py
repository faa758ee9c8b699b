"""Drawing an Individual Service Agreement from the records as they stand."""

from sqlalchemy import select

from models.base import DomainError, session
from models.calendar import today
from models.correspondence.paper import UNPRICED, Paper
from models.engine.facts import ItemFacts
from models.engine.regular import basis_of, regular_pence
from models.payments.loading import load
from models.records.agreement import terms_of
from models.records.care_package import CarePackageLineItem
from models.records.client import Client
from models.records.contract import Contract, ServiceLevel
from models.records.provider import Provider, Service

NOT_READY = "Its contract has no payment method yet, so nothing can be agreed. Add one in the finance system"


def draw(item: CarePackageLineItem, *, council: str, version: int) -> Paper:
    """The agreement of this line item as it stands today. DomainError where it has no price, or no payment method."""
    contract, level, service, client, provider = _about(item)
    facts = load([item.provider_id]).get(item.contract_id)
    if facts is None:
        raise DomainError(NOT_READY)
    priced: ItemFacts = next(each for each in facts.items if each.id == item.id)
    basis = basis_of(facts, priced, today())
    if not priced.terms_gross.prices:
        raise DomainError(UNPRICED)
    return Paper(
        version=version, made_on=today(), council=council,
        provider=provider.name, provider_reference=provider.reference, provider_address=provider.address,
        surname=client.surname, first_name=client.first_name, client_reference=client.reference,
        contract=contract.name, contract_reference=contract.reference, payment_terms=contract.payment_terms,
        item_reference=item.reference, service=service.name, basis=basis, vat_basis_points=level.vat_basis_points,
        terms=terms_of(item),
        sum_pence=regular_pence(priced, basis, today()),
    )  # fmt: skip


def _about(item: CarePackageLineItem) -> tuple[Contract, ServiceLevel, Service, Client, Provider]:
    query = (
        select(Contract, ServiceLevel, Service, Client, Provider)
        .select_from(Contract)
        .join(ServiceLevel, ServiceLevel.id == item.service_level_id)
        .join(Service, Service.id == ServiceLevel.service_id)
        .join(Client, Client.id == item.client_id)
        .join(Provider, Provider.id == Contract.provider_id)
        .where(Contract.id == item.contract_id)
    )
    contract, level, service, client, provider = session.execute(query).one()
    return contract, level, service, client, provider
