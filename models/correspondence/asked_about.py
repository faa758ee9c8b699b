"""What a new action may be linked with, and what its form begins with for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from models.correspondence.action import About
from models.correspondence.action_type import ActionType, Related
from models.correspondence.document import ContractDocument
from models.payments.payment import ScheduledPayment
from models.payments.purchase_order import PurchaseOrder
from models.records.care_package import CarePackageLineItem
from models.records.contract import Contract
from models.records.invoice import Invoice


@dataclass(frozen=True)
class Asked:
    """Records of the provider at hand that a new action is about, and `title`: what they are called."""

    about: About = About()
    title: str = ""

    def with_contract(self, contract: Contract) -> "Asked":
        return self._with(replace(self.about, contract_id=contract.id), contract.name)

    def with_payment(self, payment: ScheduledPayment) -> "Asked":
        about = replace(self.about, contract_id=payment.contract_id, payment_first_on=payment.first_on)
        return self._with(about, f"{payment.contract.name}, payment for {payment.span.short}")

    def with_order(self, order: PurchaseOrder) -> "Asked":
        about = replace(self.about, order_id=order.id, client_id=order.client_id)
        return self._with(about, f"purchase order {order.number}")

    def with_item(self, item: CarePackageLineItem) -> "Asked":
        about = replace(self.about, item_id=item.id, client_id=item.client_id, contract_id=item.contract_id)
        return self._with(about, f"care package {item.reference}")

    def with_document(self, document: ContractDocument) -> "Asked":
        """And with its contract, client and line item, where it has them."""
        about = replace(
            self.about, document_id=document.id, contract_id=document.contract_id, client_id=document.client_id,
            item_id=document.item_id,
        )  # fmt: skip
        return self._with(about, document.name)

    def with_invoice(self, invoice: Invoice) -> "Asked":
        """And with its contract."""
        about = replace(self.about, invoice_id=invoice.id, contract_id=invoice.contract_id)
        return self._with(about, invoice.called)

    def _with(self, about: About, words: str) -> "Asked":
        title = ", ".join(filter(None, (self.title, words)))
        return Asked(about, title[:1].upper() + title[1:])

    @property
    def is_of_money(self) -> bool:
        return any(
            each is not None for each in (self.about.payment_first_on, self.about.order_id, self.about.invoice_id)
        )


def order_asked_about(order_id: int | None, number: int | None) -> Select[PurchaseOrder]:
    """By its id or its number, as the page that links here knows it."""
    return select(PurchaseOrder).where(PurchaseOrder.id == order_id if order_id else PurchaseOrder.number == number)


def item_asked_about(item_id: int) -> Select[CarePackageLineItem]:
    """One that waits to be authorised too: what waits for it is told on home."""
    return select(CarePackageLineItem).where(CarePackageLineItem.id == item_id)


def invoice_asked_about(invoice_id: int) -> Select[Invoice]:
    """One that was sent."""
    return select(Invoice).where(Invoice.id == invoice_id, Invoice.submitted_at.is_not(None))


def payment_asked_about(contract_id: int, first_on: object) -> Select[ScheduledPayment]:
    payment = ScheduledPayment
    query = select(payment).where(payment.contract_id == contract_id, payment.first_on == first_on)
    return query.options(joinedload(payment.contract))


def usual_type(types: Sequence[ActionType], asked: Asked) -> ActionType | None:
    """With which of the types offered the form begins: of money where a payment or an order is asked about, else one
    that reports no event. One for this kind of provider alone goes before one for all, and that before one for some.
    """

    def rank(type_: ActionType) -> tuple[bool, bool, bool, int]:
        for_whom = 0 if len(type_.kinds) == 1 else 1 if not type_.kinds else 2
        is_other = type_.is_of_money is not asked.is_of_money
        return type_.event is not None, is_other, type_.related is not Related.EITHER, for_whom

    return min(types, key=rank, default=None)
