"""A provider's contracts as a list, each with the payment that is next in the bank."""

import sqlalchemy as sa
from sqlalchemy import Select, select

from models.calendar import today
from models.payments.payment import ScheduledPayment
from models.records.contract import Contract
from models.words import Choice


class Ended(Choice):
    """Which contracts somebody looks for."""

    CURRENT = "current"
    ENDED = "ended"

    def condition(self) -> sa.ColumnElement[bool]:
        ended = sa.and_(Contract.has_ended)
        return ended if self is Ended.ENDED else ~ended


def listed(text: str = "", which: Ended | None = None) -> Select:
    """Contracts found by the text, those that have ended last, then by name: rows with reference, name, starts_on,
    ends_on and has_ended, and the first_on, last_on and bank_on of the payment with money that is next in the bank;
    None where none is.
    """
    contract, payment = Contract, ScheduledPayment
    coming = (
        select(payment.id)
        .where(payment.contract_id == contract.id, payment.bank_on >= today(), payment.total_pence > 0)
        .order_by(payment.bank_on, payment.first_on)
        .limit(1)
        .correlate(contract)
        .scalar_subquery()
    )
    query = (
        select(
            contract.reference, contract.name, contract.starts_on, contract.ends_on,
            contract.has_ended.label("has_ended"), payment.first_on, payment.last_on, payment.bank_on,
        )
        .select_from(contract)
        .outerjoin(payment, payment.id == coming)
        .where(contract.found_by(text))
        .order_by(contract.has_ended, contract.folded_name, contract.reference)
    )  # fmt: skip
    return query if which is None else query.where(which.condition())
