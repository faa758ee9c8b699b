"""Makers of invoices, confirmed actuals and what these hang on. See tests/factories.py."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from models.accounts.user import User
from models.base import session, utc_now
from models.billing import invoice_deciding, invoice_lines, invoice_listing, invoicing
from models.billing.invoice_facts import Facts
from models.billing.invoice_lines import Asked
from models.billing.invoicing import Head
from models.money import SCALE
from models.permissions import CouncilRole, Role
from models.pricing import Unit
from models.records.actual import ActualException, ActualWeek, ConfirmedActual, ExceptionState
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract, PaymentMethod, ServiceLevel
from models.records.invoice import Invoice, InvoiceKind
from models.records.invoice_rule import HoldReason
from models.records.provider import Provider
from tests.care_factories import make_contract, make_item, make_service_level
from tests.factories import make_provider, make_staff, make_user
from tests.support.rows import every, saved, unit_of_work
from tests.support.runs import change as facts

_n = count(1)
MONDAY = date(2026, 10, 5)
"""Of the week that invoices here are for unless they say otherwise."""
HOURLY_E4 = 231_000
"""£23.10 an hour."""


def make_home_care(**given: Any) -> tuple[Contract, CarePackageLineItem]:
    """A contract of a new provider that pays by invoice (`by_invoice=False`: by plan), weekly from the week before
    MONDAY, with one line item at £23.10 an hour.
    """
    by_invoice = given.pop("by_invoice", True)
    provider = given.pop("provider", None) or make_provider()
    contract = make_contract(provider, calculate_from=MONDAY - timedelta(days=7), **given)
    if by_invoice:
        [method] = every(select(PaymentMethod).where(PaymentMethod.contract_id == contract.id))
        facts(method, is_by_invoice=True)
    return contract, make_hourly_item(contract)


def make_hourly_item(contract: Contract, rate_e4: int | None = HOURLY_E4, **given: Any) -> CarePackageLineItem:
    level = given.pop("level", None) or make_service_level(unit=Unit.HOUR, name=f"Home care {next(_n)}")
    return make_item(contract, rate_e4, service_level_id=level.id, starts_on=MONDAY - timedelta(days=7), **given)


def make_confirmed(item: CarePackageLineItem, actual_e4: int, first_on: date = MONDAY, **given: Any) -> ConfirmedActual:
    """A confirmed week of the item; with `state` it has an exception in that state."""
    by, state = make_user(), given.pop("state", None)
    own = {"provider_id": item.provider_id}
    weeks = every(select(ActualWeek).where(ActualWeek.contract_id == item.contract_id, ActualWeek.first_on == first_on))
    [level] = every(select(ServiceLevel).where(ServiceLevel.id == item.service_level_id))
    mine = [each for each in weeks if each.service_id == level.service_id]
    week = mine[0] if mine else saved(
        ActualWeek(
            **own, contract_id=item.contract_id, service_id=level.service_id, first_on=first_on,
            confirmed_at=utc_now(), confirmed_by_id=by.id, confirmations=1,
        )
    )  # fmt: skip
    defaults = {
        "week_id": week.id, "item_id": item.id, "first_on": first_on, "number": 1, "planned_e4": actual_e4,
        "actual_e4": actual_e4, "confirmed_by_id": by.id,
    }  # fmt: skip
    made = saved(ConfirmedActual(**own, **defaults | given))
    if state is not None:
        decided = {} if state is ExceptionState.OPEN else {"decided_at": utc_now(), "decided_by_id": by.id}
        saved(ActualException(**own, confirmed_id=made.id, codes=["E020"], state=state, **decided))
    return made


def asked(item: CarePackageLineItem, hours: int = 10, **given: Any) -> Asked:
    """A line for the item and the week of MONDAY, as many whole hours at £23.10."""
    defaults = {
        "item_id": item.id, "first_on": MONDAY, "last_on": MONDAY + timedelta(days=6), "quantity_e4": hours * SCALE,
        "rate_e4": HOURLY_E4,
    }  # fmt: skip
    return Asked(**defaults | given)


def make_invoice(contract: Contract, *lines: Asked, by: User | None = None, **given: Any) -> Invoice:
    """A draft with these lines, dated MONDAY + 7 unless `invoiced_on` says another day."""
    by = by or make_user(Role.FINANCE, Provider(id=contract.provider_id))
    head = {"number": f"INV-{next(_n)}x", "invoiced_on": MONDAY + timedelta(days=7)} | given
    with unit_of_work(contract.provider_id):
        own = session.scalars(select(Contract).where(Contract.id == contract.id)).one()
        invoice = invoicing.new_invoice(own, Head(**head), by=by)
        session.flush()
        if lines:
            invoice_lines.add_lines(invoice, lines, by=by)
    return invoice


def make_sent(contract: Contract, *lines: Asked, by: User | None = None, **given: Any) -> Invoice:
    invoice = make_invoice(contract, *lines, by=by, **given)
    send(invoice, by)
    return invoice


def make_credit_note(invoice: Invoice, wanted: dict[int, int], by: User | None = None, **given: Any) -> Invoice:
    """A draft that takes back so much (ten-thousandths) of these lines."""
    by = by or make_user(Role.FINANCE, Provider(id=invoice.provider_id))
    head = {"number": f"CN-{next(_n)}x", "invoiced_on": MONDAY + timedelta(days=7)} | given
    with unit_of_work(invoice.provider_id):
        contract = session.scalars(select(Contract).where(Contract.id == invoice.contract_id)).one()
        of = session.scalars(select(Invoice).where(Invoice.id == invoice.id)).one()
        note = invoicing.new_invoice(contract, Head(**head), kind=InvoiceKind.CREDIT_NOTE, credits=of, by=by)
        session.flush()
        invoice_lines.take_back(note, wanted, by=by)
    return note


def send(invoice: Invoice, by: User | None = None) -> None:
    """At the sum that it comes to."""
    by = by or make_user(Role.FINANCE, Provider(id=invoice.provider_id))
    with unit_of_work(invoice.provider_id):
        own = session.scalars(select(Invoice).where(Invoice.id == invoice.id)).one()
        invoicing.submit(own, seen=own.mark, by=by)


def approve(invoice: Invoice, by: User | None = None, note: str = "As agreed") -> None:
    by = by or officer()
    act(invoice, lambda own: invoice_deciding.approve(own, seen=own.mark, note=note, by=by))


def act(invoice: Invoice, verb: Any, *words: Any, **given: Any) -> Any:
    """Call the verb on the invoice, read anew, in a transaction of its own."""
    with unit_of_work():
        return verb(session.scalars(select(Invoice).where(Invoice.id == invoice.id)).one(), *words, **given)


def officer() -> User:
    return make_staff(CouncilRole.PAYMENTS_OFFICER)


def with_role(person: User) -> User:
    """With what they are at the council, as a request has them."""
    return every(select(User).where(User.id == person.id).options(joinedload(User.staff)))[0]


def reason_owned_by(owner: str) -> HoldReason:
    """The first reason to hold that is for this owner to mend."""
    return next(each for each in every(HoldReason.offered()) if each.owner == owner)


def invoice_now(invoice: Invoice) -> Invoice:
    """As the database has it, with lines and holds."""
    return every(invoice_listing.numbered(invoice.id))[0]


def row_of(invoice: Invoice) -> Any:
    """As lists have it."""
    with unit_of_work():
        query = invoice_listing.invoices(state=None).where(Invoice.id == invoice.id)
        return session.execute(query).one()


def facts_of(contract: Contract) -> Facts:
    with unit_of_work():
        return Facts.of_contract(contract.id)
