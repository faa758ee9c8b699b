"""Frozen facts: what never changes once something that rests on it is finalised (design.md section 7)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from exchange.feed.kinds import shown
from exchange.feed.schema import ITEMS
from exchange.feed.shape import Values
from exchange.feed.sheets import Row, Sheet
from exchange.feed.world import Stored, World
from models.base import session
from models.money import number
from models.payments.payment import PaymentLine, ScheduledPayment
from models.records.care_package import CarePackageLineItem
from models.records.contract import PaymentMethod
from models.records.invoice import Invoice, InvoiceLine, InvoiceStatus


class Finalised:
    """Ids of what has been finalised. Each set is read from the database only when a change first needs it."""

    @cached_property
    def items(self) -> set[int]:
        return self._of_lines(PaymentLine.item_id)

    @cached_property
    def invoiced_items(self) -> set[int]:
        """For which the council has approved a line of an invoice or credit note."""
        line = InvoiceLine
        query = select(line.item_id).join(Invoice, Invoice.id == line.invoice_id)
        return set(session.scalars(query.where(Invoice.status == InvoiceStatus.APPROVED).distinct()))

    @cached_property
    def allowances(self) -> set[int]:
        return self._of_lines(PaymentLine.allowance_id)

    @cached_property
    def claim_items(self) -> set[int]:
        return self._of_lines(PaymentLine.claim_item_id)

    @cached_property
    def service_levels(self) -> set[int]:
        line, item = PaymentLine, CarePackageLineItem
        lines = select(line.item_id).where(line.run_id.is_not(None))
        return set(session.scalars(select(item.service_level_id).where(item.id.in_(lines)).distinct()))

    @cached_property
    def last_days(self) -> dict[int, date]:
        """The last finalised day of each payment method."""
        return self._last_days(ScheduledPayment.method_id)

    @cached_property
    def last_days_of_contracts(self) -> dict[int, date]:
        return self._last_days(ScheduledPayment.contract_id)

    @cached_property
    def calendars(self) -> set[int]:
        method, payment = PaymentMethod, ScheduledPayment
        begun = select(payment.method_id).where(ScheduledPayment.is_begun)
        return set(session.scalars(select(method.calendar_id).where(method.id.in_(begun)).distinct()))

    def _of_lines(self, column: Any) -> set[int]:
        return set(
            session.scalars(select(column).where(PaymentLine.run_id.is_not(None), column.is_not(None)).distinct())
        )

    def _last_days(self, column: Any) -> dict[int, date]:
        """Payments after the end of their method have no days of their own: they hold corrections."""
        payment, method = ScheduledPayment, PaymentMethod
        has_days = sa.or_(method.ends_on.is_(None), payment.first_on <= method.ends_on)
        return {row[0]: row[1] for row in session.execute(
            select(column, sa.func.max(payment.last_on))
            .join(method, method.id == payment.method_id)
            .where(payment.is_begun, has_days)
            .group_by(column)
        )}  # fmt: skip


@dataclass(frozen=True)
class Freeze:
    """Attributes of a file's records that may not change once the record is among the finalised ones."""

    file: str
    attributes: tuple[str, ...]
    finalised: Callable[[Finalised], Any]
    instead: str
    since: str = "when payments were finalised"


class _All:
    """Every record, finalised or not."""

    def __contains__(self, _: object) -> bool:
        return True


FREEZES = (
    Freeze(
        ITEMS, ("contract_id", "client_id", "service_level_id"), lambda done: done.items,
        "End this line item, and add a new one from the day after",
    ),
    Freeze(
        ITEMS, ("contract_id", "client_id", "service_level_id"), lambda done: done.invoiced_items - done.items,
        "End this line item, and add a new one from the day after", "when an invoice for it was approved",
    ),
    Freeze(
        "service_levels.csv", ("unit", "convention", "vat_code", "vat_basis_points"), lambda done: done.service_levels,
        "Add a new service level, end the line items that have this one, and add new ones from the day after",
    ),
    Freeze(
        "calendars.csv", ("frequency", "anchor_on"), lambda done: done.calendars,
        "Add a new calendar, end the payment methods that have this one, and add new ones from the day after",
    ),
    Freeze(
        "payment_methods.csv", ("contract_id",), lambda _: _All(),
        "End this method, and add a new one to the other contract", "when it was added",
    ),
    Freeze(
        "payment_methods.csv", ("calendar_id", "pay_on_actuals", "basis", "is_by_invoice", "calculate_from"),
        lambda done: done.last_days, "End this method, and add a new one from the day after",
    ),
    Freeze(
        "allowances.csv", ("item_id",), lambda done: done.allowances,
        "Set its amount to 0, and add a new allowance to the other item",
    ),
    Freeze(
        "agreements.csv", ("agreed_on", "by_name"), lambda _: _All(),
        "What was agreed later is a version of its own", "when this version was recorded",
    ),
    Freeze(
        "claim_items.csv", ("contract_id",), lambda done: done.claim_items,
        "Leave it out (included: no), and add a new claim item",
    ),
)  # fmt: skip


def check(sheet: Sheet, world: World, done: Finalised) -> None:
    for freeze in FREEZES:
        if freeze.file == sheet.file.name:
            _check_freeze(freeze, sheet, world, done)
    if sheet.file.name == "payment_methods.csv":
        for key, row in sheet.each():
            values, stored = world.merged_row(sheet, row, key), world.stored[sheet.file.name].get(key)
            if stored:
                _check_end(sheet, row, values, stored, done)
            else:
                _check_beginning(sheet, row, values, world, done)


def _check_freeze(freeze: Freeze, sheet: Sheet, world: World, done: Finalised) -> None:
    stored = world.stored[sheet.file.name]
    for key, row in sheet.each() if stored else ():
        before = stored.get(key)
        if before is None:
            continue
        after = world.merge(sheet, row, before)
        for name in freeze.attributes:
            value = after.get(name, before.values[name])
            column = sheet.file.attributes[name].name
            if column in row.doubted or value == before.values[name]:
                continue
            if before.id in freeze.finalised(done):
                was = _shown(name, before.values[name])
                sheet.fault(row, column,
                            f"It was {was} {freeze.since}, and stays so. {freeze.instead}")  # fmt: skip


def _check_end(sheet: Sheet, row: Row, values: Values, stored: Stored, done: Finalised) -> None:
    """A method does not end before its last finalised day; and once that is its end, the end stays."""
    before, after = stored.values["ends_on"], values.get("ends_on", stored.values["ends_on"])
    if before == after or (last := done.last_days.get(stored.id)) is None:
        return
    if before and before <= last:
        sheet.fault(row, "ends_on", f"Its last period is finalised, to {shown(before)}. Add a new method from the day "
                                    "after")  # fmt: skip
    elif after and after < last:
        sheet.fault(row, "ends_on", f"It is finalised to {shown(last)}. Enter this day or a later one")


def _check_beginning(sheet: Sheet, row: Row, values: Values, world: World, done: Finalised) -> None:
    """A new method of a contract begins after all that is finalised there."""
    contract = world.stored["contracts.csv"].get(values.get("contract_id"))
    begins = values.get("calculate_from")
    if contract is None or begins is None:
        return
    last = done.last_days_of_contracts.get(contract.id)
    if last and begins <= last:
        sheet.fault(row, "calculate_from", f"The contract is finalised to {shown(last)}. Begin the new method after "
                                           "this day")  # fmt: skip


def _shown(name: str, value: Any) -> str:
    if name == "vat_basis_points":
        return number(value * 100)
    return shown(value)
