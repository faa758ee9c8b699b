"""Makers of contracts, care packages and what they are priced by. See tests/factories.py."""

from datetime import date
from itertools import count
from typing import Any

from models.calendar import Frequency
from models.pricing import Basis, Convention, Unit
from models.records.care_package import Absence, Allowance, CarePackageLineItem, Deduction, ItemPrice, ItemQuantity
from models.records.claim import Claim, ClaimItem, ClaimStatus
from models.records.client import Client
from models.records.contract import (
    Calendar,
    Contract,
    PaymentMethod,
    ServiceLevel,
    VatCode,
)
from models.records.provider import Provider, Service
from tests.factories import canary, make_provider
from tests.support.rows import saved

START = date(2019, 2, 4)
"""The Monday on which calendars here are anchored, and from which contracts are calculated."""

_n = count(1)


def make_service(**given: Any) -> Service:
    n = next(_n)
    return saved(Service(**{"reference": f"SV{n}", "name": f"Fostering Placement {n}"} | given))


def make_service_level(service: Service | None = None, **given: Any) -> ServiceLevel:
    n = next(_n)
    defaults = {
        "reference": f"SL{n}",
        "service_id": (service or make_service()).id,
        "name": f"Placement {n}",
        "unit": Unit.WEEK,
        "convention": Convention.INCLUSIVE,
        "vat_code": VatCode.EXEMPT,
        "vat_basis_points": 0,
    }
    return saved(ServiceLevel(**defaults | given))


def make_calendar(frequency: Frequency = Frequency.WEEKLY, **given: Any) -> Calendar:
    n = next(_n)
    defaults = {
        "reference": f"CAL{n}",
        "name": f"Calendar {n}",
        "frequency": frequency,
        "anchor_on": START,
        "confirm_by_days": 1,
        "finalise_days": (frequency.days or 28) - 1,
        "bank_days": (frequency.days or 28) + 4,
    }
    return saved(Calendar(**defaults | given))


def make_contract(provider: Provider | None = None, calendar: Calendar | None = None, **given: Any) -> Contract:
    """A contract with one payment method, weekly and net unless `calendar` and `basis` say otherwise."""
    n = next(_n)
    provider = provider or make_provider()
    basis = given.pop("basis", Basis.NET)
    calculate_from = given.pop("calculate_from", START)
    defaults = {
        "provider_id": provider.id,
        "reference": f"C{n}{canary(provider.id)}",
        "name": f"Contract {n} {canary(provider.id)}",
        "starts_on": date(2018, 4, 1),
    }
    contract = saved(Contract(**defaults | given))
    make_method(contract, calendar, calculate_from, basis=basis)
    return contract


def make_method(
    contract: Contract, calendar: Calendar | None = None, calculate_from: date = START, **given: Any
) -> PaymentMethod:
    defaults = {
        "provider_id": contract.provider_id,
        "reference": f"PM{next(_n)}",
        "contract_id": contract.id,
        "calendar_id": (calendar or make_calendar()).id,
        "basis": Basis.NET,
        "calculate_from": calculate_from,
    }
    return saved(PaymentMethod(**defaults | given))


def make_client(**given: Any) -> Client:
    n = next(_n)
    return saved(Client(**{"reference": f"C20{n:05}", "surname": f"Simpson{n}", "first_name": "Bart"} | given))


def make_item(
    contract: Contract | None = None, rate_e4: int | None = 3_530_800, client: Client | None = None, **given: Any
) -> CarePackageLineItem:
    """A line item at one price, authorised from its first day, with no end."""
    n = next(_n)
    contract = contract or make_contract()
    client = client or make_client(surname=f"Simpson{canary(contract.provider_id)}")
    defaults = {
        "provider_id": contract.provider_id,
        "reference": f"I{n}",
        "contract_id": contract.id,
        "client_id": client.id,
        "starts_on": date(2019, 1, 1),
    }
    given = defaults | given
    given.setdefault("authorised_on", given["starts_on"])
    if "service_level_id" not in given:
        given["service_level_id"] = make_service_level().id
    item = saved(CarePackageLineItem(**given))
    if rate_e4 is not None:
        make_price(item, rate_e4)
    return item


def make_price(item: CarePackageLineItem, rate_e4: int, **given: Any) -> ItemPrice:
    return _of_item(ItemPrice, item, {"starts_on": item.starts_on, "rate_e4": rate_e4} | given)


def make_quantity(item: CarePackageLineItem, quantity_e4: int, **given: Any) -> ItemQuantity:
    return _of_item(ItemQuantity, item, {"starts_on": item.starts_on, "quantity_e4": quantity_e4} | given)


def make_absence(item: CarePackageLineItem, starts_on: date, ends_on: date, pay_percent: int = 0) -> Absence:
    given = {"reference": f"A{next(_n)}", "starts_on": starts_on, "ends_on": ends_on, "reason": "Hospital"}
    return _of_item(Absence, item, given | {"pay_percent": pay_percent})


def make_allowance(item: CarePackageLineItem, due_on: date, amount_pence: int = 18_602, **given: Any) -> Allowance:
    defaults = {
        "reference": f"AL{next(_n)}",
        "name": "Christmas allowance",
        "due_on": due_on,
        "amount_pence": amount_pence,
    }
    return _of_item(Allowance, item, defaults | given)


def make_deduction(item: CarePackageLineItem, weekly_rate_e4: int, **given: Any) -> Deduction:
    defaults = {
        "reference": f"D{next(_n)}",
        "kind": "contribution",
        "collected_by": "provider",
        "starts_on": item.starts_on,
        "weekly_rate_e4": weekly_rate_e4,
    }
    return _of_item(Deduction, item, defaults | given)


def _of_item(kind: type, item: CarePackageLineItem, given: dict[str, Any]) -> Any:
    return saved(kind(provider_id=item.provider_id, item_id=item.id, **given))


def make_claim_item(contract: Contract, amount_pence: int, decided_on: date, **given: Any) -> ClaimItem:
    """An accepted claim of one item, with its claim."""
    n = next(_n)
    claim = saved(
        Claim(
            provider_id=contract.provider_id,
            reference=f"CL{n}",
            claimed_on=decided_on,
            status=given.pop("status", ClaimStatus.ACCEPTED),
            decided_on=decided_on,
        )
    )
    defaults = {
        "provider_id": contract.provider_id,
        "reference": f"CI{n}",
        "claim_id": claim.id,
        "contract_id": contract.id,
        "service_level_id": make_service_level(unit=Unit.MILE).id,
        "description": "School runs",
        "spent_on": decided_on,
        "quantity_e4": 10_000,
        "rate_e4": amount_pence * 100,
        "amount_pence": amount_pence,
        "accepted_pence": amount_pence,
    }
    return saved(ClaimItem(**defaults | given))
